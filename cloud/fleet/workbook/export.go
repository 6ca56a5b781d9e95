package workbook

import (
	"fmt"
	"io"
	"time"

	"anlan/cloud/fleet"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

// Export writes the workbook. Archived rows are left out.
func Export(w io.Writer, c Contents, by string, now time.Time) error {
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // nothing is on disk
	e := &exporter{f: f}
	e.guide(c, by, now)
	byName := map[string][][]any{communitySheet: communities(c), buildingSheet: buildings(c), entranceSheet: entrances(c), floorSheet: floors(c), roomSheet: rooms(c), deviceSheet: devices(c), pointSheet: points(c)}
	for _, s := range sheets() {
		e.sheet(s, byName[s.name])
	}
	if e.err != nil {
		return fmt.Errorf("workbook: write: %w", e.err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("workbook: write: %w", err)
	}
	return nil
}

type exporter struct {
	f   *excelize.File
	err error
}

func (e *exporter) do(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *exporter) style(s *excelize.Style) int {
	id, err := e.f.NewStyle(s)
	e.do(err)
	return id
}

func (e *exporter) guide(c Contents, by string, now time.Time) {
	e.do(e.f.SetSheetName("Sheet1", guideSheet))
	lines := [][]any{
		{"安澜 场所与设备表", "Anlan: places and devices"},
		{"导出 Exported", now.UTC().Format(time.RFC3339) + " · " + guard(by)},
		{"版本 Revision", c.View.Rev},
		{},
		{"怎么用", "How to use it"},
		{"1. 每张表第一行是标题，不要改标题和表名；灰色列只读，改了也不导入。", "1. The first row of each sheet is its header; leave headers and sheet names alone. Grey columns are read-only and not imported."},
		{"2. 改哪行导入哪行；没有改的行不变。删去一行不会删除任何东西，删除请在“场所”页面做。", "2. Rows you change are changed; others stay. Leaving a row out deletes nothing: do that on the page Places."},
		{"3. 新房间的编号留空。新设备写上网关编号和设备编号，网关接入前显示为“待接入”。", "3. Leave the id of a new room empty. A new device needs its edge and device id; until the edge reports it, it is shown as planned."},
		{"4. 不要用公式、合并单元格和日期格式。层号为按键上的数字，地下一层为 -1。", "4. No formulas, merged cells or dates. Floors are the numbers on the lift's buttons; -1 is the first basement."},
		{"5. 导入先检查，列出每个有问题的单元格；全部正确才写入，写入要么全部成功，要么什么都不变。", "5. An import is checked first, cell by cell; it is written as a whole or not at all."},
	}
	title := e.style(&excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}})
	wrap := e.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	for i := range lines {
		e.do(e.f.SetSheetRow(guideSheet, fmt.Sprintf("A%d", i+1), &lines[i]))
	}
	e.do(e.f.SetColWidth(guideSheet, "A", "B", 60))
	e.do(e.f.SetCellStyle(guideSheet, "A1", "B10", wrap))
	e.do(e.f.SetCellStyle(guideSheet, "A1", "B1", title))
}

