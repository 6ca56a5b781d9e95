package flow_test

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/flow"
)

// BenchmarkDecision measures one decision (record write, transitions, log, timers, notices,
// one commit) among 10,000 running flows and as many finished ones as ANLAN_FLOW_ROWS says
// (1,000,000 for the numbers in the README; 2,000 otherwise).
func BenchmarkDecision(b *testing.B) {
	rows := 2000
	if s := os.Getenv("ANLAN_FLOW_ROWS"); s != "" {
		var err error
		if rows, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("sqlite", func(b *testing.B) { decisions(b, dbtest.SQLite(b), rows) })
	if os.Getenv(dbtest.DSNVariable) != "" {
		b.Run("postgres", func(b *testing.B) { decisions(b, dbtest.Postgres(b), rows) })
	}
}

func decisions(b *testing.B, d *db.DB, finished int) {
	k := newDesk(b, d)
	done := k.report("hazard", map[string]any{"what": "旧"})
	k.decide(done.ID, "an", flow.Agree, map[string]any{"level": "general", "owner": "ren"})
	k.decide(done.ID, "ren", flow.Agree, map[string]any{"measures": "m"})
	k.decide(done.ID, "gong", flow.Agree, nil)
	multiply(b, d, done.ID, finished)
	open := k.report("hazard", map[string]any{"what": "开"})
	multiply(b, d, open.ID, min(10_000, finished))
	var took []time.Duration
	b.ResetTimer()
	for b.Loop() {
		b.StopTimer()
		st := k.report("hazard", map[string]any{"what": "新"})
		e := k.decision(st.ID, "an", flow.Agree)
		b.StartTimer()
		begun := time.Now()
		if _, err := k.try(st.ID, e, map[string]any{"level": "general", "owner": "ren"}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[int(math.Ceil(0.95*float64(len(took))))-1].Microseconds())/1000, "p95-ms")
	begun := time.Now()
	for range 50 {
		if _, err := k.Box(b.Context(), flow.Mine, "an", "", 50); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(time.Since(begun).Microseconds())/50/1000, "todo-list-ms")
}

// multiply copies one instance with all that belongs to it.
func multiply(b *testing.B, d *db.DB, id string, n int) {
	series := fmt.Sprintf(`(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT n FROM s)`, n)
	err := d.Tx(b.Context(), func(tx *sql.Tx) error {
		for _, q := range []string{
			`INSERT INTO flow_instance SELECT id || '-' || n, flow, version, form, record || '-' || n, title, summary, initiator, initiator_name, status, round, at_nodes, handlers,
				started_at - n * 1000, ended_at, parent, state, log_seq, log_hash FROM flow_instance, ` + series + ` s WHERE id = $1`,
			`INSERT INTO flow_run SELECT instance || '-' || n, id, flow, node, round, state, entered_at, due_at, done_at, queue FROM flow_run, ` + series + ` s WHERE instance = $1`,
			`INSERT INTO flow_task SELECT instance || '-' || n, id, node, node_name, kind, state, assignee || (n % 200), assignee_name, created_at, due_at, read_at, acted_at FROM flow_task, ` + series + ` s WHERE instance = $1`,
			`INSERT INTO flow_timer SELECT instance || '-' || n, key, at, 0, '' FROM flow_timer, ` + series + ` s WHERE instance = $1`,
			`INSERT INTO flow_log SELECT instance || '-' || n, seq, step, kind, actor, at, fact, prev_hash, hash FROM flow_log, ` + series + ` s WHERE instance = $1`,
		} {
			if _, err := tx.ExecContext(b.Context(), q, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
