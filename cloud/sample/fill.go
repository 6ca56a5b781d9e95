package sample

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/fleet/places"
	"anlan/cloud/org"
	"anlan/configs"
	"anlan/contract"
)

// stage is a part of putting in: n things, made one after the other. A thing either brings
// its own transaction (alone) or shares one with those beside it.
type stage struct {
	name   string
	n      func(p Plan) int
	weight int // of one thing, for the progress
	alone  func(f *filler, ctx context.Context, i int) error
	shared func(f *filler, ctx context.Context, tx *sql.Tx, i int) error
}

var stages []stage

func init() { // the stages name each other's work through the filler
	stages = []stage{
		{"places", func(p Plan) int { return len(p.Towers) }, 12, (*filler).tower, nil},
		{"people", func(p Plan) int { return len(p.Units) + len(p.People) + 1 }, 3, nil, (*filler).staff},
		{"pictures", func(Plan) int { return len(Pictures()) }, 60, (*filler).picture, nil},
		{"households", func(p Plan) int { return len(p.Households) }, 2, nil, (*filler).household},
		{"patrols", func(p Plan) int { return len(p.Patrols) }, 3, nil, (*filler).patrol},
		{"hazards", func(p Plan) int { return len(p.Hazards) }, 25, nil, (*filler).hazard},
	}
}

// percent is how far putting in is, 0 to 99.
func percent(d doc) int {
	c := d.Scale.Counts()
	n := map[string]int{"places": c.Towers, "people": len(unitPlan) + len(staffPlan) + 1, "pictures": len(Pictures()), "households": c.Households, "patrols": c.Patrols, "hazards": c.Hazards}
	done, all, before := 0, 0, true
	for _, st := range stages {
		all += n[st.name] * st.weight
		if st.name == d.Stage {
			done, before = done+min(d.Next, n[st.name])*st.weight, false
		} else if before {
			done += n[st.name] * st.weight
		}
	}
	return min(99, 100*done/max(all, 1))
}

// filler is putting in under way.
type filler struct {
	*Service
	plan  Plan
	by    org.Actor
	parts map[string]map[string]string // kind → name in the plan → id
	*cast
}

