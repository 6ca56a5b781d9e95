package form

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/document"
)

// tableName is the table of a form or of one of its sub-forms. Keys are checked where
// definitions are read: letters, digits and underscores only, short enough for any database.
func tableName(form, sub string) string {
	if sub == "" {
		return `"f_` + form + `"`
	}
	return `"f_` + form + `__` + sub + `"`
}

// columnName cannot be a reserved word: none begins with c_.
func columnName(name string) string { return `"c_` + name + `"` }

// indexName is short whatever the keys are.
func indexName(word, form, field string) string {
	sum := sha256.Sum256([]byte(form + "." + field))
	return `"` + word + `_` + hex.EncodeToString(sum[:10]) + `"`
}

func sqlType(k cond.Kind) string {
	switch k {
	case cond.Number:
		return "DOUBLE PRECISION"
	case cond.Money, cond.Instant:
		return "BIGINT"
	case cond.Bool:
		return "BOOLEAN"
	}
	return "TEXT"
}

// store is what a field's columns hold, as registered.
func (f *Field) store() string {
	if f.Type == Rows {
		return string(cond.Rows)
	}
	var kinds []string
	for _, c := range f.columns() {
		kinds = append(kinds, string(c.kind))
	}
	return strings.Join(kinds, ",")
}

// registered is one row of form_column.
type registered struct {
	sub, field string
	typ        Type
	store      string
}

type querier interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

