package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/configs"

	"github.com/google/go-cmp/cmp"
)

func shipped(t *testing.T) []Plan {
	t.Helper()
	plans, err := Load(configs.Files, "plans")
	if err != nil {
		t.Fatal(err)
	}
	return plans
}

func TestShipped_EveryPlanIsFillableByTheDemoPeople(t *testing.T) {
	people := map[org.Role]int{org.Admin: 1, org.Operator: 1, org.Supervisor: 1, org.Guard: 1}
	var ids []string
	for _, p := range shipped(t) {
		ids = append(ids, p.ID)
		if bad := p.Unfillable(people); len(bad) > 0 {
			t.Errorf("%s: %v", p.ID, bad)
		}
		path, total := p.CriticalPath()
		if len(path) == 0 || total <= 0 {
			t.Errorf("%s has no critical path", p.ID)
		}
		t.Logf("%s: %v in all", p.ID, total)
		for _, s := range path {
			t.Logf("  by %v: %s", s.By, s.Task)
		}
	}
	for _, want := range []string{"fire", "entrapment", "gas-leak"} {
		if !slices.Contains(ids, want) {
			t.Errorf("plan %s is missing", want)
		}
	}
}

func TestShipped_TheMaintainerHasThirtyMinutes(t *testing.T) {
	for _, p := range shipped(t) {
		if p.ID != "entrapment" {
			continue
		}
		task, ok := p.Task("arrived")
		if !ok || !task.Critical || task.Deadline.After != AfterLaunch || task.Deadline.Within != 30*time.Minute {
			t.Errorf("arrived=%+v", task)
		}
	}
}

const good = `id: test
version: 1
title: {zh: 试, en: Test}
hazard: fire
scope: {per: building}
triggers: [{hazard: fire, severity_min: major, min_sources: 2, confirm: true}]
roles: [{key: chief, name: {zh: 班, en: Chief}, candidates: [operator], must_accept_in: 1m}]
phases: [{key: one, name: {zh: 一, en: One}}]
tasks:
  - {key: a, phase: one, role: chief, text: {zh: 甲, en: A}, critical: true, escalate: chief, deadline: {after: launch, within: 1m}}
  - {key: b, phase: one, role: chief, text: {zh: 乙, en: B}, deps: [a], deadline: {after: "task:a", within: 2m}}
end: {who_may_close: [supervisor]}
`

func TestParse_EveryMistakeIsNamedWithItsLine(t *testing.T) {
	if _, bad := Parse("p.yaml", []byte(good)); len(bad) > 0 {
		t.Fatal(bad)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":        {"version: 1", "version: 1\nversoin: 2", `p.yaml:3: versoin: found unknown key "versoin", want "version"?`},
		"version":            {"version: 1", "version: 0", "p.yaml:2: version"},
		"hazard":             {"hazard: fire\n", "hazard: fyre\n", "p.yaml:4: hazard"},
		"severity":           {"severity_min: major", "severity_min: big", "p.yaml:6: triggers[0].severity_min"},
		"sources":            {"min_sources: 2", "min_sources: 3", "p.yaml:6: triggers[0].min_sources"},
		"org role":           {"[operator]", "[operater]", "p.yaml:7: roles[0].candidates[0]"},
		"powerless role":     {"[operator]", "[viewer]", "p.yaml:7: roles[0].candidates[0]"},
		"phase":              {"key: b, phase: one", "key: b, phase: two", "p.yaml:11: tasks[1].phase"},
		"role":               {"key: b, phase: one, role: chief", "key: b, phase: one, role: chef", "p.yaml:11: tasks[1].role"},
		"no english":         {"{zh: 乙, en: B}", "{zh: 乙}", "p.yaml:11: tasks[1].text"},
		"dep":                {"deps: [a]", "deps: [x]", "p.yaml:11: tasks[1].deps[0]"},
		"cycle":              {"critical: true", "critical: true, deps: [b]", "p.yaml:10: tasks[0]"},
		"clock cycle":        {"after: launch", `after: "task:b"`, "p.yaml:10: tasks[0]"},
		"own clock":          {"after: launch", `after: "task:a"`, "p.yaml:10: tasks[0].deadline.after"},
		"critical untimed":   {", deadline: {after: launch, within: 1m}", "", "p.yaml:10: tasks[0]"},
		"critical unwatched": {"escalate: chief, ", "", "p.yaml:10: tasks[0]"},
		"closer":             {"[supervisor]", "[guard]", "p.yaml:12: end.who_may_close[0]"},
		"twice":              {"key: b", "key: a", "p.yaml:11: tasks[1].key"},
	} {
		src := strings.Replace(good, c.old, c.new, 1)
		if src == good {
			t.Fatalf("%s: nothing replaced", name)
		}
		_, bad := Parse("p.yaml", []byte(src))
		if !strings.Contains(bad.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant %s", name, bad, c.want)
		}
	}
}

func TestParse_ReportsSeveralMistakesAtOnce(t *testing.T) {
	src := strings.NewReplacer("min_sources: 2", "min_sources: 9", "[operator]", "[nobody]", "version: 1", "version: -1").Replace(good)
	if _, bad := Parse("p.yaml", []byte(src)); len(bad) != 3 {
		t.Errorf("%d problems, want 3:\n%v", len(bad), bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("tasks: [{deps: [a], key: a}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, bad := Parse("p.yaml", src)
		if len(bad) == 0 {
			p.CriticalPath() // must end: an accepted plan has no cycle
		}
	})
}

func TestCriticalPath_IsTheLongestChain(t *testing.T) {
	p, bad := Parse("p.yaml", []byte(good))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	path, total := p.CriticalPath()
	if d := cmp.Diff([]Step{{"a", time.Minute}, {"b", 3 * time.Minute}}, path); d != "" || total != 3*time.Minute {
		t.Errorf("total=%v (-want +got):\n%s", total, d)
	}
}

func TestStore_APublishedVersionNeverChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, now := NewStore(d), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		p, _ := Parse("p.yaml", []byte(good))
		for range 2 {
			if err := s.Publish(t.Context(), []Plan{p}, now); err != nil {
				t.Fatal(err)
			}
		}
		changed := p
		changed.Title.ZH = "改了"
		other := p
		other.ID = "other"
		if err := s.Publish(t.Context(), []Plan{other, changed}, now); !errors.Is(err, ErrPublished) {
			t.Errorf("err=%v, want ErrPublished", err)
		}
		if _, err := s.Get(t.Context(), "other"); !errors.Is(err, ErrNotFound) {
			t.Errorf("half of a refused publication stayed: %v", err)
		}
		changed.Version = 2
		if err := s.Publish(t.Context(), []Plan{changed}, now); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), "test")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(changed, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}
