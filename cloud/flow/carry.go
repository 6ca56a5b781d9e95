package flow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"anlan/cloud/org"
	"anlan/contract"
)

// carryOut does what a step asked for, within its transaction.
func (s *Store) carryOut(ctx context.Context, tx *sql.Tx, d *Def, x *instance, effects []Effect, now time.Time, depth int) error {
	var told []Notice
	for i, e := range effects {
		var err error
		switch e.Kind {
		case PatchRecord:
			err = s.Records.Write(ctx, tx, x.Form, x.Record, e.Patch, org.System(), "", now)
		case StartChild:
			err = s.startChild(ctx, tx, x, e, now, depth)
		case CancelChild:
			err = s.cancelChild(ctx, tx, e.Text, now, depth)
		case TellParent:
			_, err = s.apply(ctx, tx, x.Parent, Event{Kind: ChildDone, Run: e.Run, Outcome: Status(e.Text)}, nil, org.System(), now, depth+1)
			if isRefusal(err) {
				err = nil // it has gone on without us
			}
		default:
			told = append(told, notices(d, x, e, i)...)
		}
		if err != nil {
			return err
		}
	}
	s.wake()
	if s.Notify == nil || len(told) == 0 {
		return nil
	}
	return s.Notify(ctx, tx, told, now)
}

func (s *Store) startChild(ctx context.Context, tx *sql.Tx, x *instance, e Effect, now time.Time, depth int) error {
	by := org.Actor{ID: x.Initiator.ID, Name: x.Initiator.Name}
	o := StartOf{ID: ChildID(x.ID, e.Run), Flow: e.Flow, Form: x.Form, Record: x.Record, By: by, Parent: x.ID, ParentRun: e.Run}
	if len(e.Fresh) > 0 {
		child, err := s.Def(ctx, tx, e.Flow, 0)
		if err != nil {
			return err
		}
		doc, err := s.Records.Read(ctx, tx, x.Form, x.Record)
		if err != nil {
			return err
		}
		fields := map[string]any{}
		for to, from := range e.Fresh {
			if v := doc[from]; v != nil {
				fields[to] = v
			}
		}
		if o.Record, err = s.Records.Create(ctx, tx, child.Form, fields, by, now); err != nil {
			return err
		}
		o.Form = child.Form
	}
	if r, ok := x.Run(e.Run); !ok || r.Child == "" {
		o.Parent, o.ParentRun = "", 0 // nobody waits for it
	}
	_, err := s.start(ctx, tx, o, now, depth+1)
	return err
}

func (s *Store) cancelChild(ctx context.Context, tx *sql.Tx, id string, now time.Time, depth int) error {
	_, err := s.apply(ctx, tx, id, Event{Kind: Terminate, Admin: true}, nil, org.System(), now, depth+1)
	if isRefusal(err) {
		return nil // it has ended by itself
	}
	return err
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}

// notices are what an effect tells people.
func notices(d *Def, x *instance, e Effect, i int) []Notice {
	n, _ := d.Node(e.Node)
	var name contract.Text
	if n != nil {
		name = n.Name
	}
	var out []Notice
	for _, p := range distinct(e.To) {
		link, key := fmt.Sprintf("/flows/%s", x.ID), fmt.Sprintf("flow/%s/0/%d-%d", x.ID, x.logSeq, i)
		if e.Run > 0 {
			key = fmt.Sprintf("%s%d-%d", runKey(x.ID, e.Run), x.logSeq, i)
		}
		if e.Task > 0 {
			link, key = fmt.Sprintf("%s?task=%d", link, e.Task), fmt.Sprintf("%s%d-%d", noticeKey(x.ID, e.Task), x.logSeq, i)
		}
		body := x.summary
		if e.Text != "" && e.Kind != NotifyEnded {
			body = e.Text + " · " + body
		}
		out = append(out, Notice{To: p, Kind: e.Kind, Key: key, Title: noticeTitle(e, x.title, name), Body: body, Link: link, Due: e.Due})
	}
	return out
}

func noticeTitle(e Effect, flow, node contract.Text) contract.Text {
	words := map[EffectKind][2]string{
		NotifyTask: {"待办", "To do"}, NotifyCC: {"抄送", "Copy"}, NotifyReturned: {"退回待办", "Returned to you"}, NotifyUrge: {"催办", "Reminder"},
		NotifyRemind: {"即将到期", "Due soon"}, NotifyOverdue: {"已逾期", "Overdue"}, NotifyEscalate: {"逾期升级", "Overdue, escalated"}, NotifyNobody: {"找不到处理人", "Nobody found"},
	}
	if e.Kind == NotifyEnded {
		how := map[Status][2]string{Passed: {"已办结", "Finished"}, Rejected: {"已驳回", "Rejected"}, Withdrawn: {"已撤回", "Withdrawn"}, Terminated: {"已终止", "Ended by an administrator"}}[Status(e.Text)]
		return text(how[0]+"："+flow.In("zh-CN"), how[1]+": "+flow.In("en"))
	}
	w := words[e.Kind]
	return text(fmt.Sprintf("%s：%s · %s", w[0], node.In("zh-CN"), flow.In("zh-CN")), fmt.Sprintf("%s: %s · %s", w[1], node.In("en"), flow.In("en")))
}
