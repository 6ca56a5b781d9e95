package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/cloud/seat"
	"anlan/contract"
)

// Seats keeps the console seats.
type Seats interface {
	Register(ctx context.Context, by org.Actor, r seat.Registration) (seat.Seat, error)
	Heartbeat(ctx context.Context, by org.Actor, id string, b seat.Beat) (seat.Seat, error)
	Leave(ctx context.Context, by org.Actor, id string) error
	Painted(ctx context.Context, by org.Actor, id string, items []seat.Painted) error
	Claim(ctx context.Context, by org.Actor, seat, alarm, building string, takeOver bool) (seat.Claim, error)
	Release(ctx context.Context, by org.Actor, alarm string) error
	Setting(ctx context.Context) (seat.Setting, error)
	SetSetting(ctx context.Context, by org.Actor, x seat.Setting) error
	List() (seats []seat.Seat, claims []seat.Claim, onWatch int)
}

type seatIn struct {
	Body struct {
		ID      string    `json:"id" minLength:"8" maxLength:"64" pattern:"^[a-z0-9-]+$" doc:"made by the console, one per tab"`
		Name    string    `json:"name" maxLength:"40" doc:"what people call this place, 1号席"`
		Kind    seat.Kind `json:"kind" enum:"desk,view,wall"`
		Browser string    `json:"browser,omitempty" maxLength:"200"`
	}
}

type beatIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Visible    bool       `json:"visible"`
		Sound      seat.Sound `json:"sound" enum:"armed,muted,blocked,unarmed"`
		PaintedSeq int64      `json:"painted_seq" doc:"the newest event this console has painted"`
		IdleMS     int64      `json:"idle_ms" minimum:"0" maximum:"604800000" doc:"since the last key or pointer"`
	}
}

type beatOut struct {
	Seat       seat.Seat `json:"seat"`
	OnWatch    int       `json:"on_watch"`
	ServerTime time.Time `json:"server_time"`
	Version    string    `json:"version" doc:"of the server; another one than at loading means a new console"`
}

type seatID struct {
	ID string `path:"id" maxLength:"64"`
}

type seatList struct {
	Items   []seat.Seat  `json:"items"`
	Claims  []seat.Claim `json:"claims"`
	OnWatch int          `json:"on_watch" doc:"seats that can see and hear"`
}

// paintedOccurrence is one occurrence that was on a screen.
type paintedOccurrence struct {
	Alarm string    `json:"alarm" maxLength:"64"`
	Count int       `json:"count" minimum:"1"`
	At    time.Time `json:"at"`
}

type paintedBatchIn struct {
	ID   string              `path:"id" maxLength:"64"`
	Body []paintedOccurrence `maxItems:"200"`
}

type claimIn struct {
	ID    string `path:"id" maxLength:"64"`
	Alarm string `path:"alarm" maxLength:"64"`
	Body  struct {
		TakeOver bool `json:"take_over,omitempty" doc:"take it over from whoever has it"`
	}
}

type claimID struct {
	ID    string `path:"id" maxLength:"64"`
	Alarm string `path:"alarm" maxLength:"64"`
}

// proof is how far an alarm has come towards launching a plan by itself.
type proof struct {
	Alarm string `json:"alarm"`
	Plan  string `json:"plan"`
	Have  int    `json:"have" doc:"independent sources that have tripped"`
	Need  int    `json:"need"`
}

type proofs struct {
	Items []proof `json:"items"`
}

