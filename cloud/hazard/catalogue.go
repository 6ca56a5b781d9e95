// Package hazard is what a community looks for: categories with their standard check items,
// and the scoring of risk. All of it is data that ships with a source and may be edited;
// what is here decides nothing about a single report. How grave a hazard is, and by when it
// has to be gone, is the dictionary hazard-level.
package hazard

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"anlan/configs"
	"anlan/contract"
)

// Method is how an item is checked.
type Method string

// Methods.
const (
	Look    Method = "look"
	Test    Method = "test"
	Measure Method = "measure"
	Record  Method = "record" // of papers and people
)

var methods = []Method{Look, Test, Measure, Record}

// Standard is what a check item rests on. Verified is false where neither the original
// nor a trustworthy copy was read.
type Standard struct {
	ID        string        `json:"id" yaml:"id,required"`
	Title     contract.Text `json:"title" yaml:"title,required"`
	Effective string        `json:"effective,omitempty" yaml:"effective"` // YYYY-MM-DD
	Verified  bool          `json:"verified" yaml:"verified"`
}

// Item is one thing to check, in our own words.
type Item struct {
	ID       string        `json:"id" yaml:"id,required"` // within its category
	Text     contract.Text `json:"text" yaml:"text,required"`
	Normal   contract.Text `json:"normal" yaml:"normal,required"` // what it is like when nothing is wrong
	Method   Method        `json:"method" yaml:"method,required" enum:"look,test,measure,record"`
	Level    string        `json:"level" yaml:"level,required"` // of the hazard when it is not normal, a code of the dictionary hazard-level
	Standard string        `json:"standard" yaml:"standard,required"`
	Clause   string        `json:"clause,omitempty" yaml:"clause"`
	Verified bool          `json:"verified" yaml:"verified"`
	Sensor   string        `json:"sensor,omitempty" yaml:"sensor"` // what a device could tell of it
}

// Category is a kind of hazard with its standard items.
type Category struct {
	ID    string        `json:"id" yaml:"id,required"`
	Name  contract.Text `json:"name" yaml:"name,required"`
	Icon  string        `json:"icon" yaml:"icon,required"`
	Order int           `json:"order" yaml:"order,required"`
	Items []Item        `json:"items" yaml:"items,required"`
}

// Catalogue is what ships. Its categories become checklists that people change.
type Catalogue struct {
	Standards  []Standard
	Categories []Category
	Schemes    []Scheme
	Grades     []Grade // gravest first
}

// Category finds a category.
func (c *Catalogue) Category(id string) (Category, bool) {
	i := slices.IndexFunc(c.Categories, func(x Category) bool { return x.ID == id })
	if i < 0 {
		return Category{}, false
	}
	return c.Categories[i], true
}

// Load reads the files of a folder; the error names every mistake with its line.
func Load(fsys fs.FS, dir string) (*Catalogue, error) {
	l := loader{fsys: fsys, dir: dir, c: &Catalogue{}}
	var standards struct {
		Standards []Standard `yaml:"standards,required"`
	}
	var risk struct {
		Schemes []Scheme `yaml:"schemes,required"`
		Grades  []Grade  `yaml:"grades,required"`
	}
	l.read("standards.yaml", &standards)
	rd := l.read("risk.yaml", &risk)
	l.c.Standards, l.c.Schemes, l.c.Grades = standards.Standards, risk.Schemes, risk.Grades
	if rd != nil {
		checkSchemes(l.c, rd, &l.problems)
	}
	l.categories()
	if l.err != nil {
		return nil, fmt.Errorf("hazard: load catalogue: %w", l.err)
	}
	if err := l.problems.Err(); err != nil {
		return nil, fmt.Errorf("hazard: load catalogue: %w", err)
	}
	slices.SortStableFunc(l.c.Categories, func(a, b Category) int { return cmp.Compare(a.Order, b.Order) })
	return l.c, nil
}

type loader struct {
	fsys     fs.FS
	dir      string
	c        *Catalogue
	problems configs.Problems
	err      error
}

// read decodes one file; nil if it could not be read whole.
func (l *loader) read(name string, into any) *configs.Document {
	src, err := fs.ReadFile(l.fsys, path.Join(l.dir, name))
	if err != nil {
		l.err = cmp.Or(l.err, err)
		return nil
	}
	doc, problems := configs.Decode(path.Join(l.dir, name), src, into)
	l.problems = append(l.problems, problems...)
	if len(problems) > 0 {
		return nil
	}
	return doc
}

func (l *loader) categories() {
	names, err := fs.Glob(l.fsys, path.Join(l.dir, "category-*.yaml"))
	l.err = cmp.Or(l.err, err)
	for _, name := range names {
		var c Category
		doc := l.read(path.Base(name), &c)
		if doc == nil {
			continue
		}
		if _, twice := l.c.Category(c.ID); twice {
			l.problems = append(l.problems, doc.Problem("id", strconv.Quote(c.ID)+", which another file has", "each category once"))
		}
		l.items(c, doc)
		l.c.Categories = append(l.c.Categories, c)
	}
}

func (l *loader) items(c Category, doc *configs.Document) {
	seen := map[string]bool{}
	for i, it := range c.Items {
		at := fmt.Sprintf("items[%d].", i)
		bad := func(field, found, want string) {
			l.problems = append(l.problems, doc.Problem(at+field, found, want))
		}
		if seen[it.ID] {
			bad("id", strconv.Quote(it.ID)+" twice", "each item once")
		}
		seen[it.ID] = true
		for field, text := range map[string]contract.Text{"text": it.Text, "normal": it.Normal} {
			if text.ZH == "" || text.EN == "" {
				bad(field, "one language", "zh and en")
			}
		}
		if !slices.Contains(methods, it.Method) {
			bad("method", strconv.Quote(string(it.Method)), "look, test, measure or record")
		}
		s := slices.IndexFunc(l.c.Standards, func(s Standard) bool { return s.ID == it.Standard })
		switch {
		case s < 0:
			bad("standard", strconv.Quote(it.Standard), "a standard of standards.yaml")
		case it.Verified && !l.c.Standards[s].Verified:
			bad("verified", "true", "false: the standard itself was not verified")
		}
	}
}
