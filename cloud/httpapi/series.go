package httpapi

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"anlan/cloud/fleet"
	"anlan/cloud/org"
	"anlan/cloud/series"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type seriesIn struct {
	Edge  contract.EdgeID  `path:"edge" maxLength:"48"`
	Point contract.PointID `path:"point" maxLength:"128"`
	From  time.Time        `query:"from" required:"true"`
	To    time.Time        `query:"to" required:"true"`
	Max   int              `query:"max" minimum:"10" maximum:"5000" default:"800"`
}

type seriesOut struct {
	Unit         contract.Unit   `json:"unit"`
	Decimals     int             `json:"decimals"`
	ResolutionMS int64           `json:"resolution_ms"`
	Raw          bool            `json:"raw" doc:"each bucket is one sample"`
	Buckets      []series.Bucket `json:"buckets"`
}

const maxSpan = 400 * 24 * time.Hour

// rawSpan is short enough to read every sample of a point (at most 10 a second).
const rawSpan = time.Hour

func (s *server) series(ctx context.Context, in *seriesIn) (*body[seriesOut], error) {
	span := in.To.Sub(in.From)
	if span <= 0 || span > maxSpan {
		return nil, badField("query.to", "结束须晚于开始，最长 400 天", "The end must be after the start, at most 400 days")
	}
	p, _, b, err := s.Fleet.PointOf(ctx, in.Edge, in.Point)
	if err != nil {
		return nil, err
	}
	if !reach(ctx, org.AlarmRead).Has(b.ID) {
		return nil, fleet.ErrNotFound
	}
	out := seriesOut{Unit: p.Unit, Decimals: p.Decimals, Buckets: []series.Bucket{}}
	key := series.Key{Edge: in.Edge, Point: in.Point}
	if span <= rawSpan {
		samples, err := s.Series.Range(ctx, key, in.From, in.To)
		if err != nil {
			return nil, err
		}
		if len(samples) <= in.Max {
			out.Raw = true
			out.Buckets = bucketsOf(samples)
			return answered(out, nil)
		}
	}
	size := resolution(span, in.Max)
	out.ResolutionMS = size.Milliseconds()
	buckets, err := s.Series.Aggregate(ctx, key, in.From, in.To, size)
	if buckets != nil {
		out.Buckets = buckets
	}
	return answered(out, err)
}

// resolution is the smallest round bucket that gives at most n of them.
func resolution(span time.Duration, n int) time.Duration {
	for _, d := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour} {
		if span/d < time.Duration(n) {
			return d
		}
	}
	day := 24 * time.Hour
	return max(day, (span/time.Duration(n)/day+1)*day)
}

const maxExportPoints = 20

type exportIn struct {
	Points []string      `query:"points" required:"true" minItems:"1" maxItems:"20" doc:"edge/point, separated by commas"`
	From   time.Time     `query:"from" required:"true"`
	To     time.Time     `query:"to" required:"true"`
	Format series.Format `query:"format" enum:"csv,xlsx,parquet" default:"csv"`
	Bucket int           `query:"bucket" minimum:"0" maximum:"86400" default:"0" doc:"seconds; 0 is every sample"`
}

var exportTypes = map[series.Format]string{series.CSV: "text/csv; charset=utf-8",
	series.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", series.Parquet: "application/vnd.apache.parquet"}

func (s *server) seriesOps() {
	register(s, "GET", "/api/points/{edge}/{point}/series", "History of one point", access(org.AlarmRead), http.StatusOK, s.series)
	op := s.operation("GET", "/api/series/export", "History of points as a file", access(org.AlarmRead))
	content := map[string]*huma.MediaType{}
	for _, t := range exportTypes {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: content}}
	huma.Register(s.api, op, func(ctx context.Context, in *exportIn) (*huma.StreamResponse, error) {
		points, zone, err := s.exportPoints(ctx, in)
		if err != nil {
			return nil, s.answer(ctx, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			w.Header().Set("Content-Type", exportTypes[in.Format])
			name := fmt.Sprintf("anlan-%s-%s.%s", in.From.In(zone).Format("20060102-1504"), in.To.In(zone).Format("20060102-1504"), in.Format)
			w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
			if err := s.writeExport(ctx, w, in, points, zone); err != nil {
				if !errors.Is(err, context.Canceled) {
					s.log.Error("export", "err", err)
				}
				panic(http.ErrAbortHandler) // the download must not look whole
			}
		}}, nil
	})
}

