package device

import (
	"bytes"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The first number is the one printed in RDM6300 data sheets, 62 E3 08 6C ED with the
// check 08; the second was read off a real tag, 10 00 86 F4 44 with 26.
func TestRDM6300_Golden(t *testing.T) {
	for tag, want := range map[string]string{"62 E3 08 6C ED": "\x0262E3086CED08\x03", "10 00 86 F4 44": "\x02100086F44426\x03"} {
		if got := rdmFrame(unhex(t, tag)); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// From the manual: the answer to 0x20 in 10.4.2, a failure of 0x24 in table 39, and the
// block with AA in it in table 88.
func TestYHY522_GoldenFrames(t *testing.T) {
	for _, c := range []struct {
		status     byte
		data, want string
	}{
		{0x20, "3D 98 62 01", "AA BB 06 20 3D 98 62 01 E0"},
		{0xDB, "", "AA BB 02 DB D9"},
		{0x28, "00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", "AA BB 12 28 00 11 22 33 44 55 66 77 88 99 AA 00 BB CC DD EE FF 3A"},
	} {
		if got := yhyFrame(c.status, unhex(t, c.data)); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("% X, want %s", got, c.want)
		}
	}
}

func TestYHY522_FindsCommands(t *testing.T) {
	var in yhyInput
	var got [][]byte
	for _, b := range unhex(t, "00 AA 00 AA BB 02 20 23 "+ // wrong check
		"AA BB 02 AA BB 02 20 22 "+ // one breaks off
		"BB AA AA BB 0A 24 00 09 FF FF FF FF FF FF 27 "+ // table 39
		"AA BB 12 28 00 11 22 33 44 55 66 77 88 99 AA 00 BB CC DD EE FF 3A AA BB 02 20 22") {
		if p, ok := in.take(b); ok {
			got = append(got, p)
		}
	}
	want := []string{"20", "24 00 09 FF FF FF FF FF FF", "28 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", "20"}
	for i, w := range want {
		if i >= len(got) || !bytes.Equal(got[i], unhex(t, w)) {
			t.Fatalf("% X, want %v", got, want)
		}
	}
}

// By hand from gst500.c and .h: the sum is of the data alone, BB ends everything.
func TestPanelCRT_Golden(t *testing.T) {
	for want, e := range map[string]PanelEvent{
		"01 DD 01 20 34 03 01 59 BB": {Node: "012034", Is: "fire"},
		"01 DD 01 20 34 11 01 67 BB": {Node: "012034", Is: "fire", Type: 11},
		"01 DD 01 20 34 19 01 6F BB": {Node: "012034", Is: "feedback"},
		"01 DD 01 20 34 19 02 70 BB": {Node: "012034", Is: "started"},
		"01 DD 01 20 34 03 00 58 BB": {Node: "012034", Is: "restored"},
		"01 EE 99 99 99 03 00 CE BB": {Node: "999999", Is: "fault"},
		"01 EE 01 20 34 03 01 59 BB": {Node: "012034", Is: "shielded"},
		"01 EE 01 20 34 03 02 5A BB": {Node: "012034", Is: "released"},
		"01 CB 41 41 BB":             {Is: "mains-lost"},
		"01 AA BB":                   {Is: "reset"},
		"01 AB BB":                   {Is: "silenced"},
	} {
		if err := e.Check(); err != nil {
			t.Error(err)
		}
		if got := (&PanelPort{Kind: PanelCRT, Number: 1}).turn(e, true); !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%+v: % X, want %s", e, got, want)
		}
	}
	p := &PanelPort{Kind: PanelCRT, Number: 2, BothWays: true}
	if got := p.turn(PanelEvent{}, false); !bytes.Equal(got, unhex(t, "02 00 02 0F F0 BB 1F")) {
		t.Errorf("idle % X", got)
	}
}

// The records a maintenance firm has published of a GST9000, but for what they say of
// where and what, byte for byte.
func TestPanelGST9000_Golden(t *testing.T) {
	at := time.Date(2008, 12, 2, 17, 24, 0, 0, time.UTC)
	p := &PanelPort{Kind: PanelGST9000, Now: func() time.Time { return at }, since: map[string]string{}}
	const head = "1B 36 30 38 2F 31 32 2F 30 32 20 20 31 37 3A 32 34 0A 20 20 "
	for _, c := range []struct {
		e    PanelEvent
		want string
	}{
		{PanelEvent{Node: "004-004", Is: "fire", Text: "裙楼一层上空"}, head + "30 30 34 2D 30 30 34 0A 1B 39 CA D7 B4 CE BB F0 BE AF 0A C8 B9 C2 A5 D2 BB B2 E3 C9 CF BF D5 0A B8 D0 D1 CC CC BD B2 E2 C6 F7 0A 0A"},
		{PanelEvent{Node: "006-007", Is: "fire", Text: "中烟六层计划部"}, head + "30 30 36 2D 30 30 37 0A 1B 39 BB F0 BE AF BA F3 D0 F8 0A D6 D0 D1 CC C1 F9 B2 E3 BC C6 BB AE B2 BF 0A B8 D0 D1 CC CC BD B2 E2 C6 F7 0A 0A"},
		{PanelEvent{Is: "reset"}, head + "0A 1B 39 CF B5 CD B3 B8 B4 CE BB 0A 0A"},
	} {
		if got := p.print(c.e); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%+v:\n% X, want\n%s", c.e, got, c.want)
		}
	}
	if got := p.print(PanelEvent{Node: "004-004", Is: "fire"}); !bytes.Contains(got, unhex(t, "CA D7 B4 CE")) {
		t.Errorf("after the reset a fire is the first again: % X", got)
	}
}

