package httpapi

import (
	"context"
	"net/http"
	"strings"

	"anlan/cloud/fleet/places"
	"anlan/cloud/floorplan"
	"anlan/cloud/org"
)

// FloorIn names a floor; it is exported because the framework only looks into those.
type FloorIn struct {
	Building string `path:"building" maxLength:"48"`
	Floor    int    `path:"floor" minimum:"-20" maximum:"200"`
}

// floorPlanOut is the plan with what is needed to draw one where there is no image.
type floorPlanOut struct {
	floorplan.Plan
	Rooms     []places.Room     `json:"rooms"`
	Entrances []places.Entrance `json:"entrances"`
}

type imageIn struct {
	Building string `path:"building" maxLength:"48"`
	Hash     string `path:"hash" maxLength:"64" pattern:"^[0-9a-f]{64}$"`
	Match    string `header:"If-None-Match"`
}

type imageOut struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	ETag         string `header:"ETag"`
	Disposition  string `header:"Content-Disposition"`
	Policy       string `header:"Content-Security-Policy"`
	Body         []byte
}

type uploadIn struct {
	FloorIn
	Version int64  `query:"version" doc:"of the plan, as read"`
	Name    string `query:"name" maxLength:"200" doc:"of the file"`
	RawBody []byte `contentType:"image/png"`
}

type positionsIn struct {
	FloorIn
	Body struct {
		Version   int64                `json:"version"`
		Positions []floorplan.Position `json:"positions" maxItems:"2000"`
	}
}

type chooseIn struct {
	FloorIn
	Body struct {
		Version int64 `json:"version"`
		N       int64 `json:"n" doc:"number of the drawing, 0 for none"`
	}
}

type floorImages struct {
	Items []floorplan.Image `json:"items"`
}

func (s *server) floorplanOps() {
	read, edit := access(org.AlarmRead), access(org.FleetEdit)
	register(s, "GET", "/api/floorplans/{building}/{floor}", "The plan of a floor", read, http.StatusOK, s.floorPlan)
	register(s, "GET", "/api/floorplan-images/{building}/{hash}", "A drawing", read, http.StatusOK, s.floorImage)
	register(s, "GET", "/api/floorplans/{building}/{floor}/images", "The drawings a floor has had", access(org.FleetRead), http.StatusOK, func(ctx context.Context, in *FloorIn) (*body[floorImages], error) {
		if !reach(ctx, org.FleetRead).Has(in.Building) {
			return nil, floorplan.ErrNotFound
		}
		items, err := s.FloorPlans.Images(ctx, in.Building, in.Floor)
		return answered(floorImages{items}, err)
	})
	uploaded(s, "POST", "/api/floorplans/{building}/{floor}/image", "Upload a drawing, PNG or JPEG", edit, floorplan.MaxBytes+1, func(ctx context.Context, in *uploadIn) (*body[floorPlanOut], error) {
		if err := s.mayDraw(ctx, in.FloorIn); err != nil {
			return nil, err
		}
		p, err := s.FloorPlans.Upload(ctx, actor(ctx), in.Building, in.Floor, in.Version, in.Name, in.RawBody)
		return s.withRooms(p, err)
	})
	register(s, "PUT", "/api/floorplans/{building}/{floor}/positions", "Where everything stands", edit, http.StatusOK, func(ctx context.Context, in *positionsIn) (*body[floorPlanOut], error) {
		if err := s.mayDraw(ctx, in.FloorIn); err != nil {
			return nil, err
		}
		p, err := s.FloorPlans.Place(ctx, actor(ctx), in.Building, in.Floor, in.Body.Version, in.Body.Positions)
		return s.withRooms(p, err)
	})
	register(s, "POST", "/api/floorplans/{building}/{floor}/choose", "Show an earlier drawing again, or none", edit, http.StatusOK, func(ctx context.Context, in *chooseIn) (*body[floorPlanOut], error) {
		if err := s.mayDraw(ctx, in.FloorIn); err != nil {
			return nil, err
		}
		p, err := s.FloorPlans.Choose(ctx, actor(ctx), in.Building, in.Floor, in.Body.Version, in.Body.N)
		return s.withRooms(p, err)
	})
}

// mayDraw refuses floors that are not there or out of reach.
func (s *server) mayDraw(ctx context.Context, in FloorIn) error {
	f, ok := s.Places.Tree().Floors[places.FloorKey{Building: in.Building, Number: in.Floor}]
	if !ok || f.Archived || !reach(ctx, org.FleetEdit).Has(in.Building) {
		return floorplan.ErrNotFound
	}
	return nil
}

func (s *server) floorPlan(ctx context.Context, in *FloorIn) (*body[floorPlanOut], error) {
	if _, ok := s.Places.Tree().Buildings[in.Building]; !ok || !reach(ctx, org.AlarmRead).Has(in.Building) {
		return nil, floorplan.ErrNotFound
	}
	p, err := s.FloorPlans.Get(ctx, in.Building, in.Floor)
	return s.withRooms(p, err)
}

func (s *server) withRooms(p floorplan.Plan, err error) (*body[floorPlanOut], error) {
	if err != nil {
		return nil, err
	}
	t := s.Places.Tree()
	out := floorPlanOut{p, t.RoomsOf(p.Building, p.Floor), t.EntrancesOf(p.Building)}
	if out.Rooms == nil {
		out.Rooms = []places.Room{}
	}
	if out.Entrances == nil {
		out.Entrances = []places.Entrance{}
	}
	return answered(out, nil)
}

// floorImage never changes under its address, so browsers may keep it; what they keep is
// theirs alone, for the next person may have other rights.
func (s *server) floorImage(ctx context.Context, in *imageIn) (*imageOut, error) {
	if !reach(ctx, org.AlarmRead).Has(in.Building) {
		return nil, floorplan.ErrNotFound
	}
	out := &imageOut{Status: http.StatusOK, CacheControl: "private, max-age=31536000, immutable", ETag: `"` + in.Hash + `"`,
		Disposition: "inline; filename=\"plan\"", Policy: "default-src 'none'; sandbox"}
	data, kind, err := s.FloorPlans.Picture(ctx, in.Building, in.Hash)
	if err != nil {
		return nil, err
	}
	out.ContentType, out.Body = kind, data
	if strings.Contains(in.Match, in.Hash) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

// bodyLimits lets the few uploads be larger than a message.
func bodyLimits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxBody)
		if r.Method == http.MethodPost {
			switch p := r.URL.Path; {
			case strings.HasPrefix(p, "/api/floorplans/") && strings.HasSuffix(p, "/image"):
				limit = floorplan.MaxBytes + 1
			case strings.HasPrefix(p, "/api/places/import"):
				limit = maxWorkbook + 1
			}
		}
		if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/api/floorplans/") {
			limit = 1 << 20 // 2 000 positions
		}
		limit = max(limit, workLimit(r))
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

const maxWorkbook = 20 << 20 // bytes
