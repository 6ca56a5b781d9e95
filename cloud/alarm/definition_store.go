package alarm

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// book is the definitions in force, in memory.
type book struct {
	byRule map[contract.RuleID]DefinitionVersion
	causes map[contract.RuleID][]target // what a rule's alarm explains
}

type target struct {
	rule   contract.RuleID
	within Within
}

func (s *Store) definition(r contract.RuleID) (DefinitionVersion, bool) {
	b := s.book.Load()
	if b == nil {
		return DefinitionVersion{}, false
	}
	d, ok := b.byRule[r]
	return d, ok
}

func (s *Store) definitionRef(r contract.RuleID) *DefinitionRef {
	if d, ok := s.definition(r); ok {
		return d.ref()
	}
	return nil
}

func (s *Store) explainedBy(r contract.RuleID) []target {
	if b := s.book.Load(); b != nil {
		return b.causes[r]
	}
	return nil
}

const definitionColumns = `id, version, status, shipped, doc, by_name, at`

func definitions(ctx context.Context, q rowsQuerier, where string, args ...any) ([]DefinitionVersion, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+definitionColumns+` FROM alarm_definition `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("alarm: definitions: %w", err)
	}
	defer rows.Close()
	out := []DefinitionVersion{}
	for rows.Next() {
		var v DefinitionVersion
		var id, status, shipped, doc string
		var at int64
		if err := rows.Scan(&id, &v.Version, &status, &shipped, &doc, &v.ByName, &at); err != nil {
			return nil, fmt.Errorf("alarm: definitions: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &v.Definition); err != nil {
			return nil, fmt.Errorf("alarm: definitions: decode: %w", err)
		}
		v.ID, v.Status, v.Shipped, v.At = contract.RuleID(id), DefinitionStatus(status), shipped != "", db.Time(at)
		out = append(out, v)
	}
	return out, rows.Err()
}

// reload reads the definitions in force.
func (s *Store) reload(ctx context.Context) error {
	list, err := definitions(ctx, s.db.Read(), `WHERE status = 'active' ORDER BY id`)
	if err != nil {
		return err
	}
	b := &book{map[contract.RuleID]DefinitionVersion{}, map[contract.RuleID][]target{}}
	for _, v := range list {
		b.byRule[v.ID] = v
		for _, by := range v.SuppressedBy {
			b.causes[by.Rule] = append(b.causes[by.Rule], target{v.ID, by.Within})
		}
	}
	s.book.Store(b)
	return nil
}

// PublishDefinitions puts the shipped definitions in force. What a person has written
// since stays in force; the same document again changes nothing.
func (s *Store) PublishDefinitions(ctx context.Context, shipped []Definition, now time.Time) error {
	for _, d := range shipped {
		if err := d.Check(); err != nil {
			return fmt.Errorf("alarm: publish definition %s: %w", d.ID, err)
		}
		doc, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("alarm: encode definition %s: %w", d.ID, err)
		}
		sum := sha256.Sum256(doc)
		err = s.db.Tx(ctx, func(tx *sql.Tx) error { return publishOne(ctx, tx, d, hex.EncodeToString(sum[:]), now) })
		if err != nil {
			return err
		}
	}
	return s.reload(ctx)
}

