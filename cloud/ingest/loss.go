package ingest

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// RuleRecordLost is the rule of the alarm raised when a record of the alarm stream could
// not be taken: what it said is not in any list, so a person has to look.
const RuleRecordLost contract.RuleID = "record-lost"

// loss is why, for people.
type loss struct {
	title  contract.Text
	reason string
}

func lostRecords(first, last uint64) loss {
	return loss{contract.Text{ZH: "报警记录缺失", EN: "Alarm records missing"}, fmt.Sprintf("records %d to %d exist nowhere any more", first, last)}
}

func unreadable(reason string) loss {
	return loss{contract.Text{ZH: "收到无法识别的报警记录", EN: "An alarm record could not be read"}, reason}
}

// raiseLoss raises an alarm that has come and gone: it stays until it is acknowledged.
func (g *Ingest) raiseLoss(ctx context.Context, tx *sql.Tx, e contract.EdgeID, l loss, now time.Time) ([]alarm.Change, error) {
	var out []alarm.Change
	for _, c := range []contract.Condition{contract.Active, contract.Normal} {
		changes, err := g.Alarms.Apply(ctx, tx, alarm.ReportInput{Edge: e, Spooled: now, Received: now, Change: contract.ConditionChange{
			Rule: RuleRecordLost, Condition: c, Severity: contract.Major, Hazard: contract.Self,
			Title: contract.Text{ZH: l.title.ZH + "：" + string(e), EN: l.title.EN + ": " + string(e)},
			Do: contract.Text{ZH: "核对该网关本地页面的报警状态，并通知维护人员",
				EN: "Compare with the alarm states on the edge's local page and tell maintenance"},
			Reason: l.reason, Quality: contract.Good, SensedAt: now.UTC(), DecidedAt: now.UTC()}})
		if err != nil {
			return nil, fmt.Errorf("ingest: raise %s: %w", RuleRecordLost, err)
		}
		out = append(out, changes...)
	}
	return out, nil
}
