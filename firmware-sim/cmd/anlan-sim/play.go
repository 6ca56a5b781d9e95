package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"anlan/firmware-sim/control"
	"anlan/firmware-sim/scenario"
	"anlan/firmware-sim/scenarios"
	"anlan/firmware-sim/site"
)

// play asks a running simulator for a scenario, by name or from a file.
func play(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("anlan-sim scenario", flag.ContinueOnError)
	fs.SetOutput(out)
	addr := fs.String("http", "127.0.0.1:15080", "address of the simulator's control page")
	if len(args) == 0 || args[0] == "" || args[0][0] == '-' {
		return list(out)
	}
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	name := args[0]
	path, body := "/api/scenarios/"+url.PathEscape(name), []byte(nil)
	if isFile(name) {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := site.ParseScenario(name, src); err != nil {
			return err
		}
		path, body = "/api/scenarios?name="+url.QueryEscape(filepath.Base(name)), src
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+*addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("scenario %s: %s: %s", name, resp.Status, problem(said))
	}
	fmt.Fprintf(out, "started %s\n", name)
	return nil
}

func isFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// problem is what a problem document says, or the body as it is.
func problem(body []byte) string {
	var p struct{ Title, Detail string }
	if err := json.Unmarshal(body, &p); err != nil || p.Title == "" {
		return strings.TrimSpace(string(body))
	}
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

func list(out io.Writer) error {
	shipped, err := scenarios.All()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "场景 scenarios of the building:")
	for _, s := range scenario.Scenarios() {
		fmt.Fprintf(out, "  %-16s %s · %s\n", s.Name, s.ZH, s.EN)
	}
	fmt.Fprintf(out, "  %-16s %s\n", control.NetworkCut, "断网 30 秒 · Cut the network for 30 s")
	fmt.Fprintln(out, "通用场景 scenarios of any site:")
	for _, s := range shipped {
		fmt.Fprintf(out, "  %-16s %s · %s\n", s.Name, s.ZH, s.EN)
	}
	return nil
}