func registry(ctx context.Context, q querier, form string) ([]registered, error) {
	rows, err := q.QueryContext(ctx, `SELECT sub, field, type, store FROM form_column WHERE form = $1 ORDER BY sub, layout, field`, form)
	if err != nil {
		return nil, fmt.Errorf("form: read columns: %w", err)
	}
	defer rows.Close()
	var out []registered
	for rows.Next() {
		var r registered
		if err := rows.Scan(&r.sub, &r.field, &r.typ, &r.store); err != nil {
			return nil, fmt.Errorf("form: read columns: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: read columns: %w", err)
	}
	return out, nil
}

// Class is what documents of kind form have to satisfy, and the tables their publication
// makes in a database.
func Class(into *db.DB) document.Class {
	return document.Class{
		Check: func(key string, body json.RawMessage) []Problem {
			_, err := Parse(key, body)
			return problemsOf(err)
		},
		CheckIn: checkIn,
		Publish: func(ctx context.Context, tx *sql.Tx, next document.Version, _ *document.Version) error {
			d, err := Parse(next.Key, next.Body)
			if err != nil {
				return err
			}
			return migrate(ctx, tx, d, into.Postgres())
		},
	}
}

// DictClass is what documents of kind dict have to satisfy.
func DictClass() document.Class {
	return document.Class{Check: func(_ string, body json.RawMessage) []Problem {
		_, err := ParseDict(body)
		return problemsOf(err)
	}}
}

func problemsOf(err error) []Problem {
	if bad, ok := errors.AsType[*InvalidError](err); ok {
		return bad.Problems
	}
	return nil
}

// checkIn finds what is wrong with a form among what there already is: a field that was of
// another type, a dictionary or form that is not there, values that are not unique.
func checkIn(ctx context.Context, tx *sql.Tx, next document.Version, prev *document.Version) ([]Problem, error) {
	d, err := Parse(next.Key, next.Body)
	if err != nil {
		return nil, err
	}
	known, err := registry(ctx, tx, d.Key)
	if err != nil {
		return nil, err
	}
	c := &inChecker{ctx: ctx, tx: tx, def: d, exists: prev != nil, known: map[[2]string]registered{}}
	for _, r := range known {
		c.known[[2]string{r.sub, r.field}] = r
	}
	if err := c.fields("fields", "", d.Fields); err != nil {
		return nil, err
	}
	return c.problems, nil
}

type inChecker struct {
	problems
	ctx    context.Context
	tx     *sql.Tx
	def    *Def
	exists bool
	known  map[[2]string]registered
}

func (c *inChecker) fields(path, sub string, fields []Field) error {
	for i := range fields {
		f, at := &fields[i], at(path, i)
		was, known := c.known[[2]string{sub, f.Key}]
		if known && f.Type.Data() && was.store != f.store() {
			c.add(at+".type", "字段“"+f.Key+"”曾为 "+string(was.typ)+" 类型，换类型请用新编码", "field "+f.Key+" was of type "+string(was.typ)+"; another type needs a new key")
		}
		if f.Dict != "" {
			if err := c.document(at+".dict", document.Dict, f.Dict); err != nil {
				return err
			}
		}
		if f.Type == Link && f.Form != c.def.Key {
			if err := c.document(at+".form", document.Form, f.Form); err != nil {
				return err
			}
		}
		if f.Unique && known && c.exists && was.store == f.store() {
			if err := c.unique(at, f); err != nil {
				return err
			}
		}
		if f.Type == Rows {
			if err := c.fields(at+".fields", f.Key, f.Fields); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *inChecker) document(path string, k document.Kind, key string) error {
	var n int
	if err := c.tx.QueryRowContext(c.ctx, `SELECT COUNT(*) FROM document WHERE kind = $1 AND key = $2 AND current > 0`, string(k), key).Scan(&n); err != nil {
		return fmt.Errorf("form: look for %s: %w", key, err)
	}
	if n == 0 {
		c.add(path, "没有已发布的“"+key+"”", "nothing published under "+key)
	}
	return nil
}

func (c *inChecker) unique(path string, f *Field) error {
	col := columnName(f.Key)
	var twice string
	err := c.tx.QueryRowContext(c.ctx, `SELECT CAST(`+col+` AS TEXT) FROM `+tableName(c.def.Key, "")+` WHERE deleted_at = 0 AND `+col+` IS NOT NULL GROUP BY `+col+` HAVING COUNT(*) > 1 LIMIT 1`).Scan(&twice)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("form: check unique: %w", err)
	}
	c.add(path+".unique", "已有重复的值“"+twice+"”", "there are records with the same value "+twice)
	return nil
}

const baseColumns = `id TEXT PRIMARY KEY, def_ver BIGINT NOT NULL, layout BIGINT NOT NULL, rev BIGINT NOT NULL, deleted_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL, local_day TEXT NOT NULL, created_by TEXT, created_name TEXT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT,
	record_no TEXT, state TEXT, community TEXT, building TEXT, dept TEXT, owner TEXT, flow TEXT, due_at BIGINT, log_hash TEXT NOT NULL, doc TEXT NOT NULL`

// migrate brings the tables up to a definition: it adds, and never drops or renames.
func migrate(ctx context.Context, tx *sql.Tx, d *Def, postgres bool) error {
	m := &migration{ctx: ctx, tx: tx, form: d.Key}
	if err := tx.QueryRowContext(ctx, `INSERT INTO form_table (form, layout) VALUES ($1, 0) ON CONFLICT (form) DO UPDATE SET layout = form_table.layout RETURNING layout`, d.Key).Scan(&m.layout); err != nil {
		return fmt.Errorf("form: lock layout of %s: %w", d.Key, err)
	}
	known, err := registry(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	m.known = map[[2]string]bool{}
	for _, r := range known {
		m.known[[2]string{r.sub, r.field}] = true
	}
	if m.layout == 0 {
		t := tableName(d.Key, "")
		m.exec(`CREATE TABLE ` + t + ` (` + baseColumns + `)`)
		m.exec(`CREATE INDEX ` + indexName("i", d.Key, "_created_at") + ` ON ` + t + ` (created_at, id)`)
		m.exec(`CREATE INDEX ` + indexName("i", d.Key, "_owner") + ` ON ` + t + ` (owner, created_at)`)
		m.exec(`CREATE INDEX ` + indexName("i", d.Key, "_due_at") + ` ON ` + t + ` (due_at)`)
		m.exec(`CREATE INDEX ` + indexName("i", d.Key, "_flow") + ` ON ` + t + ` (flow)`)
		m.added = true
	}
	m.add("", d.Fields)
	if m.added {
		m.exec(`UPDATE form_table SET layout = layout + 1 WHERE form = $1`, d.Key)
	}
	for i := range d.Fields {
		m.indexes(&d.Fields[i])
	}
	m.sourced(d, postgres)
	return m.err
}

type migration struct {
	ctx    context.Context
	tx     *sql.Tx
	form   string
	layout int64
	known  map[[2]string]bool
	added  bool
	err    error
}

func (m *migration) exec(q string, args ...any) {
	if m.err != nil {
		return
	}
	if _, err := m.tx.ExecContext(m.ctx, q, args...); err != nil {
		m.err = fmt.Errorf("form: lay out %s: %w", m.form, err)
	}
}

func (m *migration) add(sub string, fields []Field) {
	for i := range fields {
		f := &fields[i]
		if !f.Type.Data() {
			continue
		}
		if !m.known[[2]string{sub, f.Key}] {
			m.added = true
			if f.Type == Rows {
				t := tableName(m.form, f.Key)
				m.exec(`CREATE TABLE ` + t + ` (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL REFERENCES ` + tableName(m.form, "") + `(id) ON DELETE CASCADE, ord BIGINT NOT NULL)`)
				m.exec(`CREATE INDEX ` + indexName("i", m.form+"."+f.Key, "_parent") + ` ON ` + t + ` (parent_id, ord)`)
			}
			for _, c := range f.columns() {
				m.exec(`ALTER TABLE ` + tableName(m.form, sub) + ` ADD COLUMN ` + columnName(c.name) + ` ` + sqlType(c.kind))
			}
			m.exec(`INSERT INTO form_column (form, sub, field, type, store, layout) VALUES ($1, $2, $3, $4, $5, $6)`, m.form, sub, f.Key, string(f.Type), f.store(), m.layout+1)
		}
		if f.Type == Rows {
			m.add(f.Key, f.Fields)
		}
	}
}

// indexes keeps what is unique unique in the database too, where no two writers can get
// past each other.
func (m *migration) indexes(f *Field) {
	if !f.Type.Data() || f.Type == Rows || len(f.columns()) == 0 {
		return
	}
	t, col := tableName(m.form, ""), columnName(f.columns()[0].name)
	if f.Unique || f.Type == Serial {
		m.exec(`CREATE UNIQUE INDEX IF NOT EXISTS ` + indexName("u", m.form, f.Key) + ` ON ` + t + ` (` + col + `) WHERE deleted_at = 0`)
	} else {
		m.exec(`DROP INDEX IF EXISTS ` + indexName("u", m.form, f.Key))
	}
	if f.Index {
		m.exec(`CREATE INDEX IF NOT EXISTS ` + indexName("i", m.form, f.Key) + ` ON ` + t + ` (` + col + `, created_at)`)
	} else {
		m.exec(`DROP INDEX IF EXISTS ` + indexName("i", m.form, f.Key))
	}
}

// sourced keeps records that do not say where they come from out of the database, whoever
// writes them. It holds for new records only: old ones keep what they were born with.
func (m *migration) sourced(d *Def, postgres bool) {
	t, name := tableName(m.form, ""), indexName("q", m.form, "_source")
	on := ` BEFORE INSERT ON ` + t + ` FOR EACH ROW WHEN (NEW.` + columnName(d.Roles.Source) + ` IS NULL) `
	if postgres {
		m.exec(`DROP TRIGGER IF EXISTS ` + name + ` ON ` + t)
	} else {
		m.exec(`DROP TRIGGER IF EXISTS ` + name)
	}
	switch {
	case d.Roles.Source == "":
	case postgres:
		m.exec(`CREATE OR REPLACE FUNCTION form_sourced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'form: a record without its source'; END $$`)
		m.exec(`CREATE TRIGGER ` + name + on + `EXECUTE FUNCTION form_sourced()`)
	default:
		m.exec(`CREATE TRIGGER ` + name + on + `BEGIN SELECT RAISE(ABORT, 'form: a record without its source'); END`)
	}
}

// withGone adds to a definition, hidden, every field that the form ever had and this
// version has not: their data stay, and conditions may still read them.
func (d *Def) withGone(known []registered) *Def {
	out := *d
	out.Fields = append([]Field(nil), d.Fields...)
	for _, r := range known {
		if r.sub != "" {
			continue
		}
		if _, ok := find(out.Fields, r.field); !ok {
			out.Fields = append(out.Fields, gone(r))
		}
	}
	for i := range out.Fields {
		f := &out.Fields[i]
		if f.Type != Rows {
			continue
		}
		f.Fields = append([]Field(nil), f.Fields...)
		for _, r := range known {
			if _, ok := find(f.Fields, r.field); r.sub == f.Key && !ok {
				f.Fields = append(f.Fields, gone(r))
			}
		}
	}
	return &out
}

// gone is a field known only by its column.
func gone(r registered) Field {
	f := Field{Key: r.field, Type: r.typ, Hidden: true, Many: r.store == string(cond.Options)}
	f.Label.ZH = r.field
	switch {
	case r.typ == Serial:
		f.Type = Text
	case r.typ == Formula && r.store == string(cond.Money):
		f.Type = Money
	case r.typ == Formula:
		f.Type = Number
	}
	return f
}

// columns implements cond.Columns on the table of a form, or of a sub-form, under an alias.
type columns struct {
	def   *Def
	sub   *Field
	alias string
}

// systemColumns are the SQL names of a record's own columns.
func systemColumn(name string) string {
	switch name {
	case "_version":
		return "def_ver"
	case "_no":
		return "record_no"
	case "_day":
		return "local_day"
	}
	return strings.TrimPrefix(name, "_")
}

// Column implements cond.Columns.
func (c columns) Column(name string) (cond.Column, bool) {
	fields := c.def.Fields
	if c.sub != nil {
		fields = c.sub.Fields
	} else if k, ok := systemKinds()[name]; ok {
		if k == cond.Number { // def_ver is a whole number, compared as any number
			return cond.Column{SQL: "CAST(" + c.alias + ".def_ver AS DOUBLE PRECISION)", Kind: k}, true
		}
		return cond.Column{SQL: c.alias + "." + systemColumn(name), Kind: k}, true
	}
	key, _, _ := strings.Cut(name, "__")
	f, ok := find(fields, key)
	if !ok {
		return cond.Column{}, false
	}
	if f.Type == Rows && c.sub == nil && name == key {
		return cond.Column{Kind: cond.Rows, Rows: &cond.RowTable{Table: tableName(c.def.Key, f.Key), Parent: "parent_id", ID: c.alias + ".id",
			Columns: func(alias string) cond.Columns { return columns{c.def, f, alias} }}}, true
	}
	for _, col := range f.columns() {
		if col.name == name {
			return cond.Column{SQL: c.alias + "." + columnName(name), Kind: col.kind}, true
		}
	}
	return cond.Column{}, false
}