func publishOne(ctx context.Context, tx *sql.Tx, d Definition, hash string, now time.Time) error {
	var newest, known int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0), COALESCE(SUM(CASE WHEN shipped = $2 THEN 1 ELSE 0 END), 0) FROM alarm_definition WHERE id = $1`,
		string(d.ID), hash).Scan(&newest, &known)
	if err != nil || known > 0 {
		return err
	}
	active, err := definitions(ctx, tx, `WHERE id = $1 AND status = 'active'`, string(d.ID))
	if err != nil {
		return err
	}
	status := Active
	if newest > 0 && (len(active) == 0 || !active[0].Shipped) {
		status = Retired // a person's own is in force, or nobody's on purpose: kept for comparison
	}
	if status == Active {
		if _, err := tx.ExecContext(ctx, `UPDATE alarm_definition SET status = 'retired' WHERE id = $1 AND status = 'active'`, string(d.ID)); err != nil {
			return fmt.Errorf("alarm: retire definition %s: %w", d.ID, err)
		}
	}
	return insertDefinition(ctx, tx, DefinitionVersion{Definition: d, Version: newest + 1, Status: status, ByName: "system", At: now}, hash)
}

func insertDefinition(ctx context.Context, tx *sql.Tx, v DefinitionVersion, shipped string) error {
	doc, err := json.Marshal(v.Definition)
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO alarm_definition (id, version, status, shipped, doc, by_name, at) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			string(v.ID), v.Version, string(v.Status), shipped, string(doc), v.ByName, db.Millis(v.At))
	}
	if err != nil {
		return fmt.Errorf("alarm: store definition %s: %w", v.ID, err)
	}
	return nil
}

// ErrNoDefinition means that there is no such definition, or no such version of it.
var ErrNoDefinition = errors.New("no such definition")

// Definitions lists the newest word on every rule: its active version and, if there is
// one, its draft; rules that were retired with their last version.
func (s *Store) Definitions(ctx context.Context) ([]DefinitionVersion, error) {
	return definitions(ctx, s.db.Read(), `d WHERE status <> 'retired' OR version = (SELECT MAX(version) FROM alarm_definition m WHERE m.id = d.id)
		AND NOT EXISTS (SELECT 1 FROM alarm_definition o WHERE o.id = d.id AND o.status <> 'retired') ORDER BY id, version`)
}

// DefinitionVersions is everything ever said about one rule, the newest first.
func (s *Store) DefinitionVersions(ctx context.Context, id contract.RuleID) ([]DefinitionVersion, error) {
	list, err := definitions(ctx, s.db.Read(), `WHERE id = $1 ORDER BY version DESC`, string(id))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("alarm: definition %s: %w", id, ErrNoDefinition)
	}
	return list, err
}

// Undefined is a rule that reports without a definition in force.
type Undefined struct {
	Rule   contract.RuleID `json:"rule"`
	Title  contract.Text   `json:"title"`
	Hazard contract.Hazard `json:"hazard"`
	Points int             `json:"points"`
}

// NotRationalised lists the rules that ever reported and have no definition in force.
func (s *Store) NotRationalised(ctx context.Context) ([]Undefined, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT rule, COUNT(*), MAX(doc) FROM alarm_condition GROUP BY rule ORDER BY rule`)
	if err != nil {
		return nil, fmt.Errorf("alarm: not rationalised: %w", err)
	}
	defer rows.Close()
	out := []Undefined{}
	for rows.Next() {
		var rule, doc string
		var n int
		var c contract.ConditionChange
		if err := rows.Scan(&rule, &n, &doc); err != nil {
			return nil, fmt.Errorf("alarm: not rationalised: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &c); err != nil {
			return nil, fmt.Errorf("alarm: not rationalised: decode: %w", err)
		}
		if _, ok := s.definition(contract.RuleID(rule)); !ok {
			out = append(out, Undefined{contract.RuleID(rule), c.Title, c.Hazard, n})
		}
	}
	return out, rows.Err()
}

// SaveDraft keeps a draft, complete or not. base is the version the person started
// from: the newest there is, 0 if there is none.
func (s *Store) SaveDraft(ctx context.Context, by org.Actor, d Definition, base int64) (DefinitionVersion, error) {
	v := DefinitionVersion{Definition: d, Status: Draft, ByName: by.Name, At: s.now().UTC()}
	if !contract.ValidID(string(d.ID)) {
		return v, invalid("id", "须为小写字母、数字和横线", "Lower-case letters, digits and dashes")
	}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		list, err := definitions(ctx, tx, `WHERE id = $1 ORDER BY version DESC LIMIT 1`, string(d.ID))
		if err != nil {
			return err
		}
		newest := int64(0)
		if len(list) > 0 {
			newest = list[0].Version
		}
		if newest != base {
			return fmt.Errorf("alarm: definition %s is at version %d: %w", d.ID, newest, ErrVersion)
		}
		v.Version = newest + 1
		if len(list) > 0 && list[0].Status == Draft { // a draft that never counted is written anew
			if _, err := tx.ExecContext(ctx, `DELETE FROM alarm_definition WHERE id = $1 AND version = $2`, string(d.ID), newest); err != nil {
				return fmt.Errorf("alarm: replace draft of %s: %w", d.ID, err)
			}
		}
		if err := insertDefinition(ctx, tx, v, ""); err != nil {
			return err
		}
		return s.noted(ctx, tx, by, "alarm.definition_draft", "definition:"+string(d.ID), v, v.At)
	})
	return v, err
}