// exportPoints finds the points that may be read, and the zone their times are told in.
func (s *server) exportPoints(ctx context.Context, in *exportIn) ([]series.ExportPoint, *time.Location, error) {
	if span := in.To.Sub(in.From); span <= 0 || span > maxSpan {
		return nil, nil, badField("query.to", "结束须晚于开始，最长 400 天", "The end must be after the start, at most 400 days")
	}
	if len(in.Points) > maxExportPoints {
		return nil, nil, badField("query.points", "一次最多 20 个点位", "At most 20 points at a time")
	}
	lang := langOf(ctx)
	var out []series.ExportPoint
	zone := time.UTC
	for _, name := range in.Points {
		edge, point, _ := strings.Cut(name, "/")
		p, d, b, err := s.Fleet.PointOf(ctx, contract.EdgeID(edge), contract.PointID(point))
		if err != nil {
			return nil, nil, err
		}
		if !reach(ctx, org.AlarmRead).Has(b.ID) {
			return nil, nil, fleet.ErrNotFound
		}
		if z, err := time.LoadLocation(s.Fleet.TimeZone(b.ID)); err == nil {
			zone = z
		}
		out = append(out, series.ExportPoint{Key: series.Key{Edge: p.Edge, Point: p.ID}, Place: d.Place.Describe(lang, b.Name.In(lang)),
			Device: d.Name.In(lang), Name: p.Name.In(lang), Unit: p.Unit})
	}
	return out, zone, nil
}

// exportEnd is where the piece that starts at from ends: about a day on, on a border
// between two buckets, so that none is written twice.
func exportEnd(from, to time.Time, bucket int64) time.Time {
	step := int64(86400)
	if bucket > 0 {
		step = (step + bucket - 1) / bucket * bucket
	}
	end := time.Unix((from.Unix()/step+1)*step, 0).UTC()
	if end.After(to) {
		return to
	}
	return end
}

func (s *server) writeExport(ctx context.Context, w http.ResponseWriter, in *exportIn, points []series.ExportPoint, zone *time.Location) error {
	head := []string{"时间 (" + zone.String() + ")", "位置", "设备", "点位", "最小", "平均", "最大", "最后", "单位", "质量", "样本数"}
	if langOf(ctx) == "en" {
		head = []string{"Time (" + zone.String() + ")", "Place", "Device", "Point", "Minimum", "Mean", "Maximum", "Last", "Unit", "Quality", "Samples"}
	}
	file, err := series.NewExport(w, in.Format, zone, head)
	if err != nil {
		return err
	}
	for _, p := range points {
		if err := file.Point(p); err != nil {
			return err
		}
		for from, to := in.From, in.From; from.Before(in.To); from = to {
			to = exportEnd(from, in.To, int64(in.Bucket))
			rows, err := s.exportRows(ctx, p.Key, from, to, time.Duration(in.Bucket)*time.Second)
			if err != nil {
				return err
			}
			for _, b := range rows {
				if err := file.Row(b); err != nil {
					return err
				}
			}
		}
	}
	return file.Close()
}

func (s *server) exportRows(ctx context.Context, k series.Key, from, to time.Time, bucket time.Duration) ([]series.Bucket, error) {
	if bucket > 0 {
		return s.Series.Aggregate(ctx, k, from, to, bucket)
	}
	samples, err := s.Series.Range(ctx, k, from, to)
	return bucketsOf(samples), err
}

// bucketsOf shows samples as buckets of one.
func bucketsOf(samples []contract.Sample) []series.Bucket {
	out := make([]series.Bucket, 0, len(samples))
	for _, x := range samples {
		out = append(out, series.Bucket{T: time.UnixMilli(x.UnixMS).UTC(), Min: x.Value, Max: x.Value, Mean: x.Value, Last: x.Value, N: 1, Quality: x.Quality})
	}
	return out
}