// fill goes on with putting in from where it is.
func (s *Service) fill(ctx context.Context) error {
	_, d, err := read(s.DB.Read().QueryRowContext(ctx, `SELECT state, doc FROM sample WHERE id = 1`))
	if err != nil {
		return err
	}
	f := &filler{Service: s, plan: Make(d.Seed, d.At, s.Zone, d.Scale), by: org.Actor{ID: d.ByID, Name: d.ByName}}
	if f.parts, err = s.readParts(ctx); err != nil {
		return err
	}
	reached := false
	for i, st := range stages {
		if reached = reached || st.name == d.Stage; !reached {
			continue
		}
		if err := f.run(ctx, st); err != nil {
			return fmt.Errorf("sample: %s: %w", st.name, err)
		}
		if err := f.next(ctx, i+1); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) readParts(ctx context.Context) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT kind, name, id FROM sample_part`)
	if err != nil {
		return nil, fmt.Errorf("sample: read parts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, name, id string
		if err := rows.Scan(&kind, &name, &id); err != nil {
			return nil, fmt.Errorf("sample: read parts: %w", err)
		}
		if out[kind] == nil {
			out[kind] = map[string]string{}
		}
		out[kind][name] = id
	}
	return out, rows.Err()
}

func (f *filler) part(ctx context.Context, tx *sql.Tx, kind, name, id string) error {
	if f.parts[kind] == nil {
		f.parts[kind] = map[string]string{}
	}
	f.parts[kind][name] = id
	if _, err := tx.ExecContext(ctx, `INSERT INTO sample_part (kind, name, id) VALUES ($1, $2, $3) ON CONFLICT (kind, name) DO UPDATE SET id = excluded.id`, kind, name, id); err != nil {
		return fmt.Errorf("sample: note part: %w", err)
	}
	return nil
}

// held is hold for one who puts in: it stops when somebody wants it wiped.
func (s *Service) held(ctx context.Context, tx *sql.Tx, stage string) (doc, error) {
	s.turn()
	state, d, err := hold(ctx, tx)
	if err == nil && (state != Filling || d.Stage != stage) {
		err = errStopped
	}
	return d, err
}

// run does one stage to its end.
func (f *filler) run(ctx context.Context, st stage) error {
	if st.shared != nil && st.name != "people" && f.cast == nil {
		if err := f.rehearse(ctx); err != nil {
			return err
		}
	}
	n := st.n(f.plan)
	for {
		_, d, err := read(f.DB.Read().QueryRowContext(ctx, `SELECT state, doc FROM sample WHERE id = 1`))
		if err != nil || d.Next >= n || d.Stage != st.name {
			return err
		}
		if st.alone != nil {
			err = st.alone(f, ctx, d.Next)
		} else {
			err = f.batch(ctx, st, n)
		}
		if err != nil {
			return err
		}
	}
}

// batch does as many things of a stage as fit into one short transaction.
func (f *filler) batch(ctx context.Context, st stage, n int) error {
	return f.DB.Tx(ctx, func(tx *sql.Tx) error {
		d, err := f.held(ctx, tx, st.name)
		if err != nil {
			return err
		}
		for begun := time.Now(); d.Next < n && time.Since(begun) < f.slice; d.Next++ {
			why, err := f.one(ctx, tx, st, d.Next)
			if err != nil {
				return err
			}
			if why != "" {
				if d.Skipped++; d.Why == "" {
					d.Why = why
				}
			}
		}
		d.Error = ""
		return save(ctx, tx, Filling, d)
	})
}

// one makes one thing. What the form or the flow refuses, because it was changed here, is
// left out, and why it was is said.
func (f *filler) one(ctx context.Context, tx *sql.Tx, st stage, i int) (why string, err error) {
	if _, err := tx.ExecContext(ctx, `SAVEPOINT demo`); err != nil {
		return "", fmt.Errorf("sample: savepoint: %w", err)
	}
	err = st.shared(f, ctx, tx, i)
	end := `RELEASE SAVEPOINT demo`
	if refused(err) {
		why, err, end = err.Error(), nil, `ROLLBACK TO SAVEPOINT demo`
	}
	if err != nil {
		return "", err
	}
	if _, err := tx.ExecContext(ctx, end); err != nil {
		return "", fmt.Errorf("sample: savepoint: %w", err)
	}
	return why, nil
}

// next goes on to a stage, or says that all is there.
func (f *filler) next(ctx context.Context, i int) error {
	return f.DB.Tx(ctx, func(tx *sql.Tx) error {
		d, err := f.held(ctx, tx, stages[i-1].name)
		if err != nil {
			return err
		}
		d.Next, d.Error = 0, ""
		if i < len(stages) {
			d.Stage = stages[i].name
			return save(ctx, tx, Filling, d)
		}
		d.Stage, d.Ended = "", f.Now().UTC()
		return save(ctx, tx, There, d)
	})
}

// tower makes one building, and with the first the community.
func (f *filler) tower(ctx context.Context, i int) error {
	t := f.plan.Towers[i]
	return f.Places.Fill(ctx, f.by, func(tx *sql.Tx, d *places.Draft) error {
		state, err := f.held(ctx, tx, "places")
		if err != nil || state.Next != i {
			return errors.Join(err, errWhen(err == nil, errStopped))
		}
		if i == 0 {
			c := places.Community{ID: Community, Name: contract.Text{ZH: "演示小区", EN: "Demo community"}, TimeZone: f.Zone.String(), Address: "演示数据，可一键清除", Pos: 900}
			if _, err := time.LoadLocation(c.TimeZone); err != nil {
				c.TimeZone = "Asia/Shanghai"
			}
			if err := d.SetCommunity(c); err != nil {
				return err
			}
		}
		if err := f.build(ctx, tx, d, t); err != nil {
			return err
		}
		state.Next++
		return save(ctx, tx, Filling, state)
	})
}

func errWhen(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

func (f *filler) build(ctx context.Context, tx *sql.Tx, d *places.Draft, t Tower) error {
	zh, en := t.Name()
	if err := d.SetBuilding(places.Building{ID: t.ID, Community: Community, Name: contract.Text{ZH: zh, EN: en}, Pos: t.No}); err != nil {
		return err
	}
	floors, err := places.FloorRange(t.Bottom, t.Top, nil)
	if err != nil {
		return err
	}
	if _, err := d.AddFloors(t.ID, floors); err != nil {
		return err
	}
	for e := range t.Entrances {
		if err := d.SetEntrance(places.Entrance{Building: t.ID, ID: fmt.Sprint(e + 1), Pos: e}); err != nil {
			return err
		}
	}
	for _, r := range t.Rooms {
		made, err := d.SetRoom(places.Room{Building: t.ID, Floor: r.Floor, Name: contract.Text{ZH: r.ZH, EN: r.EN}})
		if err != nil {
			return err
		}
		if err := f.part(ctx, tx, "room", r.Key, made.ID); err != nil {
			return err
		}
	}
	return nil
}

// staff makes the units, then the people, and last gives who puts the demo in a part in it.
func (f *filler) staff(ctx context.Context, tx *sql.Tx, i int) error {
	if i < len(f.plan.Units) {
		u := f.plan.Units[i]
		made, err := f.Users.SaveUnit(ctx, tx, org.Unit{Parent: f.parts["unit"][u.Parent], Kind: u.Kind, Name: u.Name, Pos: 900 + i, Active: true, Lead: u.Lead})
		if err != nil {
			return err
		}
		return f.part(ctx, tx, "unit", u.Key, made.ID)
	}
	if i -= len(f.plan.Units); i < len(f.plan.People) {
		p := f.plan.People[i]
		made, err := f.Accounts.AddClosed(ctx, tx, org.User{Username: p.Key, Name: p.Name, EmployeeNo: fmt.Sprintf("DEMO%03d", i+1), Assignments: []org.Assignment{{Role: p.Role, Scope: Scope}}}, f.Now())
		if err != nil {
			return err
		}
		if err := f.Users.SetPosts(ctx, tx, made.ID, []string{f.parts["unit"][p.Post]}); err != nil {
			return err
		}
		return f.part(ctx, tx, "person", p.Key, made.ID)
	}
	return f.takePart(ctx, tx)
}

// Scope is where the demo's people play their parts.
const Scope = org.Scope("community:" + Community)

// takePart makes who puts the demo in supervisor and manager of it too: what is reported
// there comes to them, since nobody signs in as the others. That is for administrators
// everywhere, whom it gives nothing they could not do before; and it goes with the demo.
func (f *filler) takePart(ctx context.Context, tx *sql.Tx) error {
	if f.by.ID == "" {
		return nil
	}
	u, err := f.Users.GetTx(ctx, tx, f.by.ID)
	if err != nil || !slices.Contains(u.Assignments, org.Assignment{Role: org.Admin, Scope: org.All}) {
		return err
	}
	if err := f.part(ctx, tx, "part", Me, u.ID); err != nil {
		return err
	}
	_, err = f.Users.Assign(ctx, tx, u.ID, append(u.Assignments, org.Assignment{Role: org.Supervisor, Scope: Scope}, org.Assignment{Role: org.Manager, Scope: Scope}))
	return err
}

// picture draws one and sends it in as anybody would.
func (f *filler) picture(ctx context.Context, i int) error {
	p := Pictures()[i]
	raw, err := f.draw(p)
	if err != nil {
		return err
	}
	by := org.Actor{ID: f.parts["person"][f.plan.People[0].Key], Name: f.plan.People[0].Name}
	if err := f.giveUp(ctx, by); err != nil {
		return err
	}
	u, err := f.Files.Begin(ctx, by, attach.Announcement{Name: "demo-" + p.Key + ".jpg", Size: int64(len(raw)), Mime: attach.JPEG, Purpose: "photo"})
	if err != nil {
		return err
	}
	if _, err := f.Files.Append(ctx, by, u.ID, 0, bytes.NewReader(raw)); err != nil {
		return err
	}
	if _, err := f.Files.Finish(ctx, by, u.ID, ""); err != nil {
		return err
	}
	return f.DB.Tx(ctx, func(tx *sql.Tx) error {
		d, err := f.held(ctx, tx, "pictures")
		if err != nil {
			return err
		}
		d.Next, d.Error = i+1, ""
		return errors.Join(f.part(ctx, tx, "picture", p.Key, u.ID), save(ctx, tx, Filling, d))
	})
}

// giveUp discards what a start before this one had begun to send.
func (f *filler) giveUp(ctx context.Context, by org.Actor) error {
	var id string
	err := f.DB.Read().QueryRowContext(ctx, `SELECT id FROM upload WHERE owner = $1 LIMIT 1`, by.ID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sample: look for uploads: %w", err)
	}
	if err := f.Files.Discard(ctx, by, id); !errors.Is(err, attach.ErrNotFound) {
		return err
	}
	return nil
}

// rehearse gets ready for the records: the household app, and the desk of the past.
func (f *filler) rehearse(ctx context.Context) error {
	if err := f.Desk.Install(ctx, configs.Files, "demo", f.Now()); err != nil {
		return err
	}
	c, err := f.newCast(ctx)
	f.cast = c
	return err
}
