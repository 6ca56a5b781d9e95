package edge

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"

	"anlan/configs"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

const usage = `usage: anlan-edge <command>
  run -config FILE        work until stopped
  validate [-lang zh|en] [-json] FILE
                          check a configuration and everything it refers to, and show what
                          each bus can promise
  enrol -config FILE [-token-file FILE]
                          make this edge known to the cloud with a token from its console,
                          read from the file or typed in; once for each edge
  test-rules [FOLDER]     run the tests beside the rules (the shipped ones without FOLDER)
  ports                   list the serial adapters plugged in, as a configuration names them
  identify -port PORT | -address HOST:PORT [-baud N] [-parity P] [-stop N] [-ascii] [-rtu] [-unit N]
                          ask a Modbus unit what it is
  version                 print the version
`

// Main runs one command line and returns the exit status: 0 done, 1 it went wrong or
// the configuration has mistakes, 2 the command line is not understood.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch name, rest := args[0], args[1:]; name {
	case "run":
		return runCommand(ctx, rest, stderr)
	case "validate":
		return validateCommand(rest, stdout, stderr)
	case "enrol":
		return enrolCommand(ctx, rest, os.Stdin, stdout, stderr)
	case "test-rules":
		return testRulesCommand(rest, stdout, stderr)
	case "ports":
		return portsCommand(rest, stdout, stderr)
	case "identify":
		return identifyCommand(ctx, rest, stdout, stderr)
	case "version":
		fmt.Fprintln(stdout, "anlan-edge", Version)
		return 0
	}
	fmt.Fprint(stderr, usage)
	return 2
}

func runCommand(ctx context.Context, args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "configuration `FILE`")
	verbose := flags.Bool("debug", false, "log more")
	if err := flags.Parse(args); err != nil || *file == "" || flags.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	cfg, defs, ps := Load(*file)
	if len(ps) > 0 {
		refuse(stderr, terminalLanguage(os.Getenv), cfg, ps)
		return 1
	}
	e, err := New(cfg, defs, Deps{Logger: log})
	if err != nil {
		log.Error("start", "error", err)
		return 1
	}
	if err := e.Run(ctx); err != nil {
		log.Error("stop", "error", err)
		return 1
	}
	return 0
}

func testRulesCommand(args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	var fsys fs.FS
	var err error
	if fsys, err = fs.Sub(configs.Files, "rules"); len(args) == 1 {
		fsys, err = os.DirFS(args[0]), nil
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	tests, failures := TestRules(fsys)
	for _, f := range failures {
		fmt.Fprintln(stdout, f)
	}
	fmt.Fprintf(stdout, "%d tests, %d failures\n", tests, len(failures))
	if len(failures) > 0 || tests == 0 {
		return 1
	}
	return 0
}

// TestRules runs every *.test.yaml of a folder against the rules file beside it. A
// rules file without tests is a failure.
func TestRules(fsys fs.FS) (tests int, failures []string) {
	lib, ps := loadProfiles()
	if len(ps) > 0 {
		return 0, []string{ps.Error()}
	}
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return 0, []string{err.Error()}
	}
	points := func(id string) []alarm.TargetPoint {
		return deviceTarget(lib[id], config.Device{}).Points
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".test.yaml") {
			continue
		}
		n, fails := testRulesFile(fsys, file, points)
		tests += n
		for _, f := range fails {
			failures = append(failures, path.Base(file)+": "+f)
		}
	}
	return tests, failures
}

func testRulesFile(fsys fs.FS, file string, points func(string) []alarm.TargetPoint) (int, []string) {
	src, err := fs.ReadFile(fsys, file)
	if err != nil {
		return 0, []string{err.Error()}
	}
	rules, ps := alarm.ParseRules(file, src)
	if len(ps) > 0 {
		return 0, []string{ps.Error()}
	}
	name := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	if src, err = fs.ReadFile(fsys, name); err != nil {
		return 0, []string{"no tests: " + err.Error()}
	}
	script, ps := alarm.ParseScript(name, src)
	if len(ps) > 0 {
		return 0, []string{ps.Error()}
	}
	return len(script.Tests), script.Run(rules, points)
}
