package document

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"anlan/contract"
)

// AppBody is the content of an app: what belongs together, under one name.
type AppBody struct {
	Title       contract.Text `json:"title"`
	Description contract.Text `json:"description,omitzero"`
	Icon        string        `json:"icon,omitempty"` // one of [Icons]
	Documents   []Ref         `json:"documents"`
}

// Icons are the pictures an app may have.
func Icons() []string {
	return []string{"hazard", "risk", "safety", "patrol", "service", "permit", "equipment", "site", "office", "people", "water", "report"}
}

// AppClass is what documents of kind app have to satisfy. What an app names need not have
// been published: it is where forms and flows are begun.
func AppClass() Class {
	return Class{Check: func(_ string, body json.RawMessage) []Problem {
		var a AppBody
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&a); err != nil {
			return []Problem{{Text: contract.Text{ZH: "不是应用", EN: "not an app: " + err.Error()}}}
		}
		var out []Problem
		if strings.TrimSpace(a.Title.ZH) == "" || len([]rune(a.Title.ZH)) > 200 {
			out = append(out, Problem{Path: "title", Text: contract.Text{ZH: "需要中文名称，至多 200 字", EN: "needs a Chinese name of at most 200 characters"}})
		}
		if len([]rune(a.Description.ZH)) > 500 || len([]rune(a.Description.EN)) > 1000 {
			out = append(out, Problem{Path: "description", Text: contract.Text{ZH: "至多 500 字", EN: "at most 1000 characters"}})
		}
		if a.Icon != "" && !slices.Contains(Icons(), a.Icon) {
			out = append(out, Problem{Path: "icon", Text: contract.Text{ZH: "没有这个图标", EN: "no such icon; there are " + strings.Join(Icons(), ", ")}})
		}
		for i, r := range a.Documents {
			if !keyRE.MatchString(r.Key) || r.Kind == App || !slices.Contains(Kinds(), r.Kind) || slices.Contains(a.Documents[:i], r) {
				out = append(out, Problem{Path: "documents[" + strconv.Itoa(i) + "]", Text: contract.Text{ZH: "不是文档，或重复", EN: "not a document, or listed twice"}})
			}
		}
		return out
	}}
}
