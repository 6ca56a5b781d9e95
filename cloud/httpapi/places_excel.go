package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/fleet/workbook"
	"anlan/cloud/org"
)

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

type workbookOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

type importIn struct {
	DryRun  bool   `query:"dry_run" doc:"check only"`
	Rev     int64  `query:"rev" doc:"of the check whose result is to be written"`
	RawBody []byte `contentType:"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"`
}

type markIn struct {
	RawBody []byte `contentType:"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"`
}

type importOut struct {
	workbook.Report
	Applied bool `json:"applied"`
}

func (s *server) placesExcelOps() {
	register(s, "GET", "/api/places/export.xlsx", "Places and devices as an Excel workbook", access(org.FleetRead), http.StatusOK, s.exportPlaces)
	uploaded(s, "POST", "/api/places/import", "Check a workbook, or write it", access(org.FleetEdit), maxWorkbook+1, s.importPlaces)
	uploaded(s, "POST", "/api/places/import/marked", "The workbook with its problems marked", access(org.FleetEdit), maxWorkbook+1, s.markPlaces)
}

func (s *server) exportPlaces(ctx context.Context, _ *none) (*workbookOut, error) {
	in := reach(ctx, org.FleetRead)
	devices, err := s.Fleet.Devices(ctx, in.Has)
	if err != nil {
		return nil, err
	}
	tree := s.Places.Tree()
	c := workbook.Contents{View: tree.View(in.Has, in.All()), Devices: devices, Points: s.Fleet.PointRows(in.Has)}
	var out bytes.Buffer
	now := s.now()
	if err := workbook.Export(&out, c, actor(ctx).Name, now); err != nil {
		return nil, err
	}
	return xlsx("anlan-places-"+now.Format("20060102-1504"), out.Bytes()), nil
}

func xlsx(name string, raw []byte) *workbookOut {
	return &workbookOut{workbookType, `attachment; filename="` + name + `.xlsx"`, raw}
}

// oneImport lets one workbook be read at a time: each may take some hundred megabytes.
func (s *server) oneImport(ctx context.Context) (done func(), err error) {
	select {
	case s.imports <- struct{}{}:
		return func() { <-s.imports }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *server) check(ctx context.Context, f *workbook.File, d *places.Draft, devices []fleet.DeviceRow) workbook.Report {
	known, in := s.Fleet.Reports(), reach(ctx, org.FleetEdit)
	return workbook.Check(f, workbook.Target{Draft: d, Devices: devices, May: in.Has,
		Known: func(k places.DeviceKey) bool {
			if _, ok := known[k]; ok {
				return true
			}
			_, ok := d.Sites[k]
			return ok
		}})
}

// dryRun checks a file against the present tree and changes nothing.
func (s *server) dryRun(ctx context.Context, raw []byte) (*workbook.File, workbook.Report, error) {
	f, err := workbook.Read(raw)
	if err != nil {
		return nil, workbook.Report{}, err
	}
	devices, err := s.Fleet.Devices(ctx, reach(ctx, org.FleetEdit).Has)
	if err != nil {
		return nil, workbook.Report{}, err
	}
	d := places.NewDraft(s.Places.Tree(), places.Author{Name: actor(ctx).Name, At: s.now()})
	return f, s.check(ctx, f, d, devices), nil
}

var errRefused = errors.New("httpapi: the workbook has problems")

func (s *server) importPlaces(ctx context.Context, in *importIn) (*body[importOut], error) {
	done, err := s.oneImport(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	f, r, err := s.dryRun(ctx, in.RawBody)
	if err != nil || in.DryRun || len(r.Problems) > 0 {
		return answered(importOut{Report: r}, err)
	}
	if in.Rev != r.Rev {
		return nil, say(http.StatusConflict, "检查之后场所有了变化，请重新检查", "The places have changed since the check; check again")
	}
	devices, err := s.Fleet.Devices(ctx, reach(ctx, org.FleetEdit).Has)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(in.RawBody)
	err = s.Places.Change(ctx, actor(ctx), func(_ *sql.Tx, d *places.Draft) error {
		if r = s.check(ctx, f, d, devices); len(r.Problems) > 0 || r.Rev != in.Rev {
			return errRefused
		}
		// One line for all: ten thousand would bury what others did that day.
		d.Notes = []places.Note{{Action: "place.import", Object: "places", Data: map[string]any{"counts": r.Counts, "file": hex.EncodeToString(sum[:]), "changed": r.Objects}}}
		return nil
	})
	if errors.Is(err, errRefused) {
		return nil, say(http.StatusConflict, "检查之后场所有了变化，请重新检查", "The places have changed since the check; check again")
	}
	return answered(importOut{r, true}, err)
}

func (s *server) markPlaces(ctx context.Context, in *markIn) (*workbookOut, error) {
	done, err := s.oneImport(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	f, r, err := s.dryRun(ctx, in.RawBody)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := workbook.Mark(&out, f, r); err != nil {
		return nil, err
	}
	return xlsx("anlan-problems", out.Bytes()), nil
}
