// Package floorplan keeps the drawing of each floor and where devices and points stand
// on it. Drawings are decoded and written anew, so that nothing but the picture is kept.
package floorplan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// Errors.
var (
	ErrNotFound = errors.New("floorplan: no such plan or image")
	ErrType     = errors.New("floorplan: neither PNG nor JPEG")
	ErrBroken   = errors.New("floorplan: the image cannot be decoded")
	ErrTooLarge = errors.New("floorplan: the image has too many pixels")
	ErrPosition = errors.New("floorplan: a position is not within the plan")
)

// ConflictError means that somebody else has changed the plan since.
type ConflictError struct {
	Version int64
	By      string
	At      time.Time
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("floorplan: changed to version %d by %s", e.Version, e.By)
}

// Position is where a device or point stands, as fractions of width and height from the
// upper left.
type Position struct {
	Edge contract.EdgeID `json:"edge" maxLength:"48"`
	ID   string          `json:"id" maxLength:"128"` // of a device or a point
	X    float64         `json:"x" minimum:"0" maximum:"1"`
	Y    float64         `json:"y" minimum:"0" maximum:"1"`
}

// Image is one drawing.
type Image struct {
	N      int64     `json:"n"`
	Hash   string    `json:"hash"`
	Width  int       `json:"width"` // pixels
	Height int       `json:"height"`
	Name   string    `json:"name"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Plan is the present state of a floor's plan. Version is 0 for a floor that nobody has
// drawn yet.
type Plan struct {
	Building  string     `json:"building"`
	Floor     int        `json:"floor"`
	Version   int64      `json:"version"`
	Image     *Image     `json:"image,omitempty"`
	Positions []Position `json:"positions"`
	ChangedBy string     `json:"changed_by,omitempty"`
	ChangedAt time.Time  `json:"changed_at,omitzero"`
}

// Store keeps plans in SQL.
type Store struct {
	db    *db.DB
	trail *audit.Log
	now   func() time.Time
	one   chan struct{} // one image is decoded at a time: each may take some 150 MB
}

// NewStore makes a store.
func NewStore(d *db.DB, now func() time.Time) *Store {
	return &Store{db: d, trail: audit.New(d), now: now, one: make(chan struct{}, 1)}
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Get returns the plan of a floor; one that nobody has drawn is empty.
func (s *Store) Get(ctx context.Context, building string, floor int) (Plan, error) {
	p, _, err := get(ctx, s.db.Read(), building, floor)
	return p, err
}

func get(ctx context.Context, q querier, building string, floor int) (Plan, int64, error) {
	p := Plan{Building: building, Floor: floor, Positions: []Position{}}
	var image, at int64
	var positions string
	err := q.QueryRowContext(ctx, `SELECT version, image, positions, changed_by, changed_at FROM floor_plan WHERE building = $1 AND floor = $2`, building, floor).
		Scan(&p.Version, &image, &positions, &p.ChangedBy, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return p, 0, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(positions), &p.Positions)
	}
	if err != nil {
		return p, 0, fmt.Errorf("floorplan: read plan of %s/%d: %w", building, floor, err)
	}
	p.ChangedAt = db.Time(at)
	if image > 0 {
		versions, err := images(ctx, q, building, floor, image)
		if err != nil {
			return p, 0, err
		}
		if len(versions) == 1 {
			p.Image = &versions[0]
		}
	}
	return p, image, nil
}

// Images lists the drawings a floor has had, newest first.
func (s *Store) Images(ctx context.Context, building string, floor int) ([]Image, error) {
	return images(ctx, s.db.Read(), building, floor, 0)
}

// images lists one (n) or all (0).
func images(ctx context.Context, q querier, building string, floor int, n int64) ([]Image, error) {
	rows, err := q.QueryContext(ctx, `SELECT v.n, v.hash, i.width, i.height, v.name, v.by_name, v.at FROM floor_plan_version v
		JOIN floor_image i ON i.building = v.building AND i.hash = v.hash
		WHERE v.building = $1 AND v.floor = $2 AND ($3 = 0 OR v.n = $4) ORDER BY v.n DESC`, building, floor, n, n)
	if err != nil {
		return nil, fmt.Errorf("floorplan: list images: %w", err)
	}
	defer rows.Close()
	out := []Image{}
	for rows.Next() {
		var i Image
		var at int64
		if err := rows.Scan(&i.N, &i.Hash, &i.Width, &i.Height, &i.Name, &i.By, &at); err != nil {
			return nil, fmt.Errorf("floorplan: list images: %w", err)
		}
		i.At = db.Time(at)
		out = append(out, i)
	}
	return out, rows.Err()
}

// Picture returns an image's bytes and type. It never changes.
func (s *Store) Picture(ctx context.Context, building, hash string) (data []byte, kind string, err error) {
	err = s.db.Read().QueryRowContext(ctx, `SELECT data, type FROM floor_image WHERE building = $1 AND hash = $2`, building, hash).Scan(&data, &kind)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", ErrNotFound
	}
	if err != nil {
		return nil, "", fmt.Errorf("floorplan: read image: %w", err)
	}
	return data, kind, nil
}

// Kept reports whether a building or, with a floor, that floor ever had a plan.
func Kept(ctx context.Context, tx *sql.Tx, building string, floor int) (bool, error) {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM floor_plan WHERE building = $1 AND ($2 = 0 OR floor = $3)`, building, floor, floor).Scan(&n); err != nil {
		return false, fmt.Errorf("floorplan: look for plans: %w", err)
	}
	return n > 0, nil
}

