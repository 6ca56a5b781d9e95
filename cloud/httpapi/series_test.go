package httpapi

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"anlan/cloud/org"
	"anlan/cloud/series"
	"anlan/contract"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

// exportFrom is five days ago at 15:30 UTC, 23:30 in the community.
var exportFrom = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -5).Add(15*time.Hour + 30*time.Minute)

// samples fills three days with a value each 10 minutes; every tenth is bad.
func (w *world) samples() (n int) {
	w.t.Helper()
	var in []contract.Sample
	for at := exportFrom; at.Before(exportFrom.Add(72 * time.Hour)); at = at.Add(10 * time.Minute) {
		q := contract.Good
		if n%10 == 9 {
			q = contract.Timeout
		}
		in = append(in, contract.Sample{UnixMS: at.UnixMilli(), Value: float64(n), Quality: q})
		n++
	}
	if err := w.series.Append(w.t.Context(), []series.Column{{Key: series.Key{Edge: "edge-b03", Point: "f12-smoke-east.smoke"}, Samples: in}}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (c *client) file(path string) (*http.Response, []byte) {
	c.w.t.Helper()
	res, err := c.http.Do(c.request("GET", path, nil))
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(res.Body); err != nil {
		c.w.t.Fatal(err)
	}
	return res, b.Bytes()
}

func exportURL(format string, more string) string {
	return "/api/series/export?points=edge-b03/f12-smoke-east.smoke&format=" + format + "&from=" + exportFrom.Format(time.RFC3339) + "&to=" + exportFrom.Add(72*time.Hour).Format(time.RFC3339) + more
}

func TestT3_ExportsAreWholeInEveryFormatAndInCommunityTime(t *testing.T) {
	w := newWorld(t)
	n := w.samples()
	c := w.as(org.Viewer)
	res, raw := c.file(exportURL("csv", ""))
	if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Content-Disposition"), "anlan-"+exportFrom.Format("20060102")+"-2330-"+exportFrom.AddDate(0, 0, 3).Format("20060102")+"-2330.csv") || !bytes.HasPrefix(raw, []byte("\ufeff")) {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw[3:])).ReadAll()
	if err != nil || len(rows) != n+1 {
		t.Fatalf("%d rows, want %d: %v", len(rows), n+1, err)
	}
	if got := strings.Join(rows[1], "|"); got != exportFrom.Format(time.DateOnly)+" 23:30:00.000|3号楼·12层·东走廊|东走廊烟感|火警|0|0|0|0||good|1" {
		t.Errorf("first row %q", got)
	}
	if got := rows[10]; got[7] != "" || got[9] != "bad:timeout" {
		t.Errorf("a bad value is shown as one: %v", got)
	}
	_, raw = c.file(exportURL("xlsx", ""))
	book, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := book.GetRows("1")
	if err != nil || len(sheet) != n+2 || !strings.HasPrefix(sheet[2][0], exportFrom.Format(time.DateOnly)+" 23:30:00") || sheet[1][1] != "最小" {
		t.Errorf("%d rows %v %v", len(sheet), sheet[:3], err)
	}
	_, raw = c.file(exportURL("parquet", ""))
	type row struct {
		Time    time.Time `parquet:"time,timestamp(millisecond)"`
		Point   string    `parquet:"point"`
		Last    *float64  `parquet:"last,optional"`
		Quality string    `parquet:"quality"`
	}
	table, err := parquet.Read[row](bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(table) != n || !table[0].Time.Equal(exportFrom) || table[9].Last != nil || *table[n-2].Last != float64(n-2) {
		t.Errorf("%d rows %v", len(table), err)
	}
}

func TestT3_ExportedBucketsAreEachThereOnce(t *testing.T) {
	w := newWorld(t)
	n := w.samples()
	for _, bucket := range []string{"3600", "7200", "50400", "86400"} { // 14 h does not divide a day
		_, raw := w.as(org.Viewer).file(exportURL("csv", "&bucket="+bucket))
		rows, err := csv.NewReader(bytes.NewReader(raw[3:])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		seen, total := map[string]bool{}, 0
		for _, r := range rows[1:] {
			if seen[r[0]] {
				t.Errorf("bucket %s: %s is there twice", bucket, r[0])
			}
			seen[r[0]] = true
			k := 0
			for _, d := range r[10] {
				k = k*10 + int(d-'0')
			}
			total += k
		}
		if total != n {
			t.Errorf("bucket %s: %d samples, want %d", bucket, total, n)
		}
	}
}

func TestT3_WhatCannotBeExportedIsRefusedWithTheField(t *testing.T) {
	w := newWorld(t)
	c := w.as(org.Viewer)
	for path, want := range map[string]int{
		"/api/series/export?points=edge-b03/none.x&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z":                              404,
		"/api/series/export?points=edge-b03/f12-smoke-east.smoke&from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z":                422,
		"/api/series/export?points=edge-b03/f12-smoke-east.smoke&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&format=docx":    422,
		"/api/series/export?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z":                                                     422,
		"/api/series/export?points=edge-b03/f12-smoke-east.smoke&from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&format=parquet": 200,
	} {
		if status, raw := c.do("GET", path, nil); status != want {
			t.Errorf("%s: %d %s", path, status, raw)
		}
	}
	if status, _ := w.browser().do("GET", exportURL("csv", ""), nil); status != 401 {
		t.Errorf("a stranger: %d", status)
	}
}
