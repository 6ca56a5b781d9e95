package db_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
)

func put(tx *sql.Tx, name, value string) error {
	_, err := tx.Exec(`INSERT INTO setting (name, value) VALUES ($1, $2)`, name, value)
	return err
}

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRow(`SELECT COUNT(*) FROM setting WHERE name LIKE 'x%'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTx_CommitsOrLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		err := d.Tx(t.Context(), func(tx *sql.Tx) error { return errors.Join(put(tx, "x1", "a"), boom) })
		if !errors.Is(err, boom) || count(t, d) != 0 {
			t.Errorf("err %v, %d rows after a rollback", err, count(t, d))
		}
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return put(tx, "x1", "a") }); err != nil || count(t, d) != 1 {
			t.Errorf("err %v, %d rows after a commit", err, count(t, d))
		}
	})
}

func TestTx_ConcurrentWritersQueue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return put(tx, "n", "0") }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := d.Tx(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.Exec(`UPDATE setting SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'n'`)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var got string
		if err := d.Read().QueryRow(`SELECT value FROM setting WHERE name = 'n'`).Scan(&got); err != nil || got != "50" {
			t.Errorf("counted %q, %v", got, err)
		}
	})
}

func TestOpen_TwiceMigratesOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	for range 2 {
		d, err := db.Open(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMillis_RoundTrips(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 4e6, time.UTC)
	if got := db.Time(db.Millis(at)); !got.Equal(at) {
		t.Errorf("%v came back as %v", at, got)
	}
	if !db.Time(db.Millis(time.Time{})).IsZero() {
		t.Error("the zero time must stay zero")
	}
}
