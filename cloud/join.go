package cloud

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/auth/signon"
	"anlan/cloud/clocks"
	"anlan/cloud/console"
	"anlan/cloud/disk"
	"anlan/cloud/enrolment"
	"anlan/cloud/floorplan"
	"anlan/cloud/hazard"
	"anlan/cloud/httpapi"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/cloud/plan"
	"anlan/cloud/seat"
	"anlan/configs"
	"anlan/contract"
)

// join is where the people's side (logins, incidents, HTTP API) meets the rest. It runs
// after every store is open and before anything is served.
func (c *Cloud) join(ctx context.Context) (http.Handler, error) {
	now := time.Now
	trail, users := audit.New(c.DB), org.NewStore(c.DB)
	var err error
	if c.authority, err = enrolment.OpenAuthority(filepath.Join(c.Config.Data, "edges"), now()); err != nil {
		return nil, err
	}
	c.Enrolment = enrolment.NewStore(c.DB, trail, c.authority, c.brokerURL, now)
	c.Fleet.SetCertificates(c.Enrolment.Until)
	c.Enrolment.OnRevoke(func(e contract.EdgeID) { c.Broker.Kick(e, enrolment.ErrRevoked) })
	accounts, err := auth.New(ctx, c.DB, users, trail, c.Config.Data)
	if err != nil {
		return nil, err
	}
	made, err := accounts.Bootstrap(ctx, c.Config.DemoUsers, now())
	if err != nil {
		return nil, err
	}
	if len(made) > 0 { // the passwords themselves never go into a log
		c.room("auth").Info("accounts made; names and passwords are in the file", "file", filepath.Join(c.Config.Data, auth.FirstLoginFile), "accounts", len(made))
	}
	if err := c.definitions(ctx, now()); err != nil {
		return nil, err
	}
	plans, err := c.plans(ctx, now())
	if err != nil {
		return nil, err
	}
	hazards, err := hazard.Load(configs.Files, "hazards")
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.Config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("cloud: time zone: %w", err)
	}
	incidents := incident.NewStore(c.DB, c.room("incident"), c.Registry, trail, c.Alarms, zone, now)
	hub := httpapi.NewHub(c.room("httpapi"), c.Registry, c.Alarms, now)
	c.Alarms.AddHook(incidents.AlarmHook)
	c.Alarms.AddHook(trail.AlarmHook)
	c.Alarms.SetAuditor(trail)
	c.Alarms.OnLoad(hub.Load)
	c.Alarms.OnChange(hub.Alarm)
	c.Alarms.OnChange(incidents.AlarmCommitted)
	incidents.OnChange(hub.Incident)
	seats, err := seat.New(ctx, seat.Deps{DB: c.DB, Alarms: c.Alarms, Audit: trail, Log: c.room("seat"), Registry: c.Registry,
		Policy: seat.DefaultPolicy(zone), Now: now})
	if err != nil {
		return nil, err
	}
	seats.OnSeat(hub.Seat)
	seats.OnClaim(hub.Claim)
	c.Alarms.OnChange(seats.Alarm)
	hub.SetEdges(c.Fleet.Edges)
	c.Fleet.OnEdge(hub.Edge)
	c.Fleet.OnPoints(hub.Points)
	space, err := disk.New(ctx, disk.Deps{DB: c.DB, Alarms: c.Alarms, Space: func() (disk.Space, error) { return disk.Of(c.Config.Data) },
		Log: c.room("disk"), Registry: c.Registry, Now: now})
	if err != nil {
		return nil, err
	}
	chains := clocks.NewChains(trail.Verify, c.Alarms.Verify, c.room("clocks"), c.Registry, now)
	c.loops = append(c.loops, hub.Run, c.Alarms.Run, incidents.Run, seats.Run, space.Run, chains.Run)
	notices, push, err := c.notices(zone, hub)
	if err != nil {
		return nil, err
	}
	desk, files, err := c.desk(trail, users, zone, hazards, notices)
	if err != nil {
		return nil, err
	}
	if err := desk.Install(ctx, configs.Files, "apps", now()); err != nil {
		return nil, err
	}
	if err := desk.InstallChecklists(ctx, hazards.Categories, now()); err != nil {
		return nil, err
	}
	risks, err := c.risks(desk, hazards)
	if err != nil {
		return nil, err
	}
	c.loops = append(c.loops, func(ctx context.Context) error { return desk.Flows.Run(ctx, c.room("flow")) }, files.Run)
	demo := c.sample(accounts, users, trail, desk, files, notices, zone)
	node, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("cloud: host name: %w", err)
	}
	return httpapi.New(httpapi.Deps{
		Auth: accounts, Users: users, SignOn: signon.New(c.Config.Data, now), Audit: trail, Alarms: c.Alarms, AlarmVerbs: c.Alarms, Fleet: c.Fleet, Places: c.Fleet.Places(), FloorPlans: floorplan.NewStore(c.DB, now), Series: c.Series,
		Enrolment: c.Enrolment, Plans: plans, Incidents: incidents, Seats: seats, Hub: hub, Clocks: clocks.NewStore(c.DB, now), Chains: chains, Disk: space, Hazards: hazards, Risks: risks, Work: desk, Attach: files, Notices: notices, Push: push, Origins: c.origins(trail, desk, zone), Sample: demo, Host: c.host(now()), Console: console.Files(), Metrics: c.Registry,
		Health: c.DB.Read().PingContext, Log: c.room("httpapi"), Now: now, Node: node, Version: version(),
	}), nil
}

// host is what the process knows about itself; the broker is opened after the API is made.
func (c *Cloud) host(started time.Time) httpapi.Host {
	engine := "sqlite"
	if c.DB.Postgres() {
		engine = "postgresql"
	}
	return httpapi.Host{Engine: engine, Sessions: func() int64 { return c.Broker.Sessions() }, Started: started}
}

// definitions publishes the shipped alarm definitions, and tells the alarm room which bus
// a device is on.
func (c *Cloud) definitions(ctx context.Context, now time.Time) error {
	shipped, err := alarm.LoadDefinitions(configs.Files, "definitions")
	if err != nil {
		return err
	}
	c.Alarms.SetBus(func(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (contract.BusID, error) {
		var bus string
		err := c.DB.Read().QueryRowContext(ctx, `SELECT bus FROM device WHERE edge = $1 AND id = $2`, string(e), string(d)).Scan(&bus)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", fmt.Errorf("cloud: bus of %s: %w", d, err)
		}
		return contract.BusID(bus), nil
	})
	return c.Alarms.PublishDefinitions(ctx, shipped, now)
}

// plans publishes the shipped emergency plans; those that did not change stay as they are.
func (c *Cloud) plans(ctx context.Context, now time.Time) (*plan.Store, error) {
	shipped, err := plan.Load(configs.Files, "plans")
	if err != nil {
		return nil, err
	}
	store := plan.NewStore(c.DB)
	return store, store.Publish(ctx, shipped, now)
}