// Activate puts a draft in force and retires the version before. An incomplete one is
// refused with every field that is missing.
func (s *Store) Activate(ctx context.Context, by org.Actor, id contract.RuleID, version int64) (DefinitionVersion, error) {
	return s.turn(ctx, by, id, version, "alarm.definition_activate", Draft, Active)
}

// Retire takes the active version out of force; alarms of the rule are then marked as
// not rationalised.
func (s *Store) Retire(ctx context.Context, by org.Actor, id contract.RuleID, version int64) (DefinitionVersion, error) {
	return s.turn(ctx, by, id, version, "alarm.definition_retire", Active, Retired)
}

func (s *Store) turn(ctx context.Context, by org.Actor, id contract.RuleID, version int64, action string, from, to DefinitionStatus) (DefinitionVersion, error) {
	var v DefinitionVersion
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		list, err := definitions(ctx, tx, `WHERE id = $1 AND version = $2`, string(id), version)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("alarm: definition %s version %d: %w", id, version, ErrNoDefinition)
		}
		if v = list[0]; v.Status != from {
			return fmt.Errorf("alarm: definition %s version %d is %s: %w", id, version, v.Status, ErrVersion)
		}
		if to == Active {
			if err := v.Check(); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE alarm_definition SET status = 'retired' WHERE id = $1 AND status = 'active'`, string(id)); err != nil {
				return fmt.Errorf("alarm: retire %s: %w", id, err)
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE alarm_definition SET status = $3 WHERE id = $1 AND version = $2`, string(id), version, string(to)); err != nil {
			return fmt.Errorf("alarm: turn %s: %w", id, err)
		}
		v.Status = to
		return s.noted(ctx, tx, by, action, "definition:"+string(id), map[string]any{"version": version}, s.now().UTC())
	})
	if err != nil {
		return v, err
	}
	return v, s.reload(ctx)
}

// Policy is the one in force.
func (s *Store) Policy(ctx context.Context) (Policy, error) { return policyIn(ctx, s.db.Read()) }

func policyIn(ctx context.Context, q querier) (Policy, error) {
	var p Policy
	var doc string
	var at int64
	err := q.QueryRowContext(ctx, `SELECT version, doc, by_name, at FROM alarm_policy ORDER BY version DESC LIMIT 1`).Scan(&p.Version, &doc, &p.ByName, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultPolicy(), nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &p)
	}
	if err != nil {
		return p, fmt.Errorf("alarm: policy: %w", err)
	}
	p.At = db.Time(at)
	return p, nil
}

// SetPolicy puts a new version of the policy in force; p.Version is the one it is made
// from. What is set aside already keeps its end.
func (s *Store) SetPolicy(ctx context.Context, by org.Actor, p Policy) (Policy, error) {
	if err := p.check(); err != nil {
		return p, err
	}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		old, err := policyIn(ctx, tx)
		if err != nil {
			return err
		}
		if old.Version != p.Version {
			return fmt.Errorf("alarm: policy is at version %d: %w", old.Version, ErrVersion)
		}
		p.Version, p.ByName, p.At = old.Version+1, by.Name, s.now().UTC()
		doc, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("alarm: encode policy: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO alarm_policy (version, doc, by_name, at) VALUES ($1,$2,$3,$4)`, p.Version, string(doc), p.ByName, db.Millis(p.At)); err != nil {
			return fmt.Errorf("alarm: store policy: %w", err)
		}
		return s.noted(ctx, tx, by, "alarm.policy", "policy:alarm", map[string]any{"before": old, "after": p}, p.At)
	})
	return p, err
}
