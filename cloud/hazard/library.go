package hazard

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"anlan/configs"
	"anlan/contract"
)

// Measures are what controls a risk, in the words that go into the record.
type Measures struct {
	Engineering string `json:"engineering,omitempty" yaml:"engineering"`
	Management  string `json:"management,omitempty" yaml:"management"`
	Training    string `json:"training,omitempty" yaml:"training"`
	Protection  string `json:"protection,omitempty" yaml:"protection"`
	Emergency   string `json:"emergency,omitempty" yaml:"emergency"`
}

// TypicalRisk is one of the risks that most communities have, with proposed factors.
type TypicalRisk struct {
	ID        string             `json:"id" yaml:"id,required"`
	Category  string             `json:"category" yaml:"category,required"` // of the dictionary risk_category
	Point     contract.Text      `json:"point" yaml:"point,required"`
	What      contract.Text      `json:"what" yaml:"what,required"`
	Accidents []string           `json:"accidents" yaml:"accidents,required"`
	Scheme    string             `json:"scheme" yaml:"scheme,required"`
	Factors   map[string]float64 `json:"factors" yaml:"factors,required"`
	Measures  Measures           `json:"measures" yaml:"measures,required"`
	Standard  string             `json:"standard" yaml:"standard,required"`
	Verified  bool               `json:"verified" yaml:"verified"`
}

// Fields are what a record of the form "risk" begins with.
func (r *TypicalRisk) Fields() map[string]any {
	m := map[string]any{"category": r.Category, "point": r.Point.ZH, "what": r.What.ZH, "accidents": r.Accidents, "scheme": r.Scheme}
	for f, v := range r.Factors {
		m[FactorField(r.Scheme, f)] = FactorChoice(v)
	}
	for k, v := range map[string]string{"engineering": r.Measures.Engineering, "management": r.Measures.Management, "training": r.Measures.Training, "protection": r.Measures.Protection, "emergency": r.Measures.Emergency} {
		if v != "" {
			m[k] = v
		}
	}
	return m
}

// LoadRisks reads risks.yaml in a folder; each must be scored by a scheme of the catalogue
// and rest on one of its standards. The error names every mistake with its line.
func LoadRisks(fsys fs.FS, dir string, c *Catalogue) ([]TypicalRisk, error) {
	name := path.Join(dir, "risks.yaml")
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("hazard: load risks: %w", err)
	}
	var all struct {
		Risks []TypicalRisk `yaml:"risks,required"`
	}
	doc, problems := configs.Decode(name, src, &all)
	if len(problems) == 0 {
		for i := range all.Risks {
			problems = append(problems, c.checkRisk(all.Risks, i, doc)...)
		}
	}
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("hazard: load risks: %w", err)
	}
	return all.Risks, nil
}

func (c *Catalogue) checkRisk(all []TypicalRisk, i int, doc *configs.Document) (problems configs.Problems) {
	r := &all[i]
	bad := func(field, found, want string) {
		problems = append(problems, doc.Problem(fmt.Sprintf("risks[%d].%s", i, field), found, want))
	}
	if slices.ContainsFunc(all[:i], func(x TypicalRisk) bool { return x.ID == r.ID }) {
		bad("id", strconv.Quote(r.ID)+" twice", "each risk once")
	}
	for field, text := range map[string]contract.Text{"point": r.Point, "what": r.What} {
		if text.ZH == "" || text.EN == "" {
			bad(field, "one language", "zh and en")
		}
	}
	if r.Measures == (Measures{}) {
		bad("measures", "none", "at least one")
	}
	if s, ok := c.Scheme(r.Scheme); !ok {
		bad("scheme", strconv.Quote(r.Scheme), "a scheme of risk.yaml")
	} else if _, _, err := s.Score(r.Factors); err != nil {
		bad("factors", err.Error(), "one allowed value of each factor")
	}
	n := slices.IndexFunc(c.Standards, func(s Standard) bool { return s.ID == r.Standard })
	switch {
	case n < 0:
		bad("standard", strconv.Quote(r.Standard), "a standard of standards.yaml")
	case r.Verified && !c.Standards[n].Verified:
		bad("verified", "true", "false: the standard itself was not verified")
	}
	return problems
}
