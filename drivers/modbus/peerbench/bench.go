package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// measure is what a client says of itself: for its requests after a warm-up.
type measure struct {
	Requests int   `json:"requests"`
	Ns       int64 `json:"ns"`
	CPUNs    int64 `json:"cpu_ns"`
	Allocs   int64 `json:"allocs"`
	RSSKiB   int64 `json:"rss_kib"`
}

func (m measure) rate() float64 { return float64(m.Requests) / (float64(m.Ns) / 1e9) }
func (m measure) cpu() float64  { return float64(m.CPUNs) / float64(m.Requests) } // ns a request

type bench struct {
	ctx     context.Context
	runs    int
	dir     string
	clients []peer
	missing []string
	rows    [][]string
}

// peer is a client program: itself or another's.
type peer struct {
	name string
	argv []string
}

const (
	ours      = "anlan"
	raw       = "raw Go socket with a time-out"
	bare      = "raw Go socket without one"
	goburrow  = "goburrow"
	libmodbus = "libmodbus"
)

// peers builds what there is to be compared with.
func (b *bench) peers() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.clients = []peer{{bare, []string{self, "client", "bare"}}, {raw, []string{self, "client", "raw"}}, {ours, []string{self, "client", "ours"}}}
	src, err := sources()
	if err != nil {
		return err
	}
	b.build(goburrow, "golang-github-goburrow-modbus-dev", []string{"GO111MODULE=off", "GOFLAGS=", "GOPATH=/usr/share/gocode"},
		"go", "build", "-o", filepath.Join(b.dir, goburrow), filepath.Join(src, "goburrow", "main.go"))
	b.build(libmodbus, "libmodbus-dev", nil,
		"gcc", "-O2", "-o", filepath.Join(b.dir, libmodbus), filepath.Join(src, "libmodbus.c"), "-I/usr/include/modbus", "-lmodbus")
	return nil
}

func sources() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "testdata")
	if st, err := os.Stat(dir); !ok || err != nil || !st.IsDir() {
		return "", errors.New("the peers' sources are not there: run it with `go run` inside the module")
	}
	return dir, nil
}

func (b *bench) build(name, debian string, env []string, argv ...string) {
	cmd := exec.CommandContext(b.ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.missing = append(b.missing, fmt.Sprintf("%s (Debian package %s): %v: %s", name, debian, err, bytes.TrimSpace(firstLine(out))))
		return
	}
	b.clients = append(b.clients, peer{name, []string{filepath.Join(b.dir, name)}})
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

// pinned runs a program on the first processor and reads its measure.
func (b *bench) pinned(p peer, args ...string) (measure, error) {
	argv := slices.Concat([]string{"-c", "0"}, p.argv, args)
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "taskset", argv...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return measure{}, fmt.Errorf("%s %s: %w", p.name, strings.Join(args, " "), err)
	}
	var m measure
	if err := json.Unmarshal(out, &m); err != nil {
		return measure{}, fmt.Errorf("%s: %w in %q", p.name, err, out)
	}
	return m, nil
}

// each measures some peers in turn, several times, and gives the median by the figure.
func (b *bench) each(names []string, figure func(measure) float64, args func(peer) []string) (map[string]measure, error) {
	all := map[string][]measure{}
	for range b.runs {
		for _, p := range b.clients {
			if !slices.Contains(names, p.name) {
				continue
			}
			m, err := b.pinned(p, args(p)...)
			if err != nil {
				return nil, err
			}
			all[p.name] = append(all[p.name], m)
		}
	}
	out := map[string]measure{}
	for name, ms := range all {
		slices.SortFunc(ms, func(x, y measure) int { return int(figure(x) - figure(y)) })
		out[name] = ms[len(ms)/2]
	}
	return out, nil
}

func (b *bench) row(cells ...string) { b.rows = append(b.rows, cells) }

// table aligns the rows.
func (b *bench) table() string {
	width := make([]int, 4)
	rows := append([][]string{{"what", "client", "measured", "ratio"}}, b.rows...)
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var out strings.Builder
	for _, r := range rows {
		for i, c := range r {
			out.WriteString(c)
			if i < len(r)-1 {
				out.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2))
			}
		}
		out.WriteByte('\n')
	}
	for _, m := range b.missing {
		out.WriteString("MISSING peer " + m + "\n")
	}
	return out.String()
}

func digits(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
