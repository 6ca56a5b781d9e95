package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"anlan/cloud/clocks"
	"anlan/cloud/fleet"
	"anlan/cloud/org"
	"anlan/contract"
)

type monthIn struct {
	Month string `query:"month" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"2026-11, in the community's time zone"`
}

// monthReport is a month of the system itself, for the file.
type monthReport struct {
	Month         string                `json:"month"`
	From          time.Time             `json:"from"`
	To            time.Time             `json:"to"`
	Made          time.Time             `json:"made"` // the month is counted up to here, or to its end
	TimeZone      string                `json:"time_zone"`
	Community     contract.Text         `json:"community"`
	Clocks        clocks.Report         `json:"clocks"`
	ClocksPercent *float64              `json:"clocks_percent" doc:"judged limits that were kept; null: nothing to judge"`
	Edges         []clocks.Availability `json:"edges"`
	EdgePercent   *float64              `json:"edge_percent" doc:"mean over the edges that were heard; null: none"`
	Life          clocks.Life           `json:"life"`
	Alarms        int                   `json:"alarms" doc:"that called people"`
	OutOfServiceH float64               `json:"out_of_service_h"`
	ShelvedH      float64               `json:"shelved_h"`
	Chains        clocks.LogsVerified   `json:"chains"`
}

func (s *server) month(ctx context.Context, in *monthIn) (monthReport, error) {
	zone, now := s.zone(ctx), s.now()
	from, to, err := clocks.Month(in.Month, zone)
	if err != nil || from.After(now) {
		return monthReport{}, badField("query.month", "须为今天以前的月份，如 2026-11", "A month that has begun, such as 2026-11")
	}
	where := scope(ctx, org.AlarmReport)
	out := monthReport{Month: in.Month, From: from.UTC(), To: to.UTC(), Made: now, TimeZone: zone.String(), Chains: s.Chains.Last()}
	if out.Clocks, err = s.Clocks.Report(ctx, where, clocks.ClassAll, from, to, zone); err != nil {
		return out, err
	}
	out.ClocksPercent = keptPercent(out.Clocks)
	var known []clocks.Known
	for _, e := range s.Fleet.Edges() {
		if where.Has(e.Building) {
			known = append(known, clocks.Known{ID: e.ID, Name: e.Name, Building: e.Building, Heard: e.State != fleet.Never})
		}
	}
	if out.Edges, err = s.Clocks.Availability(ctx, known, from, to); err != nil {
		return out, err
	}
	out.EdgePercent = meanPercent(out.Edges)
	if out.Life, err = s.Clocks.Life(ctx, where, from, to); err != nil {
		return out, err
	}
	k, err := s.Alarms.KPI(ctx, where, from, to, zone)
	if err != nil {
		return out, err
	}
	out.Alarms, out.OutOfServiceH, out.ShelvedH = k.Alarms, k.OutOfServiceH, k.ShelvedH
	o, err := s.Fleet.Overview(ctx, reach(ctx, org.AlarmReport).Has)
	out.Community = o.Community.Name
	return out, err
}

func keptPercent(r clocks.Report) *float64 {
	kept, of := 0, 0
	for _, st := range r.Stages {
		for _, l := range st.Limits {
			if l.Verdict == clocks.Nothing {
				continue
			}
			if of++; l.Verdict == clocks.Passed {
				kept++
			}
		}
	}
	if of == 0 {
		return nil
	}
	return new(100 * float64(kept) / float64(of))
}

func meanPercent(list []clocks.Availability) *float64 {
	sum, n := 0., 0
	for _, a := range list {
		if a.Percent != nil {
			sum, n = sum+*a.Percent, n+1
		}
	}
	if n == 0 {
		return nil
	}
	return new(sum / float64(n))
}

// monthFile is the report as a workbook.
func (s *server) monthFile(ctx context.Context, in *monthIn) (string, func(http.ResponseWriter) error, error) {
	m, err := s.month(ctx, in)
	if err != nil {
		return "", nil, err
	}
	return "system-health-" + in.Month + ".xlsx", func(w http.ResponseWriter) error {
		return writeRows(w, monthRows(m, langOf(ctx)))
	}, nil
}

// sheetWords writes what a workbook says.
type sheetWords struct {
	lang string
	zone *time.Location
}

func (w sheetWords) t(zh, en string) string { return contract.Text{ZH: zh, EN: en}.In(w.lang) }

func (w sheetWords) at(x time.Time) string {
	if x.IsZero() {
		return ""
	}
	return x.In(w.zone).Format("2006-01-02 15:04:05")
}

func (w sheetWords) day(x time.Time) string { return x.In(w.zone).Format(time.DateOnly) }

func (w sheetWords) round(f float64) float64 { return float64(int64(f*1000+.5)) / 1000 }

func (w sheetWords) percent(p *float64) any {
	if p == nil {
		return w.t("无数据", "no data")
	}
	return w.round(*p)
}

func (w sheetWords) verdict(v string) string {
	return map[string]string{clocks.Passed: w.t("达标", "kept"), clocks.Failed: w.t("未达标", "not kept"), clocks.Nothing: w.t("无数据", "no data")}[v]
}

