package systemtest

import (
	"fmt"
	"net/url"
	"time"

	"anlan/contract"
)

// What the API answers, as far as the tests look.
type alarmView struct {
	ID        string             `json:"id"`
	Point     string             `json:"point"`
	Rule      string             `json:"rule"`
	Hazard    string             `json:"hazard"`
	Severity  string             `json:"severity"`
	Condition contract.Condition `json:"condition"`
	Latched   bool               `json:"latched"`
	State     string             `json:"state"`
	Count     int                `json:"count"`
	Version   int64              `json:"version"`
	Incident  string             `json:"incident"`
	RaisedAt  time.Time          `json:"raised_at"`
	Ack       *struct {
		Name string `json:"name"`
		Note string `json:"note"`
	} `json:"ack"`
	Stamps map[string]time.Time `json:"stamps"`
}

type actionView struct {
	Output  string    `json:"output"`
	Verb    string    `json:"verb"`
	Outcome string    `json:"outcome"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
}

type incidentView struct {
	Incident struct {
		ID    string   `json:"id"`
		Plan  string   `json:"plan"`
		State string   `json:"state"`
		No    string   `json:"human_no"`
		Of    []string `json:"alarms"`
	} `json:"incident"`
	Roles []struct {
		Key   string `json:"key"`
		State string `json:"state"`
	} `json:"roles"`
	Tasks []struct {
		Key      string     `json:"key"`
		State    string     `json:"state"`
		Critical bool       `json:"critical"`
		DueAt    *time.Time `json:"due_at"`
		WaitsFor []string   `json:"waits_for"`
	} `json:"tasks"`
	Timeline []struct {
		Kind string `json:"kind"`
	} `json:"timeline"`
}

// alarms lists a view of the alarms.
func (p *person) alarms(view string) []alarmView {
	p.w.t.Helper()
	var out []alarmView
	before := ""
	for {
		var page struct {
			Items []alarmView `json:"items"`
			Next  string      `json:"next"`
		}
		if err := p.get("/api/alarms?limit=200&view="+view+"&before="+url.QueryEscape(before), &page); err != nil {
			p.w.t.Fatal(err)
		}
		out = append(out, page.Items...)
		if before = page.Next; before == "" {
			return out
		}
	}
}

// alarm waits for an open alarm of a point that is as wanted.
func (p *person) alarm(point string, wanted func(alarmView) error) alarmView {
	p.w.t.Helper()
	var found alarmView
	eventually(p.w.t, "alarm of "+point, func() error {
		err := fmt.Errorf("none open")
		for _, a := range p.alarms("open") {
			if a.Point == point {
				if err = wanted(a); err == nil {
					found = a
					return nil
				}
			}
		}
		return err
	})
	return found
}

func active(a alarmView) error {
	if a.Condition != contract.Active {
		return fmt.Errorf("%s is %s", a.Rule, a.Condition)
	}
	return nil
}

func (p *person) acknowledge(a alarmView, note string) alarmView {
	p.w.t.Helper()
	var out alarmView
	eventually(p.w.t, "acknowledge "+a.Point, func() error {
		var detail struct {
			Alarm alarmView `json:"alarm"`
		}
		if err := p.get("/api/alarms/"+a.ID, &detail); err != nil {
			return err
		}
		return p.post("/api/alarms/"+a.ID+"/acknowledge", map[string]any{"note": note, "version": detail.Alarm.Version}, &out)
	})
	return out
}

// allQuiet waits until nothing is open; it acknowledges and resets what is.
func (p *person) allQuiet() {
	p.w.t.Helper()
	within(p.w.t, "everything closed", 120*time.Second, func() error {
		open := p.alarms("open")
		for _, a := range open {
			if a.State != "acked" {
				p.acknowledge(a, "systemtest")
			}
			if a.Condition != contract.Normal {
				if err := p.post("/api/alarms/"+a.ID+"/reset", nil, nil); err != nil && !isStatus(err, 409) {
					return err
				}
			}
		}
		if len(open) > 0 {
			return fmt.Errorf("%d open, first %s %s %s latched=%v", len(open), open[0].Point, open[0].Condition, open[0].State, open[0].Latched)
		}
		return nil
	})
}

func (p *person) actions(alarm string) []actionView {
	p.w.t.Helper()
	var d struct {
		Actions []actionView `json:"actions"`
	}
	if err := p.get("/api/alarms/"+alarm, &d); err != nil {
		p.w.t.Fatal(err)
	}
	return d.Actions
}

func (p *person) incident(id string) incidentView {
	p.w.t.Helper()
	var i incidentView
	if err := p.get("/api/incidents/"+id, &i); err != nil {
		p.w.t.Fatal(err)
	}
	return i
}

// ready waits until the edge is online and every point has been read well once.
func (p *person) ready() {
	p.w.t.Helper()
	eventually(p.w.t, "every point good", func() error {
		var o struct {
			Points struct{ Total, Good int }
			Edges  []struct{ State string }
		}
		if err := p.get("/api/overview", &o); err != nil {
			return err
		}
		if len(o.Edges) != 1 || o.Edges[0].State != "online" || o.Points.Total == 0 || o.Points.Good != o.Points.Total {
			return fmt.Errorf("%+v", o)
		}
		return nil
	})
}
