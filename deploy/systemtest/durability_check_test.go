package systemtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"anlan/contract"
)

// check compares the cloud with the ledger. The edge is stopped, so nothing moves.
func (d *ordeal) check(p *person, atCut, atBack cursors, cutAt time.Time) {
	t, w := d.w.t, d.w
	t.Helper()
	for _, x := range d.led.problems {
		t.Errorf("ledger: %s", x)
	}
	for _, table := range []string{"ingest_gap", "ingest_quarantine"} {
		if n := w.cloudSays(`SELECT count(*) FROM ` + table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
	for _, s := range bothStreams {
		newest, acked := d.led.cursor(s)
		committed := w.cloudCursor(d.led, s)
		if acked > committed || committed > newest {
			t.Errorf("%s: acknowledged %d, committed %d, newest %d: want them in this order", s, acked, committed, newest)
		}
		if n := d.led.unseen(s, atCut.acked[s], atBack.newest[s]+1); n != 0 {
			t.Logf("%s: %d of the numbers %d to %d came and went unseen after the cut", s, n, atCut.acked[s]+1, atBack.newest[s])
		}
		t.Logf("%s: %d records, %d of them unseen, committed %d", s, newest, d.led.unseen(s, 0, newest+1), committed)
	}
	d.checkAlarms(p)
	d.checkSamples(p)
	d.checkOvertaking(p, atCut, atBack, cutAt)
}

// said is one thing an edge said of an alarm, as the spool or as the cloud has it.
type said struct {
	seq  uint64 // of the record, or of the event
	row  string // point/rule of the alarm it belongs to
	what string // equal on both sides
	live bool   // begins a row if there is none
	raw  string
}

func conditionKey(point, rule string, at time.Time, c, q string, latched bool, severity string, value float64) string {
	return fmt.Sprintf("condition %s/%s at %d: %s latched=%v %s %v %s", point, rule, at.UnixMilli(), c, latched, severity, value, q)
}

// saidByEdge reads the ledger's alarm records in order.
func (d *ordeal) saidByEdge(upTo uint64) []said {
	d.w.t.Helper()
	var out []said
	for _, r := range d.led.records(contract.StreamAlarm, upTo) {
		x := said{seq: r.Seq, raw: string(r.Payload)}
		switch r.Kind {
		case contract.KindCondition:
			var c contract.ConditionChange
			if err := json.Unmarshal(r.Payload, &c); err != nil {
				d.w.t.Fatalf("record %d: %v: %s", r.Seq, err, r.Payload)
			}
			x.row = string(c.Point) + "/" + string(c.Rule)
			x.live = c.Condition == contract.Active || c.Latched || c.Condition == contract.Unknown && c.Previous == contract.Active
			x.what = conditionKey(string(c.Point), string(c.Rule), c.DecidedAt, string(c.Condition), c.Quality.String(), c.Latched, c.Severity.String(), c.Value)
		case contract.KindAction:
			var a contract.ActionReport
			if err := json.Unmarshal(r.Payload, &a); err != nil {
				d.w.t.Fatalf("record %d: %v: %s", r.Seq, err, r.Payload)
			}
			x.row = a.Cause
			x.what = fmt.Sprintf("action %s %d %s at %d", a.ID, a.Attempt, a.Outcome, a.At.UnixMilli())
		default:
			continue // it is in no alarm's history
		}
		out = append(out, x)
	}
	return out
}

// knownByCloud reads every alarm's history from the API and puts what edges said in the
// order in which it was committed.
func (p *person) knownByCloud() []said {
	p.w.t.Helper()
	var out []said
	for _, a := range p.alarms("all") {
		if a.Rule == "record-lost" {
			p.w.t.Errorf("the cloud says that records are lost: %+v", a)
		}
		if a.Point == "" {
			continue // raised by the cloud itself
		}
		var detail struct {
			Events []struct {
				Seq  uint64    `json:"seq"`
				Kind string    `json:"kind"`
				At   time.Time `json:"at"`
				Data struct {
					Condition, Severity, Quality string
					Latched                      bool
					Value                        float64
					ID, Outcome                  string
					Attempt                      int
				} `json:"data"`
			} `json:"events"`
		}
		if err := p.get("/api/alarms/"+a.ID, &detail); err != nil {
			p.w.t.Fatal(err)
		}
		for _, e := range detail.Events {
			x := said{seq: e.Seq, row: a.Point + "/" + a.Rule, raw: fmt.Sprintf("%s %s: %+v", a.ID, e.Kind, e)}
			switch e.Kind {
			case "raised", "reraised", "updated", "worsened", "returned":
				x.what = conditionKey(a.Point, a.Rule, e.At, e.Data.Condition, e.Data.Quality, e.Data.Latched, e.Data.Severity, e.Data.Value)
			case "action":
				x.what = fmt.Sprintf("action %s %d %s at %d", e.Data.ID, e.Data.Attempt, e.Data.Outcome, e.At.UnixMilli())
			default:
				continue // people's answers, consoles
			}
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b said) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// checkAlarms walks both lists side by side: each record is one event, in the same order.
// Nobody acknowledges during the test, so a row never closes, and only what says that all
// is well before anything was raised leaves no event.
func (d *ordeal) checkAlarms(p *person) {
	t := d.w.t
	t.Helper()
	records, events := d.saidByEdge(d.w.cloudCursor(d.led, contract.StreamAlarm)), p.knownByCloud()
	where := map[string]int{}
	for i, r := range records {
		if _, twice := where[r.what]; twice {
			t.Errorf("the edge said twice, in record %d too: %s", r.seq, r.raw)
		}
		where[r.what] = i
	}
	rows, next, strangers, lastSeq := map[string]bool{}, 0, []said(nil), uint64(0)
	skip := func(to int) {
		for ; next < to; next++ {
			if r := records[next]; rows[r.row] || r.live {
				t.Errorf("record %d is not in the cloud, or not in order: %s", r.seq, r.raw)
			}
		}
	}
	settle := func(before uint64) { // what the ledger does not know must fit between two records it does
		if n := d.led.unseen(contract.StreamAlarm, lastSeq, before); n < len(strangers) {
			t.Errorf("between records %d and %d, %d unseen, the cloud has %d that no record says: %+v", lastSeq, before, n, len(strangers), strangers)
		}
		strangers = nil
	}
	for _, e := range events {
		i, known := where[e.what]
		switch {
		case !known:
			strangers = append(strangers, e)
		case i < next:
			t.Errorf("record %d is doubled or out of order in the cloud: event %d, %s", records[i].seq, e.seq, e.raw)
		default:
			settle(records[i].seq)
			skip(i)
			next, lastSeq = i+1, records[i].seq
		}
		rows[e.row] = true
	}
	newest, _ := d.led.cursor(contract.StreamAlarm)
	settle(newest + 1)
	skip(len(records))
	t.Logf("%d alarm records against %d events of %d alarms", len(records), len(events), len(rows))
}

// maxShown is how many differences of one series are printed.
const maxShown = 5

// span is the numbers strictly between two.
type span struct{ after, before uint64 }

// instant is one sample of the ledger with the record it was in.
type instant struct {
	contract.Sample
	seq uint64
}

// sampled reads the ledger's batches: the samples of each point in the order of records.
func (d *ordeal) sampled(upTo uint64) map[contract.PointID][]instant {
	d.w.t.Helper()
	out := map[contract.PointID][]instant{}
	for _, r := range d.led.records(contract.StreamTelemetry, upTo) {
		b, err := contract.DecodeBatch(r.Payload)
		if err != nil {
			d.w.t.Fatalf("record %d: %v", r.Seq, err)
		}
		for _, c := range b.Columns {
			for _, s := range c.Samples {
				out[c.Point] = append(out[c.Point], instant{s, r.Seq})
			}
		}
	}
	return out
}

// checkSamples compares every series with the ledger, sample by sample.
func (d *ordeal) checkSamples(p *person) {
	t := d.w.t
	t.Helper()
	committed := d.w.cloudCursor(d.led, contract.StreamTelemetry)
	truth := d.sampled(committed)
	total, extra := 0, 0
	for _, point := range slices.Sorted(maps.Keys(truth)) {
		want := truth[point]
		slices.SortStableFunc(want, func(a, b instant) int { return cmp.Compare(a.UnixMS, b.UnixMS) })
		got := p.samples(point, want[0].UnixMS-1000, time.Now().UnixMilli()+1000)
		total += len(want)
		// The backlog is older in time but not in number: each part stands for itself.
		border := time.Now().Add(-time.Hour).UnixMilli()
		w, g := slices.IndexFunc(want, func(s instant) bool { return s.UnixMS > border }), slices.IndexFunc(got, func(s contract.Sample) bool { return s.UnixMS > border })
		if w < 0 || g < 0 {
			t.Fatalf("%s: no live sample: %d in records, %d in the cloud", point, len(want), len(got))
		}
		extra += d.compareSeries(point, want[:w], got[:g], d.earlier) + d.compareSeries(point, want[w:], got[g:], span{0, committed + 1})
	}
	t.Logf("%d samples of %d points are there once, %d more came in batches that were not seen", total, len(truth), extra)
	if total < backlogRecords*backlogPoints*2 {
		t.Errorf("only %d samples compared", total)
	}
}

// compareSeries reports what is missing, different, doubled or from nowhere in one series,
// and counts the samples that only a batch the ledger did not see can have brought.
func (d *ordeal) compareSeries(point contract.PointID, want []instant, got []contract.Sample, between span) (extra int) {
	t := d.w.t
	t.Helper()
	wrong := 0
	errorf := func(format string, args ...any) {
		if wrong++; wrong <= maxShown {
			t.Errorf(format, args...)
		}
	}
	for i := 1; i < len(want); i++ {
		if want[i].UnixMS == want[i-1].UnixMS {
			errorf("%s: the edge used one instant twice, in records %d and %d: %+v", point, want[i-1].seq, want[i].seq, want[i].Sample)
		}
	}
	next, last := 0, between.after
	for i, g := range got {
		if i > 0 && g.UnixMS <= got[i-1].UnixMS {
			errorf("%s: %+v stands after %+v", point, g, got[i-1])
		}
		for ; next < len(want) && want[next].UnixMS < g.UnixMS; next++ {
			errorf("%s: sample of record %d is not in the cloud: %+v", point, want[next].seq, want[next].Sample)
		}
		if next < len(want) && want[next].UnixMS == g.UnixMS {
			if want[next].Sample != g {
				errorf("%s: record %d says %+v, the cloud %+v", point, want[next].seq, want[next].Sample, g)
			}
			last = want[next].seq
			next++
			continue
		}
		before := between.before
		if next < len(want) {
			before = want[next].seq
		}
		if d.led.unseen(contract.StreamTelemetry, last, before) == 0 {
			errorf("%s: %+v is in no record; its neighbours are in %d and %d", point, g, last, before)
		}
		extra++
	}
	for ; next < len(want); next++ {
		errorf("%s: sample of record %d is not in the cloud: %+v", point, want[next].seq, want[next].Sample)
	}
	if wrong > maxShown {
		t.Errorf("%s: %d differences more", point, wrong-maxShown)
	}
	return extra
}

// samples reads a series raw, a third of an hour at a time.
func (p *person) samples(point contract.PointID, from, to int64) []contract.Sample {
	p.w.t.Helper()
	const step = 20 * 60 * 1000
	var out []contract.Sample
	for ; from < to; from += step {
		var s struct {
			Raw     bool `json:"raw"`
			Buckets []struct {
				T       time.Time        `json:"t"`
				Last    float64          `json:"last"`
				Quality contract.Quality `json:"quality"`
			} `json:"buckets"`
		}
		q := url.Values{"max": {"5000"}}
		q.Set("from", time.UnixMilli(from).UTC().Format(time.RFC3339Nano))
		q.Set("to", time.UnixMilli(min(to, from+step)).UTC().Format(time.RFC3339Nano))
		if err := p.get("/api/points/"+edgeID+"/"+url.PathEscape(string(point))+"/series?"+q.Encode(), &s); err != nil {
			p.w.t.Fatal(err)
		}
		if !s.Raw {
			p.w.t.Fatalf("%s: not every sample from %v is given", point, time.UnixMilli(from).UTC())
		}
		for _, b := range s.Buckets {
			out = append(out, contract.Sample{UnixMS: b.T.UnixMilli(), Value: b.Last, Quality: b.Quality})
		}
	}
	return out
}

// checkOvertaking checks that what was said of alarms during the cut was committed while
// the telemetry of the cut was still waiting.
func (d *ordeal) checkOvertaking(p *person, atCut, atBack cursors, cutAt time.Time) {
	t := d.w.t
	t.Helper()
	alarms := d.led.ackedWhen(contract.StreamAlarm, atBack.newest[contract.StreamAlarm])
	backlog := d.led.ackedWhen(contract.StreamTelemetry, atBack.newest[contract.StreamTelemetry])
	n := atBack.newest[contract.StreamAlarm] - atCut.acked[contract.StreamAlarm]
	t.Logf("%d alarm records of the cut were acknowledged %v before the last of %d telemetry records", n, backlog.Sub(alarms).Round(time.Millisecond),
		atBack.newest[contract.StreamTelemetry]-atCut.acked[contract.StreamTelemetry])
	if n < 5 {
		t.Errorf("the load made only %d alarm records in the cut", n)
	}
	if alarms.IsZero() || !alarms.Before(backlog) {
		t.Errorf("the alarms of the cut were acknowledged at %v, the telemetry of the cut at %v", alarms, backlog)
	}
	raised := 0
	for _, a := range p.alarms("all") {
		sensed, committed := a.Stamps["sensed"], a.Stamps["committed"]
		if a.Point == "" || sensed.Before(cutAt) || sensed.After(cutAt.Add(cutSeconds*time.Second)) {
			continue
		}
		raised++
		if committed.IsZero() {
			t.Errorf("%s %s has no committed stamp", a.Point, a.Rule)
		}
		if committed.After(backlog) {
			t.Errorf("%s %s of the cut was committed at %v, after the telemetry of the cut at %v", a.Point, a.Rule, committed, backlog)
		}
	}
	t.Logf("%d alarms whose last occurrence was in the cut were committed before the backlog", raised)
}
