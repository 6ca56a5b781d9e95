package places

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// Store keeps the tree in SQL and its present state in memory.
type Store struct {
	db       *db.DB
	trail    *audit.Log
	now      func() time.Time
	mu       sync.Mutex // changes, one at a time
	tree     atomic.Pointer[Tree]
	onChange []func()
}

// Open loads the tree.
func Open(ctx context.Context, d *db.DB, now func() time.Time) (*Store, error) {
	s := &Store{db: d, trail: audit.New(d), now: now}
	t, err := load(ctx, d.Read())
	if err != nil {
		return nil, err
	}
	s.tree.Store(t)
	return s, nil
}

// Tree is the present state.
func (s *Store) Tree() *Tree { return s.tree.Load() }

// OnChange adds a listener that is called after each change; add it before the first.
func (s *Store) OnChange(f func()) { s.onChange = append(s.onChange, f) }

// Change runs edit on a draft and commits it, with the audit lines of what a person
// changed, in one transaction. An error of edit leaves everything as it was.
func (s *Store) Change(ctx context.Context, by org.Actor, edit func(tx *sql.Tx, d *Draft) error) error {
	now := s.now().UTC()
	return s.change(ctx, Author{by.Name, now}, edit, func(tx *sql.Tx, notes []Note) error {
		for _, n := range notes {
			if err := s.trail.Append(ctx, tx, by, n.Action, n.Object, n.Data, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// Report takes a manifest over. more runs in the same transaction.
func (s *Store) Report(ctx context.Context, m contract.Manifest, more func(tx *sql.Tx) error) error {
	return s.change(ctx, Author{"edge:" + string(m.Edge), s.now().UTC()}, func(tx *sql.Tx, d *Draft) error {
		d.Report(m)
		return more(tx)
	}, func(*sql.Tx, []Note) error { return nil })
}

func (s *Store) change(ctx context.Context, by Author, edit func(*sql.Tx, *Draft) error, record func(*sql.Tx, []Note) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var d *Draft
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		// Holding the head's row keeps every other process out until the end.
		var rev int64
		if err := tx.QueryRowContext(ctx, `UPDATE place_head SET rev = rev + 1 WHERE id = 1 RETURNING rev`).Scan(&rev); err != nil {
			return fmt.Errorf("places: take number: %w", err)
		}
		base := s.Tree()
		if base.Rev != rev-1 { // another process changed them
			var err error
			if base, err = load(ctx, tx); err != nil {
				return err
			}
			base.Rev = rev - 1
		}
		d = NewDraft(base, by)
		if err := edit(tx, d); err != nil {
			return err
		}
		if err := save(ctx, tx, d); err != nil {
			return err
		}
		return record(tx, d.Notes)
	})
	if err != nil {
		return err
	}
	s.tree.Store(d.Tree)
	if d.Changed() {
		for _, f := range s.onChange {
			f()
		}
	}
	return nil
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func load(ctx context.Context, q querier) (*Tree, error) {
	t := newTree()
	err := errors.Join(
		q.QueryRowContext(ctx, `SELECT rev FROM place_head WHERE id = 1`).Scan(&t.Rev),
		t.loadCommunities(ctx, q), t.loadBuildings(ctx, q),
		docs(ctx, q, `unit_entrance`, func(x Entrance) { t.Entrances[EntranceKey{x.Building, x.ID}] = x }),
		docs(ctx, q, `floor`, func(x Floor) { t.Floors[FloorKey{x.Building, x.Number}] = x }),
		docs(ctx, q, `room`, func(x Room) {
			t.Rooms[x.ID] = x
			if x.Reported != nil {
				t.reported[roomReport{x.Building, x.Reported.UnitEntrance, x.Reported.Floor, x.Reported.Name}] = x.ID
			}
		}),
		docs(ctx, q, `device_site`, func(x Site) { t.Sites[DeviceKey{x.Edge, x.ID}] = x }),
		docs(ctx, q, `edge_site`, func(x EdgeSite) { t.Edges[x.Edge] = x }))
	if err != nil {
		return nil, fmt.Errorf("places: load: %w", err)
	}
	return t, nil
}

func docs[T any](ctx context.Context, q querier, table string, take func(T)) error {
	return rows(ctx, q, `SELECT doc FROM `+table, 1, func(c []string) error {
		var v T
		err := json.Unmarshal([]byte(c[0]), &v)
		if err == nil {
			take(v)
		}
		return err
	})
}

// rows reads columns of text.
func rows(ctx context.Context, q querier, query string, n int, take func([]string) error) error {
	rs, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		cols, into := make([]string, n), make([]any, n)
		for i := range cols {
			into[i] = &cols[i]
		}
		if err := rs.Scan(into...); err != nil {
			return err
		}
		if err := take(cols); err != nil {
			return err
		}
	}
	return rs.Err()
}

// loadCommunities also reads rows from before places could be edited: they have no doc.
func (t *Tree) loadCommunities(ctx context.Context, q querier) error {
	return rows(ctx, q, `SELECT id, name, time_zone, doc FROM community`, 4, func(c []string) error {
		x := Community{ID: c[0], TimeZone: c[2]}
		err := json.Unmarshal([]byte(c[1]), &x.Name)
		if c[3] == "" {
			x.Reported = &Reported{Name: x.Name, TimeZone: x.TimeZone}
		} else {
			err = json.Unmarshal([]byte(c[3]), &x)
		}
		t.Communities[x.ID] = x
		return err
	})
}

func (t *Tree) loadBuildings(ctx context.Context, q querier) error {
	return rows(ctx, q, `SELECT id, community, name, floors, unit_entrances, doc FROM building`, 6, func(c []string) error {
		x := Building{ID: c[0], Community: c[1], Contacts: []Contact{}, Cameras: []Camera{}}
		if c[5] != "" {
			err := json.Unmarshal([]byte(c[5]), &x)
			t.Buildings[x.ID] = x
			return err
		}
		rep := &Reported{Community: x.Community}
		err := errors.Join(json.Unmarshal([]byte(c[2]), &x.Name), json.Unmarshal([]byte(c[3]), &rep.Floors), json.Unmarshal([]byte(c[4]), &rep.UnitEntrances))
		rep.Name, x.Reported = x.Name, rep
		t.Buildings[x.ID], t.legacy[x.ID] = x, true
		for _, n := range rep.Floors {
			t.Floors[FloorKey{x.ID, n}] = Floor{Building: x.ID, Number: n, Pos: n, Contacts: []Contact{}, Cameras: []Camera{}}
		}
		for i, id := range rep.UnitEntrances {
			t.Entrances[EntranceKey{x.ID, id}] = Entrance{Building: x.ID, ID: id, Pos: i}
		}
		return err
	})
}

// save writes the rows that a draft changed.
func save(ctx context.Context, tx *sql.Tx, d *Draft) error {
	w := &writer{ctx: ctx, tx: tx}
	for k := range d.dirty {
		switch k := k.(type) {
		case communityKey:
			d.saveCommunity(w, string(k))
		case buildingKey:
			d.saveBuilding(w, string(k))
		case EntranceKey:
			x, ok := d.Entrances[k]
			w.put(ok, x, `unit_entrance`, `building = $1 AND id = $2`, `(building, id, doc) VALUES ($1, $2, $3)`, k.Building, k.ID)
		case FloorKey:
			x, ok := d.Floors[k]
			w.put(ok, x, `floor`, `building = $1 AND number = $2`, `(building, number, doc) VALUES ($1, $2, $3)`, k.Building, k.Number)
		case roomKey:
			x, ok := d.Rooms[string(k)]
			w.run(`DELETE FROM room WHERE id = $1`, string(k))
			if ok {
				w.run(`INSERT INTO room (id, building, floor, doc) VALUES ($1, $2, $3, $4)`, x.ID, x.Building, x.Floor, w.json(x))
			}
		case DeviceKey:
			x, ok := d.Sites[k]
			w.put(ok, x, `device_site`, `edge = $1 AND id = $2`, `(edge, id, doc) VALUES ($1, $2, $3)`, string(k.Edge), string(k.ID))
		case edgeKey:
			x, ok := d.Edges[contract.EdgeID(k)]
			w.put(ok, x, `edge_site`, `edge = $1`, `(edge, doc) VALUES ($1, $2)`, string(k))
		}
	}
	if w.err != nil {
		return fmt.Errorf("places: save: %w", w.err)
	}
	return nil
}

func (d *Draft) saveCommunity(w *writer, id string) {
	x, ok := d.Communities[id]
	if !ok {
		w.run(`DELETE FROM community WHERE id = $1`, id)
		return
	}
	w.run(`INSERT INTO community (id, name, time_zone, doc) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, doc = excluded.doc`,
		id, w.json(x.Name), x.TimeZone, w.json(x))
}

// saveBuilding also writes the floors and entrances that were adopted with the row.
func (d *Draft) saveBuilding(w *writer, id string) {
	x, ok := d.Buildings[id]
	if !ok {
		w.run(`DELETE FROM building WHERE id = $1`, id)
		return
	}
	w.run(`INSERT INTO building (id, community, name, floors, unit_entrances, doc) VALUES ($1, $2, $3, '', '', $4)
		ON CONFLICT (id) DO UPDATE SET community = excluded.community, name = excluded.name, doc = excluded.doc`,
		id, x.Community, w.json(x.Name), w.json(x))
	if !d.legacy[id] {
		return
	}
	delete(d.legacy, id)
	for k, f := range d.Floors {
		if k.Building == id {
			w.put(true, f, `floor`, `building = $1 AND number = $2`, `(building, number, doc) VALUES ($1, $2, $3)`, k.Building, k.Number)
		}
	}
	for k, e := range d.Entrances {
		if k.Building == id {
			w.put(true, e, `unit_entrance`, `building = $1 AND id = $2`, `(building, id, doc) VALUES ($1, $2, $3)`, k.Building, k.ID)
		}
	}
}

// writer runs statements and keeps the first error.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

func (w *writer) run(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.tx.ExecContext(w.ctx, query, args...)
	}
}

func (w *writer) json(v any) string {
	b, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	return string(b)
}

func (w *writer) put(there bool, v any, table, where, columns string, keys ...any) {
	w.run(`DELETE FROM `+table+` WHERE `+where, keys...)
	if there {
		w.run(`INSERT INTO `+table+` `+columns, append(keys, w.json(v))...)
	}
}
