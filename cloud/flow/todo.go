package flow

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/contract"
)

// Box is one of a person's lists.
type Box string

// Boxes.
const (
	Mine      Box = "mine"    // waiting for me, most urgent first
	StartedBy Box = "started" // started by me, newest first
	CopiedTo  Box = "copied"
	DoneBy    Box = "done"
)

// Item is one line of a box.
type Item struct {
	Instance  string        `json:"instance"`
	Task      int           `json:"task,omitempty"`
	Flow      string        `json:"flow"`
	FlowTitle contract.Text `json:"flow_title"`
	Form      string        `json:"form"`
	Record    string        `json:"record"`
	Summary   string        `json:"summary"`
	Node      string        `json:"node,omitempty"`
	NodeName  contract.Text `json:"node_name,omitzero"`
	Kind      TaskKind      `json:"kind,omitempty"`
	State     TaskState     `json:"state,omitempty"`
	Status    Status        `json:"status"`
	Round     int           `json:"round"`
	Initiator Person        `json:"initiator"`
	AtNodes   []string      `json:"at_nodes"`
	Handlers  []Person      `json:"handlers"`
	At        time.Time     `json:"at"` // task given, flow started
	Due       time.Time     `json:"due_at,omitzero"`
	Read      time.Time     `json:"read_at,omitzero"`
	Acted     time.Time     `json:"acted_at,omitzero"`
	Ended     time.Time     `json:"ended_at,omitzero"`
	Link      string        `json:"link"`
}

// Page is a part of a box; Next continues it, "" at its end.
type Page struct {
	Items []Item `json:"items"`
	Next  string `json:"next"`
}

// MaxPage is the most items of one page.
const MaxPage = 200

const itemColumns = `i.id, i.flow, i.title, i.form, i.record, i.summary, i.status, i.round, i.initiator, i.initiator_name, i.at_nodes, i.handlers, i.started_at, i.ended_at`

const taskColumns = `, t.id, t.node, t.node_name, t.kind, t.state, t.created_at, t.due_at, t.read_at, t.acted_at`

// never sorts what has no deadline behind everything that has one.
const never = int64(1) << 60

// Box lists one of a person's boxes. after is the Next of the page before, "" for the first.
func (s *Store) Box(ctx context.Context, box Box, person, after string, limit int) (Page, error) {
	limit = min(max(limit, 1), MaxPage)
	key := `t.created_at DESC, t.instance DESC, t.id DESC`
	from, where := `flow_task t JOIN flow_instance i ON i.id = t.instance`, ``
	sort := `t.created_at`
	switch box {
	case Mine:
		sort = fmt.Sprintf(`(CASE WHEN t.due_at = 0 THEN %d ELSE t.due_at END)`, never)
		where, key = `t.assignee = $1 AND t.state IN ('open', 'waiting')`, sort+`, t.instance, t.id`
	case CopiedTo:
		where = `t.assignee = $1 AND t.kind = 'cc'`
	case DoneBy:
		sort, where, key = `t.acted_at`, `t.assignee = $1 AND t.acted_at > 0 AND t.kind <> 'cc'`, `t.acted_at DESC, t.instance DESC, t.id DESC`
	case StartedBy:
		return s.started(ctx, person, after, limit)
	default:
		return Page{}, ErrNotFound
	}
	args := []any{person}
	if at, instance, task, ok := parseCursor(after); ok {
		less := "<"
		if box == Mine {
			less = ">"
		}
		where += ` AND (` + sort + `, t.instance, t.id) ` + less + ` ($2, $3, $4)`
		args = append(args, at, instance, task)
	}
	args = append(args, limit+1)
	q := fmt.Sprintf(`SELECT %s%s, %s FROM %s WHERE %s ORDER BY %s LIMIT $%d`, itemColumns, taskColumns, sort, from, where, key, len(args))
	return s.page(ctx, q, args, limit, true)
}

func (s *Store) started(ctx context.Context, person, after string, limit int) (Page, error) {
	where, args := `i.initiator = $1 AND i.parent = ''`, []any{person}
	if at, instance, _, ok := parseCursor(after); ok {
		where += ` AND (i.started_at, i.id) < ($2, $3)`
		args = append(args, at, instance)
	}
	args = append(args, limit+1)
	return s.page(ctx, fmt.Sprintf(`SELECT %s, i.started_at FROM flow_instance i WHERE %s ORDER BY i.started_at DESC, i.id DESC LIMIT $%d`, itemColumns, where, len(args)), args, limit, false)
}

func cursor(at int64, instance string, task int) string {
	return fmt.Sprintf("%d %d %s", at, task, instance)
}

func parseCursor(s string) (at int64, instance string, task int, ok bool) {
	n, err := fmt.Sscanf(s, "%d %d %s", &at, &task, &instance)
	return at, instance, task, n == 3 && err == nil
}

func (s *Store) page(ctx context.Context, q string, args []any, limit int, tasks bool) (Page, error) {
	rows, err := s.DB.Read().QueryContext(ctx, q, args...)
	if err != nil {
		return Page{}, fmt.Errorf("flow: list: %w", err)
	}
	defer rows.Close()
	p := Page{Items: []Item{}}
	var last string
	for rows.Next() {
		x, at, err := scanItem(rows, tasks)
		if err != nil {
			return Page{}, err
		}
		if len(p.Items) == limit {
			p.Next = last
			break
		}
		last = cursor(at, x.Instance, x.Task)
		p.Items = append(p.Items, x)
	}
	if err := rows.Err(); err != nil {
		return Page{}, fmt.Errorf("flow: list: %w", err)
	}
	return p, nil
}

