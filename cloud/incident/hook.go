package incident

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/cloud/plan"
)

// AlarmHook lets an alarm's change launch plans and reach its incidents, in the
// alarm's own transaction. An alarm is never lost for the sake of a plan: if deciding
// fails, the alarm is kept, the failure is logged and counted, and [Store.Run] tries
// again.
func (s *Store) AlarmHook(ctx context.Context, tx *sql.Tx, c alarm.Change) error {
	switch c.Kind {
	case alarm.Painted, alarm.ActionDone, alarm.Muted:
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SAVEPOINT incident_hook`); err != nil {
		return fmt.Errorf("incident: savepoint: %w", err)
	}
	told, err := s.react(ctx, tx, c, s.now().UTC().Truncate(time.Millisecond))
	if err != nil {
		if _, back := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT incident_hook`); back != nil {
			return errors.Join(err, fmt.Errorf("incident: roll back to savepoint: %w", back))
		}
		s.failures.Inc()
		s.log.Error("decide plans", "alarm", c.Alarm.ID, "kind", c.Kind, "err", err)
	}
	if _, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT incident_hook`); err != nil {
		return fmt.Errorf("incident: release savepoint: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.retry[c.Alarm.ID] = c
	}
	if len(told) > 0 {
		key := changeKey(c)
		s.pending[key] = append(s.pending[key], told...)
	}
	return nil
}

func changeKey(c alarm.Change) string {
	return c.Alarm.ID + "/" + strconv.FormatInt(c.Alarm.Version, 10)
}

// AlarmCommitted is an alarm listener: it tells about the incidents that the change
// touched, now that they are durable.
func (s *Store) AlarmCommitted(c alarm.Change) {
	key := changeKey(c)
	s.mu.Lock()
	told := s.pending[key]
	delete(s.pending, key)
	s.mu.Unlock()
	s.tell(told)
}

// react brings a change to the incidents of its alarm, then looks for plans to launch.
func (s *Store) react(ctx context.Context, tx *sql.Tx, c alarm.Change, now time.Time) ([]Notice, error) {
	src := SourceOf(c.Alarm)
	if err := gate(ctx, tx, src.Building); err != nil {
		return nil, err
	}
	changed, err := s.remember(ctx, tx, src)
	if err != nil {
		return nil, err
	}
	var told []Notice
	if changed || c.Kind != alarm.Updated {
		ids, err := incidentsOf(ctx, tx, src.Alarm)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			_, n, err := s.step(ctx, tx, id, Event{Kind: AlarmChanged, Source: src, AlarmKind: c.Kind}, now)
			if err != nil {
				return nil, err
			}
			told = append(told, n...)
		}
	}
	switch c.Kind {
	case alarm.Raised, alarm.Reraised, alarm.Worsened, alarm.Updated, alarm.Confirmed:
	default:
		return told, nil
	}
	n, err := s.match(ctx, tx, src, c.Kind == alarm.Confirmed, now)
	return append(told, n...), err
}

// match launches what src calls for, and attaches it to what is open at its place.
func (s *Store) match(ctx context.Context, tx *sql.Tx, src Source, confirmed bool, now time.Time) ([]Notice, error) {
	if !src.alarming() {
		return nil, nil
	}
	plans, err := plan.CurrentIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	open, err := openSources(ctx, tx, src.Building)
	if err != nil {
		return nil, err
	}
	var told []Notice
	for _, p := range plans {
		causes, ok := Match(p, open, src, confirmed)
		if !ok {
			// Not enough to launch, but it belongs to what is running there.
			if !Belongs(p, src, src.Building, src.Place) {
				continue
			}
			var id string
			err := tx.QueryRowContext(ctx, `SELECT id FROM incident WHERE plan = $1 AND building = $2 AND zone = $3 AND drill = 0 AND state = $4`,
				p.ID, src.Building, p.Zone(src.Place), Open).Scan(&id)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("incident: find open: %w", err)
			}
			_, n, err := s.join(ctx, tx, id, []Source{src}, now)
			if err != nil {
				return nil, err
			}
			told = append(told, n...)
			continue
		}
		l := Launched{Building: src.Building, BuildingName: src.BuildingName, Place: src.Place, Causes: causes}
		l.By.Name = "system"
		_, _, n, err := s.launch(ctx, tx, p, l, now)
		if err != nil {
			return nil, err
		}
		told = append(told, n...)
	}
	return told, nil
}

// gate makes launches of one building queue, so that of two alarms at the same moment
// the second sees the first.
func gate(ctx context.Context, tx *sql.Tx, building string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident_gate (building, turn) VALUES ($1, 1)
		ON CONFLICT (building) DO UPDATE SET turn = incident_gate.turn + 1`, building)
	if err != nil {
		return fmt.Errorf("incident: pass gate: %w", err)
	}
	return nil
}

