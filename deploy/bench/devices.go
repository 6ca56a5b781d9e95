package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"

	"anlan/deploy/stack"
)

// The whole edge with many devices: each a Modbus TCP connection of its own with ten
// points, seen within the time that has them asked once a second.
const (
	manyDevices  = 200
	manyWarmUp   = 20 * time.Second
	manyMeasure  = 30 * time.Second
	manyCPULimit = 0.10 // of one core
	manyRSSLimit = 64.0 // MiB
)

var manySite = template.Must(template.New("site").Parse(`seed: 1
lines:
{{- range .}}
  - name: d{{.}}
    tcp: {listen: "127.0.0.1:0"}
    units: [{name: d{{.}}, model: registers, unit: 1, reaction: 2ms..5ms, map: {input: [{at: 0, count: 10, value: 7}]}}]
{{- end}}
`))

const manyProfile = `id: bench-ten
vendor: Anlan
model: ten registers
source: "a benchmark; no device"
name: {zh: 十点设备, en: Ten registers}
protocol: modbus
timing: {reaction_max: 10ms}
points:
  - {name: "r{n}", title: {zh: "点{n}", en: "Point {n}"}, table: input, address: 0, repeat: {from: 0, to: 9}}
notes: ["UNVERIFIED: there is no such device."]
`

var manyConfig = template.Must(template.New("config").Parse(`edge: {id: edge-b03, name: {zh: 网关, en: Gateway}}
building:
  community: anlan-garden
  community_name: {zh: 安澜花园, en: Anlan Garden}
  time_zone: Asia/Shanghai
  id: b03
  name: {zh: 3号楼, en: Building 3}
  floors: [1]
data_dir: ${ANLAN_EDGE_DATA}
uplink: {broker: "${ANLAN_BROKER}"}
status: {listen: "${ANLAN_EDGE_STATUS}"}
profiles: profiles
rules: [system]
buses:
{{- range $name, $addr := .}}
  - id: {{$name}}
    kind: modbus-tcp
    name: {zh: {{$name}}, en: {{$name}}}
    address: "{{$addr}}"
    dead_devices: 0
    devices:
      - {id: dev-{{$name}}, profile: bench-ten, unit: 1, name: {zh: {{$name}}, en: {{$name}}}, place: {floor: 1}, refresh_within: 1100ms}
{{- end}}
`))

func deviceRows(ctx context.Context, o options, dir string) (rows []row, err error) {
	dir = filepath.Join(dir, "devices")
	addresses, stop, err := startSite(ctx, o.bin, dir)
	if err != nil {
		return nil, err
	}
	defer stop()
	config := filepath.Join(dir, "edge.yaml")
	if err := writeTemplate(config, manyConfig, addresses); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "profiles"), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "profiles", "bench-ten.yaml"), []byte(manyProfile), 0o644); err != nil {
		return nil, err
	}
	st, err := stack.Start(ctx, stack.Loopback(o.bin, filepath.Join(dir, "stack"), config))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Stop()) }()
	if err := pause(ctx, manyWarmUp); err != nil {
		return nil, err
	}
	before, began, err := polled(ctx, st)
	if err != nil {
		return nil, err
	}
	cpu, err := cpuOf(st.Edge.PID())
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, manyMeasure); err != nil {
		return nil, err
	}
	used, err := cpuOf(st.Edge.PID())
	if err != nil {
		return nil, err
	}
	after, ended, err := polled(ctx, st)
	if err != nil {
		return nil, err
	}
	rss, err := rssOf(st.Edge.PID())
	if err != nil {
		return nil, err
	}
	took := ended.Sub(began)
	share := (used - cpu).Seconds() / took.Seconds()
	return []row{
		{fmt.Sprintf("whole edge, %d devices × 10 points, %.2f polls a second and device", manyDevices, float64(after-before)/took.Seconds()/manyDevices),
			fmt.Sprintf("%.1f %% of one core", 100*share), fmt.Sprintf("%.0f %% of one core", 100*manyCPULimit), ratio(share, manyCPULimit) + " of the limit"},
		{"whole edge, the same, memory", fmt.Sprintf("%.0f MiB RSS", rss), fmt.Sprintf("%.0f MiB", manyRSSLimit), ratio(rss, manyRSSLimit) + " of the limit"},
	}, nil
}

// startSite runs the simulated devices and returns where they listen.
func startSite(ctx context.Context, bin, dir string) (map[string]string, func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	numbers := make([]int, manyDevices)
	for i := range numbers {
		numbers[i] = i + 1
	}
	site := filepath.Join(dir, "site.yaml")
	if err := writeTemplate(site, manySite, numbers); err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "anlan-sim"), "-site", site, "-run", filepath.Join(dir, "sim"), "-http", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		_ = cmd.Wait()
	}
	var told struct {
		Lines map[string]string `json:"lines"`
	}
	for range 200 {
		b, err := os.ReadFile(filepath.Join(dir, "sim", "sim.json"))
		if err == nil && json.Unmarshal(b, &told) == nil && len(told.Lines) == manyDevices {
			return told.Lines, stop, nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			break
		}
	}
	stop()
	return nil, nil, fmt.Errorf("simulated devices: %d of %d lines", len(told.Lines), manyDevices)
}

func writeTemplate(file string, t *template.Template, data any) error {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// polled is how many polls the edge has made; every one of them must have been good.
func polled(ctx context.Context, st *stack.Stack) (polls uint64, at time.Time, err error) {
	var status struct {
		Buses []struct {
			ID     string `json:"id"`
			Polls  uint64 `json:"polls"`
			Failed uint64 `json:"failed"`
			Error  string `json:"error"`
		} `json:"buses"`
	}
	if err := stack.Call(ctx, http.DefaultClient, "GET", "http://"+st.Status+"/api/status", nil, &status); err != nil {
		return 0, at, err
	}
	at = time.Now()
	for _, b := range status.Buses {
		if b.Failed > 0 || b.Error != "" {
			return 0, at, fmt.Errorf("bus %s: %d failed polls %s", b.ID, b.Failed, b.Error)
		}
		polls += b.Polls
	}
	return polls, at, nil
}

// cpuOf is the processor time a process has used.
func cpuOf(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("processor time of %d: %q", pid, b)
	}
	var ticks int64
	for _, s := range f[11:13] {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const perSecond = 100 // USER_HZ, the same on every Linux
	return time.Duration(ticks) * time.Second / perSecond, nil
}

// rssOf is a process's resident memory in MiB.
func rssOf(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, fmt.Errorf("memory of %d: %q", pid, b)
	}
	pages, err := strconv.ParseFloat(f[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20), err
}
