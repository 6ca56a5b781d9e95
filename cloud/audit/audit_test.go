package audit

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
)

var (
	at = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	li = org.Actor{ID: "u-1", Name: "李娜", Role: org.Supervisor, IP: "127.0.0.1"}
)

func write(t *testing.T, l *Log, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := l.Write(context.Background(), li, "test.act", "thing:1", map[string]int{"i": i}, at); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestLog_ConcurrentWritersMakeOneUnbrokenChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := New(d)
		write(t, l, 40)
		if n, err := l.Verify(t.Context()); n != 40 || err != nil {
			t.Errorf("Verify=%d, %v", n, err)
		}
	})
}

func TestLog_EveryTamperingIsFound(t *testing.T) {
	for name, stmt := range map[string]string{
		"changed":     `UPDATE audit SET actor_name = '张伟' WHERE seq = 3`,
		"cut out":     `DELETE FROM audit WHERE seq = 3`,
		"tail cut":    `DELETE FROM audit WHERE seq = 5`,
		"head behind": `UPDATE audit_head SET seq = 4`,
		"all gone":    `DELETE FROM audit`,
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.SQLite(t)
			l := New(d)
			write(t, l, 5)
			if err := d.Tx(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(stmt); return err }); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Verify(t.Context()); !errors.Is(err, ErrBroken) {
				t.Errorf("Verify=%v, want ErrBroken", err)
			}
		})
	}
}

func TestLog_ARolledBackActLeavesNoLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := New(d)
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *sql.Tx) error {
			if err := l.Append(t.Context(), tx, li, "test.act", "thing:1", nil, at); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if n, err := l.Verify(t.Context()); n != 0 || err != nil {
			t.Errorf("Verify=%d, %v", n, err)
		}
	})
}

func TestLog_AlarmHookWritesWhatPeopleDo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := New(d)
		ctx := WithActor(t.Context(), li)
		hook := func(ctx context.Context, kind string) {
			if err := d.Tx(ctx, func(tx *sql.Tx) error {
				return l.AlarmHook(ctx, tx, alarm.Change{Alarm: alarm.Alarm{ID: "a1", UpdatedAt: at}, Kind: kind})
			}); err != nil {
				t.Fatal(err)
			}
		}
		hook(ctx, alarm.Acknowledged)
		hook(ctx, alarm.Updated)
		hook(t.Context(), alarm.Raised)
		got, err := l.Last(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Action != "alarm.acknowledged" || got[0].ActorName != "李娜" || got[0].Object != "alarm:a1" {
			t.Errorf("log=%+v", got)
		}
	})
}
