package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"

	"github.com/google/go-cmp/cmp"
)

// TestF22_FullSize measures the whole demo community: how long it takes, how long others
// wait, how large it is. It is asked for by name.
func TestF22_FullSize(t *testing.T) {
	if os.Getenv("ANLAN_FULL_DEMO") == "" {
		t.Skip("ANLAN_FULL_DEMO is not set")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		before := w.rows()
		w.now = time.Now().UTC()
		for _, part := range []struct {
			name string
			do   func() error
		}{
			{"put in", func() error { return errors.Join(w.PutIn(t.Context(), w.boss, Full()), w.Work(t.Context())) }},
			{"wiped", func() error { return errors.Join(w.Wipe(t.Context(), w.boss), w.Work(t.Context())) }},
		} {
			ctx, stop := context.WithCancel(t.Context())
			waits := make(chan []time.Duration)
			go func() { waits <- w.others(ctx) }()
			begun := time.Now()
			w.must(part.do())
			took := time.Since(begun)
			stop()
			all := <-waits
			slices.Sort(all)
			t.Logf("%s in %.1f s; another's transaction waited p50 %s p99 %s max %s of %d; %s", part.name, took.Seconds(), all[len(all)/2], all[len(all)*99/100], all[len(all)-1], len(all), w.size())
			t.Logf("%+v", w.status())
		}
		if diff := cmp.Diff(before, w.rows()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// others measures what somebody else's small transaction takes meanwhile.
func (w *world) others(ctx context.Context) []time.Duration {
	var out []time.Duration
	for ctx.Err() == nil {
		begun := time.Now()
		err := w.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ('probe', '') ON CONFLICT (name) DO UPDATE SET value = setting.value`)
			return err
		})
		if err == nil {
			out = append(out, time.Since(begun))
		}
		time.Sleep(20 * time.Millisecond) // a person's pace
	}
	return out
}

func (w *world) size() string {
	var bytes int64
	q := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if w.DB.Postgres() {
		q = `SELECT SUM(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'`
	}
	w.must(w.DB.Read().QueryRow(q).Scan(&bytes))
	rows := w.rows()
	names := slices.Sorted(maps.Keys(rows))
	slices.SortStableFunc(names, func(a, b string) int { return rows[b] - rows[a] })
	var most []string
	for _, n := range names[:8] {
		most = append(most, fmt.Sprintf("%s %d", n, rows[n]))
	}
	return fmt.Sprintf("database %.1f MiB, %d files; %s", float64(bytes)/(1<<20), rows["files"], strings.Join(most, ", "))
}
