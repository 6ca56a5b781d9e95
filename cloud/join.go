package cloud

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/console"
	"anlan/cloud/enrolment"
	"anlan/cloud/httpapi"
	"anlan/cloud/incident"
	"anlan/cloud/org"
	"anlan/cloud/plan"
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
	plans, err := c.plans(ctx, now())
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
	c.Alarms.OnChange(hub.Alarm)
	c.Alarms.OnChange(incidents.AlarmCommitted)
	incidents.OnChange(hub.Incident)
	c.Fleet.OnEdge(hub.Edge)
	c.Fleet.OnPoints(hub.Points)
	c.loops = append(c.loops, hub.Run, incidents.Run)
	node, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("cloud: host name: %w", err)
	}
	return httpapi.New(httpapi.Deps{
		Auth: accounts, Users: users, Audit: trail, Alarms: c.Alarms, AlarmVerbs: c.Alarms, Fleet: c.Fleet, Series: c.Series,
		Enrolment: c.Enrolment, Plans: plans, Incidents: incidents, Hub: hub, Console: console.Files(), Metrics: c.Registry,
		Health: c.DB.Read().PingContext, Log: c.room("httpapi"), Now: now, Node: node, Version: version(),
	}), nil
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
