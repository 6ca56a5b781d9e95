package fault

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Box holds the orders in force for one unit. Its methods may be called from any
// goroutine; draws are repeatable by seed.
type Box struct {
	mu     sync.Mutex
	rnd    *rand.Rand
	active []*Active
	nextID int
}

// Active is an order in force.
type Active struct {
	ID     int       `json:"id"`
	Order  Order     `json:"order"`
	Since  time.Time `json:"since"`
	Left   int       `json:"left,omitempty"` // strikes left of Order.Next
	Struck uint64    `json:"struck"`
}

// NewBox makes an empty box.
func NewBox(seed uint64) *Box { return &Box{rnd: rand.New(rand.NewPCG(seed, 0x5EED))} }

// Add puts an order in force. A new order of a kind stands beside the old ones.
func (b *Box) Add(o Order, now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nextID++
	b.active = append(b.active, &Active{ID: b.nextID, Order: o, Since: now, Left: o.Next})
	return b.nextID
}

// Clear ends every order.
func (b *Box) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active = nil
}

// Remove ends one order and reports whether there was one.
func (b *Box) Remove(id int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.active)
	b.active = slices.DeleteFunc(b.active, func(a *Active) bool { return a.ID == id })
	return len(b.active) < n
}

// List shows the orders in force.
func (b *Box) List(now time.Time) []Active {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	if len(b.active) == 0 {
		return nil
	}
	out := make([]Active, len(b.active))
	for i, a := range b.active {
		out[i] = *a
	}
	return out
}

// Has reports whether an order of a kind is in force.
func (b *Box) Has(k Kind, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	return slices.ContainsFunc(b.active, func(a *Active) bool { return a.Order.Kind == k })
}

func (b *Box) expire(now time.Time) {
	if len(b.active) == 0 {
		return
	}
	b.active = slices.DeleteFunc(b.active, func(a *Active) bool {
		return a.Order.For > 0 && now.Sub(a.Since) >= a.Order.For || a.Order.Next > 0 && a.Left == 0
	})
}

// Draw decides which orders strike the next answer, those of extra included.
func (b *Box) Draw(now time.Time, extra ...Order) []Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	if len(b.active)+len(extra) == 0 {
		return nil
	}
	var out []Order
	for _, a := range b.active {
		if a.Order.Kind.Strikes() && b.hit(a.Order) {
			a.Struck++
			a.Left = max(0, a.Left-1)
			out = append(out, a.Order)
		}
	}
	for _, o := range extra {
		if b.hit(o) {
			out = append(out, o)
		}
	}
	return out
}

func (b *Box) hit(o Order) bool {
	return o.Chance == nil || b.rnd.Float64() < float64(*o.Chance)
}

// Apply is [Apply] with the box's own luck.
func (b *Box) Apply(orders []Order, x Exchange) []Emission {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Apply(orders, x, b.rnd)
}
