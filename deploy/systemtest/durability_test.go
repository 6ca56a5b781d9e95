package systemtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"anlan/contract"
	"anlan/deploy/stack"
)

const (
	edgeID         = stack.EdgeID
	cutSeconds     = 30
	stallFor       = 12 * time.Second // the edge sends again after 10 s and gives a connection up after 15
	backlogRecords = 2400
	backlogPoints  = 20
)

// seeded is the test's randomness; ANLAN_SEED repeats a run as far as the machine does.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ANLAN_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ANLAN_SEED: %v", err)
		}
		seed = n
	}
	t.Logf("ANLAN_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestDurability_CutAndKillsLoseAndDoubleNothing cuts the network under load and kills
// edge, cloud and both at random moments, during the cut and while the backlog drains.
func TestDurability_CutAndKillsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	rnd := seeded(t)
	w := start(t)
	op := w.login("zhangwei")
	op.ready()
	d := &ordeal{w: w, led: newLedger(w), rnd: rnd}
	d.led.attach()
	quiet := w.load(rand.New(rand.NewPCG(rnd.Uint64(), 2)))

	cutAt := time.Now()
	w.play("network-cut?seconds=" + strconv.Itoa(cutSeconds))
	d.kill("edge", func() {
		d.earlier = d.led.backlog(backlogRecords, op.points(backlogPoints), func() contract.Sample { return anySample(rnd) })
	})
	atCut := d.led.cursors()
	for _, who := range shuffled(rnd, "cloud", "both", "edge") {
		d.wait(time.Duration((2 + 5*rnd.Float64()) * float64(time.Second)))
		d.kill(who, nil)
	}
	t.Logf("%v of %d s of the cut were needed for the kills", time.Since(cutAt).Round(time.Second), cutSeconds)
	atBack := d.untilBack(atCut)
	d.wait(time.Duration(rnd.IntN(60)) * time.Millisecond) // the alarms of the cut are on their way now
	d.kill("cloud", nil)
	d.killWhileDraining(op, atCut, atBack)
	quiet()
	w.play("normal")
	d.untilDrained(op)

	if err := w.Edge.Stop(15 * time.Second); err != nil {
		t.Error(err)
	}
	d.led.detach()
	d.check(op, atCut, atBack, cutAt)
}

func anySample(rnd *rand.Rand) contract.Sample {
	s := contract.Sample{Value: rnd.NormFloat64() * 100, Quality: contract.Good}
	if rnd.IntN(2) == 0 {
		s.Value = math.Round(s.Value*10) / 10
	}
	if rnd.IntN(10) == 0 {
		s.Quality = contract.Timeout
	}
	return s
}

func shuffled(rnd *rand.Rand, who ...string) []string {
	rnd.Shuffle(len(who), func(i, j int) { who[i], who[j] = who[j], who[i] })
	return who
}

// points lists some of the building's points.
func (p *person) points(n int) []contract.PointID {
	p.w.t.Helper()
	var b struct {
		Devices []struct {
			Points []struct {
				ID contract.PointID `json:"id"`
			} `json:"points"`
		} `json:"devices"`
	}
	if err := p.get("/api/buildings/b03", &b); err != nil {
		p.w.t.Fatal(err)
	}
	var out []contract.PointID
	for _, d := range b.Devices {
		for _, x := range d.Points {
			out = append(out, x.ID)
		}
	}
	if len(out) < n {
		p.w.t.Fatalf("the building has %d points, want %d", len(out), n)
	}
	return out[:n]
}