// change locks a floor's plan, checks the version the caller saw and stores what edit
// makes of it.
func (s *Store) change(ctx context.Context, by org.Actor, building string, floor int, seen int64, action string, edit func(tx *sql.Tx, p *Plan, image *int64) error) (Plan, error) {
	now := s.now().UTC()
	var p Plan
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO floor_plan (building, floor, version, image, positions, changed_by, changed_at)
			VALUES ($1, $2, 0, 0, '[]', '', 0) ON CONFLICT DO NOTHING`, building, floor); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE floor_plan SET version = version WHERE building = $1 AND floor = $2`, building, floor); err != nil {
			return err
		}
		var image int64
		var err error
		if p, image, err = get(ctx, tx, building, floor); err != nil {
			return err
		}
		if p.Version != seen {
			return &ConflictError{p.Version, p.ChangedBy, p.ChangedAt}
		}
		if err := edit(tx, &p, &image); err != nil {
			return err
		}
		p.Version, p.ChangedBy, p.ChangedAt = p.Version+1, by.Name, now
		positions, err := json.Marshal(p.Positions)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE floor_plan SET version = $3, image = $4, positions = $5, changed_by = $6, changed_at = $7
			WHERE building = $1 AND floor = $2`, building, floor, p.Version, image, string(positions), by.Name, db.Millis(now)); err != nil {
			return err
		}
		return s.trail.Append(ctx, tx, by, action, "floorplan:"+building+"/"+strconv.Itoa(floor), map[string]any{"version": p.Version, "image": image, "positions": len(p.Positions)}, now)
	})
	if err != nil {
		return Plan{}, fmt.Errorf("floorplan: change %s/%d: %w", building, floor, err)
	}
	return s.Get(ctx, building, floor)
}

const maxPositions = 2000

// Place stores where everything stands.
func (s *Store) Place(ctx context.Context, by org.Actor, building string, floor int, seen int64, at []Position) (Plan, error) {
	if err := checkPositions(at); err != nil {
		return Plan{}, err
	}
	return s.change(ctx, by, building, floor, seen, "floorplan.place", func(_ *sql.Tx, p *Plan, _ *int64) error {
		p.Positions = at
		return nil
	})
}

func checkPositions(at []Position) error {
	if len(at) > maxPositions {
		return ErrPosition
	}
	seen := map[string]bool{}
	for _, p := range at {
		key := string(p.Edge) + "/" + p.ID
		within := func(v float64) bool { return !math.IsNaN(v) && v >= 0 && v <= 1 }
		if !within(p.X) || !within(p.Y) || seen[key] || !contract.ValidID(string(p.Edge)) || !contract.ValidID(string(contract.PointID(p.ID).Device())) {
			return ErrPosition
		}
		seen[key] = true
	}
	return nil
}

// Upload takes a new drawing. Errors: [ErrType], [ErrBroken], [ErrTooLarge], [ConflictError].
func (s *Store) Upload(ctx context.Context, by org.Actor, building string, floor int, seen int64, name string, raw []byte) (Plan, error) {
	select {
	case s.one <- struct{}{}:
		defer func() { <-s.one }()
	case <-ctx.Done():
		return Plan{}, ctx.Err()
	}
	pic, err := Clean(raw)
	if err != nil {
		return Plan{}, err
	}
	return s.change(ctx, by, building, floor, seen, "floorplan.upload", func(tx *sql.Tx, p *Plan, image *int64) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO floor_image (hash, building, type, width, height, data) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			pic.Hash, building, pic.Type, pic.Width, pic.Height, pic.Data); err != nil {
			return err
		}
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(n), 0) + 1 FROM floor_plan_version WHERE building = $1 AND floor = $2`, building, floor).Scan(&n); err != nil {
			return err
		}
		*image = n
		_, err := tx.ExecContext(ctx, `INSERT INTO floor_plan_version (building, floor, n, hash, name, by_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			building, floor, n, pic.Hash, fileName(name), by.Name, db.Millis(s.now()))
		return err
	})
}

// Choose shows an earlier drawing again; 0 shows none.
func (s *Store) Choose(ctx context.Context, by org.Actor, building string, floor int, seen, n int64) (Plan, error) {
	had, err := s.Images(ctx, building, floor)
	if err != nil {
		return Plan{}, err
	}
	if n != 0 && !slices.ContainsFunc(had, func(i Image) bool { return i.N == n }) {
		return Plan{}, ErrNotFound
	}
	return s.change(ctx, by, building, floor, seen, "floorplan.choose", func(_ *sql.Tx, _ *Plan, image *int64) error {
		*image = n
		return nil
	})
}

// fileName keeps the last part of a name, printable and short.
func fileName(s string) string {
	s = s[strings.LastIndexAny(s, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	r := []rune(s)
	return string(r[:min(len(r), 80)])
}
