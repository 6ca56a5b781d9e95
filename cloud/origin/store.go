package origin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// byPerson is the rule of hazards that a person opened from an alarm.
const byPerson = "person"

// LinkKind is why an alarm and a hazard belong together.
type LinkKind string

// Kinds of links.
const (
	Evidence LinkKind = "evidence" // a rule opened the hazard because of it
	Opened   LinkKind = "opened"   // a person did
)

// Link ties an alarm to a hazard.
type Link struct {
	Alarm  string    `json:"alarm"`
	Form   string    `json:"form"`
	Record string    `json:"record"`
	Kind   LinkKind  `json:"kind" enum:"evidence,opened"`
	By     string    `json:"by"` // user id
	ByName string    `json:"by_name"`
	At     time.Time `json:"at"`
}

// errTaken means that there is already an open hazard about it.
var errTaken = errors.New("origin: there is one already")

const maxLinks = 200

// OfAlarm lists the hazards of an alarm, the newest first.
func (s *Service) OfAlarm(ctx context.Context, id string) ([]Link, error) {
	return s.links(ctx, `alarm = $1`, id)
}

// OfRecord lists the alarms of a hazard, the newest first.
func (s *Service) OfRecord(ctx context.Context, form, record string) ([]Link, error) {
	return s.links(ctx, `form = $1 AND record = $2`, form, record)
}

func (s *Service) links(ctx context.Context, where string, args ...any) ([]Link, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT alarm, form, record, kind, by_id, by_name, at FROM hazard_alarm WHERE `+where+` ORDER BY at DESC, alarm LIMIT `+strconv.Itoa(maxLinks), args...)
	if err != nil {
		return nil, fmt.Errorf("origin: list links: %w", err)
	}
	defer rows.Close()
	out := []Link{}
	for rows.Next() {
		var l Link
		var at int64
		if err := rows.Scan(&l.Alarm, &l.Form, &l.Record, &l.Kind, &l.By, &l.ByName, &at); err != nil {
			return nil, fmt.Errorf("origin: list links: %w", err)
		}
		l.At = db.Time(at)
		out = append(out, l)
	}
	return out, rows.Err()
}

const originColumns = `o.rule, o.subject, o.episode, o.form, o.record, o.instance, o.opened_at, o.closed_at`

func scanOrigin(rows *sql.Rows, more ...any) (Origin, error) {
	var o Origin
	var opened, closed int64
	err := rows.Scan(append([]any{&o.Rule, &o.Subject, &o.Episode, &o.Form, &o.Record, &o.Instance, &opened, &closed}, more...)...)
	o.Opened, o.Closed = db.Time(opened), db.Time(closed)
	return o, err
}

// open lists the origins whose hazards are not closed as far as we know, oldest first.
func (s *Service) open(ctx context.Context) ([]Origin, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT `+originColumns+` FROM hazard_origin o WHERE o.closed_at = 0 ORDER BY o.opened_at, o.rule, o.subject`)
	if err != nil {
		return nil, fmt.Errorf("origin: list open: %w", err)
	}
	defer rows.Close()
	var out []Origin
	for rows.Next() {
		o, err := scanOrigin(rows)
		if err != nil {
			return nil, fmt.Errorf("origin: list open: %w", err)
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// past reads the newest origin of each rule and subject.
func (s *Service) past(ctx context.Context) (map[string]Origin, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT `+originColumns+` FROM hazard_origin o
		JOIN (SELECT rule, subject, MAX(episode) AS episode FROM hazard_origin WHERE rule <> '`+byPerson+`' GROUP BY rule, subject) n
		ON n.rule = o.rule AND n.subject = o.subject AND n.episode = o.episode`)
	if err != nil {
		return nil, fmt.Errorf("origin: read past: %w", err)
	}
	defer rows.Close()
	out := map[string]Origin{}
	for rows.Next() {
		o, err := scanOrigin(rows)
		if err != nil {
			return nil, fmt.Errorf("origin: read past: %w", err)
		}
		out[key(o.Rule, o.Subject)] = o
	}
	return out, rows.Err()
}

// spoken reads the newest hazard of each of some alarms; one that is open counts as newer.
func (s *Service) spoken(ctx context.Context, alarms []string) (map[string]Origin, error) {
	out := map[string]Origin{}
	for ids := range slices.Chunk(alarms, 300) {
		args := make([]any, len(ids))
		for i, id := range ids {
			args[i] = id
		}
		rows, err := s.DB.Read().QueryContext(ctx, `SELECT `+originColumns+`, l.alarm FROM hazard_alarm l JOIN hazard_origin o ON o.form = l.form AND o.record = l.record
			WHERE l.alarm IN (`+marks(len(ids), 0)+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("origin: read hazards of alarms: %w", err)
		}
		for rows.Next() {
			var id string
			o, err := scanOrigin(rows, &id)
			if err != nil {
				rows.Close() //nolint:errcheck // the first error tells
				return nil, fmt.Errorf("origin: read hazards of alarms: %w", err)
			}
			if was, ok := out[id]; !ok || was.Closed.Before(o.Closed) && !was.Open() || o.Open() {
				out[id] = o
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("origin: read hazards of alarms: %w", err)
		}
	}
	return out, nil
}

// marks are n parameters after the first k.
func marks(n, k int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = "$" + strconv.Itoa(i+k+1)
	}
	return strings.Join(out, ", ")
}

// claim makes the row of a hazard that is about to be opened within tx, or says errTaken.
// Whoever claims waits for the others: there is one at a time.
func (s *Service) claim(ctx context.Context, tx *sql.Tx, o Origin, alarms []string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE hazard_origin_head SET rev = rev + 1 WHERE id = 1`); err != nil {
		return fmt.Errorf("origin: claim: %w", err)
	}
	var busy int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM hazard_origin WHERE rule = $1 AND subject = $2 AND (closed_at = 0 OR episode >= $3)`, o.Rule, o.Subject, o.Episode).Scan(&busy); err != nil {
		return fmt.Errorf("origin: claim: %w", err)
	}
	for ids := range slices.Chunk(alarms, 300) {
		args := make([]any, len(ids))
		for i, id := range ids {
			args[i] = id
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM hazard_alarm l JOIN hazard_origin o ON o.form = l.form AND o.record = l.record
			WHERE o.closed_at = 0 AND l.alarm IN (`+marks(len(ids), 0)+`)`, args...).Scan(&n); err != nil {
			return fmt.Errorf("origin: claim: %w", err)
		}
		busy += n
	}
	if busy > 0 {
		return errTaken
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO hazard_origin (rule, subject, episode, form, record, instance, opened_at, closed_at) VALUES ($1, $2, $3, $4, '', '', $5, 0)`,
		o.Rule, o.Subject, o.Episode, o.Form, db.Millis(o.Opened)); err != nil {
		return fmt.Errorf("origin: claim: %w", err)
	}
	return nil
}

// tie completes a claim with the record that was made, and links its alarms.
func (s *Service) tie(ctx context.Context, tx *sql.Tx, o Origin, alarms []string, kind LinkKind, by org.Actor) error {
	if _, err := tx.ExecContext(ctx, `UPDATE hazard_origin SET record = $4, instance = $5 WHERE rule = $1 AND subject = $2 AND episode = $3`, o.Rule, o.Subject, o.Episode, o.Record, o.Instance); err != nil {
		return fmt.Errorf("origin: tie: %w", err)
	}
	for _, id := range alarms {
		if _, err := tx.ExecContext(ctx, `INSERT INTO hazard_alarm (alarm, form, record, kind, by_id, by_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, o.Form, o.Record, string(kind), by.ID, by.Name, db.Millis(o.Opened)); err != nil {
			return fmt.Errorf("origin: tie: %w", err)
		}
	}
	return nil
}

