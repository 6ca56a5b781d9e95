package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"anlan/configs/schema"
	"anlan/contract"
)

// object is the part of a schema that describes a mapping.
type object struct {
	Properties           map[string]json.RawMessage `json:"properties"`
	Required             []string                   `json:"required"`
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
}

// The published schema and the structs that files are read into know the same keys and
// ask for the same ones, so neither can be changed alone.
func TestSchema_HasTheKeysOfTheStructs(t *testing.T) {
	var root struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(schema.Profile, &root); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]reflect.Type{
		"": reflect.TypeFor[file](), "point": reflect.TypeFor[pointEntry](), "timing": reflect.TypeFor[Timing](), "range": reflect.TypeFor[Range](),
		"private": reflect.TypeFor[Private](), "repeat": reflect.TypeFor[Repeat](), "bad_when": reflect.TypeFor[BadWhen](),
		"scale_by": reflect.TypeFor[ScaleBy](), "acknowledge": reflect.TypeFor[Acknowledge](), "text": reflect.TypeFor[contract.Text](), "tap": reflect.TypeFor[Tap](),
	} {
		o := root.Defs[name]
		if name == "" {
			o = root.object
		}
		if string(o.AdditionalProperties) != "false" {
			t.Errorf("%q: other keys are not refused", name)
		}
		keys, required := yamlKeys(of)
		for key := range o.Properties {
			if !slices.Contains(keys, key) {
				t.Errorf("%q: the schema has %q, the struct has not", name, key)
			}
		}
		for _, key := range keys {
			if _, ok := o.Properties[key]; !ok {
				t.Errorf("%q: the struct has %q, the schema has not", name, key)
			}
		}
		for _, key := range required {
			if !slices.Contains(o.Required, key) {
				t.Errorf("%q: the struct requires %q, the schema does not", name, key)
			}
		}
	}
}

func yamlKeys(of reflect.Type) (keys, required []string) {
	for _, f := range reflect.VisibleFields(of) {
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		keys = append(keys, name)
		if strings.Contains(opts, "required") {
			required = append(required, name)
		}
	}
	return keys, required
}

// The schema's lists of words are the code's.
func TestSchema_HasTheWordsOfTheCode(t *testing.T) {
	var allOrders []Order
	for _, words := range []int{1, 2, 4} {
		allOrders = append(allOrders, orders(words)...)
	}
	for path, want := range map[string][]string{
		"properties/protocol/enum":                             protocols,
		"properties/dialect/enum":                              {string(Monarch)},
		"$defs/tap/properties/words/additionalProperties/enum": tapWords,
		"$defs/table/enum":                                     strings.Split(strings.ReplaceAll(wantTable, " or ", ", "), ", "),
		"$defs/point/properties/type/enum":                     words(types),
		"$defs/point/properties/order/enum":                    words(allOrders),
		"$defs/range/properties/access/enum":                   words([]Access{ReadOnly, WriteOnly}),
		"properties/doc_base/enum":                             words(docBases),
		"$defs/bad_when/properties/quality/enum":               badQualities(),
	} {
		got := map[string]bool{}
		for _, v := range at(t, path).([]any) {
			got[fmt.Sprint(v)] = true
		}
		for _, w := range want {
			if !got[w] {
				t.Errorf("%s lacks %s", path, w)
			}
			delete(got, w)
		}
		if len(got) > 0 {
			t.Errorf("%s has more: %v", path, got)
		}
	}
}

