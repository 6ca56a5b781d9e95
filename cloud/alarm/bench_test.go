package alarm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/contract"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// historyRows is how many closed alarms the benchmark searches; the environment
// variable sets another number.
func historyRows(b *testing.B) int {
	if v := os.Getenv("ANLAN_HISTORY_ROWS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 100_000
}

const benchOpen = 10_000

// BenchmarkHistory fills a database with a long history and 10,000 open alarms and
// measures what people do with it. With ANLAN_TEST_POSTGRES it runs on PostgreSQL, too.
func BenchmarkHistory(b *testing.B) {
	n := historyRows(b)
	b.Run("sqlite", func(b *testing.B) { history(b, dbtest.SQLite(b), n) })
	if d := dbtest.Postgres(b); d != nil {
		b.Run("postgres", func(b *testing.B) { history(b, d, n) })
	}
}

func history(b *testing.B, d *db.DB, n int) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	s := NewStore(d, slog.New(slog.DiscardHandler), nil, func() time.Time { return now })
	g := newGenerator(now, n)
	began := time.Now()
	if err := g.fill(b.Context(), d, n); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d alarms of %d subjects in %s", n+benchOpen, len(g.subjects), time.Since(began).Round(time.Second))
	all := Everywhere()
	mid := ""
	if p, err := s.List(b.Context(), Query{Scope: all, View: ViewHistory, To: now.AddDate(-2, 0, 0)}); err == nil {
		mid = p.Next
	}
	for _, q := range []struct {
		name string
		q    Query
	}{
		{"open", Query{Scope: all}},
		{"open-word", Query{Scope: all, Text: "烟感"}},
		{"newest", Query{Scope: all, View: ViewAll}},
		{"history", Query{Scope: all, View: ViewHistory}},
		{"history-page-deep", Query{Scope: all, View: ViewHistory, Before: mid}},
		{"history-one-building", Query{Scope: Scope{Buildings: []string{"b07"}}, View: ViewHistory}},
		{"history-hazard-rare", Query{Scope: all, View: ViewHistory, Hazard: contract.Entrapment}},
		{"history-day-two-years-ago", Query{Scope: all, View: ViewHistory, From: now.AddDate(-2, 0, -1), To: now.AddDate(-2, 0, 0)}},
		{"search-rare-word", Query{Scope: all, View: ViewAll, Text: g.rare}},
		{"search-common-word", Query{Scope: all, View: ViewAll, Text: "探测器"}},
		{"search-two-characters", Query{Scope: all, View: ViewAll, Text: "东厅"}},
		{"search-two-words", Query{Scope: all, View: ViewAll, Text: "12层 走廊"}},
		{"search-nothing", Query{Scope: all, View: ViewAll, Text: "没有这个词"}},
		{"search-person", Query{Scope: all, View: ViewAll, Text: "欧阳"}},
		{"search-person-and-word", Query{Scope: all, View: ViewAll, Text: "欧阳 燃气"}},
		{"search-id", Query{Scope: all, View: ViewAll, Text: g.someID}},
		{"filter-person", Query{Scope: all, View: ViewHistory, Person: "p3"}},
		{"filter-false-alarm", Query{Scope: all, View: ViewHistory, Verdict: FalseAlarm}},
		{"filter-critical", Query{Scope: all, View: ViewHistory, Severity: contract.Critical}},
		{"filter-unrationalised", Query{Scope: all, View: ViewHistory, Unrationalised: true}},
		{"filter-critical-and-word", Query{Scope: all, View: ViewHistory, Severity: contract.Critical, Text: "探测器"}},
	} {
		b.Run(q.name, func(b *testing.B) {
			timed(b, func() error { _, err := s.List(b.Context(), q.q); return err })
		})
	}
	b.Run("counts", func(b *testing.B) { timed(b, func() error { _, err := s.Counts(b.Context()); return err }) })
	b.Run("load", func(b *testing.B) { timed(b, func() error { _, err := s.Load(b.Context(), all, now); return err }) })
}

