package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/clocks"
	"anlan/cloud/disk"
	"anlan/cloud/fleet"
	"anlan/cloud/org"
	"anlan/cloud/seat"
	"anlan/contract"
)

// Host is what the process knows about itself.
type Host struct {
	Engine   string       // of the database: "sqlite", "postgresql"
	Sessions func() int64 // edges connected to the broker
	Started  time.Time
}

// What is known of something supervised.
const (
	checkOK       = "ok"
	checkAbnormal = "abnormal"
	checkUnknown  = "unknown"
)

type healthClocksIn struct {
	From  time.Time `query:"from" required:"true"`
	To    time.Time `query:"to" required:"true"`
	Class string    `query:"class" enum:"all,life" default:"all" doc:"life: life-safety hazards only"`
}

// healthCheck is one thing that is supervised; Value is in the unit its name says.
type healthCheck struct {
	Name  string   `json:"name"`
	State string   `json:"state" enum:"ok,abnormal,unknown"`
	Value *float64 `json:"value" doc:"null: not known"`
	Limit *float64 `json:"limit" doc:"null: none"`
	Text  string   `json:"text,omitempty"`
}

type alarmRef struct {
	ID       string            `json:"id"`
	Rule     contract.RuleID   `json:"rule"`
	Title    contract.Text     `json:"title"`
	Severity contract.Severity `json:"severity"`
}

type edgeHealth struct {
	ID     contract.EdgeID `json:"id"`
	Name   contract.Text   `json:"name"`
	State  string          `json:"state" enum:"ok,abnormal,unknown"`
	Heard  fleet.EdgeState `json:"heard"`
	Seen   time.Time       `json:"seen,omitzero"`
	Checks []healthCheck   `json:"checks"`
	Alarms []alarmRef      `json:"alarms"`
}

type seatHealth struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Person string     `json:"person"`
	Kind   seat.Kind  `json:"kind"`
	State  string     `json:"state" enum:"ok,abnormal,unknown"`
	Is     seat.State `json:"is"`
	Sound  seat.Sound `json:"sound"`
	Heard  time.Time  `json:"heard"`
}

type partHealth struct {
	State  string        `json:"state" enum:"ok,abnormal,unknown"`
	Checks []healthCheck `json:"checks"`
	Alarms []alarmRef    `json:"alarms"`
}

type supervision struct {
	At    time.Time    `json:"at"`
	Edges []edgeHealth `json:"edges"`
	Seats []seatHealth `json:"seats"`
	Desk  partHealth   `json:"desk"`
	Cloud partHealth   `json:"cloud"`
}

func (s *server) healthOps() {
	read := access(org.AlarmReport)
	register(s, "GET", "/api/health/clocks", "Clocks against the law", read, http.StatusOK, func(ctx context.Context, in *healthClocksIn) (*body[clocks.Report], error) {
		if span := in.To.Sub(in.From); span <= 0 || span > maxKPI {
			return nil, badField("query.to", "结束须晚于开始，最长 400 天", "The end must be after the start, at most 400 days")
		}
		return answered(s.Clocks.Report(ctx, scope(ctx, org.AlarmReport), in.Class, in.From, in.To, s.zone(ctx)))
	})
	register(s, "GET", "/api/health/supervision", "What is supervised, and how it is", read, http.StatusOK, func(ctx context.Context, _ *none) (*body[supervision], error) {
		return answered(s.supervision(ctx))
	})
	register(s, "GET", "/api/health/month", "The month against what was promised", read, http.StatusOK, func(ctx context.Context, in *monthIn) (*body[monthReport], error) {
		return answered(s.month(ctx, in))
	})
	file(s, access(org.AlarmReport), "/api/health/month.xlsx", "The month as a file", excelType, s.monthFile)
	register(s, "POST", "/api/health/verify", "Walk the chains of both logs now", access(org.AuditRead), http.StatusOK, func(ctx context.Context, _ *none) (*body[clocks.LogsVerified], error) {
		if err := s.within(ctx, org.AuditRead, ""); err != nil {
			return nil, err
		}
		v, err := s.Chains.Verify(ctx)
		if err != nil {
			return nil, err
		}
		return answered(v, s.Audit.Write(ctx, actor(ctx), "health.verify", "audit", map[string]any{"audit": v.Audit.OK, "alarms": v.Alarms.OK}, s.now()))
	})
}

func (s *server) supervision(ctx context.Context) (supervision, error) {
	now, in := s.now(), scope(ctx, org.AlarmReport)
	out := supervision{At: now, Edges: []edgeHealth{}, Seats: []seatHealth{}}
	own, err := s.Clocks.OwnAlarms(ctx)
	if err != nil {
		return out, err
	}
	own = slices.DeleteFunc(own, func(a alarm.Alarm) bool { return !in.Has(a.Building) })
	known, online := 0, 0
	for _, e := range s.Fleet.Edges() {
		known++
		if e.State == fleet.Online {
			online++
		}
		if !in.Has(e.Building) {
			continue
		}
		until, err := s.Enrolment.Until(ctx, e.ID)
		if err != nil {
			return out, err
		}
		x := edgeHealth{ID: e.ID, Name: e.Name, Heard: e.State, Seen: e.LastSeen, Checks: edgeChecks(e, until, now), Alarms: refs(own, e.ID, "")}
		x.State = worstOf(x.Checks, x.Alarms)
		out.Edges = append(out.Edges, x)
	}
	seats, _, onWatch := s.Seats.List()
	for _, x := range seats {
		if x.State != seat.Gone {
			out.Seats = append(out.Seats, seatHealth{x.ID, x.Name, x.PersonName, x.Kind, seatState(x), x.State, x.Sound, x.HeardAt})
		}
	}
	out.Desk = partHealth{Checks: []healthCheck{{Name: "on_watch", State: okIf(onWatch > 0), Value: new(float64(onWatch)), Limit: new(1.)}}, Alarms: refs(own, disk.Edge, seat.RuleNobody)}
	out.Desk.State = worstOf(out.Desk.Checks, out.Desk.Alarms)
	written, err := s.Clocks.LastWrite(ctx)
	if err != nil {
		return out, err
	}
	out.Cloud = partHealth{Checks: s.cloudChecks(ctx, known, online, written, now), Alarms: refs(own, disk.Edge, disk.RuleDisk)}
	out.Cloud.State = worstOf(out.Cloud.Checks, out.Cloud.Alarms)
	return out, nil
}

