package plan

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"anlan/cloud/org"
	"anlan/configs"
	"anlan/contract"
)

// Parse reads one plan and reports everything that is wrong with it.
func Parse(file string, src []byte) (Plan, configs.Problems) {
	var p Plan
	doc, problems := configs.Decode(file, src, &p)
	if len(problems) > 0 {
		return p, problems
	}
	c := &checker{p: &p, doc: doc}
	c.head()
	c.triggers()
	c.roles()
	c.phases()
	c.tasks()
	c.graph()
	return p, c.problems
}

// Load reads every *.yaml in dir and reports the problems of all of them.
func Load(fsys fs.FS, dir string) ([]Plan, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("plan: list %s: %w", dir, err)
	}
	var out []Plan
	var problems configs.Problems
	files := map[string]string{}
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("plan: read %s: %w", name, err)
		}
		p, bad := Parse(name, src)
		problems = append(problems, bad...)
		if other, twice := files[p.ID]; twice && p.ID != "" {
			problems = append(problems, configs.Problem{File: name, Line: 1, Path: "id", Found: strconv.Quote(p.ID) + ", which " + other + " has", Want: "another id"})
		}
		files[p.ID] = name
		out = append(out, p)
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("plan: load: %w", err)
	}
	return out, nil
}

type checker struct {
	p        *Plan
	doc      *configs.Document
	problems configs.Problems
}

func (c *checker) bad(path, found, want string) {
	c.problems = append(c.problems, c.doc.Problem(path, found, want))
}

func (c *checker) text(path string, t contract.Text) {
	if strings.TrimSpace(t.ZH) == "" {
		c.bad(path, "no Chinese text", "zh and en")
	}
	if strings.TrimSpace(t.EN) == "" {
		c.bad(path, "no English text", "zh and en")
	}
}

func (c *checker) id(path, id string) {
	if !contract.ValidID(id) {
		c.bad(path, strconv.Quote(id), "lower-case letters, digits, - or _, starting with a letter")
	}
}

func (c *checker) hazard(path string, h contract.Hazard) {
	known := contract.Hazards()
	if !slices.Contains(known, h) {
		c.bad(path, strconv.Quote(string(h)), fmt.Sprint("one of ", known))
	}
}

func (c *checker) head() {
	p := c.p
	c.id("id", p.ID)
	if p.Version < 1 {
		c.bad("version", strconv.Itoa(p.Version), "1 or more")
	}
	c.text("title", p.Title)
	c.hazard("hazard", p.Hazard)
	if p.Scope.Per != PerBuilding && p.Scope.Per != PerZone {
		c.bad("scope.per", strconv.Quote(string(p.Scope.Per)), "building or zone")
	}
	for i, f := range p.Forbid {
		c.text(at("forbid", i), f)
	}
	if len(p.End.WhoMayClose) == 0 {
		c.bad("end.who_may_close", "an empty list", "at least one role")
	}
	c.orgRoles("end.who_may_close", p.End.WhoMayClose, org.IncidentClose)
}

// orgRoles checks that each role exists and may do what it is named for.
func (c *checker) orgRoles(path string, roles []org.Role, need org.Permission) {
	for i, r := range roles {
		switch {
		case !r.Known():
			c.bad(at(path, i), strconv.Quote(string(r)), fmt.Sprint("one of ", org.Roles()))
		case !r.May(need):
			c.bad(at(path, i), strconv.Quote(string(r))+", which may not "+string(need), "a role that may")
		}
	}
}

func (c *checker) triggers() {
	for i, t := range c.p.Triggers {
		c.hazard(at("triggers", i)+".hazard", t.Hazard)
		if t.MinSources < 1 || t.MinSources > 2 {
			c.bad(at("triggers", i)+".min_sources", strconv.Itoa(t.MinSources), "1 or 2")
		}
	}
}

func (c *checker) roles() {
	if len(c.p.Roles) == 0 {
		c.bad("roles", "an empty list", "at least one role")
	}
	seen := map[string]bool{}
	for i, r := range c.p.Roles {
		here := at("roles", i)
		c.key(here, r.Key, seen)
		c.text(here+".name", r.Name)
		if r.MustAcceptIn <= 0 {
			c.bad(here+".must_accept_in", r.MustAcceptIn.String(), "a time above 0")
		}
		if len(r.Candidates) == 0 {
			c.bad(here+".candidates", "an empty list", "at least one role")
		}
		c.orgRoles(here+".candidates", r.Candidates, org.IncidentWork)
	}
}

func (c *checker) key(here, key string, seen map[string]bool) {
	c.id(here+".key", key)
	if seen[key] {
		c.bad(here+".key", strconv.Quote(key)+" a second time", "each key once")
	}
	seen[key] = true
}

func (c *checker) phases() {
	seen := map[string]bool{}
	for i, f := range c.p.Phases {
		c.key(at("phases", i), f.Key, seen)
		c.text(at("phases", i)+".name", f.Name)
	}
}

func (c *checker) tasks() {
	if len(c.p.Tasks) == 0 {
		c.bad("tasks", "an empty list", "at least one task")
	}
	seen := map[string]bool{}
	for i := range c.p.Tasks {
		t, here := &c.p.Tasks[i], at("tasks", i)
		c.key(here, t.Key, seen)
		c.text(here+".text", t.Text)
		for j, text := range t.Prohibits {
			c.text(at(here+".prohibits", j), text)
		}
		if _, ok := c.p.Phase(t.Phase); !ok {
			c.bad(here+".phase", strconv.Quote(t.Phase), "a key of phases")
		}
		if _, ok := c.p.Role(t.Role); !ok {
			c.bad(here+".role", strconv.Quote(t.Role), "a key of roles")
		}
		if _, ok := c.p.Role(t.Escalate); t.Escalate != "" && !ok {
			c.bad(here+".escalate", strconv.Quote(t.Escalate), "a key of roles")
		}
		switch t.Evidence {
		case NoEvidence, NoteNeeded:
		case "":
			t.Evidence = NoEvidence
		default:
			c.bad(here+".evidence", strconv.Quote(string(t.Evidence)), "none or note")
		}
		c.deadline(here, *t)
	}
}

func (c *checker) deadline(here string, t Task) {
	if t.Deadline == nil {
		if t.Critical {
			c.bad(here, "a critical task without a deadline", "deadline: {after, within}")
		}
		return
	}
	if t.Critical && t.Escalate == "" {
		c.bad(here, "a critical task that tells nobody when it is overdue", "escalate: a key of roles")
	}
	if t.Deadline.Within <= 0 {
		c.bad(here+".deadline.within", t.Deadline.Within.String(), "a time above 0")
	}
	if t.Deadline.After == AfterLaunch {
		return
	}
	key, ok := strings.CutPrefix(t.Deadline.After, afterTask)
	if _, known := c.p.Task(key); !ok || !known || key == t.Key {
		c.bad(here+".deadline.after", strconv.Quote(t.Deadline.After), `"launch" or "task:<key of another task>"`)
	}
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
