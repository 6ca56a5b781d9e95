package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet"
	"anlan/cloud/org"
	"anlan/cloud/series"
	"anlan/contract"
)

type overview struct {
	Seq        int64     `json:"seq"`
	ServerTime time.Time `json:"server_time"`
	fleet.Overview
	Counts alarm.Counts `json:"counts"`
}

type buildingIn struct {
	ID string `path:"id" maxLength:"48"`
}

type buildingDetail struct {
	Building fleet.Building `json:"building"`
	Devices  []fleet.Device `json:"devices"`
}

type pointIn struct {
	Edge  contract.EdgeID  `path:"edge" maxLength:"48"`
	Point contract.PointID `path:"point" maxLength:"128"`
}

type pointDetail struct {
	Point        fleet.Point    `json:"point"`
	Device       fleet.Device   `json:"device"`
	Place        contract.Place `json:"place"`
	BuildingName contract.Text  `json:"building_name"`
	Alarms       []alarm.Alarm  `json:"alarms"`
}

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

type edges struct {
	Edges []fleet.Edge `json:"edges"`
}

type checkInsIn struct {
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type checkIns struct {
	Items []fleet.CheckIn `json:"items"`
}

func (s *server) fleetOps() {
	read := access(org.AlarmRead)
	register(s, "GET", "/api/overview", "Everything at a glance", read, http.StatusOK, s.overview)
	register(s, "GET", "/api/buildings/{id}", "One building with its devices", read, http.StatusOK, func(ctx context.Context, in *buildingIn) (*body[buildingDetail], error) {
		b, d, err := s.Fleet.Building(ctx, in.ID)
		return answered(buildingDetail{b, d}, err)
	})
	register(s, "GET", "/api/points/{edge}/{point}", "One point", read, http.StatusOK, s.point)
	register(s, "GET", "/api/points/{edge}/{point}/series", "History of one point", read, http.StatusOK, s.series)
	register(s, "GET", "/api/fleet", "Edges", read, http.StatusOK, func(context.Context, *none) (*body[edges], error) {
		return answered(edges{s.Fleet.Edges()}, nil)
	})
	register(s, "GET", "/api/checkins", "Newest check-ins at the readers", read, http.StatusOK, func(ctx context.Context, in *checkInsIn) (*body[checkIns], error) {
		items, err := s.Fleet.CheckIns(ctx, in.Limit)
		if items == nil {
			items = []fleet.CheckIn{}
		}
		return answered(checkIns{items}, err)
	})
}

func (s *server) overview(ctx context.Context, _ *none) (*body[overview], error) {
	// The number is read first: an event in between comes again, none is missed.
	seq := s.Hub.Seq()
	o, err := s.Fleet.Overview(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.Alarms.Counts(ctx)
	return answered(overview{seq, s.now(), o, counts}, err)
}

func (s *server) point(ctx context.Context, in *pointIn) (*body[pointDetail], error) {
	p, d, b, err := s.Fleet.PointOf(ctx, in.Edge, in.Point)
	if err != nil {
		return nil, err
	}
	page, err := s.Alarms.List(ctx, alarm.Query{View: alarm.ViewOpen, Building: b.ID, Limit: 500})
	if err != nil {
		return nil, err
	}
	out := pointDetail{p, d, d.Place, b.Name, []alarm.Alarm{}}
	for _, a := range page.Items {
		if a.Edge == in.Edge && a.Point == in.Point {
			out.Alarms = append(out.Alarms, a)
		}
	}
	return answered(out, nil)
}

const maxSpan = 400 * 24 * time.Hour

// rawSpan is short enough to read every sample of a point (at most 10 a second).
const rawSpan = time.Hour

func (s *server) series(ctx context.Context, in *seriesIn) (*body[seriesOut], error) {
	span := in.To.Sub(in.From)
	if span <= 0 || span > maxSpan {
		return nil, badField("query.to", "结束须晚于开始，最长 400 天", "The end must be after the start, at most 400 days")
	}
	p, _, _, err := s.Fleet.PointOf(ctx, in.Edge, in.Point)
	if err != nil {
		return nil, err
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
			for _, x := range samples {
				out.Buckets = append(out.Buckets, series.Bucket{T: time.UnixMilli(x.UnixMS).UTC(), Min: x.Value, Max: x.Value, Mean: x.Value, Last: x.Value, N: 1, Quality: x.Quality})
			}
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