// load plays scenarios and breaks devices until the returned function is called.
func (w *world) load(rnd *rand.Rand) (quiet func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	api := "http://" + w.SimAddr.HTTP + "/api/"
	do := func(path string, body any) {
		if err := stack.Call(ctx, http.DefaultClient, http.MethodPost, api+path, body, nil); err != nil && ctx.Err() == nil {
			w.t.Errorf("load: %s: %v", path, err)
		}
	}
	scenarios := []string{"gas-leak", "gas-leak", "fire-12", "fire-12", "entrapment", "entrapment", "normal"}
	devices := []string{"f01-smoke-lobby", "f03-smoke", "f12-smoke-east", "f12-smoke-west", "f06-smoke", "f03-gas-302", "f09-smoke", "f03-gas-shaft",
		"b1-co-garage", "elevator-1", "relays-1", "fire-panel-1"}
	wg.Go(func() {
		tick := time.NewTicker(400 * time.Millisecond)
		defer tick.Stop()
		// Rules wait some seconds before they believe in silence: each half of the
		// devices is silent for three rounds and heard for three.
		for i := 0; ; i++ {
			x, phase := i%len(devices), i/len(devices)/3
			do("faults/"+devices[x], map[string]any{"silent": (x+phase)%2 == 0})
			switch {
			case i == 5: // the cut has begun: these two are always in it
				do("scenarios/gas-leak", nil)
			case i == 10:
				do("scenarios/fire-12", nil)
			case rnd.IntN(8) == 0:
				do("scenarios/"+scenarios[rnd.IntN(len(scenarios))], nil)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	quiet = func() { cancel(); wg.Wait() }
	w.t.Cleanup(quiet)
	return quiet
}

// ordeal is one run of kills with its witness.
type ordeal struct {
	w     *world
	led   *ledger
	rnd   *rand.Rand
	kills int

	earlier span // numbers of the backlog of an earlier hour
}

// wait lets a random time pass before the next kill; nothing is concluded from it.
func (d *ordeal) wait(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.w.t.Context().Done():
	}
}

// kill ends edge, cloud or both as a power cut would and starts them again. meanwhile
// runs while they are down.
func (d *ordeal) kill(who string, meanwhile func()) {
	t, w := d.w.t, d.w
	t.Helper()
	d.kills++
	var wg sync.WaitGroup
	if who != "cloud" {
		wg.Go(w.Edge.Kill)
	}
	if who != "edge" {
		wg.Go(w.Cloud.Kill)
	}
	wg.Wait()
	if who != "cloud" {
		d.led.detach()
	}
	if who != "edge" {
		d.acknowledgedIsCommitted(who)
	}
	if meanwhile != nil {
		meanwhile()
	}
	at := d.led.cursors()
	t.Logf("kill %d, %s: acknowledged %v of %v", d.kills, who, at.acked, at.newest)
	if who != "edge" {
		if err := w.StartCloud(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if who != "cloud" {
		if err := w.StartEdge(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.led.attach()
	}
}

// acknowledgedIsCommitted checks, while the cloud is dead, that the edge gave up nothing
// that the cloud does not have on its disk.
func (d *ordeal) acknowledgedIsCommitted(who string) {
	d.w.t.Helper()
	for _, s := range bothStreams {
		committed := d.w.cloudCursor(d.led, s)
		if _, acked := d.led.cursor(s); acked > committed {
			d.w.t.Errorf("kill of %s: the edge has trimmed %s up to %d, the cloud has committed up to %d", who, s, acked, committed)
		}
	}
}

// untilBack waits for the first acknowledgement after the cut.
func (d *ordeal) untilBack(atCut cursors) cursors {
	d.w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for giveUp := time.Now().Add(60 * time.Second); time.Now().Before(giveUp); <-tick.C {
		for _, s := range bothStreams {
			if _, acked := d.led.cursor(s); acked > atCut.acked[s] {
				return d.led.cursors()
			}
		}
	}
	d.w.t.Fatal("nothing was acknowledged after the cut")
	return cursors{}
}

// killWhileDraining kills at random points of the backlog.
func (d *ordeal) killWhileDraining(p *person, atCut, atBack cursors) {
	d.w.t.Helper()
	from, to := atCut.acked[contract.StreamTelemetry], atBack.newest[contract.StreamTelemetry]
	for i, who := range shuffled(d.rnd, "cloud", "edge", "both") {
		share := (float64(i) + 0.2 + 0.7*d.rnd.Float64()) / 3.3
		at := from + uint64(share*float64(to-from))
		eventually(d.w.t, fmt.Sprintf("telemetry acknowledged up to %d", at), func() error {
			if _, acked := d.led.cursor(contract.StreamTelemetry); acked < at {
				return fmt.Errorf("%d of %d", acked, to)
			}
			return nil
		})
		d.kill(who, nil)
		if i == 0 {
			d.stall(stallFor)
			eventually(d.w.t, "the records of the stall come twice", func() error {
				if p.repeats() == 0 {
					return fmt.Errorf("no record was repeated")
				}
				return nil
			})
		}
	}
}

// stall freezes the cloud for so long that the edge sends again what is on its way, but
// not for so long that the connection is given up: afterwards everything comes twice.
func (d *ordeal) stall(long time.Duration) {
	t, w := d.w.t, d.w
	t.Helper()
	_, acked := d.led.cursor(contract.StreamTelemetry)
	eventually(t, "draining before the stall", func() error {
		if _, now := d.led.cursor(contract.StreamTelemetry); now == acked {
			return fmt.Errorf("at %d", now)
		}
		return nil
	})
	var cloud struct{ PID int }
	raw, err := os.ReadFile(filepath.Join(w.Dir, "cloud", "cloud.json"))
	if err == nil {
		err = json.Unmarshal(raw, &cloud)
	}
	if err != nil || cloud.PID <= 1 {
		t.Fatalf("the cloud's process: %d, %v", cloud.PID, err)
	}
	if err := syscall.Kill(cloud.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	d.wait(long)
	if err := syscall.Kill(cloud.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// repeats is how many records the cloud that runs now was given twice.
func (p *person) repeats() float64 {
	p.w.t.Helper()
	text, err := p.w.Metrics(p.w.t.Context())
	if err != nil {
		p.w.t.Fatal(err)
	}
	sum := 0.0
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(f[0], "cloud_ingest_records_repeated_total") {
			n, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				p.w.t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// untilDrained waits until the edge keeps nothing that the cloud has not committed.
func (d *ordeal) untilDrained(p *person) {
	d.w.t.Helper()
	last := d.led.cursors()
	within(d.w.t, "backlog drained", 90*time.Second, func() error {
		now := d.led.cursors()
		for _, s := range bothStreams {
			if now.acked[s] < last.newest[s] {
				return fmt.Errorf("%s acknowledged up to %d of %d", s, now.acked[s], last.newest[s])
			}
		}
		return nil
	})
	eventually(d.w.t, "fleet shows nothing pending", func() error {
		var f struct {
			Edges []struct {
				Pending struct{ Alarm, Telemetry int64 }
			}
		}
		if err := p.get("/api/fleet", &f); err != nil {
			return err
		}
		if len(f.Edges) != 1 || f.Edges[0].Pending.Alarm != 0 || f.Edges[0].Pending.Telemetry != 0 {
			return fmt.Errorf("%+v", f)
		}
		return nil
	})
}
