package contract

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden messages anew")

// Golden messages pin the wire: a change here is a change of contract and needs a new
// Version with its line of history.
var at = time.Date(2026, 11, 22, 14, 3, 5, 250_000_000, time.UTC)

func goldens() map[string]any {
	pos := Position{Epoch: "6f1c", Seq: 42, Prev: 41}
	change := ConditionChange{
		Point: "f12-smoke-east.smoke", Rule: "smoke-fire", Condition: Active, Previous: Normal, Severity: Critical, Hazard: Fire,
		Title: Text{"烟感火警", "Smoke alarm"}, Do: Text{"通知就近人员到场确认", "Send the nearest person to look"},
		Place:   Place{Building: "b03", UnitEntrance: "1", Floor: 12, Room: Text{"东走廊", "East corridor"}, Zone: "z-12"},
		Channel: "A", Value: 1, Quality: Good, SensedAt: at, DecidedAt: at.Add(time.Millisecond),
	}
	payload, err := json.Marshal(change)
	if err != nil {
		panic(err)
	}
	return map[string]any{
		"record.json": Record{V: Version, Edge: "edge-b03", Stream: StreamAlarm, Position: pos, Kind: KindCondition,
			BootID: "b00t", MonoNS: 1234, SpooledAt: at, Synced: true, Config: "abcd", Payload: payload},
		"ack.json":     Ack{V: Version, Stream: StreamAlarm, Epoch: "6f1c", Seq: 42},
		"command.json": Command{V: Version, ID: "c1", Verb: VerbReset, Point: "f12-smoke-east.smoke", Rule: "smoke-fire", By: "李娜", IssuedAt: at, Expires: at.Add(time.Minute)},
		"hello.json": Hello{V: Version, Edge: "edge-b03", BootID: "b00t", Online: true, At: at, MonoNS: 99, Epoch: "6f1c",
			Oldest: map[Stream]uint64{StreamAlarm: 40}, Newest: map[Stream]uint64{StreamAlarm: 42}, Pending: map[Stream]int64{StreamAlarm: 3}},
	}
}