func (s *server) seatOps() {
	read := access(org.AlarmRead)
	register(s, "GET", "/api/seats", "Who sits at which console, and who handles what", read, http.StatusOK, func(ctx context.Context, _ *none) (*body[seatList], error) {
		items, claims, n := s.Seats.List()
		out := seatList{slices.Concat([]seat.Seat{}, items), []seat.Claim{}, n}
		for _, c := range claims {
			if s.seesAlarm(ctx, c.Alarm) {
				out.Claims = append(out.Claims, c)
			}
		}
		return answered(out, nil)
	})
	register(s, "POST", "/api/seats", "Take a seat", read, http.StatusOK, s.takeSeat)
	register(s, "DELETE", "/api/seats/{id}", "Leave a seat", read, http.StatusNoContent, func(ctx context.Context, in *seatID) (*none, error) {
		return nil, seatFault(s.Seats.Leave(ctx, actor(ctx), in.ID))
	})
	register(s, "POST", "/api/seats/{id}/heartbeat", "A seat says that it lives", read, http.StatusOK, s.beat)
	register(s, "POST", "/api/seats/{id}/painted", "A seat has shown these occurrences", read, http.StatusNoContent, s.paintedBatch)
	register(s, "PUT", "/api/seats/{id}/claims/{alarm}", "Say that one handles an alarm", access(org.AlarmAck), http.StatusOK, s.claim)
	register(s, "DELETE", "/api/seats/{id}/claims/{alarm}", "Give an alarm back", access(org.AlarmAck), http.StatusNoContent, func(ctx context.Context, in *claimID) (*none, error) {
		return nil, seatFault(s.Seats.Release(ctx, actor(ctx), in.Alarm))
	})
	register(s, "GET", "/api/desk", "Whom the desk calls", read, http.StatusOK, func(ctx context.Context, _ *none) (*body[seat.Setting], error) {
		return answered(s.Seats.Setting(ctx))
	})
	register(s, "PUT", "/api/desk", "Set whom the desk calls", access(org.AlarmDefine), http.StatusOK, s.setDesk)
	register(s, "GET", "/api/proofs", "How many sources each open alarm needs to launch a plan, and has", read, http.StatusOK, s.proofs)
}

type deskIn struct{ Body seat.Setting }

func (s *server) setDesk(ctx context.Context, in *deskIn) (*body[seat.Setting], error) {
	// It is one setting for all buildings.
	if err := s.within(ctx, org.AlarmDefine, ""); err != nil {
		return nil, err
	}
	if err := s.Seats.SetSetting(ctx, actor(ctx), in.Body); err != nil {
		if e, ok := errors.AsType[*seat.InvalidError](err); ok {
			return nil, badField("body."+e.Field, e.Text.ZH, e.Text.EN)
		}
		return nil, err
	}
	return answered(s.Seats.Setting(ctx))
}

func (s *server) takeSeat(ctx context.Context, in *seatIn) (*body[seat.Seat], error) {
	if r := reach(ctx, org.SeatWatch); in.Body.Kind == seat.Desk && !r.All() && len(r.Buildings()) == 0 {
		return nil, say(http.StatusForbidden, "您的岗位不能在值班席值守", "Your position does not keep a seat on watch")
	}
	return answered(s.Seats.Register(ctx, actor(ctx), seat.Registration{ID: in.Body.ID, Name: in.Body.Name, Kind: in.Body.Kind, Browser: in.Body.Browser}))
}

func (s *server) beat(ctx context.Context, in *beatIn) (*body[beatOut], error) {
	b := in.Body
	x, err := s.Seats.Heartbeat(ctx, actor(ctx), in.ID, seat.Beat{Visible: b.Visible, Sound: b.Sound, PaintedSeq: b.PaintedSeq, Idle: time.Duration(b.IdleMS) * time.Millisecond})
	if err != nil {
		return nil, seatFault(err)
	}
	_, _, n := s.Seats.List()
	return answered(beatOut{x, n, s.now(), s.Version}, nil)
}

// paintedBatch takes the console's own times, but not those that cannot be.
func (s *server) paintedBatch(ctx context.Context, in *paintedBatchIn) (*none, error) {
	items := make([]seat.Painted, 0, len(in.Body))
	for _, it := range in.Body {
		if d := it.At.Sub(s.now()); d > time.Minute || d < -time.Hour {
			return nil, badField("body.at", "时间与服务器相差太多", "This time is too far from the server's")
		}
		if s.seesAlarm(ctx, it.Alarm) {
			items = append(items, seat.Painted{Alarm: it.Alarm, Count: it.Count, At: it.At.UTC()})
		}
	}
	return nil, seatFault(s.Seats.Painted(ctx, actor(ctx), in.ID, items))
}

