package form

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/document"
	"anlan/contract"
)

// Create writes a new record within tx: defaults, then the patch where it is permitted,
// then everything the form asks. Errors: InvalidError, ErrDenied, ErrRetired, ErrNotFound.
func (s *Store) Create(ctx context.Context, tx *sql.Tx, who Who, form string, patch map[string]any, now time.Time) (Record, error) {
	n, retired, err := s.docs.InForce(ctx, tx, document.Form, form)
	switch {
	case errors.Is(err, document.ErrNotFound):
		return Record{}, fmt.Errorf("%w: form %s", ErrNotFound, form)
	case err != nil:
		return Record{}, err
	case !who.Permits.May(form, Create):
		return Record{}, ErrDenied
	case retired:
		return Record{}, ErrRetired
	}
	d, err := s.load(ctx, tx, form, n)
	if err != nil {
		return Record{}, err
	}
	access := who.Permits.fieldAccess(form, Create, nil)
	may := Permitted(func(path string) bool { return access(path) == Write })
	env := s.env(ctx, tx, who, now)
	clean, p := build(d, Defaults(d, env), patch, env, may)
	if len(p) > 0 {
		return Record{}, &InvalidError{p}
	}
	r := Record{ID: newID(), Form: form, Version: n, CreatedBy: who.Actor.ID, CreatedName: who.Actor.Name, Dept: who.Me.Dept,
		CreatedAt: db.Time(db.Millis(now)), Day: now.In(s.opt.Zone).Format(time.DateOnly), Doc: clean}
	w := &writing{store: s, ctx: ctx, tx: tx, def: d, who: who, now: now, action: "create"}
	if err := w.save(nil, r); err != nil {
		return Record{}, err
	}
	return s.mask(d, who, Create, w.done, now), nil
}

// build makes a whole, checked document of what was and a patch.
func build(d *Def, base, patch map[string]any, env *Env, may Permitted) (map[string]any, []Problem) {
	doc, p := Merge(d, base, patch, may)
	if len(p) > 0 {
		return nil, p
	}
	fill(d, env.Old, doc, patch, env)
	return Validate(d, doc, env, may)
}

// Update puts a patch into a record within tx. rev is the revision the writer has seen; the
// record keeps the version of the form it was made under. Errors: InvalidError,
// ErrNotFound (also if it may not be seen), ErrDenied, ErrConflict.
func (s *Store) Update(ctx context.Context, tx *sql.Tx, who Who, form, id string, rev int64, patch map[string]any, now time.Time) (Record, error) {
	old, err := s.lock(ctx, tx, who, form, id, Edit, rev, now)
	if err != nil {
		return Record{}, err
	}
	return s.change(ctx, tx, who, old, patch, "", now)
}

func (s *Store) change(ctx context.Context, tx *sql.Tx, who Who, old Record, patch map[string]any, node string, now time.Time) (Record, error) {
	d, err := s.load(ctx, tx, old.Form, old.Version)
	if err != nil {
		return Record{}, err
	}
	env := s.env(ctx, tx, who, now)
	env.Old, env.System = old.Doc, old.system()
	scope := d.Cond(old.Doc, env)
	access := who.Permits.fieldAccess(old.Form, Edit, func(x cond.Expr) bool { return x.Holds(scope) })
	next := old
	fields, err := next.takeSystem(patch, s.opt.Zone, who)
	if err != nil {
		return Record{}, err
	}
	env.System = next.system()
	may := Permitted(func(path string) bool { return access(path) == Write })
	if node != "" { // the flow has already bounded the patch to what its node may write
		may = func(path string) bool {
			rows, _, _ := strings.Cut(path, ".")
			_, named := fields[rows]
			return named
		}
	}
	clean, p := build(d, old.Doc, fields, env, may)
	if len(p) > 0 {
		return Record{}, &InvalidError{p}
	}
	next.Doc = clean
	w := &writing{store: s, ctx: ctx, tx: tx, def: d, who: who, now: now, action: "update", node: node, system: patch}
	if err := w.save(&old, next); err != nil {
		return Record{}, err
	}
	return s.mask(d, who, Edit, w.done, now), nil
}

// takeSystem takes the record's own columns out of a patch. Only the system may name them.
func (r *Record) takeSystem(patch map[string]any, zone *time.Location, who Who) (map[string]any, error) {
	fields := maps.Clone(patch)
	var p problems
	for k, v := range patch {
		if !strings.HasPrefix(k, "_") {
			continue
		}
		delete(fields, k)
		s, ok := v.(string)
		ok = ok || v == nil
		switch {
		case !who.Permits.May(Any, Manage):
			ok = false
		case k == "_state":
			r.State = s
		case k == "_owner":
			r.Owner = s
		case k == "_dept":
			r.Dept = s
		case k == "_flow":
			r.Flow = s
		case k == "_due_at":
			r.DueAt = time.Time{}
			if t, isTime := momentOf(v, zone); v != nil {
				r.DueAt, ok = t.UTC(), isTime
			}
		default:
			ok = false
		}
		if !ok {
			p.add(k, "不可写", "cannot be written")
		}
	}
	return fields, p.err()
}

