// Package sample makes a demo community: towers, people, households and months of hazards
// and patrols that might have been. Make is pure; the rest puts what it planned through
// the stores that real work goes through, and wipes it again.
package sample

import (
	"math/rand/v2"
	"time"
)

// Community is the demo community's own id: all that is made bears it.
const Community = "demo-community"

// Bounds of a [Scale].
const (
	MaxTowers = 30
	MaxMonths = 18
)

// Scale is how much is made.
type Scale struct {
	Towers int `json:"towers" minimum:"1" maximum:"30" doc:"buildings; households and hazards grow with them"`
	Months int `json:"months" minimum:"1" maximum:"18" doc:"of history up to now"`
}

// Full is the whole demo community.
func Full() Scale { return Scale{MaxTowers, MaxMonths} }

// Valid reports whether the scale is within its bounds.
func (s Scale) Valid() bool {
	return s.Towers >= 1 && s.Towers <= MaxTowers && s.Months >= 1 && s.Months <= MaxMonths
}

func (s Scale) of(full int) int { return (full*s.Towers*s.Months + 539) / (MaxTowers * MaxMonths) }

// Counts is how many of each there are.
type Counts struct {
	Towers     int `json:"towers"`
	Households int `json:"households"`
	People     int `json:"people"`
	Hazards    int `json:"hazards"`
	Patrols    int `json:"patrols"`
}

// Counts says how many a plan of this scale has. Those of hazards are about right: what
// happens near the end of the history depends on the day.
func (s Scale) Counts() Counts {
	return Counts{s.Towers, households(s.Towers), len(staffPlan), s.of(fullHazards) + specials(s), s.of(fullPatrols)}
}

const (
	fullHazards = 2900
	fullPatrols = 4300
	// fullHouseholds live in fullDoors flats: some stand empty.
	fullHouseholds = 5000
)

// Plan is a whole demo community before it is put in.
type Plan struct {
	Seed       uint64
	Now        time.Time
	Zone       *time.Location
	Scale      Scale
	Towers     []Tower
	Units      []Unit
	People     []Person
	Households []Household
	Patrols    []Patrol // by time
	Hazards    []Hazard // by the time of their report
}

// Make plans a demo community whose history ends at now: the same for the same arguments.
func Make(seed uint64, now time.Time, zone *time.Location, scale Scale) Plan {
	p := Plan{Seed: seed, Now: now.Truncate(time.Minute).UTC(), Zone: zone, Scale: scale, Towers: towers(scale.Towers), Units: unitPlan, People: staffPlan}
	p.Households = p.makeHouseholds(p.rand(1))
	p.Patrols = p.makePatrols(p.rand(2))
	p.Hazards = p.makeHazards(p.rand(3))
	return p
}

// rand is a source of its own for each part, so that one can change without the others.
func (p Plan) rand(part uint64) *rand.Rand { return rand.New(rand.NewPCG(p.Seed, part)) }

// Begin is where the history begins.
func (p Plan) Begin() time.Time { return p.Now.In(p.Zone).AddDate(0, -p.Scale.Months, 0) }

// Counts is how many of each the plan has.
func (p Plan) Counts() Counts {
	return Counts{len(p.Towers), len(p.Households), len(p.People), len(p.Hazards), len(p.Patrols)}
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// around is a duration spread about a median as the times of people's work are: many short
// ones, a few long.
func around(r *rand.Rand, median time.Duration, spread float64) time.Duration {
	n := r.NormFloat64()
	f := 1.0
	for range 4 { // e to the n·spread, well enough
		f *= 1 + n*spread/4
	}
	return time.Duration(float64(median) * min(max(f, 0.15), 8))
}
