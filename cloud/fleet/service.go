package fleet

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/fleet/places"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// Alarms is what fleet needs of the alarm store.
type Alarms interface {
	Open(ctx context.Context) ([]alarm.Alarm, error)
	LastEventAt(ctx context.Context) (time.Time, error)
	Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// ErrNotFound marks an edge, building or point that does not exist.
var ErrNotFound = errors.New("not found")

// Service holds the fleet in memory; SQL is where it survives.
type Service struct {
	db       *db.DB
	alarms   Alarms
	log      *slog.Logger
	now      func() time.Time
	started  time.Time
	kick     chan struct{}
	onEdge   []func(Edge)
	onPoints []func(contract.EdgeID, []PointValue)
	// certificates is asked now and then, by Run's goroutine alone.
	certificates   func(context.Context, contract.EdgeID) (time.Time, error)
	certificatesAt time.Time

	places *places.Store

	mu    sync.RWMutex
	edges map[contract.EdgeID]*edge
}

type edge struct {
	name     contract.Text
	building string // where people put it, else as reported
	boot     string
	config   string
	software string
	watch    Watch
	state    EdgeState
	offset   time.Duration
	pending  Pending
	diskFree int64
	manifest contract.Manifest
	device   map[contract.DeviceID]*contract.ManifestDevice
	where    map[contract.DeviceID]places.Located
	latches  map[ruleKey]bool
	last     map[contract.PointID]contract.Sample
	dirty    map[contract.PointID]bool
	vitals   vitals
	ailing   map[contract.RuleID]bool // what was told of it since this process started
}

type ruleKey struct {
	point contract.PointID
	rule  contract.RuleID
}

func newEdge() *edge {
	return &edge{state: Never, last: map[contract.PointID]contract.Sample{}, dirty: map[contract.PointID]bool{}}
}

// New loads the fleet. The moment of the call is when supervision's grace begins.
func New(ctx context.Context, d *db.DB, alarms Alarms, log *slog.Logger, reg prometheus.Registerer, now func() time.Time) (*Service, error) {
	s := &Service{db: d, alarms: alarms, log: log, now: now, started: now(), kick: make(chan struct{}, 1),
		edges: map[contract.EdgeID]*edge{}}
	var err error
	if s.places, err = places.Open(ctx, d, now); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	s.relocate()
	s.places.OnChange(s.relocate)
	if reg != nil {
		reg.MustRegister(s.collector())
	}
	return s, nil
}

// OnEdge adds a listener for changes of an edge; it must not block.
func (s *Service) OnEdge(f func(Edge)) { s.onEdge = append(s.onEdge, f) }

// OnPoints adds a listener for fresh values, at most twice a second and edge; it must
// not block.
func (s *Service) OnPoints(f func(contract.EdgeID, []PointValue)) { s.onPoints = append(s.onPoints, f) }

func (s *Service) load(ctx context.Context) error {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, name, building, boot, config, software, last_seen, lost_since,
		clock_offset_ms, pending, disk_free, manifest FROM edge`)
	if err != nil {
		return fmt.Errorf("fleet: load edges: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id contract.EdgeID
		var name, pending, manifest string
		var seen, lost, offset int64
		e := newEdge()
		if err := rows.Scan(&id, &name, &e.building, &e.boot, &e.config, &e.software, &seen, &lost, &offset, &pending,
			&e.diskFree, &manifest); err != nil {
			return fmt.Errorf("fleet: load edges: %w", err)
		}
		e.watch = Watch{LastSeen: db.Time(seen), LostSince: db.Time(lost)}
		e.offset = time.Duration(offset) * time.Millisecond
		if err := errors.Join(json.Unmarshal([]byte(name), &e.name), json.Unmarshal([]byte(pending), &e.pending)); err != nil {
			return fmt.Errorf("fleet: load edge %s: %w", id, err)
		}
		if manifest != "" {
			var m contract.Manifest
			if err := json.Unmarshal([]byte(manifest), &m); err != nil {
				return fmt.Errorf("fleet: load manifest of %s: %w", id, err)
			}
			e.use(m)
		}
		e.state = Supervise(e.watch, s.started, s.started)
		s.edges[id] = e
	}
	return rows.Err()
}

// use takes a manifest over into the lookup tables.
func (e *edge) use(m contract.Manifest) {
	e.manifest, e.name, e.config = m, m.Name, m.Config
	e.device = make(map[contract.DeviceID]*contract.ManifestDevice, len(m.Devices))
	for i := range m.Devices {
		e.device[m.Devices[i].ID] = &m.Devices[i]
	}
	e.latches = make(map[ruleKey]bool, len(m.Rules))
	for _, r := range m.Rules {
		e.latches[ruleKey{r.Point, r.ID}] = r.Latch
	}
}

// Places is where the tree of places is read and changed.
func (s *Service) Places() *places.Store { return s.places }

// relocate works out anew where every device stands; it runs after each change of places.
func (s *Service) relocate() {
	tree := s.places.Tree()
	s.mu.Lock()
	var moved []contract.EdgeID
	for id, e := range s.edges {
		if e.locate(id, tree) {
			moved = append(moved, id)
		}
	}
	s.mu.Unlock()
	for _, id := range moved {
		s.tellEdge(id)
	}
}

// locate reports whether the edge has changed buildings.
func (e *edge) locate(id contract.EdgeID, tree *places.Tree) bool {
	before := e.building
	e.building = tree.BuildingOf(id, e.manifest.Building.ID)
	e.where = make(map[contract.DeviceID]places.Located, len(e.manifest.Devices))
	for i := range e.manifest.Devices {
		d := &e.manifest.Devices[i]
		e.where[d.ID] = tree.Locate(id, d, e.building)
	}
	return e.building != before
}

func (s *Service) edgeIDs() []contract.EdgeID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Sorted(maps.Keys(s.edges))
}

// Restore sets an edge's last values at start, from the time series.
func (s *Service) Restore(id contract.EdgeID, last map[contract.PointID]contract.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.edges[id]; e != nil {
		maps.Copy(e.last, last)
	}
}

// Enrol makes an edge known before it was ever heard.
func (s *Service) Enrol(ctx context.Context, id contract.EdgeID, name contract.Text) error {
	if !contract.ValidID(string(id)) {
		return fmt.Errorf("fleet: enrol: %q is not an id", id)
	}
	text, err := json.Marshal(name)
	if err != nil {
		return fmt.Errorf("fleet: enrol %s: %w", id, err)
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO edge (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, string(id), string(text))
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: enrol %s: %w", id, err)
	}
	s.mu.Lock()
	if s.edges[id] == nil {
		e := newEdge()
		e.name = name
		e.locate(id, s.places.Tree())
		s.edges[id] = e
	}
	s.mu.Unlock()
	s.tellEdge(id)
	return nil
}

// Heard notes a sign of life.
func (s *Service) Heard(id contract.EdgeID, at time.Time) {
	s.mu.Lock()
	e := s.edges[id]
	wake := false
	if e != nil {
		e.watch.LastSeen, e.watch.Heard, e.watch.Gone = at, true, false
		wake = e.state != Online
	}
	s.mu.Unlock()
	if wake {
		select {
		case s.kick <- struct{}{}:
		default:
		}
	}
}

// Hello takes an edge's status message. A will (Online false) is the broker's word that
// the connection broke; it is not a sign of life.
func (s *Service) Hello(ctx context.Context, h contract.Hello, at time.Time) error {
	if err := s.known(ctx, h.Edge); err != nil {
		return err
	}
	if !h.Online {
		s.mu.Lock()
		s.edges[h.Edge].watch.Gone = true
		s.mu.Unlock()
		return nil
	}
	s.Heard(h.Edge, at)
	p := Pending{Alarm: h.Pending[contract.StreamAlarm], Telemetry: h.Pending[contract.StreamTelemetry]}
	s.mu.Lock()
	e := s.edges[h.Edge]
	e.boot, e.offset, e.pending, e.diskFree = h.BootID, h.At.Sub(at), p, h.DiskFree
	e.vitals = e.vitals.hello(h, at)
	offset := e.offset.Milliseconds()
	s.mu.Unlock()
	pending, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("fleet: hello of %s: %w", h.Edge, err)
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE edge SET boot = $2, last_seen = $3, clock_offset_ms = $4, pending = $5, disk_free = $6
			WHERE id = $1`, string(h.Edge), h.BootID, db.Millis(at), offset, string(pending), h.DiskFree)
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: hello of %s: %w", h.Edge, err)
	}
	s.tellEdge(h.Edge)
	return nil
}

