package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet"
	"anlan/cloud/org"
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
		if !reach(ctx, org.AlarmRead).Has(in.ID) {
			return nil, fleet.ErrNotFound
		}
		b, d, err := s.Fleet.Building(ctx, in.ID)
		return answered(buildingDetail{b, d}, err)
	})
	register(s, "GET", "/api/points/{edge}/{point}", "One point", read, http.StatusOK, s.point)
	register(s, "GET", "/api/fleet", "Edges", read, http.StatusOK, func(ctx context.Context, _ *none) (*body[edges], error) {
		hidden := func(e fleet.Edge) bool { return !reach(ctx, org.AlarmRead).Has(e.Building) }
		return answered(edges{slices.DeleteFunc(s.Fleet.Edges(), hidden)}, nil)
	})
	register(s, "GET", "/api/checkins", "Newest check-ins at the readers", read, http.StatusOK, func(ctx context.Context, in *checkInsIn) (*body[checkIns], error) {
		items, err := s.Fleet.CheckIns(ctx, in.Limit)
		items = slices.DeleteFunc(items, func(c fleet.CheckIn) bool { return !reach(ctx, org.AlarmRead).Has(c.Place.Building) })
		if items == nil {
			items = []fleet.CheckIn{}
		}
		return answered(checkIns{items}, err)
	})
}

func (s *server) overview(ctx context.Context, _ *none) (*body[overview], error) {
	// The number is read first: an event in between comes again, none is missed.
	seq := s.Hub.Seq()
	in := reach(ctx, org.AlarmRead)
	o, err := s.Fleet.Overview(ctx, in.Has)
	if err != nil {
		return nil, err
	}
	counts, err := s.Alarms.CountsIn(ctx, scope(ctx, org.AlarmRead))
	return answered(overview{seq, s.now(), o, counts}, err)
}

func (s *server) point(ctx context.Context, in *pointIn) (*body[pointDetail], error) {
	p, d, b, err := s.Fleet.PointOf(ctx, in.Edge, in.Point)
	if err != nil {
		return nil, err
	}
	if !reach(ctx, org.AlarmRead).Has(b.ID) {
		return nil, fleet.ErrNotFound
	}
	page, err := s.Alarms.List(ctx, alarm.Query{Scope: alarm.Everywhere(), View: alarm.ViewOpen, Building: b.ID, Limit: 500})
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
