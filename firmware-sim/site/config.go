// Package site is a set of simulated lines with their units and readers, described by a
// YAML file or in Go, run in one process, and disturbed on command or by a scenario.
package site

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/firmware-sim/bus"
	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
)

// Config describes a site.
type Config struct {
	Seed    uint64   `yaml:"seed"`
	Lines   []Line   `yaml:"lines"`
	Readers []Reader `yaml:"readers"`
	Panels  []Panel  `yaml:"panels"`
}

// Line is a serial line or a TCP port.
type Line struct {
	Name   string  `yaml:"name,required"`
	Serial *Serial `yaml:"serial"`
	TCP    *TCP    `yaml:"tcp"`
	Units  []Unit  `yaml:"units,required"`
}

// Serial is a pseudo-terminal linked at Link, or the real port Port.
type Serial struct {
	Link     string `yaml:"link"`
	Port     string `yaml:"port"`
	Baud     int    `yaml:"baud"`      // 0 is 9600
	Parity   string `yaml:"parity"`    // none, even, odd
	DataBits int    `yaml:"data_bits"` // 7 or 8; 0 is 8
	StopBits int    `yaml:"stop_bits"` // 1 or 2; 0 is 1
	Framing  string `yaml:"framing"`   // rtu, ascii
}

// TCP is a listening port; port 0 takes a free one.
type TCP struct {
	Listen   string `yaml:"listen,required"`
	Framing  string `yaml:"framing"`   // mbap, rtu
	InFlight int    `yaml:"in_flight"` // requests worked on at a time per connection; 0 is 1
}

// Unit is one device on a line.
type Unit struct {
	Name     string             `yaml:"name,required"`
	Model    string             `yaml:"model,required"`
	Unit     uint8              `yaml:"unit"` // 0 only on TCP: answers to every id
	Reaction bus.Range          `yaml:"reaction"`
	Set      map[string]float64 `yaml:"set"`
	Map      *device.Map        `yaml:"map"` // of the model "registers"
	// Device is a device that lives elsewhere; Model and Set are then only names.
	Device *device.Unit `yaml:"-"`
}

// Reader is a tag reader on a line of its own.
type Reader struct {
	Name string `yaml:"name,required"`
	Kind string `yaml:"kind,required"` // pn532, rdm6300, yhy522
	Link string `yaml:"link,required"`
	// Card tells what lies on the reader besides what was put there on command.
	Card func() []byte `yaml:"-"`
}

// Load reads a site file; every mistake is in the error, with its line.
func Load(file string) (Config, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("site: %w", err)
	}
	return Parse(file, src)
}

// Parse reads a site.
func Parse(file string, src []byte) (Config, error) {
	var c Config
	doc, problems := configs.Decode(file, src, &c)
	problems = append(problems, c.check(doc)...)
	return c, problems.Err()
}

// checker gathers mistakes. Lines, readers and panels share their names, units have theirs;
// what was seen leads to where.
type checker struct {
	doc          *configs.Document
	problems     configs.Problems
	lines, units map[string]string
	places       map[string]string
}

func (k *checker) add(path, found, want string) {
	k.problems = append(k.problems, k.doc.Problem(path, found, want))
}

func (k *checker) once(seen map[string]string, path, name, what string) {
	if name == "" {
		return // said already
	}
	if first, ok := seen[name]; ok {
		k.add(path, fmt.Sprintf("%q, which is %s already", name, first), what+" of its own")
		return
	}
	seen[name] = path
}

func (k *checker) word(path, found string, words ...string) {
	if !slices.Contains(words, found) {
		k.add(path, strconv.Quote(found), strings.Join(words[1:], " or ")+", or nothing")
	}
}

func (k *checker) oneOf(path, found string, words ...string) {
	if !slices.Contains(words, found) {
		k.add(path, strconv.Quote(found), strings.Join(words, " or "))
	}
}

func (c *Config) check(doc *configs.Document) configs.Problems {
	k := &checker{doc: doc, lines: map[string]string{}, units: map[string]string{}, places: map[string]string{}}
	if len(c.Lines)+len(c.Readers)+len(c.Panels) == 0 {
		k.add("lines", "no line, reader or panel", "at least one")
	}
	for i := range c.Lines {
		k.line(fmt.Sprintf("lines[%d]", i), &c.Lines[i])
	}
	for i, r := range c.Readers {
		path := fmt.Sprintf("readers[%d]", i)
		k.name(k.lines, path, r.Name)
		k.once(k.places, path+".link", r.Link, "a link")
		if r.Kind != "" {
			k.oneOf(path+".kind", r.Kind, readerKinds()...)
		}
	}
	for i, p := range c.Panels {
		k.panel(fmt.Sprintf("panels[%d]", i), p)
	}
	return k.problems
}

func (k *checker) name(seen map[string]string, path, name string) {
	k.once(seen, path+".name", name, "a name")
	if strings.ContainsAny(name, "*?[]/\\ \t") {
		k.add(path+".name", strconv.Quote(name), "no blanks, slashes or * ? [ ]")
	}
}

