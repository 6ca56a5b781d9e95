package fault

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is one way to misbehave.
type Kind string

// Kinds. A share of the answers is struck by those that strike answers; the last group
// changes a state of the unit or its line for a while.
const (
	Silent        Kind = "silent"         // neither acts nor answers
	Lost          Kind = "lost"           // acts, but the answer is lost
	Late          Kind = "late"           // answers By later; PastNext: only after the next request on the line
	Duplicate     Kind = "duplicate"      // answers twice
	Corrupt       Kind = "corrupt"        // one bit flipped
	Short         Kind = "short"          // cut somewhere
	NoiseBefore   Kind = "noise-before"   // noise runs into the answer
	NoiseAfter    Kind = "noise-after"    // noise follows the answer without a pause
	Echo          Kind = "echo"           // the request comes back before the answer
	WrongUnit     Kind = "wrong-unit"     // a right frame of another unit id
	WrongFunction Kind = "wrong-function" // a right frame of another function
	WrongCount    Kind = "wrong-count"    // a right frame of another length
	Exception     Kind = "exception"      // refuses with Code
	Busy          Kind = "busy"           // refuses with 6
	Drip          Kind = "drip"           // a pause of By before each byte

	Stuck  Kind = "stuck"  // Value, or everything, stays as it is
	Drift  Kind = "drift"  // Value runs away by Rate a second
	Reboot Kind = "reboot" // silent for Down, then as switched on
	Unplug Kind = "unplug" // the line is gone for Down: hang-up, or close and refuse
	Babble Kind = "babble" // endless noise on the line
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Silent, Lost, Late, Duplicate, Corrupt, Short, NoiseBefore, NoiseAfter, Echo, WrongUnit,
		WrongFunction, WrongCount, Exception, Busy, Drip, Stuck, Drift, Reboot, Unplug, Babble}
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error {
	*k = Kind(b)
	if slices.Contains(Kinds(), *k) {
		return nil
	}
	words := make([]string, 0, len(Kinds()))
	for _, known := range Kinds() {
		words = append(words, string(known))
	}
	return wantError("one of " + strings.Join(words, ", "))
}

type wantError string

func (e wantError) Error() string { return string(e) }
func (e wantError) Want() string  { return string(e) }

// Chance is the share of answers that are struck, 0 to 1.
type Chance float64

