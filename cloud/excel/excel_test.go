package excel_test

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"anlan/cloud/excel"
	"anlan/cloud/form"
)

const def = `{"title":{"zh":"隐患: 上报[单]"},"fields":[
 {"key":"what","type":"multiline","label":{"zh":"描述"},"required":true},
 {"key":"level","type":"option","label":{"zh":"等级","en":"Level"},"options":[{"id":"major","label":{"zh":"重大","en":"Major"}},{"id":"general","label":{"zh":"一般"}}]},
 {"key":"tags","type":"options","label":{"zh":"标签"},"options":[{"id":"a","label":{"zh":"甲"}},{"id":"b","label":{"zh":"乙"}}]},
 {"key":"n","type":"number","label":{"zh":"数量"}},
 {"key":"cost","type":"money","label":{"zh":"费用"}},
 {"key":"on","type":"date","label":{"zh":"日期"}},
 {"key":"at","type":"datetime","label":{"zh":"时间"}},
 {"key":"ok","type":"switch","label":{"zh":"正常"}},
 {"key":"owner","type":"person","label":{"zh":"责任人"}},
 {"key":"place","type":"place","label":{"zh":"位置"}},
 {"key":"gps","type":"location","label":{"zh":"定位"}},
 {"key":"photos","type":"photo","label":{"zh":"照片"}},
 {"key":"items","type":"rows","label":{"zh":"检查项"},"fields":[{"key":"item","type":"text","label":{"zh":"项目"}},{"key":"pass","type":"switch","label":{"zh":"合格"}}]}]}`

func names(lang string) excel.Names {
	people := map[string]string{"p1": "张伟", "p2": "李娜"}
	return excel.Names{Zone: time.FixedZone("CST", 8*3600), Lang: lang, Choices: func(f *form.Field) []form.Choice { return f.Options },
		Name: func(t form.Type, id string) string {
			return map[form.Type]map[string]string{form.Person: people, form.Place: {"c/b3/12": "安澜花园 3号楼 12层"}}[t][id]
		},
		Find: func(t form.Type, text string) []string {
			return map[form.Type]map[string][]string{form.Person: {"张伟": {"p1"}, "同名": {"p1", "p2"}}, form.Place: {"3号楼 12层": {"c/b3/12"}}}[t][text]
		}}
}

