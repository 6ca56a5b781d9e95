package notify

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/db"

	"github.com/prometheus/client_golang/prometheus"
)

// Deps is what the store stands on.
type Deps struct {
	DB       *db.DB
	Channels []Channel
	Zone     *time.Location // of the quiet hours; nil: UTC
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
}

// Store keeps notices and their deliveries.
type Store struct {
	Deps
	told     []func(person string, c Count)
	changed  chan struct{} // somebody's notices are changing
	queued   chan struct{} // something is to be handed on
	attempts *prometheus.CounterVec
}

// NewStore uses an open database.
func NewStore(d Deps) *Store {
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	s := &Store{Deps: d, changed: make(chan struct{}, 1), queued: make(chan struct{}, 1),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "notify_deliveries_attempted_total", Help: "Attempts to hand a notice on, by channel and outcome."}, []string{"channel", "outcome"})}
	d.Registry.MustRegister(s.attempts)
	return s
}

// OnNotice adds a listener that is told, after the commit, that a person's notices are
// others than before. It is set before Run.
func (s *Store) OnNotice(f func(person string, c Count)) { s.told = append(s.told, f) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Post keeps notices and what has to be handed on, within the caller's transaction. A key
// that its person has already been told writes nothing.
func (s *Store) Post(ctx context.Context, tx *sql.Tx, notices []Notice, now time.Time) error {
	// In one order, so that two who post to the same people do not wait for one another.
	notices = slices.Clone(notices)
	slices.SortStableFunc(notices, func(a, b Notice) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Key, b.Key)) })
	for _, n := range notices {
		if err := s.post(ctx, tx, n, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) post(ctx context.Context, tx *sql.Tx, n Notice, now time.Time) error {
	topic, subject, err := topics(n.Key)
	if err != nil {
		return err
	}
	if n.To == "" {
		return nil
	}
	n.ID, n.At = "n-"+strings.ToLower(rand.Text()[:20]), db.Time(db.Millis(now))
	title, err := json.Marshal(n.Title)
	if err != nil {
		return fmt.Errorf("notify: encode notice: %w", err)
	}
	body, err := json.Marshal(n.Body)
	if err != nil {
		return fmt.Errorf("notify: encode notice: %w", err)
	}
	todo := 0
	if n.Todo {
		todo = 1
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO notice (id, person, key, topic, subject, kind, urgency, todo, title, body, link, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (person, key) DO NOTHING`, n.ID, n.To, n.Key, topic, subject, n.Kind, n.Urgency.rank(), todo, string(title), string(body), n.Link, db.Millis(n.At))
	if err != nil {
		return fmt.Errorf("notify: post: %w", err)
	}
	if k, err := r.RowsAffected(); err != nil || k == 0 {
		return err
	}
	if err := s.touch(ctx, tx, n.To); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, n)
}

// enqueue adds a delivery for each channel that wants the notice.
func (s *Store) enqueue(ctx context.Context, tx *sql.Tx, n Notice) error {
	for _, c := range s.Channels {
		wants, err := c.Wants(ctx, tx, n)
		if err != nil {
			return fmt.Errorf("notify: ask %s: %w", c.Name(), err)
		}
		if !wants {
			continue
		}
		q, err := quietOf(ctx, tx, n.To)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO notice_delivery (notice, channel, state, next_at, made_at) VALUES ($1, $2, 'waiting', $3, $4)`,
			n.ID, c.Name(), db.Millis(q.Until(n.Urgency, n.At, s.Zone)), db.Millis(n.At)); err != nil {
			return fmt.Errorf("notify: post: %w", err)
		}
		poke(s.queued)
	}
	return nil
}

// touch notes that a person's open pages have to be told after the commit.
func (s *Store) touch(ctx context.Context, tx *sql.Tx, person string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO notice_change (id, person) VALUES ($1, $2)`, strings.ToLower(rand.Text()[:20]), person); err != nil {
		return fmt.Errorf("notify: note change: %w", err)
	}
	poke(s.changed)
	return nil
}

// Done settles the to-dos whose keys are prefix and one part more: they need nobody any
// longer, and are read.
func (s *Store) Done(ctx context.Context, tx *sql.Tx, prefix string, now time.Time) error {
	return s.update(ctx, tx, `UPDATE notice SET done_at = $1, read_at = CASE WHEN read_at = 0 THEN $1 ELSE read_at END WHERE topic = $2 AND done_at = 0 RETURNING person`, db.Millis(now), prefix)
}

// update changes notices and touches whose they are.
func (s *Store) update(ctx context.Context, tx *sql.Tx, q string, args ...any) error {
	rows, err := tx.QueryContext(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("notify: update: %w", err)
	}
	people := map[string]bool{}
	for rows.Next() {
		var p string
		if err := rows.Scan(&p); err != nil {
			return errors.Join(fmt.Errorf("notify: update: %w", err), rows.Close())
		}
		people[p] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("notify: update: %w", err)
	}
	for p := range people {
		if err := s.touch(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// Read marks one of a person's notices as read. Errors: [ErrNotFound].
func (s *Store) Read(ctx context.Context, person, id string, now time.Time) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM notice WHERE id = $1 AND person = $2`, id, person).Scan(&n); err != nil {
			return fmt.Errorf("notify: read: %w", err)
		}
		if n == 0 {
			return ErrNotFound
		}
		return s.update(ctx, tx, `UPDATE notice SET read_at = $1 WHERE id = $2 AND person = $3 AND read_at = 0 RETURNING person`, db.Millis(now), id, person)
	})
}

