package form

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/cond"
	"anlan/cloud/db"
)

// Line is one line of a record's log.
type Line struct {
	Rev       int64     `json:"rev"`
	Action    string    `json:"action"` // create, update, delete, restore
	Actor     string    `json:"actor"`
	ActorName string    `json:"actor_name"`
	Node      string    `json:"node,omitempty"`
	At        time.Time `json:"at"`
	Changes   []Change  `json:"changes"`
}

func encodeDoc(doc any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("form: encode document: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// log appends the line of a change and returns its hash, which the record itself carries as
// the witness that the log's end was not cut off.
func (w *writing) log(old *Record, r Record, doc []byte) (string, error) {
	var before map[string]any
	prev := ""
	after := withSystem(r)
	if old != nil {
		before, prev = withSystem(*old), old.logHash
	}
	diff, err := encodeDoc(Diff(w.def, before, after))
	if err != nil {
		return "", err
	}
	at, docHash := db.Millis(w.now), hashOf(doc)
	hash, err := audit.Chain(prev, r.Form, r.ID, r.Rev, w.action, w.who.Actor.ID, w.who.Actor.Name, w.node, at, string(diff), docHash)
	if err != nil {
		return "", err
	}
	if _, err := w.tx.ExecContext(w.ctx, `INSERT INTO record_log (form, id, rev, action, actor, actor_name, node, at, diff, doc_hash, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.Form, r.ID, r.Rev, w.action, w.who.Actor.ID, w.who.Actor.Name, w.node, at, string(diff), docHash, prev, hash); err != nil {
		return "", fmt.Errorf("form: append log: %w", err)
	}
	return hash, nil
}

// withSystem is the document with the columns of the record's own that people change.
func withSystem(r Record) map[string]any {
	out := map[string]any{}
	for k, v := range r.Doc {
		out[k] = v
	}
	for k, v := range map[string]string{"_state": r.State, "_owner": r.Owner, "_dept": r.Dept, "_flow": r.Flow} {
		if v != "" {
			out[k] = v
		}
	}
	if !r.DueAt.IsZero() {
		out["_due_at"] = instantText(r.DueAt)
	}
	return out
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Log returns a record's log, oldest first. Changes of fields that may not be read are left
// out.
func (s *Store) Log(ctx context.Context, who Who, form, id string, now time.Time) ([]Line, error) {
	sel, err := s.selection(ctx, nil, who, form, View, cond.Expr{}, nil, now)
	if err != nil {
		return nil, err
	}
	r, err := scanRecord(s.db.Read().QueryRowContext(ctx, `SELECT `+recordColumns+sel.from+fmt.Sprintf(` AND t.id = $%d`, len(sel.args)+1), append(sel.args, id)...), form)
	if err != nil {
		return nil, err
	}
	env := sel.def.Cond(r.Doc, &Env{Now: now, Zone: s.opt.Zone, Me: who.Me, Under: who.Under, Below: who.Below, System: r.system()})
	access := who.Permits.fieldAccess(form, View, func(x cond.Expr) bool { return x.Holds(env) })
	rows, err := s.db.Read().QueryContext(ctx, `SELECT rev, action, actor, actor_name, node, at, diff FROM record_log WHERE form = $1 AND id = $2 ORDER BY rev`, form, id)
	if err != nil {
		return nil, fmt.Errorf("form: read log: %w", err)
	}
	defer rows.Close()
	out := []Line{}
	for rows.Next() {
		var l Line
		var at int64
		var diff string
		if err := rows.Scan(&l.Rev, &l.Action, &l.Actor, &l.ActorName, &l.Node, &at, &diff); err != nil {
			return nil, fmt.Errorf("form: read log: %w", err)
		}
		var all []Change
		if err := json.Unmarshal([]byte(diff), &all); err != nil {
			return nil, fmt.Errorf("form: read log: %w", err)
		}
		l.At, l.Changes = db.Time(at), []Change{}
		for _, c := range all {
			if c, ok := readable(sel.def, c, access); ok {
				l.Changes = append(l.Changes, c)
			}
		}
		out = append(out, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: read log: %w", err)
	}
	return out, nil
}

// readable leaves of a change what may be read.
func readable(d *Def, c Change, access func(string) Access) (Change, bool) {
	if access(c.Path) == Hide {
		return c, false
	}
	if f, ok := d.Field(c.Path); ok && f.Type == Rows { // whole rows
		one := func(v any) any {
			m, ok := v.(map[string]any)
			if !ok {
				return v
			}
			return rowsOf(mask(d, map[string]any{c.Path: []any{m}}, access)[c.Path])[0]
		}
		c.Old, c.New = one(c.Old), one(c.New)
	}
	return c, true
}

// Verify walks the logs of all records of a form and returns how many lines there are, or
// ErrBroken with the first record whose log or document does not fit.
func (s *Store) Verify(ctx context.Context, form string) (n int64, err error) {
	if !formKeyRE.MatchString(form) {
		return 0, ErrNotFound
	}
	level := sql.LevelDefault
	if s.db.Postgres() {
		level = sql.LevelRepeatableRead // one snapshot for logs and records
	}
	tx, err := s.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: level})
	if err != nil {
		return 0, fmt.Errorf("form: verify: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	heads, err := verifyLogs(ctx, tx, form, &n)
	if err != nil {
		return n, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, rev, log_hash, doc FROM `+tableName(form, ""))
	if err != nil {
		return n, fmt.Errorf("form: verify: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, hash, doc string
		var rev int64
		if err := rows.Scan(&id, &rev, &hash, &doc); err != nil {
			return n, fmt.Errorf("form: verify: %w", err)
		}
		h, ok := heads[id]
		if !ok || h.rev != rev || h.hash != hash || h.doc != hashOf([]byte(doc)) {
			return n, fmt.Errorf("%w: record %s at revision %d is not what its log ends with", ErrBroken, id, rev)
		}
		delete(heads, id)
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("form: verify: %w", err)
	}
	for id := range heads {
		return n, fmt.Errorf("%w: record %s is gone", ErrBroken, id)
	}
	return n, nil
}

// logHead is the end of one record's log.
type logHead struct {
	rev       int64
	hash, doc string
}

func verifyLogs(ctx context.Context, tx *sql.Tx, form string, n *int64) (map[string]logHead, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, rev, action, actor, actor_name, node, at, diff, doc_hash, prev_hash, hash FROM record_log WHERE form = $1 ORDER BY id, rev`, form)
	if err != nil {
		return nil, fmt.Errorf("form: verify: %w", err)
	}
	defer rows.Close()
	heads := map[string]logHead{}
	for rows.Next() {
		var id, action, actor, name, node, diff, doc, before, hash string
		var rev, at int64
		if err := rows.Scan(&id, &rev, &action, &actor, &name, &node, &at, &diff, &doc, &before, &hash); err != nil {
			return nil, fmt.Errorf("form: verify: %w", err)
		}
		h := heads[id]
		want, err := audit.Chain(h.hash, form, id, rev, action, actor, name, node, at, diff, doc)
		if err != nil {
			return nil, err
		}
		if rev != h.rev+1 || before != h.hash || hash != want {
			return nil, fmt.Errorf("%w: record %s at revision %d", ErrBroken, id, rev)
		}
		heads[id] = logHead{rev, hash, doc}
		*n++
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("form: verify: %w", err)
	}
	return heads, nil
}