func scanItem(rows *sql.Rows, tasks bool) (Item, int64, error) {
	var x Item
	var title, nodes, handlers, name string
	var started, ended, created, due, read, acted, sort int64
	to := []any{&x.Instance, &x.Flow, &title, &x.Form, &x.Record, &x.Summary, &x.Status, &x.Round, &x.Initiator.ID, &x.Initiator.Name, &nodes, &handlers, &started, &ended}
	if tasks {
		to = append(to, &x.Task, &x.Node, &name, &x.Kind, &x.State, &created, &due, &read, &acted)
	}
	if err := rows.Scan(append(to, &sort)...); err != nil {
		return x, 0, fmt.Errorf("flow: list: %w", err)
	}
	err := errors.Join(json.Unmarshal([]byte(title), &x.FlowTitle), json.Unmarshal([]byte(nodes), &x.AtNodes), json.Unmarshal([]byte(handlers), &x.Handlers))
	x.At, x.Ended, x.Link = db.Time(started), db.Time(ended), "/flows/"+x.Instance
	if tasks {
		err = errors.Join(err, json.Unmarshal([]byte(name), &x.NodeName))
		x.At, x.Due, x.Read, x.Acted, x.Link = db.Time(created), db.Time(due), db.Time(read), db.Time(acted), fmt.Sprintf("/flows/%s?task=%d", x.Instance, x.Task)
	}
	if err != nil {
		return x, 0, fmt.Errorf("flow: list: %w", err)
	}
	return x, sort, nil
}

// Counts are the numbers on a person's boxes.
type Counts struct {
	Open    int `json:"open"`
	Overdue int `json:"overdue"`
	Today   int `json:"today"`  // due within 24 h
	Copies  int `json:"copies"` // unread
}

// Counts counts what waits for a person.
func (s *Store) Counts(ctx context.Context, person string, now time.Time) (Counts, error) {
	var c Counts
	err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*),
		COALESCE(SUM(CASE WHEN due_at > 0 AND due_at <= $2 THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN due_at > $2 AND due_at <= $3 THEN 1 ELSE 0 END), 0)
		FROM flow_task WHERE assignee = $1 AND state IN ('open', 'waiting')`, person, db.Millis(now), db.Millis(now.Add(24*time.Hour))).Scan(&c.Open, &c.Overdue, &c.Today)
	if err == nil {
		err = s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM flow_task WHERE assignee = $1 AND kind = 'cc' AND read_at = 0`, person).Scan(&c.Copies)
	}
	if err != nil {
		return c, fmt.Errorf("flow: count: %w", err)
	}
	return c, nil
}

// Get reads an instance with its timeline. Errors: ErrNotFound.
func (s *Store) Get(ctx context.Context, id string) (State, []Fact, error) {
	x, err := scanInstance(s.DB.Read().QueryRowContext(ctx, `SELECT title, summary, state, log_seq, log_hash FROM flow_instance WHERE id = $1`, id))
	if err != nil {
		return State{}, nil, err
	}
	log, err := facts(ctx, s.DB.Read(), `WHERE instance = $1`, id)
	return x.State, log, err
}

// OfRecord lists the instances on a record, newest first.
func (s *Store) OfRecord(ctx context.Context, form, record string) ([]Item, error) {
	p, err := s.page(ctx, `SELECT `+itemColumns+`, i.started_at FROM flow_instance i WHERE i.form = $1 AND i.record = $2 ORDER BY i.started_at DESC, i.id DESC LIMIT $3`,
		[]any{form, record, MaxPage}, MaxPage, false)
	return p.Items, err
}

// OpenOn lists the open instances on the records of forms, oldest first, at most limit, and
// counts them all.
func (s *Store) OpenOn(ctx context.Context, forms []string, limit int) (items []Item, total int, err error) {
	if len(forms) == 0 {
		return []Item{}, 0, nil
	}
	marks, args := make([]string, len(forms)), make([]any, len(forms))
	for i, f := range forms {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), f
	}
	where := ` FROM flow_instance i WHERE i.ended_at = 0 AND i.form IN (` + strings.Join(marks, ", ") + `)`
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*)`+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("flow: count open: %w", err)
	}
	p, err := s.page(ctx, fmt.Sprintf(`SELECT %s, i.started_at%s ORDER BY i.started_at, i.id LIMIT $%d`, itemColumns, where, len(args)+1), append(args, limit), limit, false)
	return p.Items, total, err
}

// AnyOpen says within tx if an instance on a record of a form is open.
func (s *Store) AnyOpen(ctx context.Context, tx *sql.Tx, form string) (bool, error) {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM flow_instance WHERE form = $1 AND ended_at = 0`, form).Scan(&n); err != nil {
		return false, fmt.Errorf("flow: count open: %w", err)
	}
	return n > 0, nil
}

// HoldersOf are the tasks a person has or had in the instances on a record: what they may
// see of it follows from that.
func (s *Store) HoldersOf(ctx context.Context, form, record, person string) ([]Task, []State, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT i.state FROM flow_instance i WHERE i.form = $1 AND i.record = $2`, form, record)
	if err != nil {
		return nil, nil, fmt.Errorf("flow: read holders: %w", err)
	}
	defer rows.Close()
	var tasks []Task
	var states []State
	for rows.Next() {
		var doc string
		var st State
		if err := rows.Scan(&doc); err != nil {
			return nil, nil, fmt.Errorf("flow: read holders: %w", err)
		}
		if err := json.Unmarshal([]byte(doc), &st); err != nil {
			return nil, nil, fmt.Errorf("flow: read holders: %w", err)
		}
		for _, t := range st.Tasks {
			if t.To.ID == person {
				tasks, states = append(tasks, t), append(states, st)
			}
		}
	}
	return tasks, states, rows.Err()
}
