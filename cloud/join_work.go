package cloud

import (
	"context"
	"database/sql"
	"path/filepath"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/disk"
	"anlan/cloud/hazard"
	"anlan/cloud/httpapi"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/cloud/staff"
	"anlan/cloud/work"
	"anlan/configs"
)

// desk joins forms and flows to the organisation, and attachments to the records that name
// them.
func (c *Cloud) desk(trail *audit.Log, users *org.Store, zone *time.Location, hazards *hazard.Catalogue) (*work.Desk, *attach.Store, error) {
	var files *attach.Store
	there := func(ctx context.Context, tx *sql.Tx, id string) bool {
		_, err := files.Get(ctx, tx, id)
		return err == nil
	}
	tree := c.Fleet.Places().Tree
	desk := work.New(work.Deps{DB: c.DB, Audit: trail, Staff: staff.New(users, tree, there), Zone: zone, Now: time.Now, Limit: hazards.DueBy(hazard.Calendar{Zone: zone}),
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
