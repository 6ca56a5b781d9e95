package org

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"
)

func TestUnits_TheTreeHasNoRingsAndDeletesOnlyWhatIsEmpty(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := NewStore(d), t.Context()
		now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		save := func(u Unit) (out Unit, err error) {
			u.Name = contract.Text{ZH: "单位"}
			err = d.Tx(ctx, func(tx *sql.Tx) error { out, err = s.SaveUnit(ctx, tx, u); return err })
			return out, err
		}
		must := func(u Unit, err error) Unit {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		company := must(save(Unit{Kind: Company, Active: true}))
		community := must(save(Unit{Kind: UCommunity, Parent: company.ID, Active: true}))
		a := must(save(Unit{Kind: Department, Parent: community.ID, Active: true}))
		b := must(save(Unit{Kind: Department, Parent: a.ID, Active: true}))
		post := must(save(Unit{Kind: Post, Parent: b.ID, Active: true}))
		for name, bad := range map[string]Unit{
			"a ring":          {ID: a.ID, Kind: Department, Parent: b.ID},
			"itself":          {ID: a.ID, Kind: Department, Parent: a.ID},
			"under a post":    {Kind: Department, Parent: post.ID},
			"post at the top": {Kind: Post},
			"no parent":       {Kind: Department, Parent: "ou-none"},
			"no kind":         {Kind: "team", Parent: company.ID},
			"kind and below":  {ID: b.ID, Kind: Post, Parent: a.ID},
		} {
			if _, err := save(bad); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		if _, err := save(Unit{ID: "ou-none", Kind: Company}); !errors.Is(err, ErrNotFound) {
			t.Errorf("a unit that is not there: %v", err)
		}
		var person User
		err := d.Tx(ctx, func(tx *sql.Tx) (err error) {
			if person, err = s.Add(ctx, tx, User{Username: "zhangwei", Name: "张伟", Role: Operator}, now); err != nil {
				return err
			}
			return s.SetPosts(ctx, tx, person.ID, []string{post.ID})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{b.ID, post.ID} {
			if err := d.Tx(ctx, func(tx *sql.Tx) error { return s.DeleteUnit(ctx, tx, id) }); !errors.Is(err, ErrInUse) {
				t.Errorf("deleted while in use: %v", err)
			}
		}
		post.Active = false
		must(save(post)) // out of use, the person stays
		if err := d.Tx(ctx, func(tx *sql.Tx) error {
			other, err := s.Add(ctx, tx, User{Username: "lina", Name: "李娜", Role: Operator}, now)
			if err != nil {
				return err
			}
			return s.SetPosts(ctx, tx, other.ID, []string{post.ID})
		}); err == nil {
			t.Error("a post out of use took someone new")
		}
		tree, err := s.Units(ctx)
		if err != nil || len(tree) != 5 {
			t.Fatalf("%+v %v", tree, err)
		}
	})
}

// TestUnits_WhateverIsMovedItStaysAForest tries random moves.
func TestUnits_WhateverIsMovedItStaysAForest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	kinds := []UnitKind{Company, UCommunity, Department, Post}
	var tree []Unit
	for step := range 3000 {
		u := Unit{ID: string(rune('A' + rng.IntN(20))), Kind: kinds[rng.IntN(4)], Name: contract.Text{ZH: "x"}}
		if len(tree) > 0 && rng.IntN(4) > 0 {
			u.Parent = tree[rng.IntN(len(tree))].ID
		}
		if CheckUnit(tree, u) != nil {
			continue
		}
		placed := false
		for i := range tree {
			if tree[i].ID == u.ID {
				tree[i], placed = u, true
			}
		}
		if !placed {
			tree = append(tree, u)
		}
		parent := map[string]string{}
		for _, v := range tree {
			parent[v.ID] = v.Parent
		}
		for id := range parent {
			for at, n := id, 0; at != ""; at, n = parent[at], n+1 {
				if n > len(tree) {
					t.Fatalf("step %d: %s is in a ring", step, id)
				}
			}
		}
	}
	if len(tree) < 10 {
		t.Errorf("only %d units", len(tree))
	}
}

func TestStore_SomeoneAlwaysManagesPeopleEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx, now := NewStore(d), t.Context(), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		var a, b User
		if err := d.Tx(ctx, func(tx *sql.Tx) (err error) {
			if a, err = s.Add(ctx, tx, User{Username: "a1", Name: "a", Role: Admin}, now); err != nil {
				return err
			}
			b, err = s.Add(ctx, tx, User{Username: "b1", Name: "b", Role: Admin}, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		do := func(f func(tx *sql.Tx) error) error { return d.Tx(ctx, f) }
		if err := do(func(tx *sql.Tx) error { return s.SetActive(ctx, tx, a.ID, false) }); err != nil {
			t.Fatal(err)
		}
		if err := do(func(tx *sql.Tx) error { return s.SetActive(ctx, tx, b.ID, false) }); !errors.Is(err, ErrLast) {
			t.Errorf("the last one was disabled: %v", err)
		}
		if err := do(func(tx *sql.Tx) error { _, err := s.Assign(ctx, tx, b.ID, []Assignment{{Guard, All}}); return err }); !errors.Is(err, ErrLast) {
			t.Errorf("the last one was made a guard: %v", err)
		}
		if err := do(func(tx *sql.Tx) error {
			_, err := s.Assign(ctx, tx, b.ID, []Assignment{{Admin, All}, {Guard, In("b99")}})
			return err
		}); err == nil {
			t.Error("a building that is not there")
		}
		got, err := s.Get(ctx, b.ID)
		if err != nil || !got.Active || len(got.Assignments) != 1 || got.Role != Admin {
			t.Errorf("%+v %v", got, err)
		}
		if n, err := s.CountByRole(ctx); err != nil || n[Admin] != 1 {
			t.Errorf("%v %v", n, err)
		}
	})
}

func TestRoles_MadeHereAreCheckedAndBuiltInOnesStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx, now := NewStore(d), t.Context(), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
		save := func(r RoleDef) (out RoleDef, err error) {
			err = d.Tx(ctx, func(tx *sql.Tx) error { out, err = s.SaveRole(ctx, tx, r, now); return err })
			return out, err
		}
		r, err := save(RoleDef{Name: contract.Text{ZH: "夜班"}, Permissions: []Permission{AlarmRead, AlarmAck, AlarmRead}})
		if err != nil || len(r.Permissions) != 2 {
			t.Fatalf("%+v %v", r, err)
		}
		for name, bad := range map[string]RoleDef{"nothing": {Name: contract.Text{ZH: "x"}}, "no name": {Permissions: []Permission{AlarmRead}}, "unheard of": {Name: contract.Text{ZH: "x"}, Permissions: []Permission{"root"}}} {
			if _, err := save(bad); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		if _, err := save(RoleDef{ID: Admin, Name: contract.Text{ZH: "x"}, Permissions: []Permission{AlarmRead}}); !errors.Is(err, ErrBuiltIn) {
			t.Errorf("built in: %v", err)
		}
		if err := d.Tx(ctx, func(tx *sql.Tx) error {
			_, err := s.Add(ctx, tx, User{Username: "night", Name: "夜", Role: r.ID}, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Tx(ctx, func(tx *sql.Tx) error { return s.DeleteRole(ctx, tx, r.ID) }); !errors.Is(err, ErrInUse) {
			t.Errorf("deleted while played: %v", err)
		}
		book, err := s.Book(ctx)
		if err != nil {
			t.Fatal(err)
		}
		u, err := s.ByUsername(ctx, "night")
		if rights := book.Rights(u.Assignments); err != nil || !rights.Reach(AlarmAck).All() || rights.May(AlarmReset) {
			t.Errorf("%+v %v", rights, err)
		}
	})
}