// timed runs f and reports the quantiles people feel.
func timed(b *testing.B, f func() error) {
	var took []float64
	for b.Loop() {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
}

// generator makes alarms as a large community has them: few points alarm often, most
// rarely.
type generator struct {
	rnd      *rand.Rand
	now      time.Time
	subjects []Alarm
	people   []Acknowledgement
	rare     string
	someID   string
	zipf     *rand.Zipf
	step     time.Duration
	numbers  map[contract.PointID]int64
}

func newGenerator(now time.Time, n int) *generator {
	g := &generator{numbers: map[contract.PointID]int64{}, rnd: rand.New(rand.NewPCG(1, 2)), now: now, rare: "锅炉房甲烷", step: 5 * 365 * 24 * time.Hour / time.Duration(n)}
	kinds := []struct {
		rule     contract.RuleID
		title    contract.Text
		device   string
		hazard   contract.Hazard
		severity contract.Severity
		n        int
	}{
		{"smoke", contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, "烟感探测器", contract.Fire, contract.Critical, 8000},
		{"smoke-service", contract.Text{ZH: "烟感需要维护", EN: "Smoke detector needs service"}, "烟感探测器", contract.Equipment, contract.Minor, 8000},
		{"device-offline", contract.Text{ZH: "设备离线", EN: "Device offline"}, "采集器", contract.Comms, contract.Minor, 9000},
		{"gas", contract.Text{ZH: "燃气泄漏", EN: "Gas leak"}, "燃气探测器", contract.Gas, contract.Critical, 4000},
		{"entrapment", contract.Text{ZH: "电梯困人", EN: "People trapped in a lift"}, "电梯", contract.Entrapment, contract.Critical, 60},
		{"leak", contract.Text{ZH: "漏水报警", EN: "Water leak"}, "漏水绳", contract.Water, contract.Major, 900},
	}
	rooms := []string{"东走廊", "西走廊", "东厅", "配电间", "水泵房", "302 厨房", "车库"}
	for _, k := range kinds {
		for i := range k.n {
			building := fmt.Sprintf("b%02d", i%40)
			device := fmt.Sprintf("%s-%d", k.rule, i)
			a := Alarm{Edge: contract.EdgeID("edge-" + building), Point: contract.PointID(device + ".value"), Rule: k.rule, Building: building,
				BuildingName: contract.Text{ZH: strconv.Itoa(i%40) + "号楼", EN: "Building " + strconv.Itoa(i%40)}, DeviceName: contract.Text{ZH: k.device + strconv.Itoa(i), EN: device},
				Title: k.title, Hazard: k.hazard, Severity: k.severity, PeakSeverity: k.severity, Quality: contract.Good,
				Place: contract.Place{Building: building, Floor: i%33 + 1, Room: contract.Text{ZH: rooms[i%len(rooms)], EN: "Room " + strconv.Itoa(i%len(rooms))}}, Condition: contract.Normal, Count: 1}
			g.subjects = append(g.subjects, a)
		}
	}
	g.rnd.Shuffle(len(g.subjects), func(i, j int) { g.subjects[i], g.subjects[j] = g.subjects[j], g.subjects[i] })
	g.subjects[len(g.subjects)/2].DeviceName.ZH = g.rare
	for i, name := range []string{"李娜", "王强", "欧阳明", "赵敏", "陈刚", "刘洋", "周杰", "吴迪", "郑爽", "孙丽"} {
		g.people = append(g.people, Acknowledgement{By: "p" + strconv.Itoa(i), Name: name})
	}
	g.zipf = rand.NewZipf(g.rnd, 1.05, 50, uint64(len(g.subjects)-1))
	return g
}

// alarm is the i-th, counted from the oldest.
func (g *generator) alarm(i, n int) Alarm {
	a := g.subjects[g.zipf.Uint64()]
	a.ID = fmt.Sprintf("alm-%016x", uint64(i)*0x9e3779b97f4a7c15)
	a.RaisedAt = g.now.Add(-time.Duration(n-i) * g.step)
	a.FirstAt, a.UpdatedAt, a.Version = a.RaisedAt, a.RaisedAt, 3
	a.Stamps = Stamps{Sensed: a.RaisedAt, Decided: a.RaisedAt, Received: a.RaisedAt, Committed: a.RaisedAt, Painted: a.RaisedAt.Add(time.Second)}
	if i%1000 != 0 {
		a.Definition = &DefinitionRef{ID: a.Rule, Version: 1, RespondS: 60, Priority: a.Severity, Consequence: contract.Text{ZH: "后果", EN: "Consequence"}}
	}
	if i%700 == 0 {
		a.Verdict = &Verdict{Kind: FalseAlarm, By: "p1", Name: "王强", At: a.RaisedAt}
	}
	if i >= n-benchOpen {
		a.Condition, a.State, a.Underlying = contract.Active, Unacked, Unacked
		a.Point = contract.PointID(fmt.Sprintf("open-%d.value", i))
		return a
	}
	ack := g.people[g.rnd.IntN(len(g.people))]
	ack.At = a.RaisedAt.Add(time.Minute)
	a.Ack, a.State, a.Underlying, a.ClosedAt = &ack, Closed, Closed, a.RaisedAt.Add(time.Hour)
	if i == n/2 {
		g.someID = a.ID
	}
	return a
}

var benchColumns = []string{"id", "edge", "point", "rule", "building", "hazard", "severity", "state", "pos", "raised_at", "closed_at", "version", "doc", "subject", "acked_by", "verdict", "drill", "definition", "respond_by"}

// row is the i-th alarm as it is stored.
func (g *generator) row(i, n int) ([]any, error) {
	a := g.alarm(i, n)
	doc, err := json.Marshal(a)
	x := columnsOf(a)
	pos := 1
	if a.State == Unacked {
		pos = 0
	}
	return []any{a.ID, string(a.Edge), string(a.Point), string(a.Rule), a.Building, string(a.Hazard), int(a.Severity), string(a.State), pos,
		db.Millis(a.RaisedAt), db.Millis(a.ClosedAt), a.Version, string(doc), g.subject(a), x.person, x.verdict, x.drill, x.definition, 0}, err
}

// subject is computed once per point: open ones have points of their own.
func (g *generator) subject(a Alarm) int64 {
	n, ok := g.numbers[a.Point]
	if !ok {
		n = subjectOf(a, searchText(a))
		g.numbers[a.Point] = n
	}
	return n
}

func (g *generator) fill(ctx context.Context, d *db.DB, closed int) error {
	n := closed + benchOpen
	if d.Postgres() {
		conn, err := d.Read().Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		err = conn.Raw(func(driver any) error {
			_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"alarm"}, benchColumns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return g.row(i, n) }))
			return err
		})
		if err != nil {
			return err
		}
		return g.names(ctx, d)
	}
	for at := 0; at < n; {
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			insert, err := tx.PrepareContext(ctx, numbered(`INSERT INTO alarm (`+strings.Join(benchColumns, ", ")+`) VALUES (?`+strings.Repeat(",?", len(benchColumns)-1)+`)`))
			if err != nil {
				return err
			}
			defer insert.Close()
			for end := min(n, at+50_000); at < end; at++ {
				row, err := g.row(at, n)
				if err == nil {
					_, err = insert.ExecContext(ctx, row...)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return g.names(ctx, d)
}

func (g *generator) names(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *sql.Tx) error {
		for _, a := range g.subjects {
			if _, err := saveSubject(ctx, tx, a); err != nil {
				return err
			}
		}
		open, err := several(ctx, tx, `SELECT doc FROM alarm WHERE closed_at = 0`)
		if err != nil {
			return err
		}
		for _, a := range open {
			if _, err := saveSubject(ctx, tx, a); err != nil {
				return err
			}
		}
		for _, p := range g.people {
			if err := savePerson(ctx, tx, p); err != nil {
				return err
			}
		}
		if d.Postgres() {
			return exec(ctx, tx, `ANALYZE alarm`)
		}
		return nil
	})
}
