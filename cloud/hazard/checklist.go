package hazard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"anlan/contract"
)

// maxItems is how many items a checklist may have: as many rows as a form takes.
const maxItems = 200

// Checklist is the standard items of a category as a document; its key is the category's
// code in the dictionary hazard_category.
type Checklist struct {
	Title contract.Text `json:"title"`
	Icon  string        `json:"icon,omitempty"`
	Items []Item        `json:"items"`
}

// Checklist is a shipped category as the document it becomes.
func (c Category) Checklist() Checklist {
	return Checklist{Title: c.Name, Icon: c.Icon, Items: c.Items}
}

// Problem is one thing wrong with a checklist, at a JSON path.
type Problem struct {
	Path string
	Text contract.Text
}

// ParseChecklist reads a checklist, or says everything that is wrong with it.
func ParseChecklist(raw []byte) (*Checklist, []Problem) {
	var out []Problem
	bad := func(path, zh, en string) { out = append(out, Problem{path, contract.Text{ZH: zh, EN: en}}) }
	c := &Checklist{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(c); err != nil {
		bad("", "不是检查表", "not a checklist: "+err.Error())
		return nil, out
	}
	if lacks(c.Title, 200) {
		bad("title", "需要中文名称，至多 200 字", "needs a Chinese name of at most 200 characters")
	}
	if len(c.Items) == 0 || len(c.Items) > maxItems {
		bad("items", fmt.Sprintf("应有 1 到 %d 项", maxItems), fmt.Sprintf("must have 1 to %d items", maxItems))
		return nil, out
	}
	seen := map[string]bool{}
	for i, it := range c.Items {
		at := fmt.Sprintf("items[%d].", i)
		if it.ID == "" || len(it.ID) > 48 || seen[it.ID] {
			bad(at+"id", "编码缺少、重复或太长", "missing, repeated or too long")
		}
		seen[it.ID] = true
		if lacks(it.Text, 200) {
			bad(at+"text", "需要检查内容，至多 200 字", "needs what is checked, in at most 200 characters")
		}
		if lacks(it.Normal, 200) {
			bad(at+"normal", "需要正常标准，至多 200 字", "needs what is normal, in at most 200 characters")
		}
		if !slices.Contains(methods, it.Method) {
			bad(at+"method", "应为看、试、测或查记录", "must be look, test, measure or record")
		}
		if it.Level == "" || len(it.Level) > 64 {
			bad(at+"level", "请选择不正常时的等级", "choose the level it has when not normal")
		}
		if len(it.Standard) > 64 || len([]rune(it.Clause)) > 60 || len(it.Sensor) > 64 {
			bad(at+"standard", "依据太长", "the source is too long")
		}
	}
	if len(out) > 0 {
		return nil, out
	}
	return c, nil
}

// lacks reports whether a text has no Chinese or too much of it.
func lacks(t contract.Text, most int) bool {
	return strings.TrimSpace(t.ZH) == "" || len([]rune(t.ZH)) > most || len([]rune(t.EN)) > 2*most
}
