package alarm_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

const crashVariable = "ANLAN_ALARM_CRASH_DB"

// TestA14_KilledAmongReportsAndOverridesNothingIsLost runs itself as a child that
// reports, answers and sets aside as fast as it can and says what was committed, kills
// it in the middle of that, and looks at what is there.
func TestA14_KilledAmongReportsAndOverridesNothingIsLost(t *testing.T) {
	if file := os.Getenv(crashVariable); file != "" {
		crashing(t, file)
		return
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, filepath.Join(t.TempDir(), "cloud.db")) })
	if dsn := dbtest.PostgresDSN(t); dsn != "" {
		t.Run("postgres", func(t *testing.T) { killed(t, dsn) })
	}
}

func killed(t *testing.T, dsn string) {
	self, _, _ := strings.Cut(t.Name(), "/")
	for round := range 3 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+self+"$", "-test.count=1") //nolint:gosec // ourselves
		child.Env = append(os.Environ(), crashVariable+"="+dsn)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		said := []string{}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "committed "); ok {
				if said = append(said, id); len(said) == 40+17*round {
					if err := child.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		_ = child.Wait() //nolint:errcheck // it was killed
		if len(said) < 40 {
			t.Fatalf("the child said %d lines only", len(said))
		}
		survived(t, dsn, said)
	}
}

func crashing(t *testing.T, file string) {
	d, err := db.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	k := newDesk(t, d)
	k.at = time.Now().UTC().Truncate(time.Millisecond)
	ctx := context.Background()
	for i := 0; ; i++ {
		k.forward(time.Second)
		point := fmt.Sprintf("d%d.v", i%9)
		for _, c := range []contract.Condition{contract.Active, contract.Normal, contract.Active} {
			for _, x := range k.report(report{point: point, rule: "r", c: c}) {
				fmt.Println("committed", x.Alarm.ID)
			}
		}
		a := k.of(point, "r")
		if i%3 == 0 {
			o, err := k.SetAside(ctx, li, request(alarm.Shelved, point, "r", k.now().Add(4*time.Second)))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println("committed", o.ID)
		} else if _, err := k.Acknowledge(ctx, a.ID, alarm.Person{ID: "u", Name: "n"}, "", a.Version); err == nil {
			fmt.Println("committed", a.ID)
		}
		if err := k.RunOnce(ctx, k.now()); err != nil {
			t.Fatal(err)
		}
	}
}

func survived(t *testing.T, file string, said []string) {
	t.Helper()
	d, err := db.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	k := newDesk(t, d)
	k.sound()
	for _, id := range said {
		if strings.HasPrefix(id, "ovr-") {
			_, err = k.Override(t.Context(), id)
		} else {
			_, err = k.Get(t.Context(), id)
		}
		if err != nil {
			t.Fatalf("%s was told to be committed: %v", id, err)
		}
	}
	var twice int
	if err := d.Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM (SELECT 1 FROM alarm WHERE closed_at = 0 GROUP BY edge, point, rule HAVING COUNT(*) > 1) t`).Scan(&twice); err != nil || twice > 0 {
		t.Fatalf("%d points with two open alarms, %v", twice, err)
	}
	err = d.Tx(t.Context(), func(tx *sql.Tx) error {
		var aside int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM alarm_override WHERE ended_at = 0`).Scan(&aside); err != nil {
			return err
		}
		if aside == 0 {
			t.Log("nothing was set aside when it was killed")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
