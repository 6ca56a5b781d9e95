package alarm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// Limits of a load that one person can follow (EEMUA 191, ISA-18.2).
const (
	floodWindow = 10 * time.Minute
	floodOn     = 10 // more new alarms than this within the window are a flood
	floodOff    = 5  // fewer than this end it
	floodBack   = 3 * time.Hour
	chatterIn   = time.Minute
	chatterN    = 3
	staleAfter  = 24 * time.Hour
	nagAfter    = 5 * time.Minute // unanswered for so long where no definition says how soon
	loadList    = 100
)

// LoadGroup is the alarms of one building and hazard that are open and have to be answered
// or are still there.
type LoadGroup struct {
	Building     string            `json:"building"`
	BuildingName contract.Text     `json:"building_name"`
	Hazard       contract.Hazard   `json:"hazard"`
	Count        int               `json:"count"`
	Unacked      int               `json:"unacked"`
	Worst        contract.Severity `json:"worst"`
	First        string            `json:"first"` // the alarm that came first
	FirstTitle   contract.Text     `json:"first_title"`
	RaisedAt     time.Time         `json:"raised_at"`
}

// LoadItem names an alarm in a load.
type LoadItem struct {
	Alarm    string            `json:"alarm"`
	Title    contract.Text     `json:"title"`
	Building string            `json:"building"`
	Hazard   contract.Hazard   `json:"hazard"`
	Severity contract.Severity `json:"severity"`
	Place    contract.Place    `json:"place"`
	Since    time.Time         `json:"since"`
	Count    int               `json:"count"` // occurrences within the last minute, for chattering ones
}

// Load is how much there is for people to follow.
type Load struct {
	Flood      bool        `json:"flood"`
	Since      time.Time   `json:"since,omitzero"`
	New10Min   int         `json:"new_10min"`
	Groups     []LoadGroup `json:"groups"`
	Chattering []LoadItem  `json:"chattering"`
	Stale      []LoadItem  `json:"stale"`
	Nag        []LoadItem  `json:"nag"` // unanswered past the time the definition gives
}

// Flooding decides from the instants of new alarms, in any order, whether now is within
// a flood: it begins with more than ten new alarms in ten minutes and ends when there
// were fewer than five.
func Flooding(at []time.Time, now time.Time) (flood bool, since time.Time, recent int) {
	at = slices.SortedFunc(slices.Values(at), time.Time.Compare)
	first := 0
	for i, t := range at {
		if t.After(now) {
			break
		}
		if flood {
			flood = !calmBefore(at[first:i], t)
		}
		for at[first].Before(t.Add(-floodWindow)) {
			first++
		}
		if !flood && i-first+1 > floodOn {
			flood, since = true, t
		}
	}
	for _, t := range at {
		if t.After(now.Add(-floodWindow)) && !t.After(now) {
			recent++
		}
	}
	if flood && recent < floodOff {
		flood = false
	}
	if !flood {
		since = time.Time{}
	}
	return flood, since, recent
}

// calmBefore reports whether, just before t, fewer than five alarms were new within the
// window.
func calmBefore(at []time.Time, t time.Time) bool {
	n := 0
	for _, x := range at {
		if !x.Before(t.Add(-floodWindow)) {
			n++
		}
	}
	return n < floodOff
}

