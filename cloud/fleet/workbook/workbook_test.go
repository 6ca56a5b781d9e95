package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func zh(s string) contract.Text { return contract.Text{ZH: s} }

// site is a tree with one building of 30 floors and n devices on them.
func site(t testing.TB, n int) (*places.Tree, []fleet.DeviceRow) {
	t.Helper()
	m := contract.Manifest{Edge: "edge-b03", Building: contract.ManifestBuilding{Community: "garden", CommunityName: zh("安澜花园"), TimeZone: "Asia/Shanghai", ID: "b03", Name: zh("3号楼")}}
	for f := 1; f <= 30; f++ {
		m.Building.Floors = append(m.Building.Floors, f)
	}
	var rows []fleet.DeviceRow
	for i := range n {
		p := contract.Place{Building: "b03", Floor: i%30 + 1, Room: zh("走廊")}
		id := contract.DeviceID(fmt.Sprintf("d%04d", i))
		m.Devices = append(m.Devices, contract.ManifestDevice{ID: id, Name: zh("烟感"), Place: p})
		rows = append(rows, fleet.DeviceRow{Edge: "edge-b03", ID: id, Name: zh("烟感"), Place: p, State: "ok", Reported: &fleet.ReportedDevice{Name: zh("烟感"), Place: p}})
	}
	d := places.NewDraft(places.Empty(), places.Author{})
	d.Report(m)
	return d.Tree, rows
}

