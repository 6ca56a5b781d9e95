package hazard

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"anlan/configs"
	"anlan/contract"
)

// Factor is one of the numbers that are multiplied.
type Factor struct {
	ID     string        `json:"id" yaml:"id,required"`
	Name   contract.Text `json:"name" yaml:"name,required"`
	Values []float64     `json:"values" yaml:"values,required"` // that may be chosen, highest first
}

// Band says from which score a grade holds.
type Band struct {
	From  float64 `json:"from" yaml:"from"`
	Grade string  `json:"grade" yaml:"grade,required"`
}

// Scheme is a way of scoring risk; a score keeps its id.
type Scheme struct {
	ID       string        `json:"id" yaml:"id,required"`
	Name     contract.Text `json:"name" yaml:"name,required"`
	Factors  []Factor      `json:"factors" yaml:"factors,required"`
	Bands    []Band        `json:"bands" yaml:"bands,required"` // highest first
	Verified bool          `json:"verified" yaml:"verified"`
}

// Grade is one of the four colours of the risk map.
type Grade struct {
	ID           string        `json:"id" yaml:"id,required"` // red, orange, yellow, blue
	Name         contract.Text `json:"name" yaml:"name,required"`
	ControlledBy contract.Text `json:"controlled_by" yaml:"controlled_by,required"`
	Control      string        `json:"control" yaml:"control,required"` // company, department, team, post
}

// Score multiplies the chosen values, one of each factor, and tells the grade.
func (s Scheme) Score(values map[string]float64) (score float64, grade string, err error) {
	score = 1
	for _, f := range s.Factors {
		v, ok := values[f.ID]
		if !ok {
			return 0, "", fmt.Errorf("hazard: score by %s: %s is missing", s.ID, f.ID)
		}
		if !slices.Contains(f.Values, v) {
			return 0, "", fmt.Errorf("hazard: score by %s: %s is %v, want one of %v", s.ID, f.ID, v, f.Values)
		}
		score *= v
	}
	if len(values) > len(s.Factors) {
		return 0, "", fmt.Errorf("hazard: score by %s: %d values, want %d", s.ID, len(values), len(s.Factors))
	}
	score = math.Round(score*1e6) / 1e6 // 0.1 × 3 is 0.3 for people
	for _, b := range s.Bands {
		if score >= b.From {
			return score, b.Grade, nil
		}
	}
	return 0, "", fmt.Errorf("hazard: score by %s: no band for %v", s.ID, score)
}

func checkSchemes(c *Catalogue, doc *configs.Document, problems *configs.Problems) {
	bad := func(at, found, want string) { *problems = append(*problems, doc.Problem(at, found, want)) }
	for i, s := range c.Schemes {
		for j, f := range s.Factors {
			if len(f.Values) == 0 || slices.Min(f.Values) <= 0 {
				bad(fmt.Sprintf("schemes[%d].factors[%d].values", i, j), fmt.Sprint(f.Values), "numbers above 0")
			}
		}
		for j, b := range s.Bands {
			at := fmt.Sprintf("schemes[%d].bands[%d].", i, j)
			if !slices.ContainsFunc(c.Grades, func(g Grade) bool { return g.ID == b.Grade }) {
				bad(at+"grade", strconv.Quote(b.Grade), "one of the grades")
			}
			if j > 0 && b.From >= s.Bands[j-1].From {
				bad(at+"from", fmt.Sprint(b.From), "less than the band before")
			}
		}
		if n := len(s.Bands); n == 0 || s.Bands[n-1].From != 0 {
			bad(fmt.Sprintf("schemes[%d].bands", i), "no band from 0", "a last band from 0")
		}
	}
}