// Load measures what is going on within a scope.
func (s *Store) Load(ctx context.Context, in Scope, now time.Time) (Load, error) {
	out := Load{Groups: []LoadGroup{}, Chattering: []LoadItem{}, Stale: []LoadItem{}, Nag: []LoadItem{}}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT building, alarm, recv_at FROM alarm_occurrence WHERE recv_at > $1 AND announced = 1 ORDER BY recv_at DESC LIMIT 20000`,
		db.Millis(now.Add(-floodBack)))
	if err != nil {
		return out, fmt.Errorf("alarm: load: %w", err)
	}
	defer rows.Close()
	var at []time.Time
	minute := map[string]int{}
	for rows.Next() {
		var building, alarm string
		var ms int64
		if err := rows.Scan(&building, &alarm, &ms); err != nil {
			return out, fmt.Errorf("alarm: load: %w", err)
		}
		if !in.Has(building) {
			continue
		}
		t := db.Time(ms)
		at = append(at, t)
		if t.After(now.Add(-chatterIn)) {
			minute[alarm]++
		}
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("alarm: load: %w", err)
	}
	out.Flood, out.Since, out.New10Min = Flooding(at, now)
	open, err := s.open(ctx, in)
	if err != nil {
		return out, err
	}
	out.sort(open, minute, now)
	return out, s.name(ctx, &out)
}

// openRow is what a load needs of an open alarm. Titles come later, for the few that
// are named: there may be ten thousand open.
type openRow struct {
	id, building        string
	hazard              contract.Hazard
	severity            contract.Severity
	state               State
	raisedAt, respondBy time.Time
}

// open lists what is open and not set aside, the oldest first.
func (s *Store) open(ctx context.Context, in Scope) ([]openRow, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, building, hazard, severity, state, raised_at, respond_by FROM alarm
		WHERE closed_at = 0 AND state IN ('unacked', 'acked', 'rtn_unacked') ORDER BY raised_at, id`)
	if err != nil {
		return nil, fmt.Errorf("alarm: load: %w", err)
	}
	defer rows.Close()
	var out []openRow
	for rows.Next() {
		var r openRow
		var hazard, state string
		var severity, raised, respond int64
		if err := rows.Scan(&r.id, &r.building, &hazard, &severity, &state, &raised, &respond); err != nil {
			return nil, fmt.Errorf("alarm: load: %w", err)
		}
		r.hazard, r.state, r.severity, r.raisedAt, r.respondBy = contract.Hazard(hazard), State(state), contract.Severity(severity), db.Time(raised), db.Time(respond)
		if in.Has(r.building) {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// sort puts open alarms, the oldest first, into the lists of a load.
func (l *Load) sort(open []openRow, minute map[string]int, now time.Time) {
	type key struct {
		building string
		hazard   contract.Hazard
	}
	groups := map[key]*LoadGroup{}
	for _, a := range open {
		k := key{a.building, a.hazard}
		g := groups[k]
		if g == nil {
			g = &LoadGroup{Building: a.building, Hazard: a.hazard, First: a.id, RaisedAt: a.raisedAt}
			groups[k] = g
		}
		g.Count++
		g.Worst = max(g.Worst, a.severity)
		if a.state == Unacked {
			g.Unacked++
		}
		item := LoadItem{Alarm: a.id, Building: a.building, Hazard: a.hazard, Severity: a.severity, Since: a.raisedAt, Count: minute[a.id]}
		if minute[a.id] >= chatterN {
			l.Chattering = add(l.Chattering, item)
		}
		if a.state != RTNUnacked && now.Sub(a.raisedAt) > staleAfter {
			l.Stale = add(l.Stale, item)
		}
		by := a.respondBy
		if by.IsZero() {
			by = a.raisedAt.Add(nagAfter)
		}
		if a.state == Unacked && by.Before(now) {
			l.Nag = add(l.Nag, item)
		}
	}
	for _, g := range groups {
		l.Groups = append(l.Groups, *g)
	}
	slices.SortFunc(l.Groups, func(a, b LoadGroup) int {
		return cmp.Or(cmp.Compare(rank(b.Hazard), rank(a.Hazard)), cmp.Compare(b.Worst, a.Worst), a.RaisedAt.Compare(b.RaisedAt), cmp.Compare(a.Building, b.Building), cmp.Compare(a.Hazard, b.Hazard))
	})
}

// name reads titles and places of the alarms a load names.
func (s *Store) name(ctx context.Context, l *Load) error {
	var keys []rowKey
	for _, g := range l.Groups {
		keys = append(keys, rowKey{id: g.First})
	}
	for _, list := range [][]LoadItem{l.Chattering, l.Stale, l.Nag} {
		for _, it := range list {
			keys = append(keys, rowKey{id: it.Alarm})
		}
	}
	slices.SortFunc(keys, newer)
	found, err := s.byKeys(ctx, slices.Compact(keys))
	if err != nil {
		return err
	}
	by := map[string]Alarm{}
	for _, a := range found {
		by[a.ID] = a
	}
	for i, g := range l.Groups {
		l.Groups[i].BuildingName, l.Groups[i].FirstTitle = by[g.First].BuildingName, by[g.First].Title
	}
	for _, list := range [][]LoadItem{l.Chattering, l.Stale, l.Nag} {
		for i, it := range list {
			list[i].Title, list[i].Place = by[it.Alarm].Title, by[it.Alarm].Place
		}
	}
	return nil
}

func rank(h contract.Hazard) int {
	if h.LifeSafety() {
		return 1
	}
	return 0
}

func add(list []LoadItem, it LoadItem) []LoadItem {
	if len(list) < loadList {
		list = append(list, it)
	}
	return list
}

// OnLoad adds a listener that is told the load of everything whenever it changes.
func (s *Store) OnLoad(f func(Load)) { s.onLoad = append(s.onLoad, f) }

// tellLoad tells the listeners if the load is not what they were told.
func (s *Store) tellLoad(ctx context.Context, now time.Time) error {
	if len(s.onLoad) == 0 {
		return nil
	}
	l, err := s.Load(ctx, Everywhere(), now)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("alarm: encode load: %w", err)
	}
	if string(doc) == s.lastLoad {
		return nil
	}
	s.lastLoad = string(doc)
	for _, f := range s.onLoad {
		f(l)
	}
	return nil
}
