package register

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/fleet/places"
	"anlan/cloud/form"
	"anlan/contract"
)

// Filter narrows what is counted; what is empty does not. The place does not narrow the map.
type Filter struct {
	Place, Category, Grade, Scheme string
}

// Spot is a building or a place with its risks, and the hazards in it that are not closed.
type Spot struct {
	Place     string           `json:"place"`
	Name      contract.Text    `json:"name"`
	Community contract.Text    `json:"community,omitzero"`
	Floor     *int             `json:"floor,omitempty"`
	Counts    map[string]int64 `json:"counts"`          // by grade
	Worst     string           `json:"worst,omitempty"` // the gravest grade there is
	Total     int64            `json:"total"`
	Overdue   int64            `json:"overdue"` // to be reviewed by now
	Open      int64            `json:"open"`    // nobody answers for them yet
	Hazards   int64            `json:"hazards"`
}

// MatrixCell counts the risks of one cell of the LS matrix.
type MatrixCell struct {
	L string `json:"l"`
	S string `json:"s"`
	N int64  `json:"n"`
}

// ScoreCount counts the risks of one LEC score.
type ScoreCount struct {
	Score float64 `json:"score"`
	Grade string  `json:"grade"`
	N     int64   `json:"n"`
}

// Summary is the register as one person may see it.
type Summary struct {
	At        time.Time    `json:"at"`
	Buildings []Spot       `json:"buildings"` // all within reach, also those without risks; communities for what lies in no building
	Places    []Spot       `json:"places"`
	All       Spot         `json:"all"`
	Matrix    []MatrixCell `json:"matrix"`
	Scores    []ScoreCount `json:"scores"`
	Stale     int64        `json:"stale"`        // scored by bounds that have moved since
	Hazards   bool         `json:"sees_hazards"` // false: hazards are not open to the caller, their counts are 0
}

// in says that a record is at a place, or within it. A community stands for what lies in
// none of its buildings.
func in(place string) cond.Expr {
	if !strings.Contains(place, "/") {
		return is("eq", "place", place)
	}
	return is("self_or_sub", "place", place)
}

// within says of a path what in says of a record.
func within(path, place string) bool {
	return place == "" || path == place || strings.Contains(place, "/") && strings.HasPrefix(path, place+"/")
}

// standing are the risks that a filter, but for its place, leaves.
func (f Filter) standing() []cond.Expr {
	out := []cond.Expr{is("ne", "status", Gone)}
	for field, v := range map[string]string{"category": f.Category, "grade": f.Grade, "scheme": f.Scheme} {
		if v != "" {
			out = append(out, is("eq", field, v))
		}
	}
	return out
}

// hazardsOpen are the hazards that are not closed.
func hazardsOpen() cond.Expr {
	return is("not_in", "_state", []string{"closed", "refused", "withdrawn"})
}

// counter runs counts until one fails.
type counter struct {
	g    *Register
	ctx  context.Context
	who  form.Who
	now  time.Time
	form string
	err  error
}

func (c *counter) by(where []cond.Expr, fields ...string) []form.Cell {
	if c.err != nil {
		return nil
	}
	var by []form.Group
	for _, f := range fields {
		by = append(by, form.Group{Field: f})
	}
	var out []form.Cell
	out, c.err = c.g.Desk.Forms.Aggregate(c.ctx, c.who, c.form, form.Listing{Filter: cond.And(where...)}, by, []form.Measure{{Fn: "count"}}, c.now)
	return out
}

func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []byte:
		return string(x)
	}
	return ""
}

func number(v any) float64 {
	switch x := v.(type) {
	case float64:
		return x
	case int64:
		return float64(x)
	}
	return 0
}

func count(c form.Cell) int64 { return int64(*c.Values[0]) }

// Summary counts the register. Errors: form.ErrDenied.
func (g *Register) Summary(ctx context.Context, who form.Who, f Filter) (Summary, error) {
	now := g.Desk.Now()
	c := &counter{g: g, ctx: ctx, who: who, now: now, form: Form}
	base := f.standing()
	here := base
	if f.Place != "" {
		here = append(slices.Clip(base), in(f.Place))
	}
	b := g.board(who, f.Place)
	for _, x := range c.by(base, "place", "grade") {
		b.each(text(x.Keys[0]), func(s *Spot) { s.Counts[text(x.Keys[1])] += count(x); s.Total += count(x) })
	}
	late := expr(m{"op": "before", "l": m{"f": "_due_at"}, "r": m{"now": ""}})
	for _, x := range c.by(append(slices.Clip(base), late), "place") {
		b.each(text(x.Keys[0]), func(s *Spot) { s.Overdue += count(x) })
	}
	for _, x := range c.by(append(slices.Clip(base), is("eq", "status", Open)), "place") {
		b.each(text(x.Keys[0]), func(s *Spot) { s.Open += count(x) })
	}
	out := Summary{At: now, Matrix: []MatrixCell{}, Scores: []ScoreCount{}}
	for _, x := range c.by(append(slices.Clip(here), is("eq", "scheme", "ls")), "ls_l", "ls_s") {
		out.Matrix = append(out.Matrix, MatrixCell{text(x.Keys[0]), text(x.Keys[1]), count(x)})
	}
	for _, x := range c.by(append(slices.Clip(here), is("eq", "scheme", "lec")), "score", "grade") {
		out.Scores = append(out.Scores, ScoreCount{number(x.Keys[0]), text(x.Keys[1]), count(x)})
	}
	for _, x := range c.by([]cond.Expr{g.stale()}) {
		out.Stale = count(x)
	}
	if out.Hazards = who.Permits.May(Hazards, form.View); out.Hazards {
		c.form = Hazards
		b.hazards(c.by([]cond.Expr{hazardsOpen()}, "place"))
	}
	out.All, out.Buildings, out.Places = b.done(g)
	slices.SortFunc(out.Scores, func(a, b ScoreCount) int { return cmp.Compare(b.Score, a.Score) })
	return out, c.err
}