func TestPanelLines_NamesWhatIsRestored(t *testing.T) {
	p := &PanelPort{Kind: PanelLines, Now: time.Now, since: map[string]string{}}
	said := func(e PanelEvent) string {
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(p.print(e))
		if err != nil {
			t.Fatal(err)
		}
		word, _, _ := bytes.Cut(out, []byte(" "))
		return string(word)
	}
	for i, c := range [][3]string{{"12-034", "fault", "故障"}, {"12-034", "restored", "故障恢复"}, {"12-035", "fire", "火警"}, {"12-035", "restored", "火警恢复"}, {"12-035", "restored", "恢复"}} {
		if got := said(PanelEvent{Node: c[0], Is: c[1]}); got != c[2] {
			t.Errorf("%d: %q, want %q", i, got, c[2])
		}
	}
}

func TestPanelEvent_Mistakes(t *testing.T) {
	for _, e := range []PanelEvent{{}, {Is: "smoke", Node: "012034"}, {Is: "fire"}, {Is: "reset", Node: "012034"}, {Is: "fire", Node: "012034", Type: 19},
		{Is: "feedback", Node: "012034", Type: 3}, {Is: "feedback", Node: "012034", Type: 69}, {Is: "started", Node: "012034", Type: 3},
		{Is: "fault", Node: "012034", Type: 100}, {Is: "fault", Node: "012034", Text: "a\nb"}, {Is: "fault", Node: "012034", Text: "\xff"}} {
		if e.Check() == nil {
			t.Errorf("%+v was taken", e)
		}
	}
	for kind, nodes := range map[string][2]string{PanelCRT: {"012034", "12-034"}, PanelGST9000: {"004-017", "4-17"}, PanelLines: {"12-034", "012034"}} {
		if CheckNode(kind, nodes[0]) != nil || CheckNode(kind, "") != nil || CheckNode(kind, nodes[1]) == nil {
			t.Errorf("%s: %v", kind, nodes)
		}
	}
}

func FuzzYHY522Input(f *testing.F) {
	f.Add([]byte{0xAA, 0xBB, 2, 0x20, 0x22})
	f.Add([]byte{0xAA, 0xBB, 0, 0, 0, 0xAA, 0xAA, 0xBB})
	f.Fuzz(func(t *testing.T, b []byte) {
		var in yhyInput
		for _, c := range b {
			if p, ok := in.take(c); ok && len(p) == 0 {
				t.Fatal("a frame without a command")
			}
		}
		whole := false
		for _, c := range yhyFrame(0x20, b[:min(len(b), 200)]) {
			p, ok := in.take(c)
			if ok {
				whole = bytes.Equal(p[1:], b[:min(len(b), 200)])
			}
		}
		if !whole {
			t.Fatal("what came before hid a frame")
		}
	})
}
