package cloud

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/disk"
	"anlan/cloud/hazard"
	"anlan/cloud/hazard/register"
	"anlan/cloud/httpapi"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/cloud/sample"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"

	"github.com/prometheus/client_golang/prometheus"
)

// desk joins forms and flows to the organisation, and attachments to the records that name
// them.
func (c *Cloud) desk(trail *audit.Log, users *org.Store, zone *time.Location, hazards *hazard.Catalogue, notices *notify.Store) (*work.Desk, *attach.Store, error) {
	var files *attach.Store
	there := func(ctx context.Context, tx *sql.Tx, id string) bool {
		_, err := files.Get(ctx, tx, id)
		return err == nil
	}
	tree := c.Fleet.Places().Tree
	desk := work.New(work.Deps{DB: c.DB, Audit: trail, Staff: staff.New(users, tree, there), Zone: zone, Now: time.Now, Notify: httpapi.FlowNotices(notices), Settle: notices.Done, Derive: hazards.DeriveRisk,
		Refer: func(ctx context.Context, tx *sql.Tx, by org.Actor, ids []string, form, record, field string) error {
			return files.Refer(ctx, tx, by, ids, attach.Ref{Kind: work.RecordKind, Form: form, Record: record, Field: field})
		}})
	var err error
	files, err = attach.New(attach.Deps{DB: c.DB, Data: c.Config.Data, MayRead: httpapi.RecordReader(desk, tree), Zone: zone, Log: c.room("attach"), Registry: c.Registry, Now: time.Now,
		Free: func() (uint64, error) {
			s, err := disk.Of(c.Config.Data)
			return s.Free, err
		}})
	return desk, files, err
}

// notices opens what tells people: under the bell, and on to their browsers.
func (c *Cloud) notices(zone *time.Location, hub *httpapi.Hub) (*notify.Store, *notify.Push, error) {
	push, err := notify.NewPush(c.DB, c.Config.Data, c.Config.Push.Contact, append(slices.Clone(notify.PushHosts), c.Config.Push.Hosts...), nil)
	if err != nil {
		return nil, nil, err
	}
	s := notify.NewStore(notify.Deps{DB: c.DB, Channels: []notify.Channel{push}, Zone: zone, Log: c.room("notify"), Registry: c.Registry, Now: time.Now})
	s.OnNotice(hub.Notice)
	c.loops = append(c.loops, s.Run)
	return s, push, nil
}

// risks is the four-colour risk register, with the shipped typical risks.
func (c *Cloud) risks(desk *work.Desk, hazards *hazard.Catalogue) (*register.Register, error) {
	typical, err := hazard.LoadRisks(configs.Files, "hazards", hazards)
	if err != nil {
		return nil, err
	}
	return register.New(register.Deps{Desk: desk, Tree: c.Fleet.Places().Tree, Hazards: hazards, Typical: typical}), nil
}

// origins watches for hazards that devices tell of. Own rules that cannot be read are told
// of, and the shipped ones hold.
func (c *Cloud) origins(trail *audit.Log, desk *work.Desk, zone *time.Location) *origin.Service {
	own := filepath.Join(c.Config.Data, origin.OwnFile)
	rules, err := origin.Load(configs.Files, own)
	if err != nil {
		c.room("origin").Error("rules", "file", own, "err", err)
	}
	s := origin.New(origin.Deps{DB: c.DB, Alarms: c.Alarms, Fleet: c.Fleet, Tree: c.Fleet.Places().Tree, Desk: desk, Audit: trail, Rules: rules, Lang: "zh-CN", Zone: zone,
		Log: c.room("origin"), Registry: c.Registry, Now: time.Now})
	c.loops = append(c.loops, s.Run)
	return s
}

// sample joins the demo community. What it tells people goes under the bell and no further:
// notices of made-up hazards must not wake anybody.
func (c *Cloud) sample(accounts *auth.Service, users *org.Store, trail *audit.Log, desk *work.Desk, files *attach.Store, notices *notify.Store, zone *time.Location) *sample.Service {
	bell := notify.NewStore(notify.Deps{DB: c.DB, Zone: zone, Log: c.room("notify"), Registry: prometheus.NewRegistry(), Now: time.Now})
	s := sample.New(sample.Deps{DB: c.DB, Audit: trail, Users: users, Accounts: accounts, Places: c.Fleet.Places(), Reports: c.Fleet.Reported, Desk: desk, Files: files, Notices: notices,
		Post: httpapi.FlowNotices(bell), Zone: zone, Log: c.room("sample"), Now: time.Now, Auto: c.Config.Demo})
	c.loops = append(c.loops, s.Run)
	return s
}