func (e *exporter) sheet(s sheet, rows [][]any) {
	if e.err != nil {
		return
	}
	_, err := e.f.NewSheet(s.name)
	e.do(err)
	head := make([]any, len(s.columns))
	for i, c := range s.columns {
		head[i] = c.title()
	}
	e.do(e.f.SetSheetRow(s.name, "A1", &head))
	for i := range rows {
		e.do(e.f.SetSheetRow(s.name, fmt.Sprintf("A%d", i+2), &rows[i]))
	}
	header := e.style(&excelize.Style{Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1B4F8F"}}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}})
	grey := e.style(&excelize.Style{Font: &excelize.Font{Color: "666666"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EEEEEE"}}})
	wrap := e.style(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	last := len(rows) + 1
	for i, c := range s.columns {
		col, err := excelize.ColumnNumberToName(i + 1)
		e.do(err)
		e.do(e.f.SetColWidth(s.name, col, col, c.width))
		switch {
		case c.readOnly && last > 1:
			e.do(e.f.SetCellStyle(s.name, col+"2", fmt.Sprintf("%s%d", col, last), grey))
		case (c.field == "contacts" || c.field == "cameras") && last > 1:
			e.do(e.f.SetCellStyle(s.name, col+"2", fmt.Sprintf("%s%d", col, last), wrap))
		}
		e.validate(s, c, col, max(last, 2)+500)
	}
	end, err := excelize.ColumnNumberToName(len(s.columns))
	e.do(err)
	e.do(e.f.SetCellStyle(s.name, "A1", end+"1", header))
	e.do(e.f.SetRowHeight(s.name, 1, 36))
	e.do(e.f.SetPanes(s.name, &excelize.Panes{Freeze: true, XSplit: s.key, YSplit: 1, TopLeftCell: string(rune('A'+s.key)) + "2", ActivePane: "bottomRight"}))
	e.do(e.f.AutoFilter(s.name, fmt.Sprintf("A1:%s%d", end, max(last, 2)), nil))
}

func (e *exporter) validate(s sheet, c column, col string, last int) {
	if c.from == "" && !c.whole {
		return
	}
	dv := excelize.NewDataValidation(true)
	dv.Sqref = fmt.Sprintf("%s2:%s%d", col, col, last)
	if c.from != "" {
		dv.SetSqrefDropList(fmt.Sprintf("%s!$A$2:$A$%d", c.from, 2000))
		dv.SetError(excelize.DataValidationErrorStyleStop, "没有这一项", "请从列表中选择 · Choose from the list")
	} else {
		e.do(dv.SetRange(-1000, 10000, excelize.DataValidationTypeWhole, excelize.DataValidationOperatorBetween))
		dv.SetError(excelize.DataValidationErrorStyleStop, "须为整数", "须为整数 · A whole number")
	}
	e.do(e.f.AddDataValidation(s.name, dv))
}

func communities(c Contents) (out [][]any) {
	for _, x := range c.View.Communities {
		if !x.Archived {
			out = append(out, []any{x.ID, guard(x.Name.ZH), guard(x.Name.EN), x.TimeZone, guard(x.Address), x.Pos})
		}
	}
	return out
}

func buildings(c Contents) (out [][]any) {
	for _, x := range c.View.Buildings {
		if !x.Archived {
			out = append(out, []any{x.ID, x.Community, guard(x.Name.ZH), guard(x.Name.EN), guard(x.Address), x.Pos, guard(joinContacts(x.Contacts)), guard(joinCameras(x.Cameras))})
		}
	}
	return out
}

func entrances(c Contents) (out [][]any) {
	for _, x := range c.View.Entrances {
		if !x.Archived {
			out = append(out, []any{x.Building, guard(x.ID), guard(x.Name.ZH), guard(x.Name.EN), x.Pos})
		}
	}
	return out
}

func floors(c Contents) (out [][]any) {
	for _, x := range c.View.Floors {
		if !x.Archived {
			out = append(out, []any{x.Building, x.Number, guard(x.Name.ZH), guard(x.Name.EN), x.Pos, guard(joinContacts(x.Contacts)), guard(joinCameras(x.Cameras))})
		}
	}
	return out
}

func rooms(c Contents) (out [][]any) {
	for _, x := range c.View.Rooms {
		if !x.Archived {
			out = append(out, []any{x.ID, x.Building, x.Floor, guard(x.UnitEntrance), guard(x.Name.ZH), guard(x.Name.EN), x.Pos})
		}
	}
	return out
}

func stateWord(s string) string {
	return map[string]string{fleet.StateOK: "正常", fleet.StateAlarm: "报警", fleet.StateFault: "故障", fleet.StateUnknown: "未知", fleet.StatePlanned: "待接入"}[s]
}

func devices(c Contents) (out [][]any) {
	for _, x := range c.Devices {
		floor := any(nil)
		if x.Place.Floor != 0 {
			floor = x.Place.Floor
		}
		row := []any{string(x.Edge), string(x.ID), guard(x.Name.ZH), guard(x.Name.EN), x.Place.Building, floor, guard(x.Place.UnitEntrance), guard(x.Place.Room.ZH), x.Place.Zone, guard(x.Note), guard(x.Model), stateWord(x.State)}
		if x.Reported != nil {
			row[10] = nil // the model of a reported device is the edge's
			row = append(row, guard(x.Reported.Name.ZH), guard(describe(x.Reported.Place)))
		}
		out = append(out, row)
	}
	return out
}

func describe(p contract.Place) string { return p.Describe("zh-CN", p.Building) }

func points(c Contents) (out [][]any) {
	for _, x := range c.Points {
		alarm := "否"
		if x.Alarm {
			alarm = "是"
		}
		out = append(out, []any{string(x.Edge), string(x.ID), guard(x.Name.ZH), guard(x.Name.EN), guard(string(x.Unit)), alarm, guard(x.Device.ZH), guard(describe(x.Place))})
	}
	return out
}
