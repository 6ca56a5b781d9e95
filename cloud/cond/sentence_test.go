package cond

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The flag writes the files that the browser's tests read anew, after a look at the diff.
var update = flag.Bool("update", false, "write testdata anew")

// labels are the names that sentences.json is told with.
type labels map[string]string

func (l labels) Field(field, lang string) string { return l[lang+":"+field] }

func (l labels) Value(field, value, lang string) string { return l[lang+":"+field+"="+value] }

type sentences struct {
	Names labels               `json:"names"`
	Said  map[string][2]string `json:"said"`
}

func testLabels() labels {
	return labels{
		"zh-CN:o": "隐患级别", "en:o": "Level", "zh-CN:o=major": "重大", "en:o=major": "major",
		"zh-CN:t": "说明", "en:t": "Note", "zh-CN:rs": "检查项", "en:rs": "Items", "zh-CN:rs.o": "结果", "en:rs.o": "Result",
		"zh-CN:rs.o=fail": "不合格", "en:rs.o=fail": "failed", "zh-CN:i": "期限", "en:i": "Due",
		"zh-CN:dp": "责任部门", "en:dp": "Department", "zh-CN:rs.m": "费用", "en:rs.m": "Cost",
	}
}

func TestSentence_IsAsWritten(t *testing.T) {
	v := readVectors(t, "testdata/vectors.json")
	got := sentences{testLabels(), map[string][2]string{}}
	for _, c := range v.Cases {
		got.Said[c.Name] = [2]string{c.Expr.Sentence("zh-CN", got.Names), c.Expr.Sentence("en", got.Names)}
	}
	const file = "testdata/sentences.json"
	if *update {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want sentences
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sentences changed (-want +got):\n%s", d)
	}
}

func TestSentence_SaysWhatNoValueDoes(t *testing.T) {
	for _, c := range []struct{ expr, zh, en string }{
		{`{"op":"ne","l":{"f":"o"},"r":{"v":"major"}}`, "隐患级别已填且不是“重大”", "Level is filled in and is not “major”"},
		{`{"op":"and","args":[{"op":"eq","l":{"f":"o"},"r":{"v":"major"}},{"op":"or","args":[{"op":"before","l":{"f":"i"},"r":{"now":"-24h"}},{"op":"empty","l":{"f":"t"}}]}]}`,
			"隐患级别是“重大”，并且（期限早于24小时前，或者说明没有填）", "Level is “major”, and (Due is before 24 hours ago, or Note is not filled in)"},
		{`{"op":"not","args":[{"op":"or","args":[{"op":"empty","l":{"f":"t"}},{"op":"within_next","l":{"f":"i"},"r":{"v":"1d"}}]}]}`,
			"以下都不成立（说明没有填，或者期限在今后1天内）", "none of these holds: (Note is not filled in, or Due is within the next 1 day)"},
		{`{"op":"any_row","rows":"rs","where":{"op":"eq","l":{"f":"o"},"r":{"v":"fail"}}}`, "检查项中有一行满足（结果是“不合格”）", "Items has a row where (Result is “failed”)"},
		{`null`, "没有条件（总是成立）", "no condition (always true)"},
	} {
		e, err := Parse([]byte(c.expr))
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Sentence("zh-CN", testLabels()); got != c.zh {
			t.Errorf("zh=%s, want %s", got, c.zh)
		}
		if got := e.Sentence("en", testLabels()); got != c.en {
			t.Errorf("en=%s, want %s", got, c.en)
		}
	}
}
