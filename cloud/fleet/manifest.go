package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// Manifest replaces what is known of an edge's devices, points, rules and outputs.
// Errors wrap contract.ErrMalformed when sending it again would not help.
func (s *Service) Manifest(ctx context.Context, m contract.Manifest) error {
	if err := checkManifest(m); err != nil {
		return err
	}
	if err := s.known(ctx, m.Edge); err != nil {
		return err
	}
	if err := s.places.Report(ctx, m, func(tx *sql.Tx) error { return storeManifest(ctx, tx, m) }); err != nil {
		return fmt.Errorf("fleet: store manifest of %s: %w", m.Edge, err)
	}
	s.mu.Lock()
	s.edges[m.Edge].use(m)
	s.edges[m.Edge].locate(m.Edge, s.places.Tree())
	s.mu.Unlock()
	s.tellEdge(m.Edge)
	return nil
}

func checkManifest(m contract.Manifest) error {
	bad := func(what, id string) error {
		return fmt.Errorf("fleet: manifest of %s: %s %q: %w", m.Edge, what, id, contract.ErrMalformed)
	}
	if !contract.ValidID(string(m.Edge)) {
		return bad("edge", string(m.Edge))
	}
	if !contract.ValidID(m.Building.ID) {
		return bad("building", m.Building.ID)
	}
	if !contract.ValidID(m.Building.Community) {
		return bad("community", m.Building.Community)
	}
	if _, err := time.LoadLocation(m.Building.TimeZone); err != nil || m.Building.TimeZone == "" {
		return bad("time zone", m.Building.TimeZone)
	}
	devices, points := map[contract.DeviceID]bool{}, map[contract.PointID]bool{}
	for _, d := range m.Devices {
		if !contract.ValidID(string(d.ID)) || devices[d.ID] {
			return bad("device", string(d.ID))
		}
		devices[d.ID] = true
		for _, p := range d.Points {
			if p.ID.Device() != d.ID || p.ID.Name() == "" || points[p.ID] {
				return bad("point", string(p.ID))
			}
			points[p.ID] = true
		}
	}
	return nil
}

// statements runs inserts and keeps the first error.
type statements struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

func (s *statements) run(query string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case bool:
			args[i] = 0
			if a {
				args[i] = 1
			}
		case string, int, int64:
		default:
			args[i] = s.json(a)
		}
	}
	if s.err == nil {
		_, s.err = s.tx.ExecContext(s.ctx, query, args...)
	}
}

func (s *statements) json(v any) string {
	b, err := json.Marshal(v)
	if err != nil && s.err == nil {
		s.err = err
	}
	return string(b)
}

func storeManifest(ctx context.Context, tx *sql.Tx, m contract.Manifest) error {
	s := &statements{ctx: ctx, tx: tx}
	b, id := m.Building, string(m.Edge)
	s.run(`UPDATE edge SET name = $2, building = $3, config = $4, manifest = $5 WHERE id = $1`, id, m.Name, b.ID, m.Config, m)
	for _, table := range []string{"bus", "device", "point", "output"} {
		s.run(`DELETE FROM `+table+` WHERE edge = $1`, id)
	}
	for _, x := range m.Buses {
		s.run(`INSERT INTO bus (edge, id, kind, name) VALUES ($1,$2,$3,$4)`, id, string(x.ID), x.Kind, x.Name)
	}
	for _, d := range m.Devices {
		s.run(`INSERT INTO device (edge, id, bus, profile, model, verified, name, building, floor, place)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
			id, string(d.ID), string(d.Bus), d.Profile, d.Model, d.Verified, d.Name, d.Place.Building, d.Place.Floor, d.Place)
		for _, p := range d.Points {
			s.run(`INSERT INTO point (edge, id, device, name, unit, decimals, alarm) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
				id, string(p.ID), string(d.ID), p.Name, string(p.Unit), p.Decimals, p.Alarm)
		}
	}
	for _, o := range m.Outputs {
		s.run(`INSERT INTO output (edge, id, name, kind, verbs, place) VALUES ($1,$2,$3,$4,$5,$6)`,
			id, o.ID, o.Name, o.Kind, o.Verbs, o.Place)
	}
	return s.err
}

// Boot notes an edge's start, inside the record's transaction.
func (s *Service) Boot(ctx context.Context, tx *sql.Tx, id contract.EdgeID, b contract.Boot) error {
	if _, err := tx.ExecContext(ctx, `UPDATE edge SET software = $2 WHERE id = $1`, string(id), b.Software); err != nil {
		return fmt.Errorf("fleet: store boot of %s: %w", id, err)
	}
	s.mu.Lock()
	if e := s.edges[id]; e != nil {
		e.software = b.Software
	}
	s.mu.Unlock()
	return nil
}

// CheckIn stores a tag held to a reader, once per record.
func (s *Service) CheckIn(ctx context.Context, tx *sql.Tx, id contract.EdgeID, p contract.Position, c contract.CheckIn, recv time.Time) error {
	texts, err := json.Marshal(append([]string{}, c.Texts...))
	if err != nil {
		return fmt.Errorf("fleet: store check-in of %s: %w", id, err)
	}
	st := &statements{ctx: ctx, tx: tx}
	st.run(`INSERT INTO check_in (edge, epoch, seq, reader, name, place, uid, texts, at, recv_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
		ON CONFLICT DO NOTHING`,
		string(id), p.Epoch, int64(p.Seq), string(c.Reader), c.Name, c.Place, c.UID, string(texts), db.Millis(c.At), db.Millis(recv))
	if st.err != nil {
		return fmt.Errorf("fleet: store check-in of %s: %w", id, st.err)
	}
	return nil
}
