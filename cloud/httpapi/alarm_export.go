package httpapi

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"

	"github.com/xuri/excelize/v2"
)

// sheet is what alarms are written to, row by row.
type sheet interface {
	row(cells []any) error
	close() error
}

func (s *server) csvFile(ctx context.Context, in *AlarmFilter) (string, func(http.ResponseWriter) error, error) {
	return s.exportName(ctx, "csv"), func(w http.ResponseWriter) error {
		if _, err := io.WriteString(w, "\ufeff"); err != nil { // Excel takes it for UTF-8 then
			return fmt.Errorf("httpapi: write csv: %w", err)
		}
		return s.export(ctx, in.query(ctx), &csvSheet{csv.NewWriter(w), http.NewResponseController(w), 0})
	}, nil
}

func (s *server) excelFile(ctx context.Context, in *AlarmFilter) (string, func(http.ResponseWriter) error, error) {
	return s.exportName(ctx, "xlsx"), func(w http.ResponseWriter) error {
		x, err := newExcel(w)
		if err != nil {
			return err
		}
		return s.export(ctx, in.query(ctx), x)
	}, nil
}

func (s *server) exportName(ctx context.Context, ext string) string {
	return "alarms-" + s.now().In(s.zone(ctx)).Format("20060102-150405") + "." + ext
}

// export writes what a query finds, a page at a time.
func (s *server) export(ctx context.Context, q alarm.Query, out sheet) error {
	lang, zone := langOf(ctx), s.zone(ctx)
	if err := out.row(exportHead(lang, zone)); err != nil {
		return err
	}
	q.Limit = 500
	for written := 0; written < exportMost; {
		page, err := s.Alarms.List(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			if err := out.row(exportRow(a, lang, zone)); err != nil {
				return err
			}
		}
		written += len(page.Items)
		if q.Before = page.Next; q.Before == "" {
			return out.close()
		}
	}
	more := contract.Text{ZH: "只导出了前 100000 条，请缩小范围", EN: "Only the first 100000 are here; narrow the search"}
	if err := out.row([]any{more.In(lang)}); err != nil {
		return err
	}
	return out.close()
}

func exportHead(lang string, zone *time.Location) []any {
	if lang == "en" {
		return []any{"Id", "Raised (" + zone.String() + ")", "Severity", "Hazard", "Alarm", "Place", "Device", "State", "Occurrences", "Acknowledged by", "Acknowledged", "Note", "Verdict",
			"Returned", "Closed", "Respond by", "Definition", "Drill", "First-out", "Edge", "Point", "Rule", "Sensed", "Decided", "Spooled", "Received", "Committed", "Pushed", "Painted", "Sensed to painted (s)"}
	}
	return []any{"编号", "报警时间 (" + zone.String() + ")", "级别", "类别", "报警", "位置", "设备", "状态", "次数", "确认人", "确认时间", "确认备注", "核实",
		"恢复时间", "关闭时间", "应答时限", "报警定义", "测试", "首发", "网关", "点位", "规则", "感知", "判定", "入队", "接收", "提交", "推送", "显示", "感知到显示 (秒)"}
}

func exportRow(a alarm.Alarm, lang string, zone *time.Location) []any {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format("2006-01-02 15:04:05.000")
	}
	yes := func(b bool) string {
		if !b {
			return ""
		}
		return contract.Text{ZH: "是", EN: "yes"}.In(lang)
	}
	ack, verdict, definition, took := alarm.Acknowledgement{}, "", contract.Text{ZH: "未合理化", EN: "not rationalised"}.In(lang), ""
	if a.Ack != nil {
		ack = *a.Ack
	}
	if a.Verdict != nil {
		verdict = wordOf(a.Verdict.Kind, lang)
	}
	if d := a.Definition; d != nil {
		definition = string(d.ID) + " v" + strconv.FormatInt(d.Version, 10)
	}
	st := a.Stamps
	if !st.Sensed.IsZero() && !st.Painted.IsZero() {
		took = strconv.FormatFloat(st.Painted.Sub(st.Sensed).Seconds(), 'f', 3, 64)
	}
	return []any{a.ID, at(a.RaisedAt), wordOf(a.Severity.String(), lang), wordOf(string(a.Hazard), lang), a.Title.In(lang), a.Place.Describe(lang, a.BuildingName.In(lang)), a.DeviceName.In(lang),
		wordOf(string(a.State), lang), a.Count, ack.Name, at(ack.At), ack.Note, verdict, at(a.NormalAt), at(a.ClosedAt), at(a.RespondBy), definition, yes(a.Drill), yes(a.FirstOut),
		string(a.Edge), string(a.Point), string(a.Rule), at(st.Sensed), at(st.Decided), at(st.Spooled), at(st.Received), at(st.Committed), at(st.Pushed), at(st.Painted), took}
}

