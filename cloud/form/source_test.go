package form

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/document"
)

// TestH03_NoRecordIsStoredWithoutItsSource: whoever writes, past every check of the forms.
func TestH03_NoRecordIsStoredWithoutItsSource(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Form, "finding", `{"title":{"zh":"发现"},"roles":{"source":"source"},"fields":[
			{"key":"source","type":"option","label":{"zh":"来源"},"required":true,"options":[{"id":"self","label":{"zh":"自查"}}]},
			{"key":"what","type":"text","label":{"zh":"内容"}}]}`)
		insert := func(source any) error {
			return k.tx(func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), `INSERT INTO f_finding (id, def_ver, layout, rev, deleted_at, created_at, local_day, created_name, updated_at, log_hash, doc, c_source) VALUES ($1, 1, 1, 1, 0, 0, '', '', 0, '', '{}', $2)`, fmt.Sprint(source), source)
				return err
			})
		}
		if err := insert(nil); err == nil || !strings.Contains(err.Error(), "source") {
			t.Fatalf("stored without a source: %v", err)
		}
		if err := insert("self"); err != nil {
			t.Fatal(err)
		}
		// A form whose source may be left out is not published as one.
		if err := k.tryPublish(document.Form, "finding", `{"title":{"zh":"发现"},"roles":{"source":"source"},"fields":[
			{"key":"source","type":"option","label":{"zh":"来源"},"options":[{"id":"self","label":{"zh":"自查"}}]}]}`); err == nil {
			t.Fatal("published")
		}
	})
}

// TestH05_AListSortsByTheOrderOfTheOptions: the gravest first, whatever the codes are, and
// nothing last either way.
func TestH05_AListSortsByTheOrderOfTheOptions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.publish(document.Dict, "grade", `{"title":{"zh":"等级"},"items":[{"code":"z","label":{"zh":"重大"},"items":[{"code":"b","label":{"zh":"重大二类"}}]},{"code":"m","label":{"zh":"较大"}},{"code":"a","label":{"zh":"一般"}}]}`)
		k.publish(document.Form, "graded", `{"title":{"zh":"分级"},"fields":[{"key":"grade","type":"option","label":{"zh":"等级"},"dict":"grade"},
			{"key":"fast","type":"option","label":{"zh":"等级"},"dict":"grade","index":true}]}`)
		for _, g := range []string{`"a"`, `"z"`, `null`, `"m"`, `"z/b"`} {
			k.create("graded", `{"grade":`+g+`,"fast":`+g+`}`)
		}
		for sort, want := range map[string]string{"grade": "z z/b m a <nil>", "-grade": "a m z/b z <nil>", "fast": "z z/b m a <nil>", "-fast": "a m z/b z <nil>"} {
			var got []string
			for after, pages := "", 0; pages == 0 || after != ""; pages++ {
				p, err := k.List(t.Context(), SystemWho(), "graded", Listing{Sort: sort, Limit: 2, After: after}, k.now)
				if err != nil || len(p.Records) == 0 || pages > 3 {
					t.Fatalf("page %d after %q: %v %v", pages, after, p.Records, err)
				}
				for _, r := range p.Records {
					got = append(got, fmt.Sprint(r.Doc["grade"]))
				}
				after = p.Next
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", sort, got, want)
			}
		}
		var bad *InvalidError
		for _, after := range []string{"x", "9", "0 x y", "0 1"} {
			if _, err := k.List(t.Context(), SystemWho(), "graded", Listing{Sort: "fast", After: after}, k.now); !errors.As(err, &bad) {
				t.Errorf("after %q: %v", after, err)
			}
		}
		// What is made the gravest moves to the top at once.
		k.publish(document.Dict, "grade", `{"title":{"zh":"等级"},"items":[{"code":"a","label":{"zh":"一般"}},{"code":"z","label":{"zh":"重大"},"items":[{"code":"b","label":{"zh":"重大二类"}}]},{"code":"m","label":{"zh":"较大"}}]}`)
		if p, err := k.List(t.Context(), SystemWho(), "graded", Listing{Sort: "grade", Limit: 1}, k.now); err != nil || len(p.Records) != 1 || p.Records[0].Doc["grade"] != "a" {
			t.Errorf("%+v %v", p.Records, err)
		}
	})
}