func parsed(t *testing.T) *form.Def {
	t.Helper()
	d, err := form.Parse("hazard", []byte(def))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func records(docs ...string) iter.Seq2[form.Record, error] {
	return func(yield func(form.Record, error) bool) {
		for i, s := range docs {
			var doc map[string]any
			if err := json.Unmarshal([]byte(s), &doc); err != nil {
				panic(err)
			}
			if !yield(form.Record{No: "YH" + string(rune('1'+i)), State: "auditing", CreatedName: "王强", CreatedAt: time.Date(2026, 11, 22, 16, 30, 0, 0, time.UTC), Doc: doc}, nil) {
				return
			}
		}
	}
}

// TestF17_WhatIsWrittenCanBeReadBack: an export, filled in again elsewhere, is an import.
func TestF17_WhatIsWrittenCanBeReadBack(t *testing.T) {
	d := parsed(t)
	var out bytes.Buffer
	doc := `{"what":"=HYPERLINK(\"http://x\",\"y\")","level":"major","tags":["a","b"],"n":2.5,"cost":"12.30","on":"2026-11-23","at":"2026-11-22T16:30:00.000Z","ok":true,
	 "owner":{"id":"p1","name":"张伟"},"place":"c/b3/12","gps":{"lat":31.2,"lng":121.4,"system":"wgs84"},"photos":["x","y"],"items":[{"_id":"1","item":"灭火器","pass":false}]}`
	if err := excel.Write(&out, d, nil, records(doc, `{"what":"+1"}`), names("zh-CN")); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	sheets := f.GetSheetList()
	if !slices.Equal(sheets, []string{"隐患_ 上报_单_", "检查项"}) {
		t.Fatalf("%q", sheets)
	}
	if s, err := f.GetCellFormula(sheets[0], "E2"); err != nil || s != "" {
		t.Fatalf("a text became the formula %q, %v", s, err)
	}
	rows, err := f.GetRows(sheets[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[1], "|"); got != `YH1|auditing|王强|2026-11-23 00:30:00|=HYPERLINK("http://x","y")|重大|甲、乙|2.5|12.3|2026-11-23|2026-11-23 00:30:00|是|张伟|安澜花园 3号楼 12层|31.2, 121.4|2` {
		t.Fatal(got)
	}
	sub, err := f.GetRows(sheets[1])
	if err != nil || strings.Join(sub[1], "|") != "YH1|1|灭火器|否" {
		t.Fatalf("%v %v", sub, err)
	}
	n := names("zh-CN")
	n.Find = func(form.Type, string) []string { return []string{"found"} }
	back, err := excel.Read(out.Bytes(), d, n)
	if err != nil || len(back.Rows) != 2 {
		t.Fatalf("%+v %v", back, err)
	}
	got, err := json.Marshal(back.Rows[0].Fields)
	if err != nil || string(got) != `{"at":"2026-11-22T16:30:00Z","cost":"12.3","gps":{"lat":31.2,"lng":121.4,"manual":true,"system":"wgs84"},"level":"major","n":2.5,"ok":true,"on":"2026-11-23","owner":"found","place":"found","tags":["a","b"],"what":"=HYPERLINK(\"http://x\",\"y\")"}` {
		t.Fatalf("%s %v", got, err)
	}
	// Photos are counted, not carried: the column is said to be none that can be imported.
	if len(back.Problems) != 1 || back.Problems[0].Row != 1 || back.Problems[0].Title != "照片" {
		t.Fatalf("%+v", back.Problems)
	}
}

func workbook(t *testing.T, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, r := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", at, &r); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestF17_EverythingWrongIsSaidAtOnce(t *testing.T) {
	raw := workbook(t, []any{"描述 *", "等级", "数量", "时间", "正常", "责任人", "没有的列"},
		[]any{"好的", "Major", "1,200", "2026年11月23日 08:30", "√", "张伟"},
		[]any{"坏的", "特大", "很多", "昨天", "也许", "同名"},
		[]any{},
		[]any{"也好"})
	back, err := excel.Read(raw, parsed(t), names("zh-CN"))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, p := range back.Problems {
		said = append(said, strings.Join([]string{string(rune('0' + p.Row)), p.Title, p.Found, p.Text.ZH}, " "))
	}
	want := []string{"1 没有的列 没有的列 表单没有这一列，或此列不能导入", "3 等级 特大 没有这个选项", "3 数量 很多 应为数字", "3 时间 昨天 不是日期时间", "3 正常 也许 应为 是 或 否", "3 责任人 同名 有几个同名的，请写得更具体"}
	if !slices.Equal(said, want) {
		t.Fatalf("%q", said)
	}
	if len(back.Rows) != 3 || back.Rows[0].Fields["at"] != "2026-11-23T00:30:00Z" || back.Rows[0].Fields["n"] != 1200.0 || back.Rows[2].N != 5 {
		t.Fatalf("%+v", back.Rows)
	}
	marked, err := excel.Mark(raw, back.Problems, names("zh-CN"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(marked))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := f.GetCellValue("Sheet1", "H3"); err != nil || v != "没有这个选项；应为数字；不是日期时间；应为 是 或 否；有几个同名的，请写得更具体" {
		t.Fatalf("%q %v", v, err)
	}
}

func TestF17_TheTemplateSaysWhatGoesWhere(t *testing.T) {
	var out bytes.Buffer
	d := parsed(t)
	if err := excel.Template(&out, d, func(f string) bool { return f != "cost" }, names("en")); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	list := f.GetSheetList()
	rows, err := f.GetRows(list[0])
	if err != nil || strings.Join(rows[0], "|") != "描述 *|Level|标签|数量|日期|时间|正常|责任人|位置|定位" {
		t.Fatalf("%q %v", rows, err)
	}
	lists, err := f.GetDataValidations(list[0])
	if err != nil || len(lists) != 3 || !strings.Contains(lists[0].Formula1, "Major") {
		t.Fatalf("%+v %v", lists, err)
	}
	back, err := excel.Read(out.Bytes(), d, names("en"))
	if err != nil || len(back.Rows) != 0 || len(back.Problems) != 0 {
		t.Fatalf("%+v %v", back, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := form.Parse("hazard", []byte(def))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := excel.Read(raw, d, names("zh-CN")); err == nil && !bytes.HasPrefix(raw, []byte("PK")) {
			t.Fatal("read something that is no workbook")
		}
	})
}