func export(t testing.TB, tree *places.Tree, rows []fleet.DeviceRow) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Export(&out, Contents{View: tree.View(func(string) bool { return true }, true), Devices: rows}, "王工", t0); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// changed opens a workbook, lets f edit it and returns it again.
func changed(t testing.TB, raw []byte, f func(x *excelize.File) error) []byte {
	t.Helper()
	x, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := errors.Join(f(x), x.Write(&out), x.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func check(t testing.TB, raw []byte, tree *places.Tree, rows []fleet.DeviceRow) (Report, *places.Draft) {
	t.Helper()
	f, err := Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	d := places.NewDraft(tree, places.Author{Name: "王工", At: t0})
	return Check(f, Target{Draft: d, Devices: rows, Known: func(places.DeviceKey) bool { return false }, May: func(string) bool { return true }}), d
}

func TestT04_WhatIsExportedImportsAsUnchanged(t *testing.T) {
	tree, rows := site(t, 40)
	d := places.NewDraft(tree, places.Author{Name: "王工", At: t0})
	b := d.Buildings["b03"]
	b.Address, b.Contacts, b.Cameras = "=HYPERLINK(1)", []places.Contact{{Name: "-张", Phone: "+86 138"}, {Name: "李", Phone: "110", Hours: "夜间"}}, []places.Camera{{Name: "大堂", URL: "https://cam.test/1?a=b|c"}}
	f := d.Floors[places.FloorKey{Building: "b03", Number: 3}]
	f.Name = zh("@三层")
	if err := errors.Join(d.SetBuilding(b), d.SetFloor(f), d.SetSite(places.Site{Edge: "edge-new", ID: "x1", Name: zh("'待接入"), Spot: &places.Spot{Building: "b03", Floor: 2}}, false)); err != nil {
		t.Fatal(err)
	}
	rows = append(rows, fleet.DeviceRow{Edge: "edge-new", ID: "x1", Name: zh("'待接入"), Place: contract.Place{Building: "b03", Floor: 2}, State: fleet.StatePlanned})
	r, after := check(t, export(t, d.Tree, rows), d.Tree, rows)
	if len(r.Problems)+len(r.Notices)+r.Changes() != 0 || after.Changed() {
		t.Errorf("%+v", r)
	}
	if last := r.Counts[5]; last.Sheet != deviceSheet || last.Unchanged != 41 {
		t.Errorf("%+v", r.Counts)
	}
	x, err := excelize.OpenReader(bytes.NewReader(export(t, d.Tree, rows)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range x.GetSheetList() {
		all, err := x.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all {
			for _, c := range row {
				if c != "" && strings.ContainsRune("=+@", rune(c[0])) {
					t.Errorf("%s: %q would be a formula in a CSV", name, c)
				}
			}
		}
	}
}

func TestImport_EditsAcrossSheetsDependOnEachOther(t *testing.T) {
	tree, rows := site(t, 3)
	raw := changed(t, export(t, tree, rows), func(x *excelize.File) error {
		return errors.Join(
			x.SetSheetRow("楼栋", "A3", &[]any{"b04", "garden", "4号楼"}),
			x.SetSheetRow("楼层", "A32", &[]any{"b04", "１", "", "", "", "张师傅|13800000000|白天\n李|110"}),
			x.SetSheetRow("房间", "A32", &[]any{"", "b04", 1, "", "大堂"}),
			x.SetSheetRow("设备", "A5", &[]any{"edge-b04", "lobby-smoke", "大堂烟感", "", "b04", "1.0", "", "大堂"}),
			x.SetCellStr("设备", "C2", "一号烟感"))
	})
	r, d := check(t, raw, tree, rows)
	if len(r.Problems) != 0 || r.Changes() != 5 {
		t.Fatalf("%+v", r)
	}
	s := d.Sites[places.DeviceKey{Edge: "edge-b04", ID: "lobby-smoke"}]
	if at := d.Planned(s); at.Place.Describe("zh-CN", "4号楼") != "4号楼·1层·大堂" {
		t.Errorf("%+v", at)
	}
	if c := d.Floors[places.FloorKey{Building: "b04", Number: 1}].Contacts; len(c) != 2 || c[1] != (places.Contact{Name: "李", Phone: "110"}) {
		t.Errorf("%+v", c)
	}
	if s := d.Sites[places.DeviceKey{Edge: "edge-b03", ID: "d0000"}]; s.Name.ZH != "一号烟感" || s.Spot != nil {
		t.Errorf("a renamed device was also moved: %+v", s)
	}
}

func TestImport_EachBadCellIsNamed(t *testing.T) {
	tree, rows := site(t, 9)
	raw := changed(t, export(t, tree, rows), func(x *excelize.File) error {
		day, err := x.NewStyle(&excelize.Style{NumFmt: 14})
		_, err2 := x.NewSheet("随手记")
		return errors.Join(err, err2,
			x.SetCellFormula("设备", "C2", `="烟"&"感"`),
			x.SetCellStr("设备", "F3", "三楼"),
			x.MergeCell("设备", "C4", "D4"),
			x.SetCellValue("设备", "J5", 45000), x.SetCellStyle("设备", "J5", "J5", day),
			x.SetCellStr("设备", "B6", "d0000"),
			x.SetCellStr("设备", "E7", "b99"),
			x.SetCellStr("设备", "H8", "不存在的房间"),
			x.SetCellStr("设备", "J9", strings.Repeat("长", 1001)),
			x.SetCellStr("小区", "D2", "Mars/Base"),
			x.SetCellStr("设备", "O1", "我的列"), x.SetCellStr("随手记", "A1", "买菜"))
	})
	r, _ := check(t, raw, tree, rows)
	got := map[string]bool{}
	for _, p := range r.Problems {
		got[p.Sheet+"!"+p.Cell] = true
		if p.Text.ZH == "" || p.Text.EN == "" {
			t.Errorf("without words: %+v", p)
		}
	}
	want := map[string]bool{"设备!C2": true, "设备!F3": true, "设备!C4": true, "设备!D4": true, "设备!J5": true, "设备!B6": true, "设备!E7": true, "设备!H8": true, "设备!J9": true, "小区!D2": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff, r.Problems)
	}
	if len(r.Notices) != 2 {
		t.Errorf("notices %+v", r.Notices)
	}
	f, err := Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Mark(&out, f, r); err != nil {
		t.Fatal(err)
	}
	x, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := x.GetComments("设备")
	if err != nil || len(notes) != 9 {
		t.Errorf("%d comments, %v", len(notes), err)
	}
}

func TestImport_WhoIsBoundToABuildingChangesNothingElse(t *testing.T) {
	tree, rows := site(t, 2)
	raw := changed(t, export(t, tree, rows), func(x *excelize.File) error {
		return errors.Join(x.SetCellStr("小区", "B2", "改名"), x.SetCellStr("楼栋", "C2", "改名"), x.SetCellStr("设备", "C2", "改名"))
	})
	f, err := Read(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		may  string
		want int
	}{"b03": {"b03", 1}, "b04": {"b04", 40}} {
		d := places.NewDraft(tree, places.Author{})
		own := rows
		if c.may == "b04" {
			own = nil
		}
		r := Check(f, Target{Draft: d, Devices: own, Known: func(places.DeviceKey) bool { return true }, May: func(b string) bool { return b == c.may }})
		if n := len(r.Problems); c.may == "b03" && n != c.want || c.may == "b04" && n < 3 {
			t.Errorf("%s: %+v", name, r.Problems)
		}
	}
}

func TestImport_ARowThatChangedSinceTheExportIsRefused(t *testing.T) {
	tree, rows := site(t, 1)
	raw := changed(t, export(t, tree, rows), func(x *excelize.File) error { return x.SetCellStr("楼栋", "C2", "表里的名字") })
	d := places.NewDraft(tree, places.Author{Name: "李工", At: t0})
	b := d.Buildings["b03"]
	b.Name = zh("网页上的名字")
	if err := d.SetBuilding(b); err != nil {
		t.Fatal(err)
	}
	r, _ := check(t, raw, d.Tree, rows)
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Text.ZH, "李工") {
		t.Errorf("%+v", r.Problems)
	}
}

func TestRead_FilesThatAreNoWorkbooks(t *testing.T) {
	bomb := func() []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.Create("xl/worksheets/sheet1.xml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, MaxUnzipped+1); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}()
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	tree, rows := site(t, 1)
	whole := export(t, tree, rows)
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"empty": {nil, ErrType}, "csv": {[]byte("a,b\n"), ErrType}, "old excel": {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ErrLocked},
		"zip bomb": {bomb, ErrTooLarge}, "cut off": {whole[:len(whole)/2], ErrBroken}, "zip of nothing": {emptyZip(t), ErrBroken},
	} {
		if _, err := Read(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func emptyZip(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if _, err := z.Create("x"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestImport_FiveThousandDevicesInOneFile(t *testing.T) {
	tree, rows := site(t, 5000)
	began := time.Now()
	raw := export(t, tree, rows)
	exported := time.Now()
	raw2 := changed(t, raw, func(x *excelize.File) error {
		for i := range 5000 {
			if err := x.SetCellStr("设备", fmt.Sprintf("C%d", i+2), fmt.Sprintf("烟感 %d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	again := time.Now()
	r, d := check(t, raw2, tree, rows)
	t.Logf("export %v, check %v, %d bytes", exported.Sub(began), time.Since(again), len(raw))
	if len(r.Problems) != 0 || r.Changes() != 5000 || len(d.Sites) != 5000 {
		t.Errorf("%d problems, %+v", len(r.Problems), r.Counts)
	}
}

func TestParseWhole_TakesWhatSpreadsheetsWrite(t *testing.T) {
	for s, want := range map[string]int{"12": 12, " -1 ": -1, "12.0": 12, "1.2E1": 12, "１２": 12, "－1": -1} {
		if n, ok := ParseWhole(s); !ok || n != want {
			t.Errorf("%q: %d %v", s, n, ok)
		}
	}
	for _, s := range []string{"", "12.5", "十二", "0x10", "NaN", "Inf", "1e99", "12层", "99999999999999999999999999"} {
		if n, ok := ParseWhole(s); ok {
			t.Errorf("%q was taken for %d", s, n)
		}
	}
}

func FuzzParseWhole(f *testing.F) {
	for _, s := range []string{"12", "-1", "1e3", "１", "0x1p4", "1_000", "+5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseWhole(s)
		if !ok {
			return
		}
		if m, ok := ParseWhole(fmt.Sprint(n)); !ok || m != n {
			t.Errorf("%q is %d, which is %d %v", s, n, m, ok)
		}
	})
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1+1", "'=1", "''", "-1", "@x", "", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := guard(s)
		if g != "" && strings.ContainsRune("=+-@\t\r", rune(g[0])) {
			t.Errorf("%q stays %q", s, g)
		}
		if unguard(g) != s && s != "'" {
			t.Errorf("%q comes back as %q", s, unguard(g))
		}
	})
}

func FuzzContacts(f *testing.F) {
	f.Add("张|110|夜\n李｜120")
	f.Add("||\r\n|")
	f.Fuzz(func(t *testing.T, s string) {
		once := splitContacts(s)
		if diff := cmp.Diff(once, splitContacts(joinContacts(once))); diff != "" && !strings.Contains(s, "|") && !strings.Contains(s, "｜") {
			t.Error(diff)
		}
		splitCameras(s)
	})
}

func FuzzRead(f *testing.F) {
	tree, rows := site(f, 2)
	f.Add(export(f, tree, rows))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := Read(raw)
		if err != nil {
			return
		}
		d := places.NewDraft(tree, places.Author{})
		Check(file, Target{Draft: d, Devices: rows, Known: func(places.DeviceKey) bool { return false }, May: func(string) bool { return true }})
	})
}

// FuzzCells puts any text into any cell of any sheet: nothing panics, and whatever is not
// refused can be exported and read again without a change.
func FuzzCells(f *testing.F) {
	tree, rows := site(f, 2)
	for _, s := range []string{"b03", "-1", "１", "=1", "走廊", "张|110", "\x00", "\u202e", "d0001"} {
		f.Add(uint8(5), uint8(2), s)
		f.Add(uint8(4), uint8(4), s)
	}
	f.Fuzz(func(t *testing.T, sheetAt, colAt uint8, text string) {
		s := sheets()[int(sheetAt)%6]
		head, row := []cell{}, []cell{}
		for i, c := range s.columns {
			head = append(head, cell{ref: columnName(i) + "1", text: c.title()})
			row = append(row, cell{ref: columnName(i) + "2"})
		}
		if s.name == deviceSheet {
			row[0].text, row[1].text, row[4].text = "edge-b03", "d0000", "b03"
		}
		row[int(colAt)%len(row)].text = strings.TrimSpace(text)
		file := &File{Revision: -1, tables: []table{{name: s.name, rows: [][]cell{head, row}}}}
		d := places.NewDraft(tree, places.Author{})
		r := Check(file, Target{Draft: d, Devices: rows, Known: func(places.DeviceKey) bool { return false }, May: func(string) bool { return true }})
		if c := r.Counts[0]; c.New+c.Changed+c.Unchanged+c.Refused != 1 || c.Refused > 0 != (len(r.Problems) > 0) {
			t.Fatalf("%+v", r)
		}
		if len(r.Problems) == 0 && s.name != deviceSheet {
			if again, _ := check(t, export(t, d.Tree, rows), d.Tree, rows); len(again.Problems)+again.Changes() != 0 {
				t.Fatalf("%q in %s does not come back: %+v", text, s.name, again)
			}
		}
	})
}
