package alarm

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
)

// DefinitionStatus is a version's place in its life.
type DefinitionStatus string

// Statuses of a definition's version. Only the active one counts; it never changes.
const (
	Draft   DefinitionStatus = "draft"
	Active  DefinitionStatus = "active"
	Retired DefinitionStatus = "retired"
)

// Within is how near a suppressing alarm has to be.
type Within string

// Scopes of suppression.
const (
	SameDevice   Within = "device"
	SameBus      Within = "bus" // the suppressing alarm is about the bus that the device is on
	SameZone     Within = "zone"
	SameBuilding Within = "building"
	SameEdge     Within = "edge"
)

// Suppression names an alarm that explains this one.
type Suppression struct {
	Rule   contract.RuleID `json:"rule" yaml:"rule,required"`
	Within Within          `json:"within" yaml:"within,required" enum:"device,bus,zone,building,edge"`
}

// Definition is the rationalisation of a rule's alarm: what it means, what is to be
// done, how soon, and whose it is. Delays and latching are the rule's own; they are
// written here because people judge the alarm by them.
type Definition struct {
	ID           contract.RuleID   `json:"id" yaml:"id,required"`
	Title        contract.Text     `json:"title" yaml:"title"`
	Hazard       contract.Hazard   `json:"hazard" yaml:"hazard"`
	Priority     contract.Severity `json:"priority" yaml:"priority" enum:"notice,minor,major,critical"`
	Consequence  contract.Text     `json:"consequence" yaml:"consequence"`               // what happens if nobody acts
	Action       contract.Text     `json:"action" yaml:"action"`                         // what the operator does
	RespondS     int64             `json:"respond_s" yaml:"respond_s"`                   // seconds until it has to be answered
	Latch        bool              `json:"latch" yaml:"latch"`                           //
	OnDelayS     int64             `json:"on_delay_s" yaml:"on_delay_s"`                 // seconds
	OffDelayS    int64             `json:"off_delay_s" yaml:"off_delay_s"`               // seconds
	Owner        contract.Text     `json:"owner" yaml:"owner"`                           // who answers for it
	SuppressedBy []Suppression     `json:"suppressed_by,omitempty" yaml:"suppressed_by"` //
	Note         string            `json:"note,omitempty" yaml:"note"`
}

// DefinitionVersion is one version as it is kept.
type DefinitionVersion struct {
	Definition
	Version int64            `json:"version"`
	Status  DefinitionStatus `json:"status"`
	Shipped bool             `json:"shipped"` // came with the program
	ByName  string           `json:"by_name"`
	At      time.Time        `json:"at"`
}

// DefinitionRef is what an alarm keeps of its definition.
type DefinitionRef struct {
	ID          contract.RuleID   `json:"id"`
	Version     int64             `json:"version"`
	Consequence contract.Text     `json:"consequence"`
	Action      contract.Text     `json:"action"`
	RespondS    int64             `json:"respond_s"`
	Priority    contract.Severity `json:"priority"`
	Owner       contract.Text     `json:"owner"`
}

func (v DefinitionVersion) ref() *DefinitionRef {
	return &DefinitionRef{v.ID, v.Version, v.Consequence, v.Action, v.RespondS, v.Priority, v.Owner}
}

// Check lists every field that keeps the definition from being activated.
func (d Definition) Check() error {
	var bad InvalidError
	text := func(path string, t contract.Text) {
		if strings.TrimSpace(t.ZH) == "" {
			bad.add(path+".zh", "请填写中文", "The Chinese text is missing")
		}
		if strings.TrimSpace(t.EN) == "" {
			bad.add(path+".en", "请填写英文", "The English text is missing")
		}
	}
	number := func(path string, v, low, high int64) {
		if v < low || v > high {
			bad.add(path, fmt.Sprintf("须为 %d 至 %d 秒", low, high), fmt.Sprintf("%d to %d seconds", low, high))
		}
	}
	if !contract.ValidID(string(d.ID)) {
		bad.add("id", "须为小写字母、数字和横线", "Lower-case letters, digits and dashes")
	}
	text("title", d.Title)
	text("consequence", d.Consequence)
	text("action", d.Action)
	text("owner", d.Owner)
	if !slices.Contains(contract.Hazards(), d.Hazard) {
		bad.add("hazard", "请选择危险类别", "Choose a hazard")
	}
	if d.Priority < contract.Notice || d.Priority > contract.Critical {
		bad.add("priority", "请选择优先级", "Choose a priority")
	}
	number("respond_s", d.RespondS, 10, 30*24*3600)
	number("on_delay_s", d.OnDelayS, 0, 3600)
	number("off_delay_s", d.OffDelayS, 0, 3600)
	for i, s := range d.SuppressedBy {
		here := "suppressed_by[" + strconv.Itoa(i) + "]"
		switch {
		case d.Hazard.LifeSafety():
			bad.add(here, "涉及生命安全的报警不能被抑制", "A life-safety alarm is never suppressed")
		case s.Rule == "" || s.Rule == d.ID:
			bad.add(here+".rule", "须为另一条规则", "Another rule")
		case !slices.Contains([]Within{SameDevice, SameBus, SameZone, SameBuilding, SameEdge}, s.Within):
			bad.add(here+".within", "请选择范围", "Choose how near")
		}
	}
	return bad.err()
}

// LoadDefinitions reads every *.yaml in dir, each a list of definitions, and reports
// the problems of all of them.
func LoadDefinitions(fsys fs.FS, dir string) ([]Definition, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("alarm: list %s: %w", dir, err)
	}
	var out []Definition
	var problems configs.Problems
	seen := map[contract.RuleID]string{}
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("alarm: read %s: %w", name, err)
		}
		list, bad := ParseDefinitions(name, src)
		problems = append(problems, bad...)
		for _, d := range list {
			if other, twice := seen[d.ID]; twice {
				problems = append(problems, configs.Problem{File: name, Line: 1, Path: "id", Found: strconv.Quote(string(d.ID)) + ", which " + other + " has", Want: "each id once"})
			}
			seen[d.ID] = name
		}
		out = append(out, list...)
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("alarm: load definitions: %w", err)
	}
	return out, nil
}

// ParseDefinitions reads one file.
func ParseDefinitions(file string, src []byte) ([]Definition, configs.Problems) {
	var in struct {
		Definitions []Definition `yaml:"definitions,required"`
	}
	doc, problems := configs.Decode(file, src, &in)
	if len(problems) > 0 {
		return nil, problems
	}
	for i, d := range in.Definitions {
		if bad, ok := d.Check().(*InvalidError); ok {
			for _, f := range bad.Fields {
				problems = append(problems, doc.Problem("definitions["+strconv.Itoa(i)+"]."+f.Path, "an incomplete definition of "+string(d.ID), f.Text.EN))
			}
		}
	}
	return in.Definitions, problems
}
