package plans

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anlan/contract"
	"anlan/deploy/stack"
)

// What the API tells and takes, as far as it is needed here.
type (
	tree struct {
		Floors []struct {
			Number int `json:"number"`
		} `json:"floors"`
		Buildings []struct {
			ID        string        `json:"id"`
			Community string        `json:"community"`
			Name      contract.Text `json:"name"`
			Pos       int           `json:"pos"`
			Version   int64         `json:"version"`
		} `json:"buildings"`
	}
	drawing struct {
		Version int64 `json:"version"`
	}
	position struct {
		Edge contract.EdgeID `json:"edge"`
		ID   string          `json:"id"`
		X    float64         `json:"x"`
		Y    float64         `json:"y"`
	}
	contact struct {
		Name  string `json:"name"`
		Phone string `json:"phone"`
		Hours string `json:"hours"`
	}
	camera struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
)

// The account that furnishes the building works only on places and devices; people may
// take it away.
const furnisher = "demo-plans"

// Furnish gives the example building its floor plans, somebody to call and a camera,
// through the API as a person would. What is there already stays.
func Furnish(ctx context.Context, s *stack.Stack) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if s.Passwords()[furnisher] == "" {
		if err := s.AddPerson(ctx, furnisher, "演示图纸", "engineer"); err != nil {
			return err
		}
	}
	p, err := s.Login(ctx, furnisher)
	if err != nil {
		return err
	}
	view, err := reported(ctx, p)
	if err != nil {
		return err
	}
	all, err := All()
	if err != nil {
		return err
	}
	for _, plan := range all {
		if err := hang(ctx, p, plan); err != nil {
			return err
		}
	}
	return help(ctx, p, view)
}

// reported waits until the edge has told of its building.
func reported(ctx context.Context, p *stack.Person) (tree, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var v tree
		if err := p.Get(ctx, "/api/places", &v); err != nil {
			return v, err
		}
		if len(v.Floors) > 0 {
			return v, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return v, errors.New("plans: the edge has not reported its building")
		}
	}
}

func hang(ctx context.Context, p *stack.Person, plan Plan) error {
	path := fmt.Sprintf("/api/floorplans/b03/%d", plan.Floor)
	var now drawing
	if err := p.Get(ctx, path, &now); err != nil || now.Version > 0 {
		return err
	}
	if err := p.Upload(ctx, fmt.Sprintf("%s/image?version=0&name=b03-%d.png", path, plan.Floor), "image/png", plan.PNG, &now); err != nil {
		return err
	}
	at := []position{}
	for _, s := range plan.Spots {
		at = append(at, position{Edge: stack.EdgeID, ID: s.Device, X: s.X, Y: s.Y})
	}
	return p.Put(ctx, path+"/positions", map[string]any{"version": now.Version, "positions": at}, nil)
}

func help(ctx context.Context, p *stack.Person, v tree) error {
	for _, b := range v.Buildings {
		if b.ID != "b03" || b.Version > 0 {
			continue
		}
		return p.Put(ctx, "/api/places/buildings/b03", map[string]any{"community": b.Community, "name": b.Name, "pos": b.Pos, "version": b.Version,
			"contacts": []contact{{Name: "3号楼管家", Phone: "021-5555-0103", Hours: "08:00–20:00"}, {Name: "消防控制室", Phone: "021-5555-0119", Hours: "全天"}, {Name: "工程维修", Phone: "021-5555-0110", Hours: "全天"}},
			"cameras":  []camera{{Name: "3号楼大堂", URL: "https://cameras.example/b03/lobby"}}}, nil)
	}
	return nil
}
