package form

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"
)

// TestF07_FormulasGiveTheSameHereAndInTheBrowser: the console's test reads the same file.
func TestF07_FormulasGiveTheSameHereAndInTheBrowser(t *testing.T) {
	raw, err := os.ReadFile("testdata/formula.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Formula  string         `json:"formula"`
		Doc      map[string]any `json:"doc"`
		Money    bool           `json:"money"`
		Decimals *int           `json:"decimals"`
		Want     any            `json:"want"`
	}
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("CST", 8*3600)
	for _, x := range examples {
		var got any = "unreadable"
		if f, err := parseFormula(x.Formula); err == nil {
			field := &Field{formula: f, Decimals: x.Decimals}
			if x.Money {
				field.Result = Money
			}
			got = field.result(&formulaEnv{doc: x.Doc, zone: zone})
		}
		if n, ok := got.(json.Number); ok {
			if got, err = n.Float64(); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got, x.Want) {
			t.Errorf("%s of %v: %v, want %v", x.Formula, x.Doc, got, x.Want)
		}
	}
}
