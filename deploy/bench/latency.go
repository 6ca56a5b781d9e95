package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"anlan/deploy/stack"

	"go.yaml.in/yaml/v3"
)

const (
	exampleConfig = "configs/examples/building-3/edge.yaml"
	detector      = "f12-smoke-east"
	sirenCoil     = 0
	simStep       = 100 * time.Millisecond // the simulated building moves at this step
	paintGoal     = time.Second            // sensor change to painted and sounding, 99 of 100, at this poll rate
	paintLimit    = 5 * time.Second        // sensor change to painted, 99 of 100
	paintHard     = 10 * time.Second       // always
)

// timing is one repetition.
type timing struct {
	siren  time.Duration // from the order to the simulator to the relay's write
	wrote  time.Time     // the relay's write
	stamps map[string]time.Time
}

// line is the bus of a device, as far as it sets the floor.
type line struct {
	baud int
	poll time.Duration
}

// char is the time of one character, 8N1.
func (l line) char() time.Duration { return 10 * time.Second / time.Duration(l.baud) }

// gap is the silence between frames: 3.5 characters, and never less than 1.75 ms.
func (l line) gap() time.Duration { return max(l.char()*7/2, 1750*time.Microsecond) }

// write is a relay write as far as the relay hears it.
func (l line) write() time.Duration { return 2*l.gap() + 8*l.char() }

// wire is what must pass between a change and the write: the read of the detector's
// bits (8 bytes out, 6 back, a silence between) and the relay's write.
func (l line) wire() time.Duration { return 8*l.char() + l.gap() + 6*l.char() + l.write() }

func alarmRows(ctx context.Context, o options, dir string) (rows []row, err error) {
	l, err := lineOf(exampleConfig, detector)
	if err != nil {
		return nil, err
	}
	config, err := filepath.Abs(exampleConfig)
	if err != nil {
		return nil, err
	}
	st, err := stack.Start(ctx, stack.Loopback(o.bin, filepath.Join(dir, "alarm"), config))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	s := &site{Stack: st}
	if err := s.login(ctx, "lina"); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := s.quiet(ctx); err != nil {
		return nil, err
	}
	leave, err := s.seat(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, leave()) }()
	var all []timing
	for n := range o.repetitions {
		t, err := s.once(ctx, l)
		if err != nil {
			return reportAlarms(all, l), fmt.Errorf("repetition %d: %w", n+1, err)
		}
		all = append(all, t)
	}
	return reportAlarms(all, l), nil
}

// once lets the detector alarm at a random phase of the poll, waits for the siren and
// the paint, and makes everything quiet again.
func (s *site) once(ctx context.Context, l line) (t timing, err error) {
	if err := pause(ctx, rand.N(time.Second)); err != nil {
		return t, err
	}
	from := time.Now()
	if err := s.Play(ctx, "fire-12"); err != nil {
		return t, err
	}
	err = until(ctx, "siren and paint", 50*time.Millisecond, 2*paintHard, func(ctx context.Context) error {
		if t.wrote.IsZero() {
			state, err := s.Look(ctx)
			if err != nil {
				return err
			}
			for _, w := range state.Writes {
				if w.Coil == sirenCoil && w.On && w.At.After(from) {
					t.wrote = w.At
					t.siren = t.wrote.Sub(from)
					break
				}
			}
		}
		return s.painted(ctx, from, &t)
	})
	if err != nil {
		return t, err
	}
	if t.stamps["sounding"], err = s.heard(ctx, t.stamps["sensed"]); err != nil {
		return t, err
	}
	if err := s.Play(ctx, "normal"); err != nil {
		return t, err
	}
	return t, s.quiet(ctx)
}

// painted looks for the alarm raised since from, and takes its stamps once complete.
func (s *site) painted(ctx context.Context, from time.Time, t *timing) error {
	open, err := s.open(ctx)
	if err != nil {
		return err
	}
	for _, a := range open {
		if a.Point != detector+".smoke" || a.Stamps["sensed"].Before(from) {
			continue
		}
		var detail struct {
			Alarm alarmView `json:"alarm"`
		}
		if err := s.Get(ctx, "/api/alarms/"+a.ID, &detail); err != nil {
			return err
		}
		t.stamps = detail.Alarm.Stamps
		if t.stamps["painted"].IsZero() || t.wrote.IsZero() {
			return fmt.Errorf("relay written %v, stamps %v", !t.wrote.IsZero(), t.stamps)
		}
		return nil
	}
	return fmt.Errorf("no alarm of %s yet", detector)
}

// seat opens the console in a real browser; leave closes it.
func (s *site) seat(ctx context.Context) (leave func() error, err error) {
	raw, err := json.Marshal(map[string]any{"console": "http://" + s.CloudAddr.HTTP, "passwords": s.Passwords()})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join("deploy", "bench", "seat.mjs"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "ANLAN_BROWSER="+string(raw))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("seat: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("seat: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("seat: start browser: %w", err)
	}
	leave = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	// The script gives up by itself when the console does not come.
	lines := bufio.NewReader(out)
	if said, err := lines.ReadString('\n'); said != "ready\n" {
		return nil, errors.Join(fmt.Errorf("seat: browser said %q: %w", said, err), leave())
	}
	s.notes = make(chan time.Time, 1024)
	go s.listen(lines)
	return leave, nil
}

