package hazard

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
)

// Bounds names a scheme with the present values and bands, so that a score tells what it was
// made by after somebody has moved them.
func (s Scheme) Bounds() string {
	values := [][]float64{}
	for _, f := range s.Factors {
		values = append(values, f.Values)
	}
	raw, _ := json.Marshal([]any{s.ID, values, s.Bands}) //nolint:errchkjson // numbers and words
	sum := sha256.Sum256(raw)
	return s.ID + " " + hex.EncodeToString(sum[:4])
}

// Scheme finds a way of scoring.
func (c *Catalogue) Scheme(id string) (Scheme, bool) {
	i := slices.IndexFunc(c.Schemes, func(s Scheme) bool { return s.ID == id })
	if i < 0 {
		return Scheme{}, false
	}
	return c.Schemes[i], true
}

// FactorField is the field of a risk's record that holds a factor of a scheme.
func FactorField(scheme, factor string) string { return scheme + "_" + factor }

// FactorChoice is a factor's value as a record holds it.
func FactorChoice(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// DeriveRisk makes what follows from the factors chosen in a risk's record: risk.score,
// risk.grade, risk.order (1 is the gravest), risk.bounds and risk.control. Nothing follows
// until one value of each factor is chosen.
func (c *Catalogue) DeriveRisk(name string, doc map[string]any) (any, bool) {
	i := slices.Index([]string{"risk.score", "risk.grade", "risk.order", "risk.bounds", "risk.control"}, name)
	if i < 0 {
		return nil, false
	}
	id, _ := doc["scheme"].(string)
	s, ok := c.Scheme(id)
	if !ok {
		return nil, true
	}
	values := map[string]float64{}
	for _, f := range s.Factors {
		chosen, _ := doc[FactorField(id, f.ID)].(string)
		if v, err := strconv.ParseFloat(chosen, 64); err == nil {
			values[f.ID] = v
		}
	}
	score, grade, err := s.Score(values)
	if err != nil {
		return nil, true
	}
	order := slices.IndexFunc(c.Grades, func(g Grade) bool { return g.ID == grade })
	return []any{score, grade, float64(order + 1), s.Bounds(), c.Grades[order].Control}[i], true
}
