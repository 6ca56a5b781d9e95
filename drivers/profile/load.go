package profile

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
)

// file is a profile as written: points may repeat.
type file struct {
	Profile
	Raw []pointEntry `yaml:"points"`
}

type pointEntry struct {
	Point
	Repeat *Repeat `yaml:"repeat"`
}

// Repeat writes one point down many times: "{n}" in names and titles becomes From..To
// and the address grows by Step (default 1) each time.
type Repeat struct {
	From int    `yaml:"from,required"`
	To   int    `yaml:"to,required"`
	Step uint16 `yaml:"step"`
}

// Load reads every profile (*.yaml, without the example exchanges *.frames.yaml) at the
// top of fsys. What could be read is in the library even when there are problems, but a
// profile with a problem is not.
func Load(fsys fs.FS) (Library, configs.Problems) {
	lib := Library{}
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return lib, configs.Problems{{File: "profiles", Found: err.Error(), Want: "a readable folder"}}
	}
	var all configs.Problems
	for _, name := range names {
		if strings.HasSuffix(name, ".frames.yaml") {
			continue
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			all = append(all, configs.Problem{File: name, Found: err.Error(), Want: "a readable file"})
			continue
		}
		p, ps := Parse(name, src)
		if len(ps) == 0 && lib[p.ID] != nil {
			ps = append(ps, configs.Problem{File: name, Path: "id", Found: strconv.Quote(p.ID) + " a second time", Want: "each id once"})
		}
		all = append(all, ps...)
		if len(ps) == 0 {
			lib[p.ID] = p
		}
	}
	return lib, all
}

// Parse reads one profile. With problems the profile is what could be read of it and
// must not be used.
func Parse(name string, src []byte) (*Profile, configs.Problems) {
	var f file
	doc, ps := configs.Decode(name, src, &f)
	if len(ps) > 0 && f.ID == "" && f.Raw == nil {
		return &f.Profile, ps
	}
	c := &checker{doc: doc, p: &f.Profile, problems: ps}
	c.expand(f.Raw)
	c.head()
	if c.p.Protocol == ProtocolModbus {
		for i := range c.p.Points {
			c.place(i)
			c.values(i)
			c.writing(i)
		}
		c.needs()
		c.overlaps()
	}
	return c.p, c.problems
}

type checker struct {
	doc      *configs.Document
	p        *Profile
	paths    []string // where each expanded point stands
	problems configs.Problems
}

func (c *checker) add(path, found, want string) {
	if pr := c.doc.Problem(path, found, want); !slices.Contains(c.problems, pr) {
		c.problems = append(c.problems, pr)
	}
}

// maxRepeat bounds a repeat, so that a small file can not grow without bound.
const maxRepeat = 2000

func (c *checker) expand(raw []pointEntry) {
	for i, e := range raw {
		path := "points[" + strconv.Itoa(i) + "]"
		if e.Repeat == nil {
			c.p.Points = append(c.p.Points, c.defaults(e.Point))
			c.paths = append(c.paths, path)
			continue
		}
		r := *e.Repeat
		step := int(max(r.Step, 1))
		switch {
		case r.To < r.From || r.To-r.From >= maxRepeat:
			c.add(path+".repeat", fmt.Sprintf("from %d to %d", r.From, r.To), "from ≤ to, at most 2000 points")
			continue
		case !strings.Contains(e.Name, "{n}"):
			c.add(path+".name", strconv.Quote(e.Name), `a name with "{n}", as the point repeats`)
			continue
		case int(e.Address)+(r.To-r.From)*step > 65535:
			c.add(path+".repeat", "addresses past 65535", "a repeat that ends within the table")
			continue
		}
		for n := r.From; n <= r.To; n++ {
			pt := c.defaults(e.Point)
			put := strings.NewReplacer("{n}", strconv.Itoa(n))
			pt.Name, pt.Title = put.Replace(pt.Name), contract.Text{ZH: put.Replace(pt.Title.ZH), EN: put.Replace(pt.Title.EN)}
			pt.Address += uint16((n - r.From) * step)
			c.p.Points = append(c.p.Points, pt)
			c.paths = append(c.paths, path)
		}
	}
}

func (c *checker) defaults(pt Point) Point {
	if pt.Type == "" {
		pt.Type = U16
		if pt.Table.Bits() {
			pt.Type = Bit
		}
	}
	return pt
}

func (c *checker) head() {
	p := c.p
	if !contract.ValidID(p.ID) && p.ID != "" {
		c.add("id", strconv.Quote(p.ID), "lower-case letters, digits, - and _, starting with a letter")
	}
	if p.Protocol != ProtocolModbus && p.Protocol != ProtocolPN532 && p.Protocol != "" {
		c.add("protocol", strconv.Quote(p.Protocol), `"modbus" or "pn532"`)
	}
	if p.Protocol == ProtocolModbus && len(p.Points) == 0 {
		c.add("points", "no points", "at least one point")
	}
	if p.Protocol == ProtocolPN532 && len(p.Points) > 0 {
		c.add("points", "points", "no points: a tag reader only reports tags")
	}
	if p.MaxRegisters < 0 || p.MaxRegisters > 125 {
		c.add("max_registers", strconv.Itoa(p.MaxRegisters), "1 to 125")
	}
	if p.MaxBits < 0 || p.MaxBits > 2000 {
		c.add("max_bits", strconv.Itoa(p.MaxBits), "1 to 2000")
	}
	if p.Name.ZH == "" {
		c.add("name", "no zh", "a name in zh")
	}
	for key, d := range map[string]time.Duration{"reaction_max": p.Timing.ReactionMax, "pause": p.Timing.Pause, "max_latency": p.Timing.MaxLatency, "timeout": p.Timing.Timeout} {
		if d < 0 || d > time.Minute {
			c.add("timing."+key, d.String(), "0s to 1m")
		}
	}
	for i, r := range p.Forbidden {
		path := "forbidden[" + strconv.Itoa(i) + "]"
		if !slices.Contains(tables, r.Table) {
			c.add(path+".table", strconv.Quote(string(r.Table)), wantTable)
		}
		if r.From > r.To {
			c.add(path, fmt.Sprintf("0x%04X to 0x%04X", r.From, r.To), "from ≤ to")
		}
	}
}

var (
	tables    = []Table{Coil, Discrete, Input, Holding}
	types     = []Type{Bit, U16, S16, U32, S32, Float32}
	orders16  = []Order{"", OrderAB, OrderBA}
	orders32  = []Order{"", OrderABCD, OrderBADC, OrderCDAB, OrderDCBA}
	wantTable = "coil, discrete, input or holding"
)