// Limits of what is supervised here; those of alarms are with the alarms.
const (
	clockLimit       = 5 * time.Second
	edgeDiskLimit    = 512 << 20       // bytes
	certificateLimit = 60.             // days
	queueLimit       = 100.            // alarm records
	writeLimit       = 2 * time.Minute
)

// edgeChecks judges what an edge told last. Of one that is not heard, that is old news.
func edgeChecks(e fleet.Edge, certificate, now time.Time) []healthCheck {
	heard := healthCheck{Name: "heard", State: checkUnknown, Limit: new(float64(contract.LostAfterSeconds))}
	if !e.LastSeen.IsZero() {
		heard.State, heard.Value = okIf(e.State == fleet.Online), new(max(0, now.Sub(e.LastSeen).Seconds()))
	}
	told := e.State == fleet.Online || e.State == fleet.Degraded && !e.LastSeen.IsZero()
	state := func(known, ok bool) string {
		if !told || !known {
			return checkUnknown
		}
		return okIf(ok)
	}
	value := func(known bool, v float64) *float64 {
		if !known || e.LastSeen.IsZero() {
			return nil
		}
		return new(v)
	}
	offset := time.Duration(e.ClockOffsetMS) * time.Millisecond
	out := []healthCheck{heard,
		{Name: "clock", State: state(true, offset.Abs() <= clockLimit), Value: value(true, offset.Seconds()), Limit: new(clockLimit.Seconds())},
		{Name: "queue", State: state(true, float64(e.Pending.Alarm) <= queueLimit), Value: value(true, float64(e.Pending.Alarm)), Limit: new(queueLimit)},
		{Name: "disk", State: state(e.DiskFree > 0, e.DiskFree >= edgeDiskLimit), Value: value(e.DiskFree > 0, float64(e.DiskFree)), Limit: new(float64(edgeDiskLimit))}}
	days := healthCheck{Name: "certificate", State: checkUnknown, Limit: new(certificateLimit)}
	if !certificate.IsZero() {
		left := certificate.Sub(now).Hours() / 24
		days.State, days.Value = okIf(left >= certificateLimit), new(left)
	}
	return append(out, days)
}

func (s *server) cloudChecks(ctx context.Context, known, online int, written, now time.Time) []healthCheck {
	database := healthCheck{Name: "database", State: checkOK, Text: s.Host.Engine}
	if err := s.Health(ctx); err != nil {
		database.State = checkAbnormal
	}
	space := s.Disk.Last()
	room := healthCheck{Name: "disk", State: checkUnknown}
	if space.OK {
		room.State, room.Value, room.Limit = okIf(!space.Low), new(float64(space.Free)), new(float64(space.Limit()))
	}
	write := healthCheck{Name: "write", State: checkUnknown, Limit: new(writeLimit.Seconds())}
	if !written.IsZero() {
		age := max(0, now.Sub(written))
		write.Value = new(age.Seconds())
		if online > 0 { // without an edge there is nothing to write
			write.State = okIf(age <= writeLimit)
		}
	}
	sessions, consoles := s.Host.Sessions(), s.Hub.streams()
	return []healthCheck{database, room, write,
		{Name: "sessions", State: okIf(sessions > 0 || known == 0), Value: new(float64(sessions)), Limit: new(float64(known))},
		{Name: "consoles", State: okIf(consoles > 0), Value: new(float64(consoles)), Limit: new(1.)},
		{Name: "uptime", State: checkOK, Value: new(now.Sub(s.Host.Started).Seconds())},
		{Name: "build", State: checkOK, Text: s.Version},
		{Name: "node", State: checkOK, Text: s.Node}}
}

// streams is how many event streams are open.
func (h *Hub) streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

func okIf(ok bool) string {
	if ok {
		return checkOK
	}
	return checkAbnormal
}

func seatState(x seat.Seat) string {
	switch {
	case x.Kind != seat.Desk, x.State == seat.Watching:
		return checkOK
	case x.State == seat.Asleep:
		return checkUnknown
	}
	return checkAbnormal
}

// worstOf: an alarm or anything abnormal first, then what is not known.
func worstOf(checks []healthCheck, alarms []alarmRef) string {
	out := checkOK
	for _, c := range checks {
		if c.State == checkAbnormal || c.State == checkUnknown && out == checkOK {
			out = c.State
		}
		if out == checkAbnormal {
			break
		}
	}
	if len(alarms) > 0 {
		return checkAbnormal
	}
	return out
}

// refs are the alarms of an edge, of one rule unless it is "".
func refs(list []alarm.Alarm, e contract.EdgeID, r contract.RuleID) []alarmRef {
	out := []alarmRef{}
	for _, a := range list {
		if a.Edge == e && (r == "" || a.Rule == r) {
			out = append(out, alarmRef{a.ID, a.Rule, a.Title, a.Severity})
		}
	}
	return out
}
