package fleet

import (
	"context"
	"database/sql"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// Applier is the alarm store as ingest uses it.
type Applier interface {
	Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error)
	ApplyAction(ctx context.Context, tx *sql.Tx, e contract.EdgeID, r contract.ActionReport) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// Placed is an alarm store whose alarms say where people know the device to be, not
// where its installer wrote it down.
type Placed struct {
	Applier
	Fleet *Service
}

// Apply corrects the place and passes the report on.
func (p Placed) Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error) {
	in.Change.Place = p.Fleet.Place(in.Edge, in.Change.Point.Device(), in.Change.Place)
	return p.Applier.Apply(ctx, tx, in)
}