// wordOf puts a code of the API into words for files.
func wordOf(code, lang string) string {
	t, ok := map[string]contract.Text{
		"notice": {ZH: "提示", EN: "Notice"}, "minor": {ZH: "一般", EN: "Minor"}, "major": {ZH: "重要", EN: "Major"}, "critical": {ZH: "紧急", EN: "Critical"},
		"fire": {ZH: "火灾", EN: "Fire"}, "gas": {ZH: "燃气泄漏", EN: "Gas"}, "toxic": {ZH: "有毒气体", EN: "Toxic gas"}, "entrapment": {ZH: "电梯困人", EN: "Entrapment"},
		"equipment": {ZH: "设备故障", EN: "Equipment"}, "water": {ZH: "水浸", EN: "Water"}, "comms": {ZH: "通信故障", EN: "Communication"}, "linkage": {ZH: "联动失败", EN: "Linkage"}, "order": {ZH: "公共秩序", EN: "Public order"}, "self": {ZH: "系统自身", EN: "The system itself"},
		"unacked": {ZH: "未确认", EN: "Unacknowledged"}, "acked": {ZH: "已确认", EN: "Acknowledged"}, "rtn_unacked": {ZH: "已恢复未确认", EN: "Returned, unacknowledged"}, "closed": {ZH: "已关闭", EN: "Closed"},
		"shelved": {ZH: "已屏蔽", EN: "Shelved"}, "suppressed": {ZH: "已抑制", EN: "Suppressed"}, "out_of_service": {ZH: "已停用", EN: "Out of service"},
		"confirmed": {ZH: "真实", EN: "Real"}, "false_alarm": {ZH: "误报", EN: "False alarm"},
	}[code]
	if !ok {
		return code
	}
	return t.In(lang)
}

type csvSheet struct {
	w     *csv.Writer
	flush *http.ResponseController
	n     int
}

func (c *csvSheet) row(cells []any) error {
	line := make([]string, len(cells))
	for i, v := range cells {
		line[i] = plain(fmt.Sprint(v))
	}
	if err := c.w.Write(line); err != nil {
		return fmt.Errorf("httpapi: write csv: %w", err)
	}
	if c.n++; c.n%500 == 0 { // the browser shows how far it is
		c.w.Flush()
		if err := c.flush.Flush(); err != nil {
			return fmt.Errorf("httpapi: write csv: %w", err)
		}
	}
	return nil
}

// plain keeps a spreadsheet from taking a text for a formula.
func plain(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '@' || s[0] == '-' || s[0] == '\t') {
		return "'" + s
	}
	return s
}

func (c *csvSheet) close() error {
	c.w.Flush()
	if err := c.w.Error(); err != nil {
		return fmt.Errorf("httpapi: write csv: %w", err)
	}
	return nil
}

type excelSheet struct {
	out  io.Writer
	book *excelize.File
	rows *excelize.StreamWriter
	n    int
}

func newExcel(out io.Writer) (*excelSheet, error) {
	book := excelize.NewFile()
	rows, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, fmt.Errorf("httpapi: write excel: %w", err)
	}
	if err := rows.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, fmt.Errorf("httpapi: write excel: %w", err)
	}
	return &excelSheet{out, book, rows, 0}, nil
}

// writeRows writes a workbook of one sheet.
func writeRows(out io.Writer, rows [][]any) error {
	x, err := newExcel(out)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := x.row(row); err != nil {
			return err
		}
	}
	return x.close()
}