func TestGolden_JSONMessagesAreUnchanged(t *testing.T) {
	for name, msg := range goldens() {
		got, err := json.MarshalIndent(msg, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		compareGolden(t, name, append(got, '\n'))
	}
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

func testBatch(n int) Batch {
	b := Batch{Record: Record{V: Version, Edge: "edge-b03", Stream: StreamTelemetry, Kind: KindSamples,
		Position: Position{Epoch: "6f1c", Seq: 7, Prev: 6}, BootID: "b00t", MonoNS: 5, SpooledAt: at, Synced: true}}
	for _, p := range []PointID{"f03-gas-302.concentration", "elevator-1.landing"} {
		c := Column{Point: p}
		for i := range n {
			c.Samples = append(c.Samples, Sample{UnixMS: at.UnixMilli() + int64(i)*1000, Value: float64(i) / 10, Quality: Good})
		}
		b.Columns = append(b.Columns, c)
	}
	b.Columns[1].Samples[0].Quality = Timeout
	return b
}

func TestBatch_GoldenBytes(t *testing.T) {
	raw, err := EncodeBatch(testBatch(2))
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "batch.hex", []byte(hex.EncodeToString(raw)+"\n"))
}

func TestBatch_RoundTripsPlainAndCompressed(t *testing.T) {
	for _, n := range []int{1, 2, 500} {
		want := testBatch(n)
		raw, err := EncodeBatch(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeBatch(raw)
		if err != nil {
			t.Fatalf("%d samples: %v", n, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d samples (-want +got):\n%s", n, d)
		}
	}
}

func TestRecord_BadHeadersAreMalformed(t *testing.T) {
	good := goldens()["record.json"].(Record)
	for name, spoil := range map[string]func(*Record){
		"version":  func(r *Record) { r.V = Version + 1 },
		"edge":     func(r *Record) { r.Edge = "Edge 3" },
		"stream":   func(r *Record) { r.Stream = "other" },
		"epoch":    func(r *Record) { r.Epoch = "" },
		"seq zero": func(r *Record) { r.Seq = 0 },
		"prev":     func(r *Record) { r.Prev = r.Seq },
	} {
		r := good
		spoil(&r)
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeRecord(raw); !IsMalformed(err) {
			t.Errorf("%s: err=%v, want ErrMalformed", name, err)
		}
	}
}

func TestQuality_WordsRoundTripAndZeroIsBad(t *testing.T) {
	var zero Quality
	if zero.IsGood() || !zero.IsBad() {
		t.Error("the zero quality must be bad")
	}
	for q := range qualityWords {
		var back Quality
		if err := back.UnmarshalText([]byte(q.String())); err != nil || back != q {
			t.Errorf("%v came back as %v (%v)", q, back, err)
		}
	}
	for i := range 256 {
		q := Quality(i)
		if q.IsGood() && q.IsBad() {
			t.Errorf("quality %d is both good and bad", i)
		}
	}
}

func TestQuality_AWordOfANewerPeerIsNeverGood(t *testing.T) {
	for word, want := range map[string]Quality{"good": Good, "good:finer": Corrupt, "uncertain:finer": Uncertain, "bad:finer": Corrupt, "": Corrupt, "bad:timeout": Timeout} {
		var q Quality
		if err := json.Unmarshal([]byte(`"`+word+`"`), &q); err != nil || q != want {
			t.Errorf("%q is %v (%v), want %v", word, q, err, want)
		}
	}
	var q Quality
	if err := json.Unmarshal([]byte(`7`), &q); err == nil {
		t.Error("a number was taken for a quality")
	}
}

func TestTopic_AnEdgeSpeaksOnlyForItself(t *testing.T) {
	for _, c := range []struct {
		topic    string
		pub, sub bool
	}{
		{"anlan/v1/edge-a/alarm", true, false},
		{"anlan/v1/edge-a/status", true, false},
		{"anlan/v1/edge-a/ack", false, true},
		{"anlan/v1/edge-a/command", false, true},
		{"anlan/v1/edge-b/alarm", false, false},
		{"anlan/v1/edge-b/command", false, false},
		{"anlan/v1/+/command", false, false},
		{"anlan/v1/#", false, false},
		{"#", false, false},
		{"anlan/v1/edge-a/alarm/x", false, false},
		{"$SYS/broker", false, false},
	} {
		if got := MayPublish("edge-a", c.topic); got != c.pub {
			t.Errorf("MayPublish(%q)=%v, want %v", c.topic, got, c.pub)
		}
		if got := MaySubscribe("edge-a", c.topic); got != c.sub {
			t.Errorf("MaySubscribe(%q)=%v, want %v", c.topic, got, c.sub)
		}
	}
}

func TestPlace_DescribesInBothLanguages(t *testing.T) {
	p := Place{Building: "b03", UnitEntrance: "2", Floor: 12, Room: Text{"东走廊", "East corridor"}}
	if got, want := p.Describe("zh-CN", "3号楼"), "3号楼·2单元·12层·东走廊"; got != want {
		t.Errorf("zh=%q, want %q", got, want)
	}
	if got, want := p.Describe("en", "Building 3"), "Building 3, Entrance 2, 12F, East corridor"; got != want {
		t.Errorf("en=%q, want %q", got, want)
	}
	if got, want := FloorName(-1, "zh-CN"), "地下1层"; got != want {
		t.Errorf("basement=%q, want %q", got, want)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	for _, n := range []int{1, 500} {
		raw, err := EncodeBatch(testBatch(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{1, 0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := DecodeBatch(raw)
		if err != nil {
			return
		}
		again, err := EncodeBatch(b)
		if err != nil {
			t.Fatalf("decoded but not encodable: %v", err)
		}
		if _, err := DecodeBatch(again); err != nil {
			t.Fatalf("does not round-trip: %v", err)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	raw, err := json.Marshal(goldens()["record.json"])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := DecodeRecord(raw); err == nil {
			if _, err := EncodeRecord(r); err != nil {
				t.Fatalf("decoded but not encodable: %v", err)
			}
		}
	})
}