func (s *Service) close(ctx context.Context, o Origin, at time.Time) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE hazard_origin SET closed_at = $4 WHERE rule = $1 AND subject = $2 AND episode = $3 AND closed_at = 0`, o.Rule, o.Subject, o.Episode, db.Millis(at)); err != nil {
			return fmt.Errorf("origin: close: %w", err)
		}
		return nil
	})
}

// episodeAfter is the number of the next episode of a rule and subject.
func (s *Service) episodeAfter(ctx context.Context, rule, subject string) (int64, error) {
	var n int64
	err := s.DB.Read().QueryRowContext(ctx, `SELECT COALESCE(MAX(episode), 0) FROM hazard_origin WHERE rule = $1 AND subject = $2`, rule, subject).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("origin: count episodes: %w", err)
	}
	return n + 1, nil
}

// RecordTest notes that a device was proven to work.
func (s *Service) RecordTest(ctx context.Context, by org.Actor, e contract.EdgeID, d contract.DeviceID, at time.Time, note string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO proof_test (edge, device, at, kind, by_id, by_name, note) VALUES ($1, $2, $3, 'recorded', $4, $5, $6) ON CONFLICT DO NOTHING`,
			string(e), string(d), db.Millis(at), by.ID, by.Name, note); err != nil {
			return fmt.Errorf("origin: record test: %w", err)
		}
		return s.Audit.Append(ctx, tx, by, "device.test", "device:"+string(e)+"/"+string(d), map[string]any{"at": at, "note": note}, s.Now())
	})
}

// ErrNoTest reports that no such test was noted.
var ErrNoTest = errors.New("origin: no such test")

// WithdrawTest takes back a test that was noted by mistake; the audit log keeps both.
func (s *Service) WithdrawTest(ctx context.Context, by org.Actor, e contract.EdgeID, d contract.DeviceID, at time.Time) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM proof_test WHERE edge = $1 AND device = $2 AND kind = 'recorded' AND at = $3`, string(e), string(d), db.Millis(at))
		if err != nil {
			return fmt.Errorf("origin: withdraw test: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrNoTest, err)
		}
		return s.Audit.Append(ctx, tx, by, "device.test_withdrawn", "device:"+string(e)+"/"+string(d), map[string]any{"at": at}, s.Now())
	})
}