// known makes the row of an edge whose credential was made by another process.
func (s *Service) known(ctx context.Context, id contract.EdgeID) error {
	s.mu.RLock()
	e := s.edges[id]
	s.mu.RUnlock()
	if e != nil {
		return nil
	}
	return s.Enrol(ctx, id, contract.Text{ZH: string(id)})
}

// Samples takes fresh values; older ones than the last known change nothing.
func (s *Service) Samples(id contract.EdgeID, columns []contract.Column) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.edges[id]
	if e == nil {
		return
	}
	limit := s.now().Add(10 * time.Minute).UnixMilli() // a wrong clock must not freeze the display
	for _, c := range columns {
		for _, v := range c.Samples {
			if old, ok := e.last[c.Point]; (!ok || v.UnixMS >= old.UnixMS) && v.UnixMS <= limit {
				e.last[c.Point], e.dirty[c.Point] = v, true
			}
		}
	}
}

func (s *Service) flushValues() {
	for _, id := range s.edgeIDs() {
		s.mu.Lock()
		e := s.edges[id]
		out := make([]PointValue, 0, len(e.dirty))
		for _, p := range slices.Sorted(maps.Keys(e.dirty)) {
			v := e.last[p]
			out = append(out, PointValue{Point: p, Value: v.Value, Quality: v.Quality, At: time.UnixMilli(v.UnixMS).UTC()})
		}
		clear(e.dirty)
		s.mu.Unlock()
		if len(out) > 0 {
			for _, f := range s.onPoints {
				f(id, out)
			}
		}
	}
}

func (s *Service) tellEdge(id contract.EdgeID) {
	s.mu.RLock()
	e := s.edges[id].show(id)
	s.mu.RUnlock()
	for _, f := range s.onEdge {
		f(e)
	}
}
