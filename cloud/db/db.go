// Package db opens the cloud's SQL database (SQLite by default, PostgreSQL for
// scale), migrates it, and knows the few words in which the two differ.
//
// Statements are written once, with $1 parameters, in the subset both understand:
// TEXT, BIGINT, DOUBLE PRECISION, BOOLEAN (as INTEGER 0/1 where indexed), JSON as
// TEXT; ids made by the program; times as BIGINT Unix milliseconds UTC.
package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is an open, migrated database.
type DB struct {
	write *sql.DB // SQLite: one connection, so writers queue instead of failing busy
	read  *sql.DB
	pg    bool
}

// Open opens dsn, "postgres://…" or the path of a SQLite file, and brings its schema
// up to date.
func Open(ctx context.Context, dsn string) (*DB, error) {
	d, err := open(dsn)
	if err != nil {
		return nil, fmt.Errorf("db: open: %w", err)
	}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("db: migrate: %w", err), d.Close())
	}
	return d, nil
}

func open(dsn string) (*DB, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		pool, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(16)
		return &DB{write: pool, read: pool, pg: true}, nil
	}
	write, err := sql.Open("sqlite", sqliteDSN(dsn, "immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", sqliteDSN(dsn, "deferred"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	return &DB{write: write, read: read}, nil
}

func sqliteDSN(path, lock string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "foreign_keys(1)",
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (d *DB) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if d.pg {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, d.write, sub)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Tx runs fn in one transaction: committed if fn returns nil, rolled back otherwise.
func (d *DB) Tx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("db: begin: %w", err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("db: commit: %w", err)
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Read is the pool for statements that only read.
func (d *DB) Read() *sql.DB { return d.read }

// Postgres reports which of the two it is, for the few words that differ.
func (d *DB) Postgres() bool { return d.pg }

// Close closes the pools.
func (d *DB) Close() error {
	if d.pg {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Millis is how instants are stored; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of [Millis].
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