// listen takes what the seat says it hears, until it leaves.
func (s *site) listen(lines *bufio.Reader) {
	for {
		said, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		var at int64
		if _, err := fmt.Sscanf(said, "heard %d", &at); err != nil {
			continue
		}
		select {
		case s.notes <- time.UnixMilli(at):
		default: // nobody has asked for long
		}
	}
}

// heard waits for the first note of the tone that began after the detector changed.
func (s *site) heard(ctx context.Context, since time.Time) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*paintHard)
	defer cancel()
	for {
		select {
		case at := <-s.notes:
			if !at.Before(since.Truncate(time.Millisecond)) {
				return at, nil
			}
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("heard nothing: %w", ctx.Err())
		}
	}
}

// reportAlarms puts the repetitions into rows.
func reportAlarms(all []timing, l line) []row {
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	siren, _ := durations(all, func(t timing) (time.Duration, bool) { return t.siren, true })
	p50, worst := middleAndWorst(siren)
	floor := l.poll/2 + simStep/2 + l.wire()
	longest := l.poll + simStep + l.wire()
	show := func(p50, worst time.Duration) string { return fmt.Sprintf("p50 %s, max %s", ms(p50), ms(worst)) }
	rows := []row{{fmt.Sprintf("order to simulator → siren's relay write (%d times)", n), show(p50, worst),
		fmt.Sprintf("%s: half a poll %s + half a simulator step %s + wire %s", ms(floor), ms(l.poll/2), ms(simStep/2), ms(l.wire())),
		fmt.Sprintf("mean %s ± %s × the floor; max %s × its worst phase, %s", ratio(mean(siren), float64(floor)), ratio(chance(l, n), float64(floor)), ratio(float64(worst), float64(longest)), ms(longest))}}
	wrote, _ := durations(all, func(t timing) (time.Duration, bool) { return t.wrote.Sub(t.stamps["sensed"]), true })
	p50, worst = middleAndWorst(wrote)
	rows = append(rows, row{"sensed → siren's relay write", show(p50, worst),
		fmt.Sprintf("%s: silence, one write frame, silence", ms(l.write())), "p50 " + ratio(float64(p50), float64(l.write())) + " × the floor"})
	for _, stamp := range []string{"decided", "spooled", "committed", "pushed", "painted", "sounding"} {
		d, missing := durations(all, func(t timing) (time.Duration, bool) {
			return t.stamps[stamp].Sub(t.stamps["sensed"]), !t.stamps[stamp].IsZero()
		})
		what := "sensed → " + stamp
		if missing > 0 {
			what += fmt.Sprintf(" (%d of %d without this stamp)", missing, n)
		}
		p50, worst = middleAndWorst(d)
		rows = append(rows, row{what, fmt.Sprintf("p50 %s, p99 %s, max %s", ms(p50), ms(p99(d)), ms(worst)), "1 s, p99 (A-10: 5 s)",
			"p99 " + ratio(float64(p99(d)), float64(paintGoal)) + " of 1 s"})
	}
	all50, allMax := wholeWay(all)
	return append(rows, row{"order to simulator → painted", show(all50, allMax), "5 s (A-10), 10 s hard",
		fmt.Sprintf("max %s of the limit, %s of the hard one", ratio(float64(allMax), float64(paintLimit)), ratio(float64(allMax), float64(paintHard)))})
}

func mean(d []time.Duration) (m float64) {
	for _, x := range d {
		m += float64(x) / float64(len(d))
	}
	return m
}

// chance is the standard error of a mean of n times whose phase in the poll and in the
// simulator's step is random: what of a ratio is luck.
func chance(l line, n int) float64 {
	return math.Hypot(float64(l.poll), float64(simStep)) / math.Sqrt(12*float64(n))
}

// wholeWay is from the order to the simulator to the paint, the wait for the poll included.
func wholeWay(all []timing) (p50, worst time.Duration) {
	d, _ := durations(all, func(t timing) (time.Duration, bool) {
		return t.stamps["painted"].Sub(t.wrote.Add(-t.siren)), !t.stamps["painted"].IsZero()
	})
	return middleAndWorst(d)
}

// durations picks one from each repetition; those that have none are counted.
func durations(all []timing, pick func(timing) (time.Duration, bool)) (out []time.Duration, missing int) {
	for _, t := range all {
		if d, ok := pick(t); ok {
			out = append(out, d)
		} else {
			missing++
		}
	}
	return out, missing
}

// lineOf reads from a configuration how fast a device's bus is and how often its alarm
// points are asked.
func lineOf(file, device string) (line, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return line{}, fmt.Errorf("read configuration: %w", err)
	}
	var c struct {
		Buses []struct {
			Baud    int `yaml:"baud"`
			Devices []struct {
				ID           string        `yaml:"id"`
				DetectWithin time.Duration `yaml:"detect_within"`
			} `yaml:"devices"`
		} `yaml:"buses"`
	}
	if err := yaml.Unmarshal(raw, &c); err != nil {
		return line{}, fmt.Errorf("read configuration: %w", err)
	}
	for _, b := range c.Buses {
		for _, d := range b.Devices {
			if d.ID == device && b.Baud > 0 && d.DetectWithin > 0 {
				// On an idle line the edge asks again after a quarter of the promise.
				return line{b.Baud, min(max(d.DetectWithin/4, 250*time.Millisecond), time.Second)}, nil
			}
		}
	}
	return line{}, fmt.Errorf("read configuration: no serial device %s with a poll period in %s", device, file)
}
