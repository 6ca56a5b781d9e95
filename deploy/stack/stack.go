package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Options say where things are and where they listen. Addresses may end in ":0".
type Options struct {
	Bin    string // folder of the binaries
	Dir    string // folder of all data, kept between runs
	Config string // the edge's configuration
	HTTP   string // console
	MQTT   string
	Sim    SimOptions
	Status string // the edge's own page
}

// SimOptions are the simulator's addresses.
type SimOptions struct{ HTTP, Elevator, Panel, Relay string }

// Loopback is Options with every port chosen by the system.
func Loopback(bin, dir, config string) Options {
	const any = "127.0.0.1:0"
	return Options{Bin: bin, Dir: dir, Config: config, HTTP: any, MQTT: any, Status: any,
		Sim: SimOptions{HTTP: any, Elevator: any, Panel: any, Relay: any}}
}

// Stack is the three binaries, together or in part.
type Stack struct {
	Options
	Cloud, Edge, Sim *Process

	CloudAddr CloudAddr
	SimAddr   SimAddr
	EdgeAddr  EdgeAddr
}

// CloudAddr is what cloud.json tells.
type CloudAddr struct {
	HTTP string `json:"http"`
	MQTT string `json:"mqtt"`
}

// SimAddr is what sim.json tells.
type SimAddr struct {
	RS485    string `json:"rs485"`
	NFC      string `json:"nfc"`
	Elevator string `json:"elevator"`
	Panel    string `json:"panel"`
	HTTP     string `json:"http"`
	Relay    string `json:"relay"`
}

// EdgeAddr is what edge.json tells.
type EdgeAddr struct {
	Status string `json:"status"`
}

// EdgeID is the example building's edge.
const EdgeID = "edge-b03"

func (s *Stack) path(parts ...string) string {
	return filepath.Join(append([]string{s.Dir}, parts...)...)
}

// Start starts everything, in the order in which things lean on each other.
func Start(ctx context.Context, o Options) (*Stack, error) {
	s := &Stack{Options: o}
	if err := os.MkdirAll(s.path("log"), 0o700); err != nil {
		return nil, fmt.Errorf("stack: %w", err)
	}
	for _, step := range []func(context.Context) error{s.StartCloud, s.StartSim, s.enrol, s.StartEdge} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// Stop stops what runs, in reverse order.
func (s *Stack) Stop() error {
	var errs []error
	for _, p := range []*Process{s.Edge, s.Sim, s.Cloud} {
		if p != nil {
			errs = append(errs, p.Stop(15*time.Second))
		}
	}
	return errors.Join(errs...)
}

// StartCloud starts the cloud. Once it has ports, a restart keeps them.
func (s *Stack) StartCloud(ctx context.Context) error {
	ready := s.path("cloud", "cloud.json")
	if err := removeStale(ready); err != nil {
		return err
	}
	p, err := startProcess("anlan-cloud", s.path("log", "cloud.log"), nil, filepath.Join(s.Bin, "anlan-cloud"),
		"run", "-data", s.path("cloud"), "-http", s.HTTP, "-mqtt", s.MQTT, "-demo-users")
	if err != nil {
		return err
	}
	s.Cloud = p
	if err := p.await(ctx, "its addresses", 30*time.Second, readJSON(ready, &s.CloudAddr)); err != nil {
		return err
	}
	s.HTTP, s.MQTT = s.CloudAddr.HTTP, s.CloudAddr.MQTT
	return p.await(ctx, "answer of /healthz", 30*time.Second, func() bool { return Healthy("http://" + s.HTTP + "/healthz") })
}

// StartSim starts the simulated building.
func (s *Stack) StartSim(ctx context.Context) error {
	ready := s.path("sim", "sim.json")
	if err := removeStale(ready); err != nil {
		return err
	}
	p, err := startProcess("anlan-sim", s.path("log", "sim.log"), nil, filepath.Join(s.Bin, "anlan-sim"),
		"-run", s.path("sim"), "-http", s.Options.Sim.HTTP, "-elevator", s.Options.Sim.Elevator,
		"-panel", s.Options.Sim.Panel, "-uplink-relay", s.Options.Sim.Relay, "-uplink-target", s.MQTT)
	if err != nil {
		return err
	}
	s.Sim = p
	if err := p.await(ctx, "its addresses", 15*time.Second, readJSON(ready, &s.SimAddr)); err != nil {
		return err
	}
	s.Options.Sim = SimOptions{HTTP: s.SimAddr.HTTP, Elevator: s.SimAddr.Elevator, Panel: s.SimAddr.Panel, Relay: s.SimAddr.Relay}
	return nil
}

// StartEdge starts the edge.
func (s *Stack) StartEdge(ctx context.Context) error {
	ready := s.path("edge", "data", "edge.json")
	if err := removeStale(ready); err != nil {
		return err
	}
	p, err := startProcess("anlan-edge", s.path("log", "edge.log"), s.EdgeEnv(), filepath.Join(s.Bin, "anlan-edge"),
		"run", "-config", s.Config)
	if err != nil {
		return err
	}
	s.Edge = p
	if err := p.await(ctx, "its addresses", 15*time.Second, readJSON(ready, &s.EdgeAddr)); err != nil {
		return err
	}
	s.Status = s.EdgeAddr.Status
	return nil
}

// EdgeEnv is the environment the example configuration refers to.
func (s *Stack) EdgeEnv() []string {
	return []string{
		"ANLAN_SIM_DIR=" + s.path("sim"),
		"ANLAN_SIM_ELEVATOR=" + s.SimAddr.Elevator,
		"ANLAN_SIM_PANEL=" + s.SimAddr.Panel,
		"ANLAN_BROKER=ssl://" + s.SimAddr.Relay,
		"ANLAN_EDGE_DATA=" + s.path("edge", "data"),
		"ANLAN_EDGE_STATUS=" + s.Status,
	}
}

// FirstLogin is the text the cloud wrote at its first start: who can log in, and with
// which generated passwords; empty once every password was changed.
func (s *Stack) FirstLogin() string {
	b, err := os.ReadFile(s.path("cloud", "first-login.txt"))
	if err != nil {
		return ""
	}
	return string(b)
}

func readJSON(file string, into any) func() bool {
	return func() bool {
		b, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(b, into) == nil
	}
}

// Healthy reports whether url answers 200.
func Healthy(url string) bool {
	c := http.Client{Timeout: 2 * time.Second}
	resp, err := c.Get(url)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // nothing of it is used
	return resp.StatusCode == http.StatusOK
}
