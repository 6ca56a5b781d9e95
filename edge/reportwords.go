package edge

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"anlan/edge/deadline"
)

// language of what is written for people at a terminal.
type language int

const (
	english language = iota
	chinese
)

// languageOf reads a word such as "zh_CN.UTF-8". ok is false for one that is not known.
func languageOf(word string) (l language, ok bool) {
	word = strings.ToLower(word)
	switch {
	case strings.HasPrefix(word, "zh"):
		return chinese, true
	case strings.HasPrefix(word, "en"), word == "c", strings.HasPrefix(word, "c."), word == "posix":
		return english, true
	}
	return english, false
}

// say picks the words of a language.
func (l language) say(zh, en string) string {
	if l == chinese {
		return zh
	}
	return en
}

// writeReports writes what was proved, aligned.
func writeReports(w io.Writer, l language, reports []BusReport) {
	for i := range reports {
		writeReport(w, l, &reports[i])
	}
}

func writeReport(w io.Writer, l language, r *BusReport) {
	fmt.Fprintf(w, "\n%s %s  %s  (%s, %s)\n", l.say("总线", "bus"), r.ID, r.Name.In(l.say("zh", "en")), r.Kind, r.Line)
	fmt.Fprintf(w, l.say("  负载：轮询 %s，写入预留 %s；全部读一遍至少 %s；允许同时失效 %d 台\n",
		"  load: polls %s, set aside for writes %s; one pass takes at least %s; allows for %d dead\n"),
		percent(r.Load), percent(r.WriteLoad), seconds(r.FloorMS), r.Dead)
	if len(r.Assumed) > 0 {
		fmt.Fprintf(w, l.say("  手册未给出最慢应答，按 %s 计：%s\n", "  slowest answer not documented, %s assumed: %s\n"), seconds(r.AssumedMS), names(r.Assumed))
	}
	dead := strconv.Itoa(r.Dead)
	rows := [][]string{{l.say("设备", "device"), l.say("读取", "reads"), l.say("每隔", "every"), l.say("单次最长", "one takes"), l.say("最迟完成", "done within"),
		l.say("最迟发现", "seen within"), l.say(dead+" 台失效时", "with "+dead+" dead"), l.say("承诺", "promised"), l.say("点", "points")}}
	for _, g := range r.Groups {
		name := string(g.Device)
		if g.Alarm {
			name += " !"
		}
		row := []string{name, fmt.Sprintf("%s 0x%04X+%d", g.Table, g.Address, g.Count), "–", seconds(g.CostMS), "–", "–", "–", seconds(g.WithinMS), shortPoints(g.Points)}
		if g.Fits {
			row[2], row[4], row[5], row[6] = seconds(g.EveryMS), seconds(g.ResponseMS), seconds(g.HealthyMS), seconds(g.DetectMS)
		}
		rows = append(rows, row)
	}
	fmt.Fprint(w, table(rows, 2, 3, 4, 5, 6, 7))
	fmt.Fprintln(w, l.say("  ! 报警点", "  ! alarm points"))
	if r.Fits {
		return
	}
	fmt.Fprintf(w, l.say("  超载：%s 无法兑现承诺；占用过多的是 %s。以下任一项可使其成立（均已验算）：\n",
		"  over-committed: %s can not keep its promise; %s asks too much. Any one of these makes it fit (each was proved):\n"), r.Over, r.Offender)
	for _, m := range r.Remedies {
		fmt.Fprintln(w, "   - "+remedyWords(l, m.remedy))
	}
	if len(r.Remedies) == 0 {
		fmt.Fprintln(w, l.say("   - 没有单项改动可行：请拆分总线并放宽承诺", "   - no single change does: split the bus and promise less"))
	}
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

func remedyKey(m deadline.Remedy) string {
	if m.Alarm {
		return "detect_within"
	}
	return "refresh_within"
}

func remedyWords(l language, m deadline.Remedy) string {
	key := remedyKey(m)
	devices := strings.Join(m.Devices, ", ")
	switch m.Kind {
	case deadline.RelaxDevice:
		return fmt.Sprintf(l.say("%[2]s 的 %[1]s 放宽到 %[3]s", "%s %[3]s for %[2]s"), key, devices, m.Within)
	case deadline.RelaxAll:
		return fmt.Sprintf(l.say("本总线所有设备的 %s 不小于 %s", "%s of at least %s for every device on the bus"), key, m.Within)
	case deadline.Faster:
		return fmt.Sprintf(l.say("波特率 %d", "%d baud"), m.Baud)
	case deadline.Move:
		return fmt.Sprintf(l.say("把 %d 台设备移到另一条总线：%s", "%d of the devices moved to another bus: %s"), len(m.Devices), devices)
	}
	return l.say("dead_devices: 0（不为失效设备留余量）", "dead_devices: 0 (no allowance for dead devices)")
}
