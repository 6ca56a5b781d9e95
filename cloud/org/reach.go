package org

import (
	"maps"
	"slices"
)

// Reach is where a right holds: everywhere, or in some buildings only. The zero value
// is nowhere.
type Reach struct {
	all       bool
	buildings map[string]bool
}

// Everywhere is the reach of a right without bounds.
func Everywhere() Reach { return Reach{all: true} }

// Within is the reach of a right in the given buildings only.
func Within(buildings ...string) Reach {
	r := Reach{buildings: map[string]bool{}}
	for _, b := range buildings {
		r.buildings[b] = true
	}
	return r
}

// Has reports whether the right holds in a building. What belongs to no building ("")
// is reached from everywhere only.
func (r Reach) Has(building string) bool { return r.all || r.buildings[building] }

// All reports whether the reach has no bounds.
func (r Reach) All() bool { return r.all }

// Buildings lists the buildings in alphabetical order; it says nothing when [Reach.All].
func (r Reach) Buildings() []string { return slices.Sorted(maps.Keys(r.buildings)) }

// Equal reports whether two reaches are the same.
func (r Reach) Equal(o Reach) bool {
	return r.all == o.all && (r.all || maps.Equal(r.buildings, o.buildings))
}

func (r Reach) union(o Reach) Reach {
	if r.all || o.all {
		return Everywhere()
	}
	return Within(append(r.Buildings(), o.Buildings()...)...)
}

func (r Reach) common(o Reach) Reach {
	switch {
	case r.all:
		return o
	case o.all:
		return r
	}
	return Within(slices.DeleteFunc(r.Buildings(), func(b string) bool { return !o.Has(b) })...)
}