// lock reads a record for a change and keeps other writers out until tx ends.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, who Who, form, id string, a Action, rev int64, now time.Time) (Record, error) {
	if _, err := tx.ExecContext(ctx, `SELECT 1`); err != nil {
		return Record{}, fmt.Errorf("form: lock record: %w", err)
	}
	find := func(a Action) (Record, error) {
		sel, err := s.selection(ctx, tx, who, form, a, cond.Expr{}, nil, now)
		if err != nil {
			return Record{}, err
		}
		if rev < 0 { // a deleted record, to restore
			sel = sel.deleted()
		}
		q := `SELECT ` + recordColumns + sel.from + ` AND t.id = $` + strconv.Itoa(len(sel.args)+1)
		if s.db.Postgres() {
			q += ` FOR UPDATE OF t`
		}
		return scanRecord(tx.QueryRowContext(ctx, q, append(sel.args, id)...), form)
	}
	r, err := find(a)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDenied) {
		if _, seen := find(View); seen == nil {
			return Record{}, ErrDenied
		} else if errors.Is(seen, ErrDenied) {
			return Record{}, ErrDenied
		}
		return Record{}, ErrNotFound
	}
	if err == nil && rev != 0 && r.Rev != max(rev, -rev) {
		return Record{}, ErrConflict
	}
	return r, err
}

// SoftDelete takes a record out of every list within tx; its log goes on.
func (s *Store) SoftDelete(ctx context.Context, tx *sql.Tx, who Who, form, id string, rev int64, now time.Time) (Record, error) {
	return s.setDeleted(ctx, tx, who, form, id, rev, "delete", now)
}

// Restore brings a deleted record back within tx. A value that must be unique and has been
// taken meanwhile is an InvalidError.
func (s *Store) Restore(ctx context.Context, tx *sql.Tx, who Who, form, id string, rev int64, now time.Time) (Record, error) {
	return s.setDeleted(ctx, tx, who, form, id, -rev, "restore", now)
}

func (s *Store) setDeleted(ctx context.Context, tx *sql.Tx, who Who, form, id string, rev int64, action string, now time.Time) (Record, error) {
	if rev == 0 {
		return Record{}, ErrConflict
	}
	old, err := s.lock(ctx, tx, who, form, id, Delete, rev, now)
	if err != nil {
		return Record{}, err
	}
	d, err := s.load(ctx, tx, form, old.Version)
	if err != nil {
		return Record{}, err
	}
	next := old
	next.DeletedAt = time.Time{}
	if action == "delete" {
		next.DeletedAt = db.Time(db.Millis(now))
	}
	w := &writing{store: s, ctx: ctx, tx: tx, def: d, who: who, now: now, action: action}
	if err := w.save(&old, next); err != nil {
		return Record{}, err
	}
	return s.mask(d, who, Delete, w.done, now), nil
}

// writing is one change of one record.
type writing struct {
	store  *Store
	ctx    context.Context
	tx     *sql.Tx
	def    *Def
	who    Who
	now    time.Time
	action string
	node   string
	system map[string]any // system columns named by a flow
	done   Record
}

// save writes a record, its sub-forms, its links and its line of the log.
func (w *writing) save(old *Record, r Record) error {
	r.Rev++
	r.UpdatedBy, r.UpdatedAt = w.who.Actor.ID, db.Time(db.Millis(w.now))
	if w.action == "create" {
		if err := takeSerials(w.ctx, w.tx, w.def, r.Doc, w.now.In(w.store.opt.Zone)); err != nil {
			return err
		}
	}
	w.derive(&r)
	if err := w.unique(r); err != nil {
		return err
	}
	doc, err := encodeDoc(r.Doc)
	if err != nil {
		return err
	}
	if r.logHash, err = w.log(old, r, doc); err != nil {
		return err
	}
	if err := w.row(old == nil, r, doc); err != nil {
		return err
	}
	if err := w.subForms(old, r); err != nil {
		return err
	}
	w.done = r
	if err := w.refer(old, r); err != nil {
		return err
	}
	return w.links(old, r)
}

