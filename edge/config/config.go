// Package config is the room of the edge's one configuration file: its schema and the
// loader that reports every mistake at once, each with file and line.
package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
	"anlan/drivers/profile"
)

// Config is an edge's configuration as written, checked and completed: every place has
// its building, every device its promises.
type Config struct {
	Edge        Edge     `yaml:"edge,required"`
	Building    Building `yaml:"building,required"`
	DataDir     string   `yaml:"data_dir,required"`
	Spool       Spool    `yaml:"spool"`
	Uplink      Uplink   `yaml:"uplink"`
	Status      Status   `yaml:"status"`
	OwnProfiles string   `yaml:"profiles"` // folder of device profiles beside the shipped ones
	Buses       []Bus    `yaml:"buses,required"`
	Rules       []string `yaml:"rules,required"` // names of shipped rule files, or paths ending in .yaml
	Outputs     []Output `yaml:"outputs"`
	Actions     []Action `yaml:"actions"`
	Forbids     []Forbid `yaml:"forbids"`

	File      string          `yaml:"-"`
	Revision  string          `yaml:"-"` // see contract.Manifest.Config
	RuleFiles []RuleFile      `yaml:"-"`
	Profiles  profile.Library `yaml:"-"`

	doc *configs.Document
}

// Problem makes a problem at a path of the file.
func (c *Config) Problem(path, found, want string) configs.Problem {
	return c.doc.Problem(path, found, want)
}

// RuleFile is a rules file the configuration names.
type RuleFile struct {
	Name string
	Src  []byte
}

// Edge names the edge.
type Edge struct {
	ID   contract.EdgeID `yaml:"id,required"`
	Name contract.Text   `yaml:"name,required"`
}

// Building is where the edge stands.
type Building struct {
	Community     string        `yaml:"community,required"`
	CommunityName contract.Text `yaml:"community_name,required"`
	TimeZone      string        `yaml:"time_zone,required"`
	ID            string        `yaml:"id,required"`
	Name          contract.Text `yaml:"name,required"`
	Floors        []int         `yaml:"floors,required"`
	UnitEntrances []string      `yaml:"unit_entrances"`
}

// Spool bounds what is kept while the cloud can not be reached.
type Spool struct {
	TelemetryMB int64 `yaml:"telemetry_mb"` // 0 means 512
}

// Uplink is the way to the cloud.
type Uplink struct {
	Broker   string `yaml:"broker"`   // host:port or ssl://host:port; empty: as the cloud said at enrolment
	Identity string `yaml:"identity"` // folder of key and certificate; empty: identity in the data folder
}

// Status is the local page. An empty Listen means none.
type Status struct {
	Listen string `yaml:"listen"` // loopback address and port
}

// Promises where a device does not say.
const (
	DefaultDetectWithin  = 3 * time.Second
	DefaultRefreshWithin = 15 * time.Second
)

// Device is one device on a bus.
type Device struct {
	ID      contract.DeviceID `yaml:"id,required"`
	Profile string            `yaml:"profile,required"`
	Unit    uint8             `yaml:"unit"`
	Name    contract.Text     `yaml:"name,required"`
	Place   contract.Place    `yaml:"place,required"`
	Channel string            `yaml:"channel"` // detection loop: two sources are independent only if it differs
	Zone    string            `yaml:"zone"`    // shorthand for place.zone

	// DetectWithin is how late a change of an alarm point may be seen at worst;
	// RefreshWithin the same of all other points. How often the device is asked follows.
	DetectWithin  time.Duration    `yaml:"detect_within"`  // 0 means 3s
	RefreshWithin time.Duration    `yaml:"refresh_within"` // 0 means 15s
	Points        map[string]Point `yaml:"points"`         // what is particular about single points
}

// Point overrides what the profile and the device say of one point.
type Point struct {
	Name    contract.Text  `yaml:"name"`
	Place   contract.Place `yaml:"place"`
	Channel string         `yaml:"channel"`
	// DetectWithin, if not 0, goes before what the device says.
	DetectWithin time.Duration `yaml:"detect_within"`
}

// Output is something the edge can drive.
type Output struct {
	ID       string             `yaml:"id,required"`
	Name     contract.Text      `yaml:"name,required"`
	Kind     string             `yaml:"kind,required"`
	Place    contract.Place     `yaml:"place,required"`
	Point    contract.PointID   `yaml:"point,required"`
	Verbs    map[string]float64 `yaml:"verbs,required"`
	Feedback *Feedback          `yaml:"feedback"`
	Pulse    time.Duration      `yaml:"pulse"`
}

// Feedback proves that an output moved.
type Feedback struct {
	Point  contract.PointID `yaml:"point,required"`
	Value  float64          `yaml:"value,required"`
	Within time.Duration    `yaml:"within,required"`
}

// Action asks an output for a verb while an alarm is in force.
type Action struct {
	When   When   `yaml:"when,required"`
	Output string `yaml:"output,required"`
	Verb   string `yaml:"verb,required"`
}

// When selects alarms; what is left out matches all.
type When struct {
	Hazard      contract.Hazard    `yaml:"hazard"`
	Rule        contract.RuleID    `yaml:"rule"`
	Zone        string             `yaml:"zone"`
	Severity    *contract.Severity `yaml:"severity"`
	Independent int                `yaml:"independent"`
}

