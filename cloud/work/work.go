// Package work runs forms and flows together: a submission is a record and its flow in one
// transaction, a task lets its holder into the record, and apps are installed from files.
package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/document"
	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/staff"
)

// Deps are what the desk stands on.
type Deps struct {
	DB    *db.DB
	Audit *audit.Log
	Staff *staff.Staff
	Zone  *time.Location
	Now   func() time.Time
	// Refer ties attachments to the record that names them; nil leaves them alone.
	Refer func(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, form, record, field string) error
	// Derive makes values of forms that the server alone knows how to make; nil makes none.
	Derive func(name string, doc map[string]any) (any, bool)
	// Notify and Settle are where flows tell people; nil tells nobody.
	Notify func(ctx context.Context, tx *sql.Tx, n []flow.Notice, now time.Time) error
	Settle func(ctx context.Context, tx *sql.Tx, keyPrefix string, now time.Time) error
}

// RecordKind is what attachments call the records of forms they belong to.
const RecordKind = "record"

// Desk is where people's work with forms and flows comes together.
type Desk struct {
	Deps
	Docs  *document.Store
	Forms *form.Store
	Flows *flow.Store

	shipped map[string]bool // apps the program works with, written before anybody asks

	mu   sync.Mutex
	defs map[defKey]*flow.Def // published versions never change
}

type defKey struct {
	key     string
	version int64
}

// New makes the desk and the stores in it.
func New(d Deps) *Desk {
	k := &Desk{Deps: d, shipped: map[string]bool{}, defs: map[defKey]*flow.Def{}}
	k.Docs = document.NewStore(d.DB, d.Audit, map[document.Kind]document.Class{document.Form: k.formClass(), document.Dict: form.DictClass(), document.Flow: k.flowClass(), document.App: document.AppClass(), document.Calendar: calendarClass(), document.Checklist: checklistClass()})
	k.Forms = form.NewStore(d.DB, k.Docs, form.Deps{Zone: d.Zone, Lookup: d.Staff.Lookup, Refer: d.Refer, Derive: d.Derive})
	k.Flows = flow.NewStore(flow.Deps{DB: d.DB, Def: k.FlowDef, Records: records{k}, People: d.Staff, Notify: d.Notify, Settle: d.Settle, Limit: k.limit, Work: k.working, Zone: d.Zone, Now: d.Now})
	return k
}

// FlowDef returns a version of a flow, 0 for the one in force. Errors: flow.ErrNotFound.
func (k *Desk) FlowDef(ctx context.Context, tx *sql.Tx, key string, version int64) (*flow.Def, error) {
	if version == 0 {
		n, _, err := k.Docs.InForce(ctx, tx, document.Flow, key)
		if errors.Is(err, document.ErrNotFound) || err == nil && n == 0 {
			return nil, fmt.Errorf("%w: flow %s", flow.ErrNotFound, key)
		}
		if err != nil {
			return nil, err
		}
		version = n
	}
	id := defKey{key, version}
	k.mu.Lock()
	d, ok := k.defs[id]
	k.mu.Unlock()
	if ok {
		return d, nil
	}
	v, err := k.version(ctx, tx, key, version)
	if err != nil {
		return nil, err
	}
	if d, err = flow.Parse(key, v.Body); err != nil {
		return nil, fmt.Errorf("work: read flow %s version %d: %w", key, version, err)
	}
	d.Version = version
	if tx == nil { // within a transaction the version may yet be taken back
		k.mu.Lock()
		k.defs[id] = d
		k.mu.Unlock()
	}
	return d, nil
}

func (k *Desk) version(ctx context.Context, tx *sql.Tx, key string, n int64) (document.Version, error) {
	if tx == nil {
		return k.Docs.Version(ctx, document.Flow, key, n)
	}
	return k.Docs.VersionTx(ctx, tx, document.Flow, key, n)
}

// records lets flows at the records of forms.
type records struct{ k *Desk }

// Read implements flow.Records.
func (r records) Read(ctx context.Context, tx *sql.Tx, form, id string) (map[string]any, error) {
	return r.k.Forms.Flow().Read(ctx, tx, form, id)
}

// Schema implements flow.Records.
func (r records) Schema(ctx context.Context, tx *sql.Tx, form string) (cond.Schema, error) {
	d, err := r.k.Forms.DefTx(ctx, tx, form, 0)
	if err != nil {
		return nil, err
	}
	return d.Schema(), nil
}

// Shown implements flow.Records.
func (r records) Shown(ctx context.Context, tx *sql.Tx, form, id, by string, now time.Time) (func(string) bool, error) {
	return r.k.Forms.Flow().Shown(ctx, tx, form, id, by, now)
}

// Write implements flow.Records.
func (r records) Write(ctx context.Context, tx *sql.Tx, form, id string, patch map[string]any, by org.Actor, node string, now time.Time) error {
	if node == "" {
		node = "flow"
	}
	return r.k.Forms.Flow().Write(ctx, tx, form, id, patch, by.ID, node, now)
}

// Create implements flow.Records.
func (r records) Create(ctx context.Context, tx *sql.Tx, key string, fields map[string]any, by org.Actor, now time.Time) (string, error) {
	who := form.SystemWho()
	who.Actor, who.Me.ID = by, by.ID
	x, err := r.k.Forms.Create(ctx, tx, who, key, fields, now)
	return x.ID, err
}