func (s *server) claim(ctx context.Context, in *claimIn) (*body[seat.Claim], error) {
	a, err := s.Alarms.Get(ctx, in.Alarm)
	if err != nil {
		return nil, err
	}
	if err := s.within(ctx, org.AlarmAck, a.Building); err != nil {
		return nil, err
	}
	if a.State == alarm.Closed {
		return nil, alarm.ErrClosed
	}
	c, err := s.Seats.Claim(ctx, actor(ctx), in.ID, in.Alarm, a.Building, in.Body.TakeOver)
	return answered(c, seatFault(err))
}

// seesAlarm reports whether an alarm is within the caller's reach.
func (s *server) seesAlarm(ctx context.Context, id string) bool {
	r := reach(ctx, org.AlarmRead)
	if r.All() {
		return true
	}
	a, err := s.Alarms.Get(ctx, id)
	return err == nil && r.Has(a.Building)
}

func seatFault(err error) error {
	if e, ok := errors.AsType[*seat.ClaimedError](err); ok {
		return say(http.StatusConflict, e.Claim.PersonName+" 正在处理这条报警", e.Claim.PersonName+" is handling this alarm")
	}
	switch {
	case errors.Is(err, seat.ErrNotFound):
		return say(http.StatusNotFound, "没有这个席位或认领", "No such seat or claim")
	case errors.Is(err, seat.ErrOther):
		return say(http.StatusConflict, "这个席位上是另一个人", "Another person sits at this seat")
	}
	return err
}

func (s *server) proofs(ctx context.Context, _ *none) (*body[proofs], error) {
	plans, err := s.Plans.Current(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.hurting(ctx)
	if err != nil {
		return nil, err
	}
	return answered(proofs{proofsOf(plans, open)}, nil)
}

// hurting are the open life-safety alarms within the caller's reach.
func (s *server) hurting(ctx context.Context) ([]incident.Source, error) {
	r := reach(ctx, org.AlarmRead)
	var out []incident.Source
	for _, h := range []contract.Hazard{contract.Fire, contract.Gas, contract.Toxic, contract.Entrapment} {
		q := alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewOpen, Hazard: h, Limit: 500}
		for {
			page, err := s.Alarms.List(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, a := range page.Items {
				if r.Has(a.Building) {
					out = append(out, incident.SourceOf(a))
				}
			}
			if q.Before = page.Next; q.Before == "" {
				break
			}
		}
	}
	return out, nil
}

// proofsOf says for each alarm that could launch a plan with another source, whether it has one.
func proofsOf(plans []plan.Plan, open []incident.Source) []proof {
	out := []proof{}
	near := map[string][]incident.Source{}
	for _, o := range open {
		near[o.Building] = append(near[o.Building], o)
	}
	for _, o := range open {
		for _, p := range plans {
			needs := slices.ContainsFunc(p.Triggers, func(t plan.Trigger) bool {
				return t.Hazard == o.Hazard && o.Severity >= t.SeverityMin && t.MinSources > 1
			})
			if !needs || !p.Covers(o.Building) {
				continue
			}
			x := proof{Alarm: o.Alarm, Plan: p.ID, Have: 1, Need: 2}
			if _, proven := incident.Match(p, near[o.Building], o, false); proven {
				x.Have = 2
			}
			out = append(out, x)
			break
		}
	}
	return out
}

// Seat is a seat listener.
func (h *Hub) Seat(x seat.Seat) {
	h.publish("seat", "", org.AlarmRead, map[string]any{"seat": x})
}

// Claim is a claim listener; the claim that is over is told as none.
func (h *Hub) Claim(c seat.Claim, over bool) {
	data := map[string]any{"alarm": c.Alarm, "claim": &c}
	if over {
		data["claim"] = nil
	}
	h.publish("claim", c.Building, org.AlarmRead, data)
}