// Forbid bars switching the outputs of a zone while a hazard is present there.
type Forbid struct {
	Hazard contract.Hazard `yaml:"hazard,required"`
	Zone   string          `yaml:"zone,required"`
	Except []string        `yaml:"except"`
}

// Load reads and checks the file. shipped holds the shipped rule files below "rules".
// What could be read comes back even with problems.
func Load(path string, lib profile.Library, shipped fs.FS) (*Config, configs.Problems) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, configs.Problems{{File: path, Found: err.Error(), Want: "a file that can be read"}}
	}
	c := &Config{File: path, Profiles: lib}
	doc, ps := configs.Decode(path, src, c)
	sum := sha256.New()
	sum.Write(src)
	ps = append(ps, c.readProfiles(doc, sum)...)
	ps = append(ps, c.readRules(doc, shipped)...)
	for _, f := range c.RuleFiles {
		sum.Write(f.Src)
	}
	c.Revision = hex.EncodeToString(sum.Sum(nil))[:16]
	c.complete()
	c.doc = doc
	k := &checker{c: c, doc: doc, lib: c.Profiles}
	k.all()
	return c, append(ps, k.problems...)
}

// readProfiles adds the site's own device profiles to the shipped ones.
func (c *Config) readProfiles(doc *configs.Document, sum hash.Hash) configs.Problems {
	if c.OwnProfiles == "" {
		return nil
	}
	dir := c.OwnProfiles
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(c.File), dir)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return configs.Problems{doc.Problem("profiles", quote(c.OwnProfiles)+", which is not a folder", "a folder of device profiles")}
	}
	own, ps := profile.Load(os.DirFS(dir))
	for i := range ps {
		ps[i].File = filepath.Join(dir, ps[i].File)
	}
	lib := maps.Clone(c.Profiles)
	for _, id := range slices.Sorted(maps.Keys(own)) {
		if lib[id] != nil {
			ps = append(ps, doc.Problem("profiles", "profile "+quote(id)+", which is shipped too", "an id of its own"))
			continue
		}
		lib[id] = own[id]
	}
	c.Profiles = lib
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml")) // sorted; the revision covers them
	if err != nil {
		return append(ps, doc.Problem("profiles", err.Error(), "a folder that can be read"))
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			ps = append(ps, doc.Problem("profiles", err.Error(), "files that can be read"))
			continue
		}
		sum.Write(src)
	}
	return ps
}

func (c *Config) readRules(doc *configs.Document, shipped fs.FS) (ps configs.Problems) {
	for i, name := range c.Rules {
		var src []byte
		var err error
		file := name
		if strings.HasSuffix(name, ".yaml") {
			if !filepath.IsAbs(file) {
				file = filepath.Join(filepath.Dir(c.File), name)
			}
			src, err = os.ReadFile(file)
		} else {
			file = "rules/" + name + ".yaml"
			src, err = fs.ReadFile(shipped, file)
		}
		if err != nil {
			ps = append(ps, doc.Problem(index("rules", i), "rules "+quote(name)+" ("+err.Error()+")", "a shipped rules file ("+shippedRules(shipped)+") or a path ending in .yaml"))
			continue
		}
		c.RuleFiles = append(c.RuleFiles, RuleFile{Name: file, Src: src})
	}
	return ps
}

func shippedRules(shipped fs.FS) string {
	names, _ := fs.Glob(shipped, "rules/*.yaml")
	var out []string
	for _, n := range names {
		if n = strings.TrimSuffix(strings.TrimPrefix(n, "rules/"), ".yaml"); !strings.HasSuffix(n, ".test") {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

// complete fills in what follows from the rest.
func (c *Config) complete() {
	for i := range c.Buses {
		b := &c.Buses[i]
		if b.Serial() && b.Baud == 0 {
			b.Baud = 9600
		}
		if b.Baud == 0 {
			b.Baud = b.listenBaud()
		}
		if b.Kind == KindTCP && b.Framing == "" {
			b.Framing = FramingTCP
		}
		if b.Parity == "" && b.Kind == KindPanelCRT {
			b.Parity = "space" // the panel's ninth bit is 0 in what it says
		}
		if b.Parity == "" {
			b.Parity = "none"
		}
		if b.StopBits == 0 {
			b.StopBits = 1
		}
		if b.DataBits == 0 {
			b.DataBits = 8
		}
		for j := range b.Devices {
			d := &b.Devices[j]
			d.Place.Building = c.Building.ID
			if d.Place.Zone == "" {
				d.Place.Zone = d.Zone
			}
			if d.DetectWithin == 0 {
				d.DetectWithin = DefaultDetectWithin
			}
			if d.RefreshWithin == 0 {
				d.RefreshWithin = DefaultRefreshWithin
			}
			for name, p := range d.Points {
				if p.Place != (contract.Place{}) {
					p.Place.Building = c.Building.ID
					d.Points[name] = p
				}
			}
		}
	}
	for i := range c.Outputs {
		c.Outputs[i].Place.Building = c.Building.ID
	}
}

// IdentityDir is the folder of the key and certificate that the cloud knows this edge by.
func (c *Config) IdentityDir() string {
	return cmp.Or(c.Uplink.Identity, filepath.Join(c.DataDir, "identity"))
}
