package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"anlan/deploy/stack"
)

// Limits of the safety work.
const (
	visibleWithin  = 200 * time.Millisecond
	decisionWithin = 50 * time.Millisecond
	keyWithin      = 16 * time.Millisecond // a frame
)

// workRows measure forms and flows: a submission until it is in its owner's list, a
// decision among other flows, a key in a sub-form of a hundred rows.
func workRows(ctx context.Context, o options, dir string) ([]row, error) {
	const submit, decision = "BenchmarkSubmit/sqlite", "BenchmarkDecision/sqlite"
	s, err := goBench(ctx, "./cloud/work", "^BenchmarkSubmit$", "1000x", submit)
	if err != nil {
		return nil, err
	}
	shown := s[submit]["p99-ms"]
	rows := []row{{"hazard submitted until its owner sees it, 50/s", fmt.Sprintf("p99 %.1f ms", shown),
		ms(visibleWithin), ratio(shown, float64(visibleWithin.Milliseconds())) + " of the limit"}}
	d, err := goBench(ctx, "./cloud/flow", "^BenchmarkDecision$", "200x", decision)
	if err != nil {
		return rows, err
	}
	took := d[decision]["p95-ms"]
	rows = append(rows, row{"decision in a flow, " + finished() + " finished ones beside it", fmt.Sprintf("p95 %.1f ms", took),
		ms(decisionWithin), ratio(took, float64(decisionWithin.Milliseconds())) + " of the limit"})
	keys, err := keystrokes(ctx, o, filepath.Join(dir, "subform"))
	if err != nil {
		return rows, err
	}
	return append(rows, row{"key in a sub-form of 100 rows", fmt.Sprintf("p99 of %d: %s", len(keys), ms(p99(keys))),
		ms(keyWithin) + ", a frame", ratio(float64(p99(keys)), float64(keyWithin)) + " of the limit"}), nil
}

// finished is how many flows BenchmarkDecision fills the database with.
func finished() string {
	if n, err := strconv.Atoi(os.Getenv("ANLAN_FLOW_ROWS")); err == nil {
		return thousands(float64(n))
	}
	return "2,000"
}

// keystrokes are how long keys take in a real browser until the page is laid out again.
func keystrokes(ctx context.Context, o options, data string) (out []time.Duration, err error) {
	st := &stack.Stack{Options: stack.Loopback(o.bin, data, "")}
	if err := os.MkdirAll(filepath.Join(data, "log"), 0o700); err != nil {
		return nil, fmt.Errorf("sub-form: %w", err)
	}
	if err := st.StartCloud(ctx); err != nil {
		return nil, errors.Join(err, st.Stop())
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	if _, err := st.Login(ctx, "admin"); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(map[string]any{"console": "http://" + st.CloudAddr.HTTP, "passwords": st.Passwords()})
	if err != nil {
		return nil, fmt.Errorf("sub-form: %w", err)
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join("deploy", "bench", "subform.mjs"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), "ANLAN_BROWSER="+string(raw))
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("sub-form: browser: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(said))
	for lines.Scan() {
		took, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			return nil, fmt.Errorf("sub-form: browser said %q: %w", lines.Text(), err)
		}
		out = append(out, time.Duration(took*float64(time.Millisecond)))
	}
	if len(out) == 0 {
		return nil, errors.New("sub-form: no key was measured")
	}
	return out, lines.Err()
}
