package alarm_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/configs"
	"anlan/contract"

	"go.yaml.in/yaml/v3"
)

func shipped(t testing.TB) map[contract.RuleID]alarm.Definition {
	t.Helper()
	list, err := alarm.LoadDefinitions(configs.Files, "definitions")
	if err != nil {
		t.Fatal(err)
	}
	out := map[contract.RuleID]alarm.Definition{}
	for _, d := range list {
		out[d.ID] = d
	}
	return out
}

// TestA09_EveryShippedRuleHasADefinitionThatSaysTheSame compares with the rules
// themselves: a definition must not promise a latch or a delay the rule does not have.
func TestA09_EveryShippedRuleHasADefinitionThatSaysTheSame(t *testing.T) {
	defined := shipped(t)
	files, err := fs.Glob(configs.Files, "rules/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, name := range files {
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		src, err := fs.ReadFile(configs.Files, path.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Rules []struct {
				ID       contract.RuleID
				Hazard   contract.Hazard
				Latch    bool
				OnDelay  time.Duration `yaml:"on_delay"`
				OffDelay time.Duration `yaml:"off_delay"`
			}
		}
		if err := yaml.Unmarshal(src, &doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Rules {
			rules++
			d, ok := defined[r.ID]
			if !ok {
				t.Errorf("%s has no definition", r.ID)
				continue
			}
			if d.Hazard != r.Hazard || d.Latch != r.Latch || time.Duration(d.OnDelayS)*time.Second != r.OnDelay || time.Duration(d.OffDelayS)*time.Second != r.OffDelay {
				t.Errorf("%s: the definition says %s, latch %v, %d s and %d s; the rule %s, %v, %s and %s", r.ID, d.Hazard, d.Latch, d.OnDelayS, d.OffDelayS, r.Hazard, r.Latch, r.OnDelay, r.OffDelay)
			}
		}
	}
	if rules < 30 {
		t.Errorf("only %d rules found", rules)
	}
	for _, raised := range []contract.RuleID{"edge-lost", "edge-clock", "edge-backlog", "edge-certificate", "record-lost", "nobody-watching", alarm.RuleOverdue} {
		if _, ok := defined[raised]; !ok {
			t.Errorf("%s, which the cloud raises, has no definition", raised)
		}
	}
	for _, d := range defined {
		for _, by := range d.SuppressedBy {
			if _, ok := defined[by.Rule]; !ok {
				t.Errorf("%s is suppressed by %s, which is no rule", d.ID, by.Rule)
			}
		}
	}
}

func TestA09_AnIncompleteDefinitionCannotBeActivated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		draft := alarm.Definition{ID: "pump", Title: contract.Text{ZH: "水泵故障", EN: "Pump fault"}, Hazard: contract.Equipment, Priority: contract.Minor}
		v, err := k.SaveDraft(t.Context(), wang, draft, 0)
		if err != nil || v.Version != 1 || v.Status != alarm.Draft {
			t.Fatalf("%+v, %v", v, err)
		}
		_, err = k.Activate(t.Context(), wang, "pump", 1)
		bad, ok := errors.AsType[*alarm.InvalidError](err)
		if !ok {
			t.Fatalf("activated: %v", err)
		}
		var paths []string
		for _, f := range bad.Fields {
			paths = append(paths, f.Path)
		}
		if want := []string{"consequence.zh", "consequence.en", "action.zh", "action.en", "owner.zh", "owner.en", "respond_s"}; !slices.Equal(paths, want) {
			t.Errorf("wrong fields %v, want %v", paths, want)
		}
		text := contract.Text{ZH: "文", EN: "text"}
		draft.Consequence, draft.Action, draft.Owner, draft.RespondS = text, text, text, 600
		if _, err := k.SaveDraft(t.Context(), wang, draft, 0); !errors.Is(err, alarm.ErrVersion) {
			t.Errorf("saved over somebody's draft: %v", err)
		}
		if v, err = k.SaveDraft(t.Context(), wang, draft, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Activate(t.Context(), wang, "pump", v.Version); err != nil {
			t.Fatal(err)
		}
		// What is in force does not change: a new word is a new version.
		draft.RespondS = 60
		next, err := k.SaveDraft(t.Context(), wang, draft, v.Version)
		if err != nil || next.Version != v.Version+1 {
			t.Fatalf("%+v, %v", next, err)
		}
		a := k.report(report{point: "p.v", rule: "pump", c: contract.Active})[0].Alarm
		if a.Definition == nil || a.Definition.Version != v.Version || !a.RespondBy.Equal(t0.Add(600*time.Second)) || a.Do != text {
			t.Errorf("frozen: %+v, by %v, do %v", a.Definition, a.RespondBy, a.Do)
		}
		if _, err := k.Activate(t.Context(), wang, "pump", next.Version); err != nil {
			t.Fatal(err)
		}
		if got := k.of("p.v", "pump"); got.Definition.Version != v.Version {
			t.Error("an alarm that is there took the new definition")
		}
		k.open() // the definitions in force are read again when published or changed; at a start, too
		if err := k.PublishDefinitions(t.Context(), nil, k.now()); err != nil {
			t.Fatal(err)
		}
		k.report(report{point: "p.v", rule: "pump", c: contract.Normal})
		k.report(report{point: "p.v", rule: "pump", c: contract.Active})
		if got := k.of("p.v", "pump"); got.Definition.Version != next.Version || !got.RespondBy.Equal(t0.Add(time.Minute)) {
			t.Errorf("a new occurrence: %+v", got.Definition)
		}
	})
}

