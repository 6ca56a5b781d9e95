package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/document"
	"anlan/cloud/fleet/places"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/cloud/work"
)

// wipe removes the demo community from the database: what bears its id, whoever made it,
// then what was made for it. It may be interrupted anywhere and begun again.
func (s *Service) wipe(ctx context.Context) error {
	if err := s.wipeForms(ctx); err != nil {
		return err
	}
	parts, err := s.readParts(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, map[string]map[string]string) error{s.wipeHouseholds, s.wipePeople, s.wipeUnits, s.wipePlaces} {
		if err := step(ctx, parts); err != nil {
			return err
		}
	}
	// Somebody may have reported something while its place was still there.
	if err := errors.Join(s.wipeForms(ctx), s.Files.Tidy(ctx)); err != nil {
		return err
	}
	return s.wiping(ctx, func(tx *sql.Tx, d *doc) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sample_part`); err != nil {
			return fmt.Errorf("sample: forget parts: %w", err)
		}
		return save(ctx, tx, Absent, doc{Ever: true, ByName: d.ByName, Begun: d.Begun, Ended: s.Now().UTC()})
	})
}

func (s *Service) wipeForms(ctx context.Context) error {
	forms, err := s.Desk.Forms.Tables(ctx)
	if err != nil {
		return err
	}
	if err := s.measure(ctx, forms); err != nil {
		return err
	}
	for _, key := range forms {
		if err := s.wipeForm(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// wiping is one transaction of a wipe; its progress is written unless the step itself did.
func (s *Service) wiping(ctx context.Context, step func(tx *sql.Tx, d *doc) error) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		s.turn()
		state, d, err := hold(ctx, tx)
		if err != nil {
			return err
		}
		if state != Wiping {
			return errStopped
		}
		was := d
		if err := step(tx, &d); err != nil {
			return err
		}
		if d.Error = ""; d == was {
			return nil
		}
		return save(ctx, tx, Wiping, d)
	})
}

// restRows is what everything beside the records counts for in the progress.
const restRows = 200

func (s *Service) measure(ctx context.Context, forms []string) error {
	total := restRows
	for _, key := range forms {
		n, err := s.Desk.Forms.CountIn(ctx, key, Community)
		if err != nil {
			return err
		}
		total += n
	}
	return s.wiping(ctx, func(_ *sql.Tx, d *doc) error {
		if d.Total == 0 {
			d.Stage, d.Total = "records", total
		}
		return nil
	})
}

func (s *Service) wipeForm(ctx context.Context, key string) error {
	for {
		ids, err := s.Desk.Forms.InCommunity(ctx, key, Community, 60)
		if err != nil || len(ids) == 0 {
			return err
		}
		for len(ids) > 0 {
			n := 0
			var sums []string
			err := s.wiping(ctx, func(tx *sql.Tx, d *doc) (err error) {
				n, sums, err = s.wipeRecords(ctx, tx, key, ids)
				d.Done += n
				return err
			})
			if err != nil {
				return err
			}
			if err := s.Files.Drop(ctx, sums); err != nil {
				return err
			}
			ids = ids[n:]
		}
	}
}

// wipeRecords removes as many of the records as fit into one short transaction, with what
// hangs on them.
func (s *Service) wipeRecords(ctx context.Context, tx *sql.Tx, key string, ids []string) (n int, sums []string, err error) {
	var subjects []string
	for begun := time.Now(); n < len(ids) && (n == 0 || time.Since(begun) < s.slice*3/4); n++ {
		told, err := s.Desk.Flows.Erase(ctx, tx, key, ids[n])
		if err != nil {
			return n, nil, err
		}
		files, err := s.Files.Erase(ctx, tx, work.RecordKind, key, ids[n])
		if err != nil {
			return n, nil, err
		}
		if err := origin.Erase(ctx, tx, key, ids[n]); err != nil {
			return n, nil, err
		}
		subjects, sums = append(subjects, told...), append(sums, files...)
	}
	if err := s.Notices.Erase(ctx, tx, subjects); err != nil {
		return n, nil, err
	}
	return n, sums, s.Desk.Forms.Erase(ctx, tx, key, ids[:n])
}

// wipeHouseholds removes the form and app that came with the demo, unless somebody keeps
// records of their own with it.
func (s *Service) wipeHouseholds(ctx context.Context, _ map[string]map[string]string) error {
	err := s.wiping(ctx, func(tx *sql.Tx, d *doc) error {
		d.Stage = "rest"
		left, err := s.Desk.Forms.Empty(ctx, tx, HouseholdForm)
		if err != nil || !left {
			return err
		}
		if err := s.Desk.Forms.EraseForm(ctx, tx, HouseholdForm); err != nil {
			return err
		}
		return s.Desk.Docs.Erase(ctx, tx, document.App, HouseholdForm)
	})
	s.Desk.Forms.Forget(HouseholdForm)
	return err
}

func (s *Service) wipePeople(ctx context.Context, parts map[string]map[string]string) error {
	for _, id := range parts["person"] {
		var sums []string
		err := s.wiping(ctx, func(tx *sql.Tx, d *doc) (err error) {
			if sums, err = s.Files.EraseLoose(ctx, tx, id); err != nil {
				return err
			}
			for _, q := range []string{`DELETE FROM form_view WHERE owner = $1`, `DELETE FROM alarm_filter WHERE person = $1`, `DELETE FROM seat WHERE person = $1`} {
				if _, err := tx.ExecContext(ctx, q, id); err != nil {
					return fmt.Errorf("sample: wipe person: %w", err)
				}
			}
			if err := s.Notices.EraseFor(ctx, tx, []string{id}); err != nil {
				return err
			}
			d.Done++
			return s.Accounts.Erase(ctx, tx, id)
		})
		if err != nil {
			return err
		}
		if err := s.Files.Drop(ctx, sums); err != nil {
			return err
		}
	}
	return nil
}

// wipeUnits removes the organisation, and takes back what people play in the demo.
func (s *Service) wipeUnits(ctx context.Context, parts map[string]map[string]string) error {
	return s.wiping(ctx, func(tx *sql.Tx, _ *doc) error {
		if id := parts["unit"][unitPlan[0].Key]; id != "" {
			if err := s.Users.EraseUnit(ctx, tx, id); err != nil {
				return err
			}
		}
		scopes := []org.Scope{Scope}
		for _, b := range s.buildings() {
			scopes = append(scopes, org.In(b))
		}
		for _, sc := range scopes {
			if err := s.Users.EraseScope(ctx, tx, sc); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) buildings() []string {
	var out []string
	for id, b := range s.Places.Tree().Buildings {
		if b.Community == Community {
			out = append(out, id)
		}
	}
	return out
}

func (s *Service) wipePlaces(ctx context.Context, _ map[string]map[string]string) error {
	for _, id := range s.buildings() {
		if err := s.places(ctx, func(tx *sql.Tx, d *places.Draft) error {
			d.EraseBuilding(id, s.Reports)
			for _, t := range []string{"floor_image", "floor_plan_version", "floor_plan"} {
				if _, err := tx.ExecContext(ctx, `DELETE FROM `+t+` WHERE building = $1`, id); err != nil {
					return fmt.Errorf("sample: wipe plans: %w", err)
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return s.places(ctx, func(_ *sql.Tx, d *places.Draft) error {
		d.EraseCommunity(Community)
		return nil
	})
}

func (s *Service) places(ctx context.Context, edit func(tx *sql.Tx, d *places.Draft) error) error {
	return s.Places.Fill(ctx, org.System(), func(tx *sql.Tx, d *places.Draft) error {
		state, st, err := hold(ctx, tx)
		if err != nil {
			return err
		}
		if state != Wiping {
			return errStopped
		}
		st.Done += 5
		if err := edit(tx, d); err != nil {
			return err
		}
		return save(ctx, tx, Wiping, st)
	})
}
