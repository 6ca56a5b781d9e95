package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/org"
	"anlan/contract"
)

type deviceRows struct {
	Items []fleet.DeviceRow `json:"items"`
}

// DeviceIn names a device; it is exported because the framework only looks into those.
type DeviceIn struct {
	Edge   contract.EdgeID   `path:"edge" maxLength:"48"`
	Device contract.DeviceID `path:"device" maxLength:"48"`
}

type deviceDetail struct {
	Device fleet.Device    `json:"device"`
	Row    fleet.DeviceRow `json:"row"`
}

type deviceEdit struct {
	DeviceIn
	Body struct {
		Name    *contract.Text `json:"name,omitempty" doc:"left out: as the edge reports"`
		Spot    *places.Spot   `json:"spot,omitempty" doc:"left out: as the edge reports"`
		Note    string         `json:"note,omitempty"`
		Model   string         `json:"model,omitempty" doc:"of a planned device"`
		Version int64          `json:"version"`
	}
}

type edgePlace struct {
	ID   contract.EdgeID `path:"id" maxLength:"48"`
	Body struct {
		Building string `json:"building" maxLength:"48" doc:"empty: as the edge reports"`
		Version  int64  `json:"version"`
	}
}

func (s *server) deviceOps() {
	register(s, "GET", "/api/devices", "Devices within reach, reported and planned", access(org.FleetRead), http.StatusOK, func(ctx context.Context, _ *none) (*body[deviceRows], error) {
		rows, err := s.Fleet.Devices(ctx, reach(ctx, org.FleetRead).Has)
		return answered(deviceRows{rows}, err)
	})
	register(s, "GET", "/api/devices/{edge}/{device}", "One device with its points", access(org.FleetRead), http.StatusOK, func(ctx context.Context, in *DeviceIn) (*body[deviceDetail], error) {
		d, row, err := s.Fleet.DeviceOf(ctx, in.Edge, in.Device)
		if err == nil && !reach(ctx, org.FleetRead).Has(row.Place.Building) {
			err = fleet.ErrNotFound
		}
		return answered(deviceDetail{d, row}, err)
	})
	register(s, "PUT", "/api/devices/{edge}/{device}", "Name, place and note of a device; makes a planned one", access(org.FleetEdit), http.StatusOK, s.setDevice)
	register(s, "PUT", "/api/edges/{id}/building", "Put an edge into a building", access(org.FleetEdit), http.StatusNoContent, s.setEdgeBuilding)
}

func (s *server) setDevice(ctx context.Context, in *deviceEdit) (*body[fleet.DeviceRow], error) {
	b := in.Body
	_, row, err := s.Fleet.DeviceOf(ctx, in.Edge, in.Device)
	there := err == nil
	var at []string
	if there {
		at = append(at, row.Place.Building)
	}
	if b.Spot != nil {
		at = append(at, b.Spot.Building)
	}
	if !there && b.Spot == nil {
		return nil, err
	}
	if err := mayEdit(ctx, at...); err != nil {
		return nil, err
	}
	site := places.Site{Edge: in.Edge, ID: in.Device, Spot: b.Spot, Note: b.Note, Model: b.Model, Stamp: places.Stamp{Version: b.Version}}
	if b.Name != nil {
		site.Name = *b.Name
	}
	if err := s.edit(ctx, func(d *places.Draft) error { return d.SetSite(site, row.Reported != nil) }); err != nil {
		return nil, err
	}
	_, row, err = s.Fleet.DeviceOf(ctx, in.Edge, in.Device)
	return answered(row, err)
}

func (s *server) setEdgeBuilding(ctx context.Context, in *edgePlace) (*none, error) {
	at := []string{s.buildingOf(in.ID)}
	if in.Body.Building != "" {
		at = append(at, in.Body.Building)
	}
	if err := mayEdit(ctx, at...); err != nil {
		return nil, err
	}
	return nil, s.edit(ctx, func(d *places.Draft) error { return d.SetEdge(in.ID, in.Body.Building, in.Body.Version) })
}
