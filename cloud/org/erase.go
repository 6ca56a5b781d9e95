package org

import (
	"context"
	"database/sql"
	"fmt"
)

// Erase removes a person for good within tx. Errors: [ErrLast].
func (s *Store) Erase(ctx context.Context, tx *sql.Tx, person string) error {
	if err := gate(ctx, tx); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM assignment WHERE person = $1`, `DELETE FROM org_unit_person WHERE person = $1`, `DELETE FROM person WHERE id = $1`} {
		if _, err := tx.ExecContext(ctx, q, person); err != nil {
			return fmt.Errorf("org: erase person: %w", err)
		}
	}
	return s.someoneLeft(ctx, tx)
}

// EraseUnit removes a unit and all below it for good within tx, whoever is in them.
func (s *Store) EraseUnit(ctx context.Context, tx *sql.Tx, id string) error {
	if err := gate(ctx, tx); err != nil {
		return err
	}
	tree, err := units(ctx, tx)
	if err != nil {
		return err
	}
	return eraseUnit(ctx, tx, tree, id)
}

func eraseUnit(ctx context.Context, tx *sql.Tx, tree []Unit, id string) error {
	for _, u := range tree {
		if u.Parent == id {
			if err := eraseUnit(ctx, tx, tree, u.ID); err != nil {
				return err
			}
		}
	}
	for _, q := range []string{`DELETE FROM org_unit_person WHERE unit = $1`, `DELETE FROM org_unit WHERE id = $1`} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return fmt.Errorf("org: erase unit: %w", err)
		}
	}
	return nil
}

// EraseScope takes what people play in a community or building from all of them, within tx.
func (s *Store) EraseScope(ctx context.Context, tx *sql.Tx, scope Scope) error {
	people, err := list(ctx, tx)
	if err != nil {
		return err
	}
	for _, u := range people {
		var left []Assignment
		for _, a := range u.Assignments {
			if a.Scope != scope {
				left = append(left, a)
			}
		}
		if len(left) == len(u.Assignments) {
			continue
		}
		if _, err := s.Assign(ctx, tx, u.ID, left); err != nil {
			return err
		}
	}
	return nil
}
