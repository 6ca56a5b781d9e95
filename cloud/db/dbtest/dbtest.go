// Package dbtest gives tests a fresh, migrated database of each engine.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anlan/cloud/db"
)

// DSNVariable names the environment variable with the DSN of a PostgreSQL server; each
// test makes (and drops) its own schema there.
const DSNVariable = "ANLAN_TEST_POSTGRES"

// SQLite opens a fresh SQLite database.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "cloud.db"))
}

// Each runs a test on SQLite, and on PostgreSQL if there is one.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if os.Getenv(DSNVariable) != "" {
		t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
	}
}

func open(t testing.TB, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// schema makes a schema and returns a DSN that works in it.
func schema(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.Exec(`CREATE SCHEMA ` + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP SCHEMA ` + name + ` CASCADE`); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// Postgres opens a fresh database of PostgreSQL, or returns nil if there is none.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	if dsn := PostgresDSN(t); dsn != "" {
		return open(t, dsn)
	}
	return nil
}

// PostgresDSN is a fresh schema of PostgreSQL for those who open it themselves, "" if
// there is no server.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(DSNVariable); dsn != "" {
		return schema(t, dsn)
	}
	return ""
}
