package flow_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/flow"
)

const crashVariable = "ANLAN_FLOW_CRASH_DB"

// TestW18_KilledAmongSubmissionsAndDecisions runs itself as a child that submits and
// decides as fast as it can, kills it in the middle of that until a thousand were said to
// be committed, and looks at what is there: nothing lost, nobody stuck, nothing twice.
func TestW18_KilledAmongSubmissionsAndDecisions(t *testing.T) {
	if dsn := os.Getenv(crashVariable); dsn != "" {
		crashing(t, dsn)
		return
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, filepath.Join(t.TempDir(), "cloud.db")) })
	if dsn := dbtest.PostgresDSN(t); dsn != "" {
		t.Run("postgres", func(t *testing.T) { killed(t, dsn) })
	}
}

func killed(t *testing.T, dsn string) {
	self, _, _ := strings.Cut(t.Name(), "/")
	total := 0
	said := map[string]string{} // instance: what was last said of it
	for round := 0; total < 1000; round++ {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+self+"$", "-test.count=1") //nolint:gosec // ourselves
		child.Env = append(os.Environ(), crashVariable+"="+dsn)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		here := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			rest, ok := strings.CutPrefix(lines.Text(), "committed ")
			if !ok {
				continue
			}
			id, what, _ := strings.Cut(rest, " ")
			said[id] = what
			if here++; here == 120+37*round {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() //nolint:errcheck // it was killed
		if here < 120 {
			t.Fatalf("the child said %d lines only", here)
		}
		total += here
	}
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	survived(t, d, said)
}

// crashing drives flows, each as far as chance has it.
func crashing(t *testing.T, dsn string) {
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	k := newDesk(t, d)
	for i := 0; ; i++ {
		st := k.report("hazard", map[string]any{"what": fmt.Sprint(i)})
		fmt.Println("committed", st.ID, "audit")
		if i%4 == 0 {
			continue
		}
		k.decide(st.ID, "an", flow.Agree, map[string]any{"level": "general", "owner": "ren"})
		fmt.Println("committed", st.ID, "repair")
		if i%4 == 1 {
			continue
		}
		k.decide(st.ID, "ren", flow.Agree, map[string]any{"measures": "m"})
		fmt.Println("committed", st.ID, "review")
		if i%4 == 2 {
			continue
		}
		k.decide(st.ID, "gong", flow.Agree, nil)
		fmt.Println("committed", st.ID, "")
	}
}

func survived(t *testing.T, d *db.DB, said map[string]string) {
	t.Helper()
	k := newDesk(t, d)
	ctx := context.Background()
	order := map[string]int{"audit": 0, "repair": 1, "review": 2, "": 3}
	for id, what := range said {
		st, _, err := k.Get(ctx, id)
		if err != nil {
			t.Fatalf("%s was said to be committed: %v", id, err)
		}
		k.sound(id)
		now := ""
		if at := st.At(); len(at) > 0 {
			now = at[0]
		}
		if order[now] < order[what] {
			t.Fatalf("%s was said to be at %q and is at %q", id, what, now)
		}
		if open := st.OpenTasks(); st.Status == flow.Running && len(open) != 1 {
			t.Fatalf("%s is open with %d tasks", id, len(open))
		}
	}
	for what, q := range map[string]string{
		"records without a flow":     `SELECT COUNT(*) FROM test_record r WHERE NOT EXISTS (SELECT 1 FROM flow_instance i WHERE i.record = r.id)`,
		"records with two flows":     `SELECT COUNT(*) FROM (SELECT record FROM flow_instance GROUP BY record HAVING COUNT(*) > 1) x`,
		"open tasks of closed flows": `SELECT COUNT(*) FROM flow_task t JOIN flow_instance i ON i.id = t.instance WHERE t.state IN ('open', 'waiting') AND i.ended_at > 0`,
		"open flows with no task":    `SELECT COUNT(*) FROM flow_instance i WHERE ended_at = 0 AND NOT EXISTS (SELECT 1 FROM flow_task t WHERE t.instance = i.id AND t.state = 'open')`,
		"tasks open twice":           `SELECT COUNT(*) FROM (SELECT instance FROM flow_task WHERE state = 'open' GROUP BY instance HAVING COUNT(*) > 1) x`,
		"tasks without a notice": `SELECT COUNT(*) FROM flow_task t WHERE t.kind <> 'cc' AND NOT EXISTS
			(SELECT 1 FROM test_notice n WHERE n.person = t.assignee AND n.key LIKE 'flow/' || t.instance || '/' || t.id || '/%')`,
	} {
		var n int
		if err := d.Read().QueryRowContext(ctx, q).Scan(&n); err != nil || n > 0 {
			t.Fatalf("%s: %d, %v", what, n, err)
		}
	}
}