// ReadAll marks all of a person's notices as read.
func (s *Store) ReadAll(ctx context.Context, person string, now time.Time) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		return s.update(ctx, tx, `UPDATE notice SET read_at = $1 WHERE person = $2 AND read_at = 0 RETURNING person`, db.Millis(now), person)
	})
}

// Count counts what a person has not read.
func (s *Store) Count(ctx context.Context, person string) (Count, error) {
	var c Count
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM notice WHERE person = $1 AND read_at = 0`, person).Scan(&c.Unread); err != nil {
		return c, fmt.Errorf("notify: count: %w", err)
	}
	return c, nil
}

// List returns a person's notices, the newest first, older than the mark before.
func (s *Store) List(ctx context.Context, person string, unread bool, before string, limit int) (Page, error) {
	at, id, ok := int64(1<<62), "", before == ""
	if !ok {
		ms, rest, there := strings.Cut(before, ".")
		n, err := strconv.ParseInt(ms, 10, 64)
		if at, id, ok = n, rest, there && err == nil; !ok {
			return Page{}, ErrNotFound
		}
	}
	q := `SELECT ` + columns + ` FROM notice WHERE person = $1 AND (at < $2 OR at = $2 AND id < $3)`
	if unread {
		q += ` AND read_at = 0`
	}
	rows, err := s.DB.Read().QueryContext(ctx, q+` ORDER BY at DESC, id DESC LIMIT $4`, person, at, id, limit+1)
	if err != nil {
		return Page{}, fmt.Errorf("notify: list: %w", err)
	}
	p := Page{Items: []Notice{}}
	for rows.Next() {
		n, err := scan(rows)
		if err != nil {
			return p, errors.Join(err, rows.Close())
		}
		p.Items = append(p.Items, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return p, fmt.Errorf("notify: list: %w", err)
	}
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		last := p.Items[limit-1]
		p.Next = fmt.Sprintf("%d.%s", db.Millis(last.At), last.ID)
	}
	return p, nil
}

const columns = `id, person, key, kind, urgency, todo, title, body, link, at, read_at, done_at`

func scan(row interface{ Scan(...any) error }) (Notice, error) {
	var n Notice
	var urgency, todo int
	var title, body string
	var at, read, done int64
	if err := row.Scan(&n.ID, &n.To, &n.Key, &n.Kind, &urgency, &todo, &title, &body, &n.Link, &at, &read, &done); err != nil {
		return n, fmt.Errorf("notify: read notice: %w", err)
	}
	n.Urgency, n.Todo = urgencies[min(max(urgency, 0), len(urgencies)-1)], todo == 1
	n.At, n.ReadAt, n.DoneAt = db.Time(at), db.Time(read), db.Time(done)
	if err := errors.Join(json.Unmarshal([]byte(title), &n.Title), json.Unmarshal([]byte(body), &n.Body)); err != nil {
		return n, fmt.Errorf("notify: read notice: %w", err)
	}
	return n, nil
}

// QuietHours returns a person's quiet hours.
func (s *Store) QuietHours(ctx context.Context, person string) (Quiet, error) {
	return quietOf(ctx, s.DB.Read(), person)
}

func quietOf(ctx context.Context, from interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}, person string) (Quiet, error) {
	q := DefaultQuiet
	err := from.QueryRowContext(ctx, `SELECT from_min, to_min FROM notice_quiet WHERE person = $1`, person).Scan(&q.From, &q.To)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return q, fmt.Errorf("notify: read quiet hours: %w", err)
	}
	return q, nil
}

// SetQuietHours changes a person's quiet hours, for what is posted from now on.
func (s *Store) SetQuietHours(ctx context.Context, person string, q Quiet) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notice_quiet (person, from_min, to_min) VALUES ($1, $2, $3) ON CONFLICT (person) DO UPDATE SET from_min = $2, to_min = $3`, person, q.From, q.To)
		return err
	})
}