// remember keeps what the rules know of an alarm, and reports whether that changed.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, src Source) (changed bool, err error) {
	doc, err := json.Marshal(src)
	if err != nil {
		return false, fmt.Errorf("incident: encode source: %w", err)
	}
	var old string
	err = tx.QueryRowContext(ctx, `SELECT doc FROM incident_source WHERE alarm = $1`, src.Alarm).Scan(&old)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("incident: read source: %w", err)
	}
	if old == string(doc) {
		return false, nil
	}
	open := 0
	if src.Open {
		open = 1
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO incident_source (alarm, building, doc, open) VALUES ($1, $2, $3, $4)
		ON CONFLICT (alarm) DO UPDATE SET building = excluded.building, doc = excluded.doc, open = excluded.open`,
		src.Alarm, src.Building, string(doc), open)
	if err != nil {
		return false, fmt.Errorf("incident: keep source: %w", err)
	}
	return true, nil
}

func openSources(ctx context.Context, tx *sql.Tx, building string) ([]Source, error) {
	return sources(tx.QueryContext(ctx, `SELECT doc FROM incident_source WHERE building = $1 AND open = 1`, building))
}

func sources(rows *sql.Rows, err error) ([]Source, error) {
	if err != nil {
		return nil, fmt.Errorf("incident: list sources: %w", err)
	}
	defer rows.Close()
	var out []Source
	for rows.Next() {
		var doc string
		var src Source
		if err := rows.Scan(&doc); err != nil {
			return nil, fmt.Errorf("incident: list sources: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &src); err != nil {
			return nil, fmt.Errorf("incident: read source: %w", err)
		}
		out = append(out, src)
	}
	return out, rows.Err()
}

func sourceByID(ctx context.Context, tx *sql.Tx, id string) (Source, error) {
	found, err := sources(tx.QueryContext(ctx, `SELECT doc FROM incident_source WHERE alarm = $1`, id))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("incident: alarm %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return Source{}, err
	}
	return found[0], nil
}

func incidentsOf(ctx context.Context, tx *sql.Tx, alarmID string) ([]string, error) {
	return ids(tx.QueryContext(ctx, `SELECT i.id FROM incident_alarm a JOIN incident i ON i.id = a.incident
		WHERE a.alarm = $1 AND i.state = $2 ORDER BY i.id`, alarmID, Open))
}

func ids(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, fmt.Errorf("incident: list: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("incident: list: %w", err)
		}
		out = append(out, id)
	}
	return out, rows.Err()
}

// Run fires clocks every second and retries launches until ctx ends. It begins with
// the alarms that are open, in case the program ended between an alarm and its plan.
func (s *Store) Run(ctx context.Context) error {
	if err := s.rematch(ctx, s.now()); err != nil {
		s.log.Error("match open alarms at start", "err", err)
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := s.FireDue(ctx, s.now()); err != nil && ctx.Err() == nil {
			s.log.Error("fire clocks", "err", err)
		}
		s.tryAgain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// FireDue fires every clock that is due at now, incident by incident in order of their
// earliest; after an outage each incident tells of all of its overdue clocks at once.
func (s *Store) FireDue(ctx context.Context, now time.Time) error {
	now = now.UTC().Truncate(time.Millisecond)
	due, err := ids(s.db.Read().QueryContext(ctx, `SELECT incident FROM incident_timer WHERE due <= $1 GROUP BY incident ORDER BY MIN(due), incident`, db.Millis(now)))
	if err != nil {
		return err
	}
	var failed error
	for _, id := range due {
		var told []Notice
		err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			_, told, err = s.step(ctx, tx, id, Event{Kind: Tick}, now)
			return err
		})
		if err != nil { // one broken incident does not stop the clocks of the others
			failed = errors.Join(failed, err)
			continue
		}
		s.tell(told)
	}
	return failed
}

// tryAgain repeats what a hook could not decide.
func (s *Store) tryAgain(ctx context.Context) {
	s.mu.Lock()
	again := s.retry
	s.retry = map[string]alarm.Change{}
	s.mu.Unlock()
	for id, c := range again {
		var told []Notice
		err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			told, err = s.react(ctx, tx, c, s.now().UTC().Truncate(time.Millisecond))
			return err
		})
		if err == nil {
			s.tell(told)
			continue
		}
		s.mu.Lock()
		if _, newer := s.retry[id]; !newer {
			s.retry[id] = c
		}
		s.mu.Unlock()
		s.log.Error("decide plans again", "alarm", id, "err", err)
	}
}

func (s *Store) rematch(ctx context.Context, now time.Time) error {
	open, err := sources(s.db.Read().QueryContext(ctx, `SELECT doc FROM incident_source WHERE open = 1`))
	if err != nil {
		return err
	}
	var failed error
	for _, src := range open {
		var told []Notice
		err := s.db.Tx(ctx, func(tx *sql.Tx) (err error) {
			if err = gate(ctx, tx, src.Building); err != nil {
				return err
			}
			told, err = s.match(ctx, tx, src, false, now.UTC().Truncate(time.Millisecond))
			return err
		})
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		s.tell(told)
	}
	return failed
}
