package origin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

// Standing of a device's next proof test.
const (
	TestFine    = "fine"    // not due for a while
	TestSoon    = "soon"    // due within [ahead]
	TestDue     = "due"     // late, within the rule's grace
	TestOverdue = "overdue" // late beyond it: a hazard
)

// ahead is how long before it is due a test is worth planning.
const ahead = 30 * 24 * time.Hour

// Due is when a device has to be proven to work again.
type Due struct {
	Device
	Rule  Rule
	At    time.Time
	State string // TestFine and so on
}

// Schedule lists the devices that rules want tested, the most urgent first; where two rules
// want the same device tested, the earlier date counts.
func Schedule(rules Rules, devices []Device, now time.Time) []Due {
	out := []Due{}
	for _, d := range devices {
		var next *Due
		for _, r := range rules.Rules {
			at, ok := r.due(d)
			if ok && (next == nil || at.Before(next.At)) {
				next = &Due{Device: d, Rule: r, At: at, State: r.stands(at, now)}
			}
		}
		if next != nil {
			out = append(out, *next)
		}
	}
	slices.SortFunc(out, func(a, b Due) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// due is when a device is to be tested by a rule, if by it at all.
func (x Rule) due(d Device) (time.Time, bool) {
	from := d.Tested
	if from.IsZero() {
		from = d.Since
	}
	ok := x.Kind == ProofTest && !x.Off && matches(x.Profiles, d.Profile) && !from.IsZero()
	return from.Add(time.Duration(x.Every)), ok
}

func (x Rule) stands(due, now time.Time) string {
	switch {
	case !now.Before(due.Add(time.Duration(x.Grace))):
		return TestOverdue
	case !now.Before(due):
		return TestDue
	case !now.Before(due.Add(-ahead)):
		return TestSoon
	}
	return TestFine
}

// Tests lists what is to be tested of the devices that someone may see, and the open
// hazards about those that were not.
func (s *Service) Tests(ctx context.Context, sees func(building string) bool, now time.Time) ([]Due, map[places.DeviceKey]Origin, error) {
	devices, _, err := s.known(ctx, sees, now)
	if err != nil {
		return nil, nil, err
	}
	list := Schedule(s.Rules, devices, now)
	open, err := s.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	bySubject, about := map[string]Origin{}, map[places.DeviceKey]Origin{}
	for _, o := range open {
		bySubject[key(o.Rule, o.Subject)] = o
	}
	for _, d := range list {
		if o, ok := bySubject[key(d.Rule.ID, d.subject())]; ok {
			about[places.DeviceKey{Edge: d.Edge, ID: d.ID}] = o
		}
	}
	return list, about, nil
}

func (d Device) subject() string { return "device:" + string(d.Edge) + "/" + string(d.ID) }

// Test is one proof that a device works. Alarm is that of a test which rang it, else empty.
type Test struct {
	At     time.Time `json:"at"`
	ByName string    `json:"by_name,omitempty"`
	Note   string    `json:"note,omitempty"`
	Alarm  string    `json:"alarm,omitempty" doc:"made for a test; empty: it was noted by hand"`
}

// historyMost is how many tests of one device are told.
const historyMost = 100

// History lists the tests of a device, the newest first: those noted and those it was rung for.
func (s *Service) History(ctx context.Context, e contract.EdgeID, d contract.DeviceID) ([]Test, error) {
	out, err := s.testsIn(ctx, `SELECT at, by_name, note, '' FROM proof_test WHERE edge = $1 AND device = $2 AND kind = 'recorded' ORDER BY at DESC LIMIT $3`, string(e), string(d), historyMost)
	if err != nil {
		return nil, err
	}
	rung, err := s.testsIn(ctx, `SELECT raised_at, '', '', id FROM alarm WHERE drill = 1 AND edge = $1 AND SUBSTR(point, 1, $5) = $2 AND raised_at <= $4 ORDER BY raised_at DESC LIMIT $3`,
		string(e), string(d)+".", historyMost, db.Millis(s.Now()), len(d)+1)
	if err != nil {
		return nil, err
	}
	out = append(out, rung...)
	slices.SortStableFunc(out, func(a, b Test) int { return b.At.Compare(a.At) })
	return out[:min(len(out), historyMost)], nil
}

func (s *Service) testsIn(ctx context.Context, query string, args ...any) ([]Test, error) {
	rows, err := s.DB.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("origin: history of tests: %w", err)
	}
	defer rows.Close()
	out := []Test{}
	for rows.Next() {
		var t Test
		var at int64
		if err := rows.Scan(&at, &t.ByName, &t.Note, &t.Alarm); err != nil {
			return nil, fmt.Errorf("origin: history of tests: %w", err)
		}
		t.At = db.Time(at)
		out = append(out, t)
	}
	return out, rows.Err()
}