func words[T ~string](list []T) (out []string) {
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

func badQualities() (out []string) {
	for q := range contract.Good {
		if w := q.String(); !strings.Contains(w, "code_") {
			out = append(out, w)
		}
	}
	return out
}

func at(t *testing.T, path string) any {
	var v any
	if err := json.Unmarshal(schema.Profile, &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Split(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s: nothing at %s", path, key)
		}
		if n, isNumber := m[key].(float64); isNumber {
			return n
		}
		v = m[key]
	}
	if v == nil {
		t.Fatalf("%s: nothing there", path)
	}
	return v
}

func TestSchema_IsHeldAgainstEveryProfile(t *testing.T) {
	// Only the schema knows of a missing address: what has one by default would else be
	// read from address 0.
	_, ps := Parse("p.yaml", []byte(head+"points:\n  - {name: a, title: {zh: 甲}, table: holding}\n  - {name: b, title: {zh: 乙}, table: holding, address: \"5\"}\n"))
	got := ps.Error()
	_, more := Parse("p.yaml", []byte(head+"points: [{name: a, title: {zh: 甲}, table: holding, divisor_point: nothing}]\n"))
	if !strings.Contains(more.Error(), "points[0].address") || len(more) != 2 {
		t.Errorf("another mistake of the same point hides the missing address:\n%s", more)
	}
	for _, want := range []string{"p.yaml:8: points[0].address: found no such key", "p.yaml:9: points[1].address: found a string, want integer"} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %q in\n%s", want, got)
		}
	}
	if len(ps) != 2 {
		t.Errorf("%d problems, want 2:\n%s", len(ps), got)
	}
}

// One mistake anywhere in a good profile is told once, whoever finds it.
func TestSchema_OneMistakeIsToldOnce(t *testing.T) {
	good := head + `notes: [UNVERIFIED]
timing: {reaction_max: 50ms}
max_registers: 20
forbidden: [{table: coil, from: 1, to: 2, why: w}]
points:
  - {name: a, title: {zh: 甲}, table: holding, address: 1, scale: 0.1, min: 0, bad_when: [{point: b, equals: [1]}]}
  - {name: b, title: {zh: 乙}, table: holding, address: 2, enum: {0: {zh: 否}, 1: {zh: 是}}}
`
	if _, ps := Parse("p.yaml", []byte(good)); ps.Err() != nil {
		t.Fatal(ps)
	}
	for _, c := range [][2]string{
		{"id: x", "id: X"}, {"vendor: v", "vendor: [v]"}, {"protocol: modbus", "protocol: profibus"}, {"source: s\n", ""},
		{"notes: [UNVERIFIED]", "notes: UNVERIFIED"}, {"50ms", "fast"}, {"max_registers: 20", "max_registers: 200"}, {"max_registers: 20", "max_registers: many"},
		{"table: coil", "table: coils"}, {"from: 1, to: 2", "from: 1"}, {"from: 1, to: 2", "from: 3, to: 2"}, {"from: 1, to: 2", "from: -1, to: 2"},
		{"name: a, ", ""}, {"title: {zh: 甲}", "title: 甲"}, {"title: {zh: 甲}", "title: {en: a}"}, {"table: holding, address: 1", "table: hold, address: 1"},
		{"address: 1,", "address: 70000,"}, {"scale: 0.1", "scale: tenth"}, {"scale: 0.1", "skale: 0.1"}, {"equals: [1]", "equals: []"}, {"equals: [1]", "equals: [one]"},
		{"{0: {zh: 否}", "{no: {zh: 否}"}, {"{0: {zh: 否}", "{0: {en: no}"}, {"{0: {zh: 否}", "{0: 否"},
	} {
		src := strings.Replace(good, c[0], c[1], 1)
		_, ps := Parse("p.yaml", []byte(src))
		if len(ps) != 1 {
			t.Errorf("%q for %q: %d problems, want 1:\n%v", c[1], c[0], len(ps), ps)
		}
	}
}

// Random damage: whatever the schema refuses, the loader refuses.
func TestSchema_LoaderIsNeverMoreLenient(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	const damage = " :{}[],-0179ax\n'"
	good := head + "max_bits: 8\npoints: [{name: a, title: {zh: 甲, en: a}, table: coil, address: 1, invert: true, enum: {0: {zh: 否}, 1: {zh: 是}}}]\n"
	for range 3000 {
		b := []byte(good)
		for range 1 + rng.IntN(3) {
			b[rng.IntN(len(b))] = damage[rng.IntN(len(damage))]
		}
		p, ps := Parse("p.yaml", b)
		if len(ps) == 0 && len(p.Points) == 0 {
			t.Fatalf("nothing was read and nothing said of\n%s", b)
		}
	}
}
