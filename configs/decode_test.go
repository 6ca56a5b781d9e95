package configs

import (
	"strings"
	"testing"
	"time"
)

type sample struct {
	Name  string            `yaml:"name,required"`
	Baud  uint16            `yaml:"baud"`
	Delay time.Duration     `yaml:"delay"`
	Ratio *float64          `yaml:"ratio"`
	On    bool              `yaml:"on"`
	Tags  map[string]string `yaml:"tags"`
	Items []struct {
		ID int `yaml:"id,required"`
	} `yaml:"items"`
}

func TestDecode_ReadsEveryType(t *testing.T) {
	t.Setenv("ANLAN_TEST_NAME", "bus")
	var s sample
	_, ps := Decode("x.yaml", []byte("name: ${ANLAN_TEST_NAME}-1\nbaud: 0x2580\ndelay: 1.5s\nratio: 0.25\non: true\ntags: {a: b}\nitems:\n  - id: -3\n"), &s)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	if s.Name != "bus-1" || s.Baud != 9600 || s.Delay != 1500*time.Millisecond || *s.Ratio != 0.25 || !s.On || s.Tags["a"] != "b" || s.Items[0].ID != -3 {
		t.Errorf("decoded %+v", s)
	}
}

func TestDecode_ReportsAllMistakesAtOnceWithLines(t *testing.T) {
	var s sample
	_, ps := Decode("x.yaml", []byte("buad: 9600\nbaud: fast\ndelay: 5\nitems:\n  - {}\n  - id: 1.5\ntags: [a]\non: yes\n\nratio: .nan\nbaud: 70000\n"), &s)
	want := []string{
		`x.yaml:1: buad: found unknown key "buad", want "baud"?`,
		`x.yaml:1: name: found no such key, want text`,
		`x.yaml:2: baud: found "fast", want a whole number from 0 to 65535`,
		`x.yaml:3: delay: found "5", want a duration such as "1.5s"`,
		`x.yaml:5: items[0].id: found no such key, want a whole number`,
		`x.yaml:6: items[1].id: found "1.5", want a whole number`,
		`x.yaml:7: tags: found a list, want a mapping`,
		`x.yaml:8: on: found "yes", want true or false`,
		`x.yaml:10: ratio: found ".nan", want a number`,
		`x.yaml:11: baud: found the key a second time, want each key once`,
	}
	if got := ps.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestDecode_SyntaxAndVariables(t *testing.T) {
	var s sample
	if _, ps := Decode("x.yaml", []byte("name: a\n  b: c\n"), &s); len(ps) != 1 || ps[0].Line == 0 {
		t.Errorf("syntax error: %v", ps)
	}
	if _, ps := Decode("x.yaml", []byte("name: ${ANLAN_NOT_SET}\n"), &s); len(ps) != 1 || !strings.Contains(ps.Error(), "not set") {
		t.Errorf("unset variable: %v", ps)
	}
	if _, ps := Decode("x.yaml", nil, &s); len(ps) != 1 {
		t.Errorf("empty file: %v", ps)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: a\nitems: [{id: 1}]\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		var s sample
		doc, ps := Decode("f.yaml", src, &s)
		_ = ps.Error()
		_ = doc.Line("items[3].id")
	})
}