func TestA09_ARuleWithoutADefinitionAlarmsAndIsListed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		a := k.report(report{point: "p.v", rule: "new-rule", c: contract.Active})[0].Alarm
		if a.Definition != nil || a.State != alarm.Unacked {
			t.Errorf("%+v", a)
		}
		list, err := k.NotRationalised(t.Context())
		if err != nil || len(list) != 1 || list[0].Rule != "new-rule" || list[0].Points != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		p, err := k.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewAll, Unrationalised: true})
		if err != nil || len(p.Items) != 1 {
			t.Errorf("%d, %v", len(p.Items), err)
		}
	})
}

func TestA09_AShippedDefinitionDoesNotOverrideAPersons(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	for range 2 { // the same again is nothing new
		k.define(alarm.Definition{ID: "x"})
	}
	own := shipped(t)["smoke"]
	own.ID = "x"
	v, err := k.SaveDraft(t.Context(), wang, own, 1)
	if err != nil || v.Version != 2 {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := k.Activate(t.Context(), wang, "x", 2); err != nil {
		t.Fatal(err)
	}
	k.define(alarm.Definition{ID: "x", Note: "a newer release"})
	list, err := k.DefinitionVersions(t.Context(), "x")
	if err != nil || len(list) != 3 || list[1].Status != alarm.Active || list[0].Status != alarm.Retired {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestPolicy_IsVersionedAndNeverLetsLifeSafetyBeShelved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		p := alarm.DefaultPolicy()
		p.ShelveMaxS[contract.Fire], p.ShelveMaxS[contract.Comms] = 60, 600
		if _, err := k.SetPolicy(t.Context(), wang, p); err == nil {
			t.Error("fire may be shelved")
		}
		p.ShelveMaxS[contract.Fire] = 0
		got, err := k.SetPolicy(t.Context(), wang, p)
		if err != nil || got.Version != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := k.SetPolicy(t.Context(), wang, p); !errors.Is(err, alarm.ErrVersion) {
			t.Errorf("a stale change was taken: %v", err)
		}
		k.report(report{point: "c.v", rule: "r", c: contract.Active, hazard: contract.Comms})
		if _, err := k.SetAside(t.Context(), li, request(alarm.Shelved, "c.v", "r", t0.Add(11*time.Minute))); err == nil {
			t.Error("longer than the policy allows")
		}
		k.aside(request(alarm.Shelved, "c.v", "r", t0.Add(10*time.Minute)))
	})
}

func TestSearch_FindsByWordsPeopleIdAndFilters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		person := func(id, name string) alarm.Person { return alarm.Person{ID: id, Name: name} }
		var first alarm.Alarm
		for i := range 12 {
			k.forward(time.Minute)
			p := string(rune('a'+i)) + ".v"
			a := k.report(report{point: p, rule: "r", c: contract.Active, severity: contract.Severity(1 + i%4)})[0].Alarm
			who := person("u-li", "李娜")
			if i%3 == 0 {
				who = person("u-wang", "王强")
			}
			if _, err := k.Acknowledge(t.Context(), a.ID, who, "", a.Version); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = a
				if _, err := k.FalseAlarm(t.Context(), a.ID, who, "灰尘"); err != nil {
					t.Fatal(err)
				}
			}
			k.report(report{point: p, rule: "r", c: contract.Normal})
		}
		k.report(report{point: "z.v", rule: "r", c: contract.Active, hazard: contract.Water})
		for name, c := range map[string]struct {
			q    alarm.Query
			want int
		}{
			"person":                {alarm.Query{Text: "王强"}, 4},
			"person and word":       {alarm.Query{Text: "王 alarm"}, 4},
			"word":                  {alarm.Query{Text: "报警 3层"}, 13},
			"id":                    {alarm.Query{Text: first.ID}, 1},
			"beginning of an id":    {alarm.Query{Text: first.ID[:12]}, 1},
			"filter person":         {alarm.Query{Person: "u-li"}, 8},
			"person, other by name": {alarm.Query{Person: "u-li", Text: "王强"}, 0},
			"severity":              {alarm.Query{Severity: contract.Critical}, 3},
			"verdict":               {alarm.Query{Verdict: alarm.FalseAlarm}, 1},
			"no verdict":            {alarm.Query{Verdict: "none"}, 12},
			"hazard":                {alarm.Query{Hazard: contract.Water}, 1},
			"building":              {alarm.Query{Chosen: []string{"b03", "b09"}}, 13},
			"another building":      {alarm.Query{Chosen: []string{"b09"}}, 0},
			"state":                 {alarm.Query{State: alarm.Closed}, 12},
			"from":                  {alarm.Query{From: t0.Add(10 * time.Minute)}, 4},
		} {
			c.q.Scope, c.q.View, c.q.Limit = alarm.Everywhere(), alarm.ViewAll, 5
			seen := map[string]bool{}
			last := time.Time{}
			for {
				p, err := k.List(t.Context(), c.q)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, a := range p.Items {
					if seen[a.ID] || !last.IsZero() && a.RaisedAt.After(last) {
						t.Errorf("%s: %s twice or out of order", name, a.ID)
					}
					seen[a.ID], last = true, a.RaisedAt
				}
				if c.q.Before = p.Next; p.Next == "" {
					break
				}
			}
			if len(seen) != c.want {
				t.Errorf("%s: %d, want %d", name, len(seen), c.want)
			}
		}
	})
}

func TestIndex_GivesAlarmsOfAnEarlierVersionTheirSubject(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.report(report{point: "a.v", rule: "r", c: contract.Active})
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE alarm SET subject = 0`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		k.open()
		if p, err := k.List(t.Context(), alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewAll, Text: "报警"}); err != nil || len(p.Items) != 1 {
			t.Errorf("%d, %v", len(p.Items), err)
		}
	})
}
