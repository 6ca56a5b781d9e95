package origin

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	usually = time.Minute
	perLook = 20 // hazards opened in one look; a storm is spread over many
	// Source is what a hazard that a device tells of names as its source, and who reports it.
	Source = "device"
)

// reporter is who submits what devices tell. It is nobody in the organisation: what the
// flow asks of the reporter goes to whom it falls back to.
func reporter() org.Actor { return org.Actor{ID: Source, Name: "设备自动上报"} }

// Fleet is what is known of devices.
type Fleet interface {
	Devices(ctx context.Context, sees func(building string) bool) ([]fleet.DeviceRow, error)
	DeviceOf(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (fleet.Device, fleet.DeviceRow, error)
}

// Deps are what the service stands on. Every field is needed but Every.
type Deps struct {
	DB       *db.DB
	Alarms   *alarm.Store
	Fleet    Fleet
	Tree     func() *places.Tree
	Desk     *work.Desk
	Audit    *audit.Log
	Rules    Rules
	Lang     string // records are written in
	Zone     *time.Location
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
	Every    time.Duration // between looks; 0 is a minute
}

// Service opens hazards from devices and knows which alarms belong to which.
type Service struct {
	Deps
	words   Writer
	opened  *prometheus.CounterVec
	refused prometheus.Gauge
	looked  prometheus.Gauge
}

// New makes the service; [Service.Run] is the caller's.
func New(d Deps) *Service {
	s := &Service{Deps: d, words: Writer{Lang: d.Lang, Zone: d.Zone, Tree: d.Tree},
		opened:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cloud_origin_hazards_opened_total", Help: "Hazards that came from devices, by rule."}, []string{"rule"}),
		refused: prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloud_origin_hazards_refused_count", Help: "Hazards that could not be opened at the last look."}),
		looked:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloud_origin_last_look_seconds", Help: "Unix time of the last look that read everything."})}
	d.Registry.MustRegister(s.opened, s.refused, s.looked)
	return s
}

// Run looks now and then until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(cmp.Or(s.Every, usually))
	defer tick.Stop()
	for {
		if _, err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("look for hazards", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Look notes which hazards were closed, decides, and opens what is due. It returns how
// many it opened; one that cannot be opened does not keep the others from it.
func (s *Service) Look(ctx context.Context) (int, error) {
	now := s.Now().UTC()
	failed := s.settle(ctx)
	f, err := s.facts(ctx, now)
	if err != nil {
		return 0, errors.Join(failed, err)
	}
	s.looked.Set(float64(now.Unix()))
	opened, refused := 0, 0
	for _, o := range Decide(f, s.Rules.Rules, now) {
		if opened+refused >= perLook || ctx.Err() != nil {
			break
		}
		made, err := s.fromRule(ctx, o, now)
		if errors.Is(err, errTaken) {
			continue
		}
		if err != nil {
			refused++
			failed = errors.Join(failed, fmt.Errorf("origin: open %s about %s: %w", o.Rule.ID, o.Subject, explained(err)))
			continue
		}
		opened++
		s.opened.WithLabelValues(o.Rule.ID).Inc()
		s.Log.Info("hazard opened", "rule", o.Rule.ID, "subject", o.Subject, "record", made.Record, "instance", made.Instance, "alarms", len(o.Alarms))
	}
	s.refused.Set(float64(refused))
	return opened, failed
}

// explained adds what a form says of each field.
func explained(err error) error {
	if bad, ok := errors.AsType[*form.InvalidError](err); ok {
		for _, p := range bad.Problems {
			err = fmt.Errorf("%w; %s: %s", err, p.Path, p.Text.EN)
		}
	}
	return err
}

// settle notes the hazards whose flow ended or whose record is gone, and ends those that
// were sent back to the device: it has nothing to add.
func (s *Service) settle(ctx context.Context) error {
	failed := s.withdraw(ctx)
	list, err := s.open(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, s.settleThese(ctx, list))
}

func (s *Service) settleThese(ctx context.Context, list []Origin) error {
	var failed error
	for _, o := range list {
		at, err := s.closedAt(ctx, o)
		if err == nil && !at.IsZero() {
			err = s.close(ctx, o, at)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// closedAt is when a hazard was over, zero if it is not.
func (s *Service) closedAt(ctx context.Context, o Origin) (time.Time, error) {
	r, err := s.Desk.Forms.Get(ctx, form.SystemWho(), o.Form, o.Record, s.Now())
	if errors.Is(err, form.ErrNotFound) {
		return s.Now().UTC(), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	if !r.DeletedAt.IsZero() {
		return r.DeletedAt, nil
	}
	flows, err := s.Desk.Flows.OfRecord(ctx, o.Form, o.Record)
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, x := range flows {
		if x.Status.Open() {
			return time.Time{}, nil
		}
		if x.Ended.After(last) {
			last = x.Ended
		}
	}
	return last, nil
}

func (s *Service) withdraw(ctx context.Context) error {
	me := reporter()
	page, err := s.Desk.Flows.Box(ctx, flow.Mine, me.ID, "", perLook)
	if err != nil {
		return err
	}
	for _, x := range page.Items {
		why := s.words.pick("审核退回，设备无可补充", "Returned by the audit; the device has nothing to add")
		if _, e := s.Desk.Act(ctx, me, x.Instance, flow.Event{Kind: flow.Terminate, Admin: true, Text: why}, nil); e != nil {
			err = errors.Join(err, fmt.Errorf("origin: end %s: %w", x.Instance, e))
		}
	}
	return err
}

// fromRule opens what a rule found.
func (s *Service) fromRule(ctx context.Context, o Opening, now time.Time) (Origin, error) {
	at, profile, rule, hazard := o.Device.Place, o.Device.Profile, contract.RuleID(""), contract.Hazard("")
	building, edge, device := "", o.Device.Edge, o.Device.ID
	ids := make([]string, len(o.Alarms))
	for i, a := range o.Alarms {
		ids[i] = a.ID
	}
	if len(o.Alarms) > 0 {
		a := o.Alarms[0]
		at, rule, hazard, building, edge, device = a.Place, a.Rule, a.Hazard, a.Building, a.Edge, a.Point.Device()
	}
	known, room := s.device(ctx, edge, device)
	fields := map[string]any{"source": Source, "found_at": now.Format(time.RFC3339), "category": s.Rules.Category(first(profile, known), rule, hazard),
		"place": Path(s.Tree(), at, building, room), "what": s.words.What(o, now), "evidence": s.words.Evidence(o)}
	who := form.SystemWho()
	who.Actor = reporter()
	origin := Origin{Rule: o.Rule.ID, Subject: o.Subject, Episode: o.Episode, Form: s.Rules.Form, Opened: now}
	return s.submit(ctx, who, origin, fields, ids, Evidence)
}

// device is the profile and the room of a device, if they are known.
func (s *Service) device(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (profile, room string) {
	if d == "" {
		return "", ""
	}
	dev, row, err := s.Fleet.DeviceOf(ctx, e, d)
	if err != nil {
		return "", ""
	}
	return dev.Profile, row.Room
}

// submit claims the origin, makes the record and starts its flow, all or nothing.
func (s *Service) submit(ctx context.Context, who form.Who, o Origin, fields map[string]any, alarms []string, kind LinkKind) (Origin, error) {
	starts, err := s.Desk.FlowOf(ctx, o.Form)
	if err != nil {
		return o, err
	}
	def, err := s.Desk.Forms.Def(ctx, o.Form, 0)
	if err != nil {
		return o, err
	}
	for k := range fields { // people change the form: what it does not have is left out
		if _, ok := def.Field(k); !ok {
			delete(fields, k)
		}
	}
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.claim(ctx, tx, o, alarms); err != nil {
			return err
		}
		r, err := s.Desk.Forms.Create(ctx, tx, who, o.Form, fields, o.Opened)
		if err != nil {
			return err
		}
		o.Record = r.ID
		if starts != "" {
			st, err := s.Desk.Flows.Start(ctx, tx, flow.StartOf{Flow: starts, Record: r.ID, By: who.Actor}, o.Opened)
			if err != nil {
				return err
			}
			o.Instance = st.ID
		}
		return s.tie(ctx, tx, o, alarms, kind, who.Actor)
	})
	if err != nil {
		return Origin{}, err
	}
	return o, nil
}

// FromAlarm is a person's click: it opens a hazard from an alarm, or finds the one that
// is open about it (fresh is false then). Errors: what the form says of the person.
func (s *Service) FromAlarm(ctx context.Context, who form.Who, a alarm.Alarm) (o Origin, fresh bool, err error) {
	for range 2 { // another may come first between looking and claiming
		if o, err = s.about(ctx, a.ID); err != nil || o.Record != "" {
			return o, false, err
		}
		o = Origin{Rule: byPerson, Subject: "alarm:" + a.ID, Form: s.Rules.Form, Opened: s.Now().UTC()}
		if o.Episode, err = s.episodeAfter(ctx, o.Rule, o.Subject); err != nil {
			return o, false, err
		}
		profile, room := s.device(ctx, a.Edge, a.Point.Device())
		fields := map[string]any{"source": Source, "category": s.Rules.Category(profile, a.Rule, a.Hazard),
			"place": Path(s.Tree(), a.Place, a.Building, room), "what": s.words.OfAlarm(a)}
		if o, err = s.submit(ctx, who, o, fields, []string{a.ID}, Opened); err == nil {
			s.opened.WithLabelValues(byPerson).Inc()
		}
		if !errors.Is(err, errTaken) {
			return o, err == nil, err
		}
	}
	return o, false, err
}

// about is the open hazard of an alarm, the zero value if there is none.
func (s *Service) about(ctx context.Context, id string) (Origin, error) {
	for range 2 {
		found, err := s.spoken(ctx, []string{id})
		if err != nil {
			return Origin{}, err
		}
		o, ok := found[id]
		if !ok || !o.Open() {
			return Origin{}, nil
		}
		at, err := s.closedAt(ctx, o)
		if err != nil || at.IsZero() {
			return o, err
		}
		if err := s.close(ctx, o, at); err != nil {
			return Origin{}, err
		}
	}
	return Origin{}, nil
}
