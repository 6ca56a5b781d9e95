package fault

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// exchange is a read of two registers, framed with its sum as a check.
func exchange() Exchange {
	return Exchange{Request: []byte{7, 3, 0, 0, 0, 2}, Unit: 7, PDU: []byte{3, 4, 0, 1, 0, 2}, Wrap: func(unit byte, pdu []byte) []byte {
		out := append([]byte{unit}, pdu...)
		sum := byte(0)
		for _, b := range out {
			sum += b
		}
		return append(out, sum)
	}}
}

func TestApply_EachKind(t *testing.T) {
	x := exchange()
	right := x.Wrap(7, x.PDU)
	for _, c := range []struct {
		kind  Kind
		order Order
		good  func(out []Emission) bool
	}{
		{Lost, Order{}, func(out []Emission) bool { return len(out) == 0 }},
		{Late, Order{By: time.Second}, func(out []Emission) bool {
			return out[0].After == time.Second && !out[0].PastNext && bytes.Equal(out[0].Bytes, right)
		}},
		{Late, Order{PastNext: true}, func(out []Emission) bool { return out[0].PastNext && bytes.Equal(out[0].Bytes, right) }},
		{Duplicate, Order{}, func(out []Emission) bool { return len(out) == 2 && bytes.Equal(out[1].Bytes, right) }},
		{Corrupt, Order{}, func(out []Emission) bool { return len(out[0].Bytes) == len(right) && !bytes.Equal(out[0].Bytes, right) }},
		{Short, Order{}, func(out []Emission) bool {
			return len(out[0].Bytes) < len(right) && bytes.HasPrefix(right, out[0].Bytes)
		}},
		{NoiseBefore, Order{}, func(out []Emission) bool {
			return len(out[0].Bytes) > len(right) && bytes.HasSuffix(out[0].Bytes, right)
		}},
		{NoiseAfter, Order{}, func(out []Emission) bool {
			return len(out[0].Bytes) > len(right) && bytes.HasPrefix(out[0].Bytes, right)
		}},
		{Echo, Order{}, func(out []Emission) bool { return bytes.Equal(out[0].Bytes, slices.Concat(x.Request, right)) }},
		{WrongUnit, Order{}, func(out []Emission) bool { return bytes.Equal(out[0].Bytes, x.Wrap(8, x.PDU)) }},
		{WrongFunction, Order{}, func(out []Emission) bool { return bytes.Equal(out[0].Bytes, x.Wrap(7, []byte{4, 4, 0, 1, 0, 2})) }},
		{WrongCount, Order{}, func(out []Emission) bool { return bytes.Equal(out[0].Bytes, x.Wrap(7, []byte{3, 2, 0, 1})) }},
		{Drip, Order{By: time.Millisecond}, func(out []Emission) bool {
			return len(out) == len(right) && out[3].After == time.Millisecond && len(out[3].Bytes) == 1
		}},
	} {
		c.order.Kind = c.kind
		before := slices.Clone(x.PDU)
		for seed := range uint64(20) {
			if out := Apply([]Order{c.order}, x, rand.New(rand.NewPCG(seed, 1))); !c.good(out) {
				t.Fatalf("%s: %v", c.kind, out)
			}
		}
		if !bytes.Equal(before, x.PDU) {
			t.Errorf("%s changed the device's own answer", c.kind)
		}
	}
}

func TestApply_WholeWithoutOrders(t *testing.T) {
	x := exchange()
	if out := Apply(nil, x, nil); len(out) != 1 || !bytes.Equal(out[0].Bytes, x.Wrap(7, x.PDU)) {
		t.Errorf("%v", out)
	}
	x.Checked = true
	if out := Apply([]Order{{Kind: Corrupt}}, x, nil); !bytes.Equal(out[0].Bytes, x.Wrap(7, x.PDU)) {
		t.Error("damage came through a line that drops damaged bytes")
	}
}