func (k *checker) line(path string, l *Line) {
	k.name(k.lines, path, l.Name)
	switch {
	case (l.Serial == nil) == (l.TCP == nil):
		k.add(path, "serial and tcp both or neither", "one of them")
	case l.Serial != nil:
		k.serial(path+".serial", *l.Serial)
	default:
		k.tcp(path+".tcp", *l.TCP)
	}
	if len(l.Units) == 0 {
		k.add(path+".units", "no unit", "at least one")
	}
	ids := map[string]string{}
	for i := range l.Units {
		at := fmt.Sprintf("%s.units[%d]", path, i)
		u := &l.Units[i]
		k.once(ids, at+".unit", strconv.Itoa(int(u.Unit)), "a unit id")
		k.unit(at, l, u)
	}
}

func (k *checker) serial(path string, s Serial) {
	if (s.Link == "") == (s.Port == "") {
		k.add(path, "link and port both or neither", "link (a pseudo-terminal) or port (a real one)")
	}
	k.once(k.places, path+".link", s.Link, "a link")
	k.once(k.places, path+".port", s.Port, "a port")
	if s.Baud < 0 || s.Baud > 0 && s.Baud < 50 || s.Baud > 4_000_000 {
		k.add(path+".baud", strconv.Itoa(s.Baud), "50 to 4000000")
	}
	k.word(path+".parity", s.Parity, "", "none", "even", "odd")
	k.word(path+".framing", s.Framing, "", "rtu", "ascii")
	k.word(path+".data_bits", strconv.Itoa(s.DataBits), "0", "7", "8")
	k.word(path+".stop_bits", strconv.Itoa(s.StopBits), "0", "1", "2")
	if s.DataBits == 7 && s.Framing != "ascii" {
		k.add(path+".data_bits", "7 with RTU", "8: RTU sends whole bytes")
	}
}

func (k *checker) tcp(path string, t TCP) {
	if _, port, err := net.SplitHostPort(t.Listen); err != nil {
		k.add(path+".listen", strconv.Quote(t.Listen), `an address such as "127.0.0.1:15020"`)
	} else if port != "0" {
		k.once(k.places, path+".listen", t.Listen, "an address")
	}
	k.word(path+".framing", t.Framing, "", "mbap", "rtu")
	if t.InFlight < 0 || t.InFlight > 1000 {
		k.add(path+".in_flight", strconv.Itoa(t.InFlight), "1 to 1000")
	}
}

func (k *checker) unit(path string, l *Line, u *Unit) {
	k.name(k.units, path, u.Name)
	if l.TCP == nil && (u.Unit < 1 || u.Unit > 247) {
		k.add(path+".unit", strconv.Itoa(int(u.Unit)), "1 to 247")
	}
	if u.Reaction.Min > time.Minute || u.Reaction.Max > time.Minute {
		k.add(path+".reaction", u.Reaction.String(), "at most 1m")
	}
	if u.Device != nil || u.Model == "" {
		return
	}
	m, wrong := u.fresh()
	for _, w := range wrong {
		k.add(path+"."+w.Path, w.Found, w.Want)
	}
	if m == nil {
		return
	}
	if _, native := m.(device.Native); native && (l.Serial != nil && l.Serial.Framing == "ascii" || l.TCP != nil && l.TCP.Framing != "rtu") {
		k.add(path+".model", u.Model+" on this framing", "a line with RTU framing: its dialect knows no other")
	}
	for name, v := range u.Set {
		if err := device.Turn(m, name, v); err != nil {
			k.add(path+".set."+name, strconv.FormatFloat(v, 'g', -1, 64), strings.TrimPrefix(err.Error(), "device: "))
		}
	}
}

// fresh makes the unit's device without its initial values, or tells what is wrong.
func (u *Unit) fresh() (device.Memory, []device.Mistake) {
	if u.Model == "registers" {
		if u.Map == nil {
			return nil, []device.Mistake{{Path: "map", Found: "nothing", Want: "the tables of the model registers"}}
		}
		m, wrong := device.NewMapped(*u.Map)
		for i := range wrong {
			wrong[i].Path = "map." + wrong[i].Path
		}
		return m, wrong
	}
	if u.Map != nil {
		return nil, []device.Mistake{{Path: "map", Found: "a map", Want: "one only with the model registers"}}
	}
	names := []string{"registers"}
	for _, kind := range device.Catalog() {
		if kind.Name == u.Model {
			return kind.New(), nil
		}
		names = append(names, kind.Name)
	}
	return nil, []device.Mistake{{Path: "model", Found: strconv.Quote(u.Model), Want: "one of " + strings.Join(names, ", ")}}
}

// device makes the unit's device as it is when switched on.
func (u *Unit) device() device.Memory {
	m, wrong := u.fresh()
	if len(wrong) > 0 {
		return nil
	}
	for name, v := range u.Set {
		_ = device.Turn(m, name, v) // checked when the site was
	}
	return m
}

func (s Serial) mode() line.Mode {
	m := line.Mode{Baud: s.Baud, DataBits: s.DataBits, StopBits: s.StopBits, Parity: 'N'}
	if m.Baud == 0 {
		m.Baud = 9600
	}
	switch s.Parity {
	case "even":
		m.Parity = 'E'
	case "odd":
		m.Parity = 'O'
	}
	return m
}