// UnmarshalText reads "0.01" or "1 %".
func (c *Chance) UnmarshalText(b []byte) error {
	s, percent := strings.CutSuffix(strings.TrimSpace(string(b)), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if percent {
		v /= 100
	}
	if err != nil || v != v || v < 0 || v > 1 {
		return wantError(`a share: 0 to 1, or "0 %" to "100 %"`)
	}
	*c = Chance(v)
	return nil
}

// Order is a fault as asked for.
type Order struct {
	Kind   Kind          `yaml:"kind,required"`
	Chance *Chance       `yaml:"chance"` // nil strikes every answer
	Next   int           `yaml:"next"`   // strikes this often, then ends; 0 is without end
	For    time.Duration `yaml:"for"`    // ends after this; 0 is without end
	By     time.Duration `yaml:"by"`
	// PastNext holds a late answer back until the next request has passed on the line.
	PastNext bool          `yaml:"past_next"`
	Code     uint8         `yaml:"code"`
	Value    string        `yaml:"value"`
	Rate     float64       `yaml:"rate"`
	Down     time.Duration `yaml:"down"`
}

// Problem is one thing wrong with an order.
type Problem struct{ Field, Found, Want string }

const maxDelay = 10 * time.Minute

// fields says which kinds know which setting, apart from chance, next and for.
var fields = map[string][]Kind{
	"by": {Late, Drip}, "past_next": {Late}, "code": {Exception}, "value": {Stuck, Drift}, "rate": {Drift}, "down": {Reboot, Unplug},
}

// Strikes reports whether the kind strikes single answers.
func (k Kind) Strikes() bool {
	return !slices.Contains([]Kind{Stuck, Drift, Unplug, Babble}, k)
}

// Check lists what is wrong with the order.
func (o Order) Check() []Problem {
	var out []Problem
	bad := func(field, found, want string) { out = append(out, Problem{field, found, want}) }
	given := map[string]bool{"by": o.By != 0, "past_next": o.PastNext, "code": o.Code != 0, "value": o.Value != "", "rate": o.Rate != 0, "down": o.Down != 0}
	for _, f := range []string{"by", "past_next", "code", "value", "rate", "down"} {
		if given[f] && !slices.Contains(fields[f], o.Kind) {
			bad(f, "a setting that "+string(o.Kind)+" does not have", "it only with "+kindList(fields[f]))
		}
	}
	for _, d := range []struct {
		field string
		v     time.Duration
	}{{"by", o.By}, {"down", o.Down}} {
		if d.v < 0 || d.v > maxDelay {
			bad(d.field, d.v.String(), "0s to 10m")
		}
	}
	if o.For < 0 {
		bad("for", o.For.String(), "a time ahead")
	}
	if o.Next < 0 {
		bad("next", strconv.Itoa(o.Next), "a number of answers")
	}
	switch {
	case o.Kind == Late && o.By == 0 && !o.PastNext:
		bad("by", "nothing", "how much later, or past_next: true")
	case o.Kind == Drip && o.By == 0:
		bad("by", "nothing", "the pause before each byte")
	case o.Kind == Exception && o.Code == 0:
		bad("code", "nothing", "an exception code such as 4")
	case o.Kind == Drift && (o.Value == "" || o.Rate == 0):
		bad("value", "value or rate missing", "the name of a value and its rate a second")
	case !o.Kind.Strikes() && (o.Chance != nil || o.Next != 0):
		bad("chance", "chance or next", "neither: "+string(o.Kind)+" lasts, until cleared or for a time")
	case (o.Kind == Unplug) && o.For != 0:
		bad("for", o.For.String(), "down: how long the line is away")
	}
	return out
}

func kindList(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// Err is the first problem as an error.
func (o Order) Err() error {
	if p := o.Check(); len(p) > 0 {
		return fmt.Errorf("fault: %s: %s: found %s, want %s", o.Kind, p[0].Field, p[0].Found, p[0].Want)
	}
	return nil
}

// MarshalJSON shows durations as people write them.
func (o Order) MarshalJSON() ([]byte, error) {
	out := map[string]any{"kind": o.Kind}
	put := func(name string, v any, given bool) {
		if given {
			out[name] = v
		}
	}
	if o.Chance != nil {
		out["chance"] = float64(*o.Chance)
	}
	put("next", o.Next, o.Next != 0)
	put("for", o.For.String(), o.For != 0)
	put("by", o.By.String(), o.By != 0)
	put("past_next", true, o.PastNext)
	put("code", o.Code, o.Code != 0)
	put("value", o.Value, o.Value != "")
	put("rate", o.Rate, o.Rate != 0)
	put("down", o.Down.String(), o.Down != 0)
	return json.Marshal(out)
}

// Orders are the orders that the fault stands for.
func (f Fault) Orders() []Order {
	var out []Order
	share := func(k Kind, p float64) {
		if p > 0 {
			c := Chance(p)
			out = append(out, Order{Kind: k, Chance: &c})
		}
	}
	if f.Silent {
		out = append(out, Order{Kind: Silent})
	}
	if f.Late > 0 {
		out = append(out, Order{Kind: Late, By: f.Late})
	}
	share(Corrupt, f.Corrupt)
	share(WrongUnit, f.WrongUnit)
	share(Duplicate, f.Duplicate)
	share(Short, f.Short)
	if f.Exception > 0 {
		out = append(out, Order{Kind: Exception, Code: f.Exception})
	}
	return out
}
