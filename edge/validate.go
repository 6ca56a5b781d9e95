package edge

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"anlan/configs"
	"anlan/contract"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

// validateCommand checks a file and shows what its buses can promise. It opens nothing.
func validateCommand(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("validate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	lang := flags.String("lang", "", "`zh` or en; the terminal's own when left out")
	machine := flags.Bool("json", false, "for machines")
	err := flags.Parse(args)
	l, known := languageOf(*lang)
	if *lang == "" {
		l, known = terminalLanguage(os.Getenv), true
	}
	if err != nil || !known || flags.NArg() != 1 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	cfg, defs, ps := Load(flags.Arg(0))
	switch {
	case *machine:
		writeJSON(stdout, flags.Arg(0), cfg, ps)
	case len(ps) > 0:
		refuse(stdout, l, cfg, ps)
	default:
		fmt.Fprintf(stdout, l.say("%s：正确，修订 %s\n", "%s: good, revision %s\n"), flags.Arg(0), cfg.Revision)
		summary(stdout, l, cfg, defs)
		writeReports(stdout, l, reports(cfg, prove(cfg)))
		remarks(stdout, l, cfg, defs)
	}
	if len(ps) > 0 {
		return 1
	}
	return 0
}

// terminalLanguage is the language the environment asks for.
func terminalLanguage(getenv func(string) string) language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			l, _ := languageOf(v)
			return l
		}
	}
	return english
}

// refuse says why a configuration can not be used: every mistake, and of each
// over-committed bus the whole reckoning.
func refuse(w io.Writer, l language, cfg *config.Config, ps configs.Problems) {
	fmt.Fprintln(w, ps.Error())
	fmt.Fprintf(w, l.say("%d 处错误\n", "%d mistakes\n"), len(ps))
	if cfg == nil {
		return
	}
	for _, r := range reports(cfg, sound(cfg, ps)) {
		if !r.Fits {
			writeReport(w, l, &r)
		}
	}
}

// writeJSON writes mistakes and reports for machines.
func writeJSON(w io.Writer, file string, cfg *config.Config, ps configs.Problems) {
	type mistake struct {
		File  string `json:"file"`
		Line  int    `json:"line,omitempty"`
		Path  string `json:"path,omitempty"`
		Found string `json:"found"`
		Want  string `json:"want,omitempty"`
	}
	doc := struct {
		File     string      `json:"file"`
		Revision string      `json:"revision,omitempty"`
		Good     bool        `json:"good"`
		Mistakes []mistake   `json:"mistakes"`
		Buses    []BusReport `json:"buses"`
	}{File: file, Good: len(ps) == 0, Mistakes: []mistake{}, Buses: []BusReport{}}
	for _, p := range ps {
		doc.Mistakes = append(doc.Mistakes, mistake(p))
	}
	if cfg != nil {
		doc.Revision, doc.Buses = cfg.Revision, append(doc.Buses, reports(cfg, sound(cfg, ps))...)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(doc) // to a terminal or pipe; a reader that left needs no answer
}

func summary(w io.Writer, l language, cfg *config.Config, defs []alarm.Def) {
	devices, points := 0, 0
	for _, b := range cfg.Buses {
		devices += len(b.Devices)
		for _, d := range b.Devices {
			points += len(readable(cfg.Profiles[d.Profile]))
		}
	}
	words := func(t contract.Text) string { return t.In(l.say("zh", "en")) }
	fmt.Fprintf(w, l.say("网关 %s（%s），%s %s：%d 条总线、%d 台设备、%d 个点、%d 个报警（%d 个规则文件）、%d 个输出、%d 条联动、%d 条禁令\n",
		"edge %s (%s), %s %s: %d buses, %d devices, %d points, %d alarms from %d rule files, %d outputs, %d actions, %d forbids\n"),
		cfg.Edge.ID, words(cfg.Edge.Name), words(cfg.Building.CommunityName), words(cfg.Building.Name),
		len(cfg.Buses), devices, points, len(defs), len(cfg.RuleFiles), len(cfg.Outputs), len(cfg.Actions), len(cfg.Forbids))
}
