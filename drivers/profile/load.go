package profile

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

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
	c := &checker{doc: doc, p: &f.Profile, problems: ps, decoded: ps, seen: map[configs.Problem]bool{}}
	c.expand(f.Raw)
	c.head()
	c.names()
	for i := range c.p.Points {
		c.shown(i)
		switch {
		case c.p.Protocol == ProtocolModbus:
			c.place(i)
			c.values(i)
			c.writing(i)
		case slices.Contains(protocols, c.p.Protocol):
			c.unplaced(i)
		}
	}
	c.needs()
	c.overlaps()
	if len(c.problems) == 0 && c.p.Protocol == ProtocolModbus {
		c.together()
	}
	return c.p, append(c.problems, c.beyond(src)...)
}

type checker struct {
	doc      *configs.Document
	p        *Profile
	paths    []string         // where each expanded point stands
	decoded  configs.Problems // what reading alone has found
	problems configs.Problems
	seen     map[configs.Problem]bool
}

// told reports whether what stands at path could not be read: then whatever else is
// wrong with it is the same mistake.
func (c *checker) told(path string) bool {
	return slices.ContainsFunc(c.decoded, func(pr configs.Problem) bool { return within(path, pr.Path) })
}

func (c *checker) add(path, found, want string) {
	if c.told(path) {
		return
	}
	if pr := c.doc.Problem(path, found, want); !c.seen[pr] {
		c.seen[pr] = true
		c.problems = append(c.problems, pr)
	}
}

// maxRepeat bounds a repeat and maxPoints a profile, so that a small file can not grow
// without bound.
const (
	maxRepeat = 2000
	maxPoints = 5000
)

func (c *checker) expand(raw []pointEntry) {
	for i, e := range raw {
		path := "points[" + strconv.Itoa(i) + "]"
		c.document(path, &e.Point)
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
		case len(c.p.Points)+r.To-r.From >= maxPoints:
			c.add(path+".repeat", "more points than a profile may have", fmt.Sprintf("at most %d", maxPoints))
			continue
		}
		for n := r.From; n <= r.To; n++ {
			pt := c.defaults(e.Point)
			put := strings.NewReplacer("{n}", strconv.Itoa(n))
			pt.Name, pt.Title = put.Replace(pt.Name), contract.Text{ZH: put.Replace(pt.Title.ZH), EN: put.Replace(pt.Title.EN)}
			if c.p.Protocol == ProtocolModbus {
				pt.Address += uint16((n - r.From) * step)
			}
			pt.number(put)
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

// number puts the number of a repeated point into what it says of its companions, so
// that sensor 7 looks at the flag of sensor 7.
func (pt *Point) number(put *strings.Replacer) {
	pt.Doc = put.Replace(pt.Doc)
	pt.DivisorPoint, pt.DetailOf, pt.ResetBy = put.Replace(pt.DivisorPoint), put.Replace(pt.DetailOf), put.Replace(pt.ResetBy)
	if pt.ScaleBy != nil {
		s := *pt.ScaleBy
		s.Point, pt.ScaleBy = put.Replace(s.Point), &s
	}
	if pt.Acknowledge != nil {
		a := *pt.Acknowledge
		a.Point, pt.Acknowledge = put.Replace(a.Point), &a
	}
	pt.BadWhen = slices.Clone(pt.BadWhen)
	for i := range pt.BadWhen {
		pt.BadWhen[i].Point = put.Replace(pt.BadWhen[i].Point)
	}
}
