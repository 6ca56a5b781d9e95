package cond

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
)

// vectors is testdata/vectors.json: what all four back ends must agree on.
type vectors struct {
	Now    time.Time           `json:"now"`
	Zone   string              `json:"zone"`
	Me     mine                `json:"me"`
	Depts  map[string][]string `json:"depts"`
	Fields Map                 `json:"fields"`
	Cases  []vector            `json:"cases"`
}

type mine struct {
	ID        string   `json:"id"`
	Dept      string   `json:"dept"`
	Posts     []string `json:"posts"`
	Roles     []string `json:"roles"`
	Buildings []string `json:"buildings"`
}

type vector struct {
	Name   string         `json:"name"`
	Expr   Expr           `json:"expr"`
	Record map[string]any `json:"record"`
	Holds  bool           `json:"holds"`
	Zone   string         `json:"zone,omitempty"`
	Now    *time.Time     `json:"now,omitempty"`
	Me     *mine          `json:"me,omitempty"`
}

func readVectors(t testing.TB, file string) vectors {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out vectors
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (v vectors) env(t testing.TB, c vector) Env {
	t.Helper()
	zone, now, me := v.Zone, v.Now, v.Me
	if c.Zone != "" {
		zone = c.Zone
	}
	if c.Now != nil {
		now = *c.Now
	}
	if c.Me != nil {
		me = *c.Me
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return Env{
		Fields: func(name string) any { return c.Record[name] },
		Now:    now, Zone: loc, Me: Person(me), Schema: v.Fields,
		Under: func(parent, dept string) bool { return slices.Contains(v.Depts[parent], dept) },
		Below: func(parent string) []string { return v.Depts[parent] },
	}
}

func TestHolds_AgreesWithTheVectors(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	if len(v.Cases) < 250 {
		t.Errorf("%d vectors, want at least 250", len(v.Cases))
	}
	for _, c := range v.Cases {
		if p := c.Expr.Check(v.Fields); len(p) > 0 {
			t.Errorf("%s: %v", c.Name, p)
		}
		if got := c.Expr.Holds(v.env(t, c)); got != c.Holds {
			t.Errorf("%s: holds=%v, want %v\n%s\n%v", c.Name, got, c.Holds, c.Expr, c.Record)
		}
	}
}

func TestVectors_EveryOperatorOfEveryKindIsThere(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	seen := map[Kind]map[Op]bool{}
	for _, c := range v.Cases {
		c.Expr.n.walk("", func(n *node, rows string) {
			k := Kind("")
			if n.op.shape() == shapeRows {
				k = Rows
			} else if n.l != nil && n.l.kind == isField {
				k = v.Fields[join(rows, n.l.name)]
			}
			if seen[k] == nil {
				seen[k] = map[Op]bool{}
			}
			seen[k][n.op] = true
		})
	}
	for _, k := range Kinds() {
		for _, op := range k.Ops() {
			if !seen[k][op] {
				t.Errorf("no vector for %s of %s", op, k)
			}
		}
	}
}