func (w sheetWords) chain(c *clocks.Chain) []any {
	switch {
	case c == nil:
		return []any{w.t("尚未校验", "not verified yet")}
	case !c.OK:
		return []any{w.t("校验未通过", "does not hold"), c.Rows, w.at(c.At), c.Broken}
	}
	return []any{w.t("校验通过", "holds"), c.Rows, w.at(c.At)}
}

func stageWord(stage string) contract.Text {
	return map[string]contract.Text{
		clocks.SensedPainted: {ZH: "现场变化 → 席位显示（全程）", EN: "Sensed → painted (the whole way)"}, clocks.SensedDecided: {ZH: "现场变化 → 网关判定", EN: "Sensed → decided at the edge"},
		clocks.DecidedDurable: {ZH: "网关判定 → 平台落盘", EN: "Decided → durable in the cloud"}, clocks.DurablePainted: {ZH: "平台落盘 → 席位显示", EN: "Durable → painted on a seat"},
		clocks.RaisedAcked: {ZH: "收到报警 → 人员确认", EN: "Raised → acknowledged"}, clocks.SilentKnown: {ZH: "最后一次听到 → 失联报警", EN: "Last heard → silence is an alarm"}}[stage]
}

func monthRows(m monthReport, lang string) [][]any {
	zone, err := time.LoadLocation(m.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	w := sheetWords{lang, zone}
	rows := [][]any{{w.t("系统健康月报", "System health, monthly"), m.Month, m.Community.In(lang), m.TimeZone}, {w.t("制表时间", "Made"), w.at(m.Made)}, {},
		{w.t("网关在线率 %", "Edges heard, %"), w.percent(m.EdgePercent)}, {w.t("时限达标率 %", "Limits kept, %"), w.percent(m.ClocksPercent)},
		{w.t("报警数", "Alarms"), m.Alarms}, {w.t("生命安全报警次数", "Life-safety occurrences"), m.Life.Occurrences},
		{w.t("其中无人确认", "of these unanswered"), m.Life.Unanswered}, {w.t("其中无人看到", "of these seen by nobody in time"), m.Life.Unwatched},
		{w.t("停用小时数", "Out-of-service hours"), w.round(m.OutOfServiceH)}, {w.t("屏蔽小时数", "Shelved hours"), w.round(m.ShelvedH)},
		slices.Concat([]any{w.t("审计日志链", "Audit log chain")}, w.chain(m.Chains.Audit)), slices.Concat([]any{w.t("报警日志链", "Alarm log chain")}, w.chain(m.Chains.Alarms)), {},
		{w.t("时限", "Clocks"), w.t("次数", "Count"), "P50 s", "P95 s", "P99 s", w.t("最大 s", "max s"), w.t("从未发生", "never"), w.t("起点不明", "start unknown"), w.t("结论", "Verdict")}}
	for _, st := range m.Clocks.Stages {
		rows = append(rows, []any{stageWord(st.Stage).In(lang), st.Count, w.round(st.P50S), w.round(st.P95S), w.round(st.P99S), w.round(st.MaxS), st.Never, st.Unknown, w.verdict(st.Verdict)})
		for _, l := range st.Limits {
			rows = append(rows, []any{"  " + l.Source.In(lang), limitWord(w, l.Limit), w.t("超限 ", "over ") + strconv.Itoa(l.Over) + "/" + strconv.Itoa(l.Of), w.verdict(l.Verdict), verifiedWord(w, l.Verified)})
		}
	}
	rows = append(rows, []any{}, []any{w.t("网关", "Edge"), w.t("在线率 %", "Heard, %"), w.t("中断秒数", "Seconds lost"), w.t("统计起点", "Counted from")})
	for _, e := range m.Edges {
		rows = append(rows, []any{e.Name.In(lang) + " " + string(e.Edge), w.percent(e.Percent), w.round(e.LostS), w.at(e.Since)})
		for _, o := range e.Outages {
			end := w.at(o.To)
			if o.To.IsZero() {
				end = w.t("仍在中断", "lasts")
			}
			rows = append(rows, []any{"", w.t("中断", "Outage"), w.round(o.Seconds), w.at(o.From), end})
		}
	}
	rows = append(rows, []any{}, []any{w.t("无人确认的生命安全报警", "Unanswered life-safety alarms"), w.t("时间", "At"), w.t("楼栋", "Building"), w.t("编号", "Id")})
	for _, u := range m.Life.List {
		rows = append(rows, []any{u.Title.In(lang), w.at(u.At), u.Building, u.Alarm})
	}
	return rows
}

func limitWord(w sheetWords, l clocks.Limit) string {
	switch l.At {
	case clocks.AtEach:
		return w.t("各自的应答时限", "its own time to respond")
	case clocks.AtP99:
		return "P99 ≤ " + strconv.FormatFloat(l.Seconds, 'f', -1, 64) + " s"
	}
	return w.t("每次 ≤ ", "each ≤ ") + strconv.FormatFloat(l.Seconds, 'f', -1, 64) + " s"
}

func verifiedWord(w sheetWords, v string) string {
	return map[string]string{clocks.Own: w.t("本产品要求", "own requirement"), clocks.Secondary: w.t("据转述文本", "from a text that quotes it"),
		clocks.Unverified: w.t("未核实", "unverified")}[v]
}