// refer ties the attachments that are new in a record to it.
func (w *writing) refer(old *Record, r Record) error {
	if w.store.opt.Refer == nil {
		return nil
	}
	var before map[string]any
	if old != nil {
		before = old.Doc
	}
	for i := range w.def.Fields {
		f := &w.def.Fields[i]
		ids := newFiles(f, before[f.Key], r.Doc[f.Key])
		for _, row := range rowsOf(r.Doc[f.Key]) {
			for j := range f.Fields {
				g := &f.Fields[j]
				ids = append(ids, newFiles(g, nil, row[g.Key])...)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if err := w.store.opt.Refer(w.ctx, w.tx, w.who.Actor, ids, r.Form, r.ID, f.Key); err != nil {
			return fmt.Errorf("form: refer to attachments: %w", err)
		}
	}
	return nil
}

// newFiles are the attachments of a field that were not there before.
func newFiles(f *Field, old, value any) []string {
	var out []string
	list, _ := anyList(value)
	for _, e := range list {
		if id := idOf(e); f.Type.files() && !had(old, id) {
			out = append(out, id)
		}
	}
	return out
}

// derive takes the record's own columns from the fields that tell them.
func (w *writing) derive(r *Record) {
	for i := range w.def.Fields {
		if f := &w.def.Fields[i]; f.Type == Serial && r.No == "" {
			r.No, _ = r.Doc[f.Key].(string)
		}
	}
	if _, named := w.system["_dept"]; !named && w.def.Roles.Dept != "" && r.Doc[w.def.Roles.Dept] != nil {
		r.Dept = idOf(r.Doc[w.def.Roles.Dept])
	}
	if _, named := w.system["_owner"]; !named && w.def.Roles.Owner != "" {
		r.Owner = idOf(r.Doc[w.def.Roles.Owner])
	}
	if _, named := w.system["_due_at"]; !named && w.def.Roles.Due != "" {
		r.DueAt = time.Time{}
		zone := w.store.opt.Zone
		if t, ok := momentOf(r.Doc[w.def.Roles.Due], zone); ok {
			if f, _ := w.def.Field(w.def.Roles.Due); f.Type == Date { // a day is over at its end
				t = t.AddDate(0, 0, 1).Add(-time.Millisecond)
			}
			r.DueAt = t.UTC()
		}
	}
	if w.def.Roles.Place != "" {
		s, _ := r.Doc[w.def.Roles.Place].(string)
		parts := append(strings.Split(s, "/"), "")
		r.Community, r.Building = parts[0], parts[1]
	}
}

// unique tells in words what the database would refuse anyway.
func (w *writing) unique(r Record) error {
	var p problems
	for i := range w.def.Fields {
		f := &w.def.Fields[i]
		if !f.Unique || r.Doc[f.Key] == nil || !r.DeletedAt.IsZero() {
			continue
		}
		var n int
		v := cond.ColumnValue(f.kind(), columnRaw(w.def.Fields, r.Doc, f.Key, w.store.opt.Zone))
		if err := w.tx.QueryRowContext(w.ctx, `SELECT COUNT(*) FROM `+tableName(w.def.Key, "")+` WHERE deleted_at = 0 AND `+columnName(f.Key)+` = $1 AND id <> $2`, v, r.ID).Scan(&n); err != nil {
			return fmt.Errorf("form: check unique: %w", err)
		}
		if n > 0 {
			p.add(f.Key, "“"+f.Label.ZH+"”已有相同的值", f.Label.In("en")+" is already used by another record")
		}
	}
	return p.err()
}

// raceLost turns the database's word for a value that is not unique into a problem. On
// PostgreSQL the transaction is over then.
func (w *writing) raceLost(err error) error {
	for i := range w.def.Fields {
		f := &w.def.Fields[i]
		if s := err.Error(); (f.Unique || f.Type == Serial) && (strings.Contains(s, strings.Trim(indexName("u", w.def.Key, f.Key), `"`)) ||
			strings.Contains(s, "UNIQUE constraint failed: f_"+w.def.Key+".c_"+f.Key)) {
			return &InvalidError{[]Problem{{Path: f.Key, Text: contract.Text{ZH: "“" + f.Label.ZH + "”已有相同的值", EN: f.Label.In("en") + " is already used by another record"}}}}
		}
	}
	return fmt.Errorf("form: write record: %w", err)
}

// null is NULL for what is not there, so that conditions see no value.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// values are the columns of a record's row with their values.
func (w *writing) values(r Record, doc []byte) (names []string, values []any) {
	add := func(name string, v any) { names, values = append(names, name), append(values, v) }
	add("def_ver", r.Version)
	add("rev", r.Rev)
	add("deleted_at", db.Millis(r.DeletedAt))
	add("created_at", db.Millis(r.CreatedAt))
	add("local_day", r.Day)
	add("created_by", null(r.CreatedBy))
	add("created_name", r.CreatedName)
	add("updated_at", db.Millis(r.UpdatedAt))
	add("updated_by", null(r.UpdatedBy))
	add("record_no", null(r.No))
	add("state", null(r.State))
	add("community", null(r.Community))
	add("building", null(r.Building))
	add("dept", null(r.Dept))
	add("owner", null(r.Owner))
	add("flow", null(r.Flow))
	add("due_at", nil)
	if !r.DueAt.IsZero() {
		values[len(values)-1] = db.Millis(r.DueAt)
	}
	add("log_hash", r.logHash)
	add("doc", string(doc))
	more, typed := typedValues(w.def.Fields, r.Doc, w.store.opt.Zone)
	return append(names, more...), append(values, typed...)
}

// typedValues are the typed columns of a document or row.
func typedValues(fields []Field, doc map[string]any, zone *time.Location) (names []string, values []any) {
	for i := range fields {
		for _, c := range fields[i].columns() {
			names = append(names, columnName(c.name))
			values = append(values, cond.ColumnValue(c.kind, columnRaw(fields, doc, c.name, zone)))
		}
	}
	return names, values
}

func (w *writing) row(fresh bool, r Record, doc []byte) error {
	names, values := w.values(r, doc)
	t := tableName(w.def.Key, "")
	var q string
	if fresh {
		q = `INSERT INTO ` + t + ` (id, layout, ` + strings.Join(names, ", ") + `) VALUES ($1, (SELECT layout FROM form_table WHERE form = $2)`
		for i := range names {
			q += ", $" + strconv.Itoa(i+3)
		}
		q += ")"
	} else {
		q = `UPDATE ` + t + ` SET layout = (SELECT layout FROM form_table WHERE form = $2)`
		for i, n := range names {
			q += ", " + n + " = $" + strconv.Itoa(i+3)
		}
		q += ` WHERE id = $1`
	}
	if _, err := w.tx.ExecContext(w.ctx, q, append([]any{r.ID, w.def.Key}, values...)...); err != nil {
		return w.raceLost(err)
	}
	return nil
}

// subForms writes the rows of every sub-form that changed.
func (w *writing) subForms(old *Record, r Record) error {
	for i := range w.def.Fields {
		f := &w.def.Fields[i]
		if f.Type != Rows || old != nil && same(old.Doc[f.Key], r.Doc[f.Key]) {
			continue
		}
		if err := writeRows(w.ctx, w.tx, w.def.Key, f, r.ID, rowsOf(r.Doc[f.Key]), w.store.opt.Zone); err != nil {
			return err
		}
	}
	return nil
}

func writeRows(ctx context.Context, tx *sql.Tx, form string, f *Field, parent string, rows []map[string]any, zone *time.Location) error {
	t := tableName(form, f.Key)
	if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE parent_id = $1`, parent); err != nil {
		return fmt.Errorf("form: write rows: %w", err)
	}
	for i, row := range rows {
		names, values := typedValues(f.Fields, row, zone)
		q := `INSERT INTO ` + t + ` (id, parent_id, ord`
		marks := `) VALUES ($1, $2, $3`
		for j, n := range names {
			q += ", " + n
			marks += ", $" + strconv.Itoa(j+4)
		}
		id, _ := row[rowID].(string)
		if _, err := tx.ExecContext(ctx, q+marks+")", append([]any{parent + "." + id, parent, i}, values...)...); err != nil {
			return fmt.Errorf("form: write rows: %w", err)
		}
	}
	return nil
}

// links keeps the table that answers which records point at one.
func (w *writing) links(old *Record, r Record) error {
	for i := range w.def.Fields {
		f := &w.def.Fields[i]
		if f.Type != Link || f.Form == "" || old != nil && same(old.Doc[f.Key], r.Doc[f.Key]) {
			continue
		}
		if _, err := w.tx.ExecContext(w.ctx, `DELETE FROM form_link WHERE from_form = $1 AND from_id = $2 AND field = $3`, r.Form, r.ID, f.Key); err != nil {
			return fmt.Errorf("form: write links: %w", err)
		}
		targets, ok := anyList(r.Doc[f.Key])
		if !ok {
			targets = []any{r.Doc[f.Key]}
		}
		for _, t := range targets {
			if id := idOf(t); id != "" {
				if _, err := w.tx.ExecContext(w.ctx, `INSERT INTO form_link (from_form, from_id, field, to_form, to_id) VALUES ($1, $2, $3, $4, $5)`, r.Form, r.ID, f.Key, f.Form, id); err != nil {
					return fmt.Errorf("form: write links: %w", err)
				}
			}
		}
	}
	return nil
}