func (x *excelSheet) row(cells []any) error {
	x.n++
	if err := x.rows.SetRow("A"+strconv.Itoa(x.n), cells); err != nil {
		return fmt.Errorf("httpapi: write excel: %w", err)
	}
	return nil
}

func (x *excelSheet) close() error {
	err := x.rows.Flush()
	if err == nil {
		err = x.book.Write(x.out)
	}
	if e := x.book.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("httpapi: write excel: %w", err)
	}
	return nil
}

// kpiFile is the report as a workbook.
func (s *server) kpiFile(ctx context.Context, in *kpiIn) (string, func(http.ResponseWriter) error, error) {
	k, err := s.kpi(ctx, in)
	if err != nil {
		return "", nil, err
	}
	name := "alarm-kpi-" + in.From.In(s.zone(ctx)).Format("20060102") + ".xlsx"
	return name, func(w http.ResponseWriter) error {
		return writeRows(w, kpiRows(k, langOf(ctx)))
	}, nil
}

func kpiRows(k alarm.KPI, lang string) [][]any {
	t := func(zh, en string) string { return contract.Text{ZH: zh, EN: en}.In(lang) }
	round := func(f float64) float64 { return float64(int64(f*100+.5)) / 100 }
	zone, err := time.LoadLocation(k.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	at := func(x time.Time) string {
		if x.IsZero() {
			return ""
		}
		return x.In(zone).Format("2006-01-02 15:04")
	}
	rows := [][]any{{t("报警管理指标", "Alarm report"), at(k.From), at(k.To), k.TimeZone},
		{t("报警总数", "Alarms"), k.Alarms}, {t("席位数", "Positions"), k.Positions}, {t("每席位每10分钟平均", "Average per 10 min and position"), round(k.AveragePer10)},
		{t("10分钟峰值", "Peak per 10 min"), k.PeakPer10, at(k.PeakAt)}, {t("泛滥时间占比 %", "Time in flood, %"), round(k.FloodPercent)},
		{t("已应答", "Answered"), k.Answered}, {t("应答时间 P50 (秒)", "Time to answer, p50 (s)"), round(k.AckP50S)}, {t("应答时间 P95 (秒)", "Time to answer, p95 (s)"), round(k.AckP95S)},
		{t("屏蔽小时数", "Shelved hours"), round(k.ShelvedH)}, {t("停用小时数", "Out-of-service hours"), round(k.OutOfServiceH)}, {}, {t("优先级", "Priority")}}
	for _, p := range []string{"critical", "major", "minor", "notice"} {
		share := 0.0
		if k.Alarms > 0 {
			share = 100 * float64(k.Priorities[p]) / float64(k.Alarms)
		}
		rows = append(rows, []any{wordOf(p, lang), k.Priorities[p], round(share)})
	}
	for _, part := range []struct {
		name string
		list []alarm.Frequent
	}{{t("最频繁的10个", "Ten most frequent"), k.Top}, {t("抖动报警", "Chattering"), k.Chattering}, {t("长期未消除", "Stale"), k.Stale}} {
		rows = append(rows, []any{}, []any{part.name, t("次数", "Count"), t("小时", "Hours"), t("楼栋", "Building"), t("点位", "Point"), t("规则", "Rule")})
		for _, f := range part.list {
			rows = append(rows, []any{f.Title.In(lang), f.Count, round(f.Hours), f.Building, f.Point, f.Rule})
		}
	}
	rows = append(rows, []any{}, []any{t("人员", "Operator"), t("席位", "Seat"), t("应答数", "Answers"), t("应答时间 P50 (秒)", "Time to answer, p50 (s)")})
	for _, o := range k.Operators {
		rows = append(rows, []any{o.Name, o.Seat, o.Acks, round(o.AckP50S)})
	}
	rows = append(rows, []any{}, []any{t("日期", "Day"), t("报警数", "Alarms")})
	for _, d := range k.Days {
		rows = append(rows, []any{d.Day, d.Alarms})
	}
	return rows
}
