package profile

import (
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"
	"time"

	"anlan/configs"
)

// Whatever a file says, reading it ends, its problems have lines, and a profile without
// problems can be planned, decoded from any block of the right size, and written.
func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "points: [{name: 'n{n}', title: {zh: 甲}, table: holding, address: 0, repeat: {from: 1, to: 9}}]\n"))
	f.Add([]byte(head + "points: [{name: a, title: {zh: 甲}, table: coil, address: 65535, divisor_point: a}]\n"))
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		f.Fatal(err)
	}
	for id := range shipped(f) {
		src, err := fs.ReadFile(dir, id+".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, ps := Parse("f.yaml", src)
		for _, pr := range ps {
			if pr.Line < 1 || pr.Found == "" || pr.Want == "" {
				t.Errorf("a problem without line, found or want: %+v", pr)
			}
		}
		if len(ps) > 0 || p.Protocol != ProtocolModbus {
			return
		}
		for _, g := range p.Plan(Line{CharTime: time.Millisecond, Overhead: 13}) {
			decodeAny(t, p, g, nil)
		}
		for _, pt := range p.Points {
			w, err := p.Encode(pt.Name, 1)
			if err != nil {
				continue
			}
			if r, hit := p.forbidsWrite(w.Table, int(w.Address), int(w.Address)+len(w.Words)-1); hit {
				t.Errorf("%s writes into %v", pt.Name, r)
			}
		}
	})
}

// decodeAny decodes a block of the right size filled from data.
func decodeAny(t *testing.T, p *Profile, g Group, data []byte) {
	b := Block{Registers: make([]uint16, g.Count)}
	if g.Table.Bits() {
		b = Block{Bits: make([]bool, g.Count)}
	}
	for i := range g.Count {
		if len(data) < 2 {
			break
		}
		if b.Bits != nil {
			b.Bits[i], data = data[0]&1 == 1, data[1:]
		} else {
			b.Registers[i], data = binary.BigEndian.Uint16(data), data[2:]
		}
	}
	rs, err := p.Decode("d", g, b, time.Unix(1, 0))
	if err != nil || len(rs) != len(g.Points) {
		t.Fatalf("decode: %d readings for %d points: %v", len(rs), len(g.Points), err)
	}
	for i, r := range rs {
		pt := &p.Points[g.Points[i]]
		switch {
		case r.Value != r.Value || r.Value-r.Value != 0:
			t.Errorf("%s: %v is no number", pt.Name, r.Value)
		case r.Quality.IsBad() && (r.Value != 0 || !r.At.IsZero()):
			t.Errorf("%s: a bad reading was refreshed: %+v", pt.Name, r)
		case !r.Quality.IsBad() && (pt.Min != nil && r.Value < *pt.Min || pt.Max != nil && r.Value > *pt.Max):
			t.Errorf("%s: %v passed its limits", pt.Name, r.Value)
		}
		if _, known := pt.Enum[int64(r.Value)]; len(pt.Enum) > 0 && !r.Quality.IsBad() && !known {
			t.Errorf("%s: %v is no code it knows", pt.Name, r.Value)
		}
	}
	for _, w := range p.Acknowledge(g, b) {
		if w.Table != Coil && w.Table != Holding {
			t.Errorf("acknowledges with a write to %s", w.Table)
		}
	}
}

// Whatever a device answers, every shipped profile gives numbers that it may give.
func FuzzDecode(f *testing.F) {
	lib := shipped(f)
	ids := make([]string, 0, len(lib))
	for id, p := range lib {
		if p.Protocol == ProtocolModbus {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		f.Add(id, []byte{0xFF, 0xFF, 0x7F, 0xC0, 0, 0, 0x80, 0})
	}
	f.Fuzz(func(t *testing.T, id string, data []byte) {
		p := lib[strings.TrimSpace(id)]
		if p == nil || p.Protocol != ProtocolModbus {
			return
		}
		for _, g := range p.Plan(Line{CharTime: time.Millisecond, Overhead: 13}) {
			decodeAny(t, p, g, data)
		}
	})
}
