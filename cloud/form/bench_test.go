package form

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"anlan/cloud/cond"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"
)

const benchForm = `{"title":{"zh":"隐患"},"summary":["what"],"roles":{"place":"place","owner":"owner","dept":"dept"},"fields":[
{"key":"what","type":"text","label":{"zh":"描述"}},
{"key":"category","type":"option","label":{"zh":"类别"},"index":true,"options":[{"id":"fire","label":{"zh":"消防"}},{"id":"lift","label":{"zh":"电梯"}},{"id":"gas","label":{"zh":"燃气"}},{"id":"power","label":{"zh":"配电"}}]},
{"key":"level","type":"option","label":{"zh":"等级"},"index":true,"options":[{"id":"major","label":{"zh":"重大"}},{"id":"large","label":{"zh":"较大"}},{"id":"general","label":{"zh":"一般"}}]},
{"key":"place","type":"place","label":{"zh":"位置"}},{"key":"owner","type":"person","label":{"zh":"责任人"}},{"key":"dept","type":"department","label":{"zh":"部门"}},
{"key":"found_at","type":"datetime","label":{"zh":"发现"}},{"key":"closed_at","type":"datetime","label":{"zh":"闭环"}}]}`

// BenchmarkRecords measures the questions of the issue on as many records as
// ANLAN_FORM_ROWS says (300,000 for the numbers in the README; 3,000 otherwise), with a row
// scope on half of the buildings.
func BenchmarkRecords(b *testing.B) {
	rows := 3000
	if s := os.Getenv("ANLAN_FORM_ROWS"); s != "" {
		var err error
		if rows, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("sqlite", func(b *testing.B) { questions(b, dbtest.SQLite(b), rows) })
	if os.Getenv(dbtest.DSNVariable) != "" {
		b.Run("postgres", func(b *testing.B) { questions(b, dbtest.Postgres(b), rows) })
	}
}

func questions(b *testing.B, d *db.DB, rows int) {
	k := newDesk(b, d)
	k.publish(document.Form, "hazard", benchForm)
	k.fillWith(rows)
	scope := parseCond(b, `{"op":"or","args":[{"op":"in","l":{"f":"_building"},"r":{"me":"buildings"}},{"op":"eq","l":{"f":"_owner"},"r":{"me":"id"}}]}`)
	who := li
	for i := range 15 {
		who.Me.Buildings = append(who.Me.Buildings, fmt.Sprintf("b%d", i))
	}
	who.Permits = PermitsOf(Grant{Role: "r", Form: "hazard", Actions: []Action{View}, Rows: scope})
	ask := func(name string, fn func() error) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begun := time.Now()
				if err := fn(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[int(math.Ceil(0.95*float64(len(took))))-1].Microseconds())/1000, "p95-ms")
		})
	}
	list := func(filter cond.Expr, sort string) func() error {
		return func() error {
			_, err := k.List(b.Context(), who, "hazard", Listing{Filter: filter, Sort: sort, Limit: 20}, k.now)
			return err
		}
	}
	ask("category-by-month", func() error {
		_, err := k.Aggregate(b.Context(), who, "hazard", Listing{}, []Group{{Field: "category"}, {Field: "_created_at", Bucket: "month"}}, []Measure{{Fn: "count"}}, k.now)
		return err
	})
	ask("mean-duration-by-department", func() error {
		_, err := k.Aggregate(b.Context(), who, "hazard", Listing{}, []Group{{Field: "dept"}}, []Measure{{Fn: "avg", Field: "closed_at", Since: "found_at"}}, k.now)
		return err
	})
	ask("list-newest", list(cond.Expr{}, ""))
	ask("list-gravest", list(cond.Expr{}, "level"))
	ask("list-two-filters", list(parseCond(b, `{"op":"and","args":[{"op":"eq","l":{"f":"category"},"r":{"v":"lift"}},{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}]}`), ""))
	ask("list-overdue", list(parseCond(b, `{"op":"and","args":[{"op":"eq","l":{"f":"_state"},"r":{"v":"repairing"}},{"op":"eq","l":{"f":"level"},"r":{"v":"major"}}]}`), ""))
}

// fillWith makes records by SQL: a thousand a day back in time, three of a hundred open.
func (k *desk) fillWith(n int) {
	k.t.Helper()
	err := k.tx(func(tx *sql.Tx) error {
		_, err := tx.ExecContext(k.t.Context(), fmt.Sprintf(`INSERT INTO f_hazard (id, def_ver, layout, rev, deleted_at, created_at, local_day, created_by, created_name, updated_at, updated_by,
			record_no, state, community, building, dept, owner, log_hash, doc, c_what, c_category, c_level, c_place, c_owner, c_dept, c_found_at, c_found_at__day, c_closed_at, c_closed_at__day)
			SELECT 'r' || n, 1, 1, 1, 0, %[1]d - n * CAST(86400 AS BIGINT), '20' || (25 - n * 2 / %[2]d) || '-' || (CASE WHEN n %% 12 < 9 THEN '0' ELSE '' END) || (1 + n %% 12) || '-11', 'li', '李四', 0, 'li',
			'YH' || n, CASE WHEN n %% 100 < 3 THEN 'repairing' ELSE 'closed' END, 'c1', 'b' || (n %% 30), 'd' || (n %% 9), 'p' || (n %% 40), 'h',
			'{"what":"第' || n || '号隐患，楼道堆放杂物，影响疏散，请尽快清理并拍照","category":"x","level":"general","place":"c1/b1/12","owner":{"id":"p1","name":"王五"},"dept":{"id":"d1","name":"工程部"},"found_at":"2026-03-01T00:00:00.000Z"}',
			'第' || n || '号隐患', CASE n %% 4 WHEN 0 THEN 'fire' WHEN 1 THEN 'lift' WHEN 2 THEN 'gas' ELSE 'power' END, CASE WHEN n %% 50 = 0 THEN 'major' WHEN n %% 5 = 0 THEN 'large' ELSE 'general' END,
			'c1/b' || (n %% 30), 'p' || (n %% 40), 'd' || (n %% 9), %[1]d - n * CAST(86400 AS BIGINT), '2026-01-01', %[1]d - n * CAST(86400 AS BIGINT) + 3600000 * (1 + n %% 200), '2026-01-02'
			FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %[2]d) SELECT n FROM s) s`, db.Millis(k.now), n))
		return err
	})
	if err == nil {
		err = k.tx(func(tx *sql.Tx) error { _, err := tx.ExecContext(k.t.Context(), `ANALYZE`); return err })
	}
	if err != nil {
		k.t.Fatal(err)
	}
}