// board gathers the counts of places.
type board struct {
	place     string // "" everywhere
	all       Spot
	buildings map[string]*Spot
	places    map[string]*Spot
	tree      *places.Tree
}

// board begins with every building within reach, and the grounds of every community that is
// so as a whole, so that one without risks is seen too.
func (g *Register) board(who form.Who, place string) *board {
	b := &board{place: place, all: Spot{Counts: map[string]int64{}}, buildings: map[string]*Spot{}, places: map[string]*Spot{}, tree: g.Tree()}
	for _, id := range who.Me.Buildings {
		x, ok := b.tree.Buildings[id]
		if !ok || x.Archived {
			continue
		}
		spot(b.buildings, x.Community+"/"+id)
		if g.reached(who, x.Community) {
			spot(b.buildings, x.Community)
		}
	}
	return b
}

func spot(of map[string]*Spot, path string) *Spot {
	if of[path] == nil {
		of[path] = &Spot{Place: path, Counts: map[string]int64{}}
	}
	return of[path]
}

// buildingOf is the part of a path that names the building, or the community alone.
func buildingOf(path string) string {
	return strings.Join(strings.SplitN(path, "/", 3)[:min(2, strings.Count(path, "/")+1)], "/")
}

// each adds to a place, to its building, and to the whole.
func (b *board) each(path string, add func(*Spot)) {
	add(spot(b.buildings, buildingOf(path)))
	if within(path, b.place) {
		add(spot(b.places, path))
		add(&b.all)
	}
}

// hazards adds the hazards in each building and at each place, also further down in it.
func (b *board) hazards(cells []form.Cell) {
	for _, x := range cells {
		path := text(x.Keys[0])
		spot(b.buildings, buildingOf(path)).Hazards += count(x)
		if within(path, b.place) {
			b.all.Hazards += count(x)
		}
		for at, s := range b.places {
			if within(path, at) {
				s.Hazards += count(x)
			}
		}
	}
}

// done puts names to places and sorts them: buildings by name, places gravest first.
func (b *board) done(g *Register) (Spot, []Spot, []Spot) {
	worst := func(s *Spot) int {
		for i, x := range g.Hazards.Grades {
			if s.Counts[x.ID] > 0 {
				s.Worst = x.ID
				return i
			}
		}
		return len(g.Hazards.Grades)
	}
	buildings, spots := []Spot{}, []Spot{}
	for _, s := range b.buildings {
		worst(s)
		b.name(s)
		buildings = append(buildings, *s)
	}
	for _, s := range b.places {
		worst(s)
		b.name(s)
		spots = append(spots, *s)
	}
	worst(&b.all)
	slices.SortFunc(buildings, func(a, b Spot) int {
		return cmp.Or(cmp.Compare(a.Community.ZH, b.Community.ZH), cmp.Compare(len(a.Name.ZH), len(b.Name.ZH)), cmp.Compare(a.Name.ZH, b.Name.ZH))
	})
	slices.SortFunc(spots, func(a, b Spot) int {
		return cmp.Or(cmp.Compare(worst(&a), worst(&b)), cmp.Compare(a.Place, b.Place))
	})
	return b.all, buildings, spots
}

// name says a path in the words of the tree: the building or the community, and the room.
func (b *board) name(s *Spot) {
	parts := strings.Split(s.Place, "/")
	c := b.tree.Communities[parts[0]]
	s.Community, s.Name = c.Name, c.Name
	if len(parts) > 1 {
		s.Name = b.tree.Buildings[parts[1]].Name
	}
	if len(parts) > 2 {
		if n, err := strconv.Atoi(parts[2]); err == nil {
			s.Floor = &n
		}
		s.Name = contract.Text{}
	}
	if len(parts) > 3 {
		s.Name = b.tree.Rooms[parts[3]].Name
	}
}
