package alarm

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"anlan/cloud/db"
	"anlan/contract"
)

func open(ctx context.Context, tx *sql.Tx, e contract.EdgeID, p contract.PointID, r contract.RuleID) (*Alarm, error) {
	return one(tx.QueryRowContext(ctx, `SELECT doc FROM alarm WHERE edge = $1 AND point = $2 AND rule = $3 AND closed_at = 0`,
		string(e), string(p), string(r)))
}

func latest(ctx context.Context, tx *sql.Tx, e contract.EdgeID, p contract.PointID, r contract.RuleID) (*Alarm, error) {
	return one(tx.QueryRowContext(ctx, `SELECT doc FROM alarm WHERE edge = $1 AND point = $2 AND rule = $3
		ORDER BY CASE WHEN closed_at = 0 THEN 0 ELSE 1 END, closed_at DESC LIMIT 1`, string(e), string(p), string(r)))
}

// querier is a transaction or a pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func byID(ctx context.Context, q querier, id string) (*Alarm, error) {
	return one(q.QueryRowContext(ctx, `SELECT doc FROM alarm WHERE id = $1`, id))
}

// one reads one alarm; nil if there is none.
func one(row *sql.Row) (*Alarm, error) {
	var doc string
	err := row.Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("alarm: read: %w", err)
	}
	var a Alarm
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		return nil, fmt.Errorf("alarm: decode: %w", err)
	}
	if a.Underlying == "" { // written before alarms could be set aside
		a.Underlying = a.State
	}
	return &a, nil
}

func save(ctx context.Context, tx *sql.Tx, a Alarm, isNew bool) error {
	doc, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("alarm: encode %s: %w", a.ID, err)
	}
	pos := 1
	if a.State == Unacked {
		pos = 0
	}
	subject, err := saveSubject(ctx, tx, a)
	if err != nil {
		return err
	}
	x := columnsOf(a)
	if isNew {
		_, err = tx.ExecContext(ctx, `INSERT INTO alarm
			(id, edge, point, rule, building, hazard, severity, state, pos, raised_at, closed_at, version, doc, subject, acked_by, verdict, drill, definition, respond_by)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)`,
			a.ID, string(a.Edge), string(a.Point), string(a.Rule), a.Building, string(a.Hazard), int(a.Severity), string(a.State), pos,
			db.Millis(a.RaisedAt), db.Millis(a.ClosedAt), a.Version, string(doc), subject, x.person, x.verdict, x.drill, x.definition, db.Millis(a.RespondBy))
	} else {
		_, err = tx.ExecContext(ctx, `UPDATE alarm SET hazard = $2, severity = $3, state = $4, pos = $5, raised_at = $6, closed_at = $7, version = $8, doc = $9,
			subject = $10, acked_by = $11, verdict = $12, drill = $13, definition = $14, respond_by = $15 WHERE id = $1`,
			a.ID, string(a.Hazard), int(a.Severity), string(a.State), pos, db.Millis(a.RaisedAt), db.Millis(a.ClosedAt), a.Version, string(doc),
			subject, x.person, x.verdict, x.drill, x.definition, db.Millis(a.RespondBy))
	}
	if err != nil {
		return fmt.Errorf("alarm: save %s: %w", a.ID, err)
	}
	if a.Ack != nil {
		return savePerson(ctx, tx, *a.Ack)
	}
	return nil
}

// columns are the parts of an alarm that lists filter by.
type columns struct {
	person, verdict, definition string
	drill                       int
}

func columnsOf(a Alarm) columns {
	var x columns
	if a.Ack != nil {
		x.person = a.Ack.By
	}
	if a.Verdict != nil {
		x.verdict = a.Verdict.Kind
	}
	if a.Definition != nil {
		x.definition = string(a.Definition.ID)
	}
	if a.Drill {
		x.drill = 1
	}
	return x
}

func searchText(a Alarm) string {
	return strings.ToLower(strings.Join([]string{
		a.Title.ZH, a.Title.EN, a.DeviceName.ZH, a.DeviceName.EN,
		a.Place.Describe("zh-CN", a.BuildingName.In("zh-CN")), a.Place.Describe("en", a.BuildingName.In("en")),
		string(a.Edge), string(a.Point), string(a.Rule), string(a.Hazard),
	}, "\n"))
}

// subjectOf is the number of what an alarm is about: a new name or place makes a new
// subject, so that old alarms are found by what they were called then.
func subjectOf(a Alarm, search string) int64 {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(a.Edge), string(a.Point), string(a.Rule), a.Building, search}, "\x00")))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1) //nolint:gosec // 63 bits
}

func saveSubject(ctx context.Context, tx *sql.Tx, a Alarm) (int64, error) {
	search := searchText(a)
	id := subjectOf(a, search)
	_, err := tx.ExecContext(ctx, `INSERT INTO alarm_subject (id, edge, point, rule, building, hazard, search) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING`,
		id, string(a.Edge), string(a.Point), string(a.Rule), a.Building, string(a.Hazard), search)
	if err != nil {
		return 0, fmt.Errorf("alarm: save subject of %s: %w", a.ID, err)
	}
	return id, nil
}

func savePerson(ctx context.Context, tx *sql.Tx, k Acknowledgement) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO alarm_person (id, name, search) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, k.By, k.Name, strings.ToLower(k.Name))
	if err != nil {
		return fmt.Errorf("alarm: save person: %w", err)
	}
	return nil
}

func saveCondition(ctx context.Context, tx *sql.Tx, e contract.EdgeID, c contract.ConditionChange) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("alarm: encode condition: %w", err)
	}
	latched := 0
	if c.Latched {
		latched = 1
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO alarm_condition (edge, point, rule, state, latched, decided_at, doc)
		VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (edge, point, rule) DO UPDATE SET state = excluded.state, latched = excluded.latched,
			decided_at = excluded.decided_at, doc = excluded.doc`,
		string(e), string(c.Point), string(c.Rule), string(c.Condition), latched, db.Millis(c.DecidedAt), string(doc))
	if err != nil {
		return fmt.Errorf("alarm: store condition: %w", err)
	}
	return nil
}