func TestWrongFunction_IsTheSister(t *testing.T) {
	for fc, want := range map[byte]byte{1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 15: 16, 16: 15, 0x83: 0x84, 0x2B: 0x2A} {
		if got := wrongFunction([]byte{fc})[0]; got != want {
			t.Errorf("%d gave %d, want %d", fc, got, want)
		}
	}
}

func TestBox_NextAndForEnd(t *testing.T) {
	b := NewBox(1)
	b.Add(Order{Kind: Silent, Next: 2}, t0)
	b.Add(Order{Kind: Late, By: time.Second, For: 10 * time.Second}, t0)
	for i, want := range []int{2, 2, 1, 1} {
		if got := len(b.Draw(t0.Add(time.Duration(i) * time.Second))); got != want {
			t.Errorf("draw %d: %d orders, want %d", i, got, want)
		}
	}
	if list := b.List(t0.Add(9 * time.Second)); len(list) != 1 || list[0].Struck != 4 {
		t.Errorf("%+v", list)
	}
	if got := len(b.Draw(t0.Add(10 * time.Second))); got != 0 || b.Has(Late, t0.Add(10*time.Second)) {
		t.Error("for 10s did not end")
	}
}

func TestBox_IsRepeatableBySeed(t *testing.T) {
	c := Chance(0.3)
	run := func(seed uint64) (out []int) {
		b := NewBox(seed)
		b.Add(Order{Kind: Corrupt, Chance: &c}, t0)
		for range 1000 {
			out = append(out, len(b.Draw(t0)))
		}
		return out
	}
	one := run(7)
	if !slices.Equal(one, run(7)) || slices.Equal(one, run(8)) {
		t.Error("luck must depend on the seed, and on nothing else")
	}
	hits := 0
	for _, n := range one {
		hits += n
	}
	if hits < 250 || hits > 350 {
		t.Errorf("%d of 1000 at 30 %%", hits)
	}
}

func TestOrder_Mistakes(t *testing.T) {
	c := Chance(1)
	for _, o := range []Order{
		{Kind: Late}, {Kind: Drip}, {Kind: Exception}, {Kind: Drift, Value: "x"}, {Kind: Silent, By: time.Second}, {Kind: Late, By: -1},
		{Kind: Stuck, Chance: &c}, {Kind: Unplug, For: time.Second}, {Kind: Busy, Next: -1}, {Kind: Reboot, Down: time.Hour}, {Kind: Lost, Value: "x"},
	} {
		if o.Err() == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, o := range []Order{{Kind: Late, PastNext: true}, {Kind: Stuck}, {Kind: Babble, For: time.Second}, {Kind: Reboot}, {Kind: Exception, Code: 11, Chance: &c}} {
		if err := o.Err(); err != nil {
			t.Error(err)
		}
	}
	for text, want := range map[string]Chance{"1 %": 0.01, "0.5": 0.5, "100%": 1} {
		if err := c.UnmarshalText([]byte(text)); err != nil || c != want {
			t.Errorf("%q: %v, %v", text, c, err)
		}
	}
	for _, text := range []string{"2", "-1", "many", "NaN", "101 %"} {
		if c.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestFault_ShortFormIsOrders(t *testing.T) {
	f := Fault{Silent: true, Late: time.Second, Corrupt: 0.5, WrongUnit: 0.1, Duplicate: 0.2, Short: 0.3, Exception: 4}
	var kinds []Kind
	for _, o := range f.Orders() {
		if err := o.Err(); err != nil {
			t.Error(err)
		}
		kinds = append(kinds, o.Kind)
	}
	if !slices.Equal(kinds, []Kind{Silent, Late, Corrupt, WrongUnit, Duplicate, Short, Exception}) {
		t.Error(kinds)
	}
	if (Fault{}).Orders() != nil {
		t.Error("a healthy device has no orders")
	}
	raw, err := json.Marshal(Order{Kind: Late, By: 300 * time.Millisecond})
	if err != nil || string(raw) != `{"by":"300ms","kind":"late"}` {
		t.Errorf("%s %v", raw, err)
	}
}
