package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/origin"
)

// hazardOfAlarm is a hazard as its alarm's page shows it, as far as the reader may see it.
type hazardOfAlarm struct {
	Form     string          `json:"form"`
	Record   string          `json:"record"`
	Instance string          `json:"instance,omitempty" doc:"its newest flow"`
	No       string          `json:"no,omitempty"`
	State    string          `json:"state,omitempty"`
	Building string          `json:"building,omitempty"`
	What     string          `json:"what,omitempty"`
	Kind     origin.LinkKind `json:"kind" enum:"evidence,opened"`
	ByName   string          `json:"by_name"`
	At       time.Time       `json:"at"`
}

type hazardsOfAlarm struct {
	Items []hazardOfAlarm `json:"items"`
}

// alarmOfHazard is an alarm as its hazard's page shows it.
type alarmOfHazard struct {
	Alarm  alarm.Alarm     `json:"alarm"`
	Kind   origin.LinkKind `json:"kind" enum:"evidence,opened"`
	ByName string          `json:"by_name"`
	At     time.Time       `json:"at"`
}

type alarmsOfHazard struct {
	Items []alarmOfHazard `json:"items"`
}

// hazardOpened is what a click came to.
type hazardOpened struct {
	Fresh  bool           `json:"fresh" doc:"false: there was an open one already"`
	Hazard *hazardOfAlarm `json:"hazard" doc:"null: there is one, and it is not open to the caller"`
}

func (s *server) hazardAlarmOps() {
	use := access(org.WorkUse)
	register(s, "GET", "/api/alarms/{id}/hazards", "Hazards that came from an alarm", use, http.StatusOK, func(ctx context.Context, in *alarmID) (*body[hazardsOfAlarm], error) {
		if _, err := s.reached(ctx, in.ID, org.WorkUse); err != nil {
			return nil, err
		}
		list, err := s.hazardsOf(ctx, in.ID)
		return answered(hazardsOfAlarm{list}, err)
	})
	register(s, "POST", "/api/alarms/{id}/hazards", "Open a hazard from an alarm, or find the one that is open", use, http.StatusOK, s.openHazard)
	register(s, "GET", "/api/forms/{form}/records/{id}/alarms", "Alarms that a hazard came from", use, http.StatusOK, s.alarmsOf)
}

// hazardsOf lists the hazards of an alarm that the caller may see.
func (s *server) hazardsOf(ctx context.Context, id string) ([]hazardOfAlarm, error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	links, err := s.Origins.OfAlarm(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []hazardOfAlarm{}
	for _, l := range links {
		h, err := s.hazardOf(ctx, who, l)
		if errors.Is(err, form.ErrNotFound) || errors.Is(err, form.ErrDenied) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

func (s *server) hazardOf(ctx context.Context, who form.Who, l origin.Link) (hazardOfAlarm, error) {
	r, err := s.Work.Read(ctx, who, l.Form, l.Record)
	if err != nil {
		return hazardOfAlarm{}, err
	}
	h := hazardOfAlarm{Form: l.Form, Record: l.Record, No: r.No, State: r.State, Building: r.Building, Kind: l.Kind, ByName: l.ByName, At: l.At}
	h.What, _ = r.Doc["what"].(string) // absent where people may not read it
	flows, err := s.Work.Flows.OfRecord(ctx, l.Form, l.Record)
	if err == nil && len(flows) > 0 {
		h.Instance = flows[0].Instance
	}
	return h, err
}

func (s *server) openHazard(ctx context.Context, in *alarmID) (*body[hazardOpened], error) {
	a, err := s.reached(ctx, in.ID, org.WorkUse)
	if err != nil {
		return nil, err
	}
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	o, fresh, err := s.Origins.FromAlarm(ctx, who, a)
	if err != nil {
		return nil, err
	}
	out := hazardOpened{Fresh: fresh}
	list, err := s.hazardsOf(ctx, in.ID)
	for i := range list {
		if list[i].Form == o.Form && list[i].Record == o.Record {
			out.Hazard = &list[i]
		}
	}
	return answered(out, err)
}

func (s *server) alarmsOf(ctx context.Context, in *recordIn) (*body[alarmsOfHazard], error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.Work.Read(ctx, who, in.Form, in.ID); err != nil {
		return nil, err
	}
	links, err := s.Origins.OfRecord(ctx, in.Form, in.ID)
	if err != nil {
		return nil, err
	}
	out := alarmsOfHazard{[]alarmOfHazard{}}
	for _, l := range links {
		a, err := s.Alarms.Get(ctx, l.Alarm)
		if err != nil {
			return nil, err
		}
		if reach(ctx, org.AlarmRead).Has(a.Building) {
			out.Items = append(out.Items, alarmOfHazard{a, l.Kind, l.ByName, l.At})
		}
	}
	return answered(out, nil)
}
