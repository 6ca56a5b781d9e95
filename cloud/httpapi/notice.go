package httpapi

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"anlan/cloud/flow"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/contract"
)

// FlowNotices is what flows tell people by.
func FlowNotices(s *notify.Store) func(ctx context.Context, tx *sql.Tx, n []flow.Notice, now time.Time) error {
	return func(ctx context.Context, tx *sql.Tx, told []flow.Notice, now time.Time) error {
		out := make([]notify.Notice, 0, len(told))
		for _, n := range told {
			if n.To.ID == origin.Source { // what devices report, nobody is told back
				continue
			}
			todo := n.Kind == flow.NotifyTask || n.Kind == flow.NotifyReturned
			out = append(out, notify.Notice{To: n.To.ID, Key: n.Key, Kind: string(n.Kind), Urgency: flowUrgency(n.Kind), Todo: todo, Title: n.Title, Body: contract.Text{ZH: n.Body, EN: n.Body}, Link: n.Link})
		}
		return s.Post(ctx, tx, out, now)
	}
}

func flowUrgency(k flow.EffectKind) notify.Urgency {
	switch k {
	case flow.NotifyRemind:
		return notify.Soon
	case flow.NotifyOverdue, flow.NotifyEscalate, flow.NotifyNobody, flow.NotifyUrge:
		return notify.Urgent
	}
	return notify.Normal
}

type noticesIn struct {
	Unread bool   `query:"unread"`
	Before string `query:"before" maxLength:"80"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type noticeIn struct {
	ID string `path:"id" maxLength:"64"`
}

type deliveriesIn struct {
	State string `query:"state" enum:"waiting,failed,sent,dead,dropped" default:"dead"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"100"`
}

type deliveryIn struct {
	Notice  string `path:"notice" maxLength:"64"`
	Channel string `path:"channel" maxLength:"32"`
}

type pushKeyOut struct {
	Key string `json:"key" doc:"the server's public key, base64url"`
}

type subscribed struct {
	ID string `json:"id"`
}

func (s *server) noticeOps() {
	register(s, "GET", "/api/notices", "My notices, the newest first", signedIn, http.StatusOK, func(ctx context.Context, in *noticesIn) (*body[notify.Page], error) {
		return answered(s.Notices.List(ctx, actor(ctx).ID, in.Unread, in.Before, in.Limit))
	})
	register(s, "GET", "/api/notices/count", "How many I have not read", signedIn, http.StatusOK, func(ctx context.Context, _ *none) (*body[notify.Count], error) {
		return answered(s.Notices.Count(ctx, actor(ctx).ID))
	})
	register(s, "POST", "/api/notices/{id}/read", "Mark a notice of mine as read", signedIn, http.StatusNoContent, func(ctx context.Context, in *noticeIn) (*none, error) {
		return nil, s.Notices.Read(ctx, actor(ctx).ID, in.ID, s.now())
	})
	register(s, "POST", "/api/notices/read-all", "Mark all my notices as read", signedIn, http.StatusNoContent, func(ctx context.Context, _ *none) (*none, error) {
		return nil, s.Notices.ReadAll(ctx, actor(ctx).ID, s.now())
	})
	s.pushOps()
	manage := access(org.UserManage)
	register(s, "GET", "/api/notice-deliveries", "Notices on their way, or stuck", manage, http.StatusOK, func(ctx context.Context, in *deliveriesIn) (*body[[]notify.Delivery], error) {
		if err := s.everywhere(ctx); err != nil {
			return nil, err
		}
		return answered(s.Notices.Deliveries(ctx, in.State, in.Limit))
	})
	register(s, "POST", "/api/notice-deliveries/{notice}/{channel}/retry", "Try a dead delivery again", manage, http.StatusNoContent, s.retryDelivery)
}

func (s *server) pushOps() {
	register(s, "GET", "/api/push-key", "What a browser subscribes with", signedIn, http.StatusOK, func(context.Context, *none) (*body[pushKeyOut], error) {
		return answered(pushKeyOut{s.Push.PublicKey()}, nil)
	})
	register(s, "POST", "/api/push-subscriptions", "Let this browser be pushed to", signedIn, http.StatusOK, func(ctx context.Context, in *struct {
		Language string `header:"Accept-Language"`
		Body     notify.Subscription
	}) (*body[subscribed], error) {
		id, err := s.Push.Subscribe(ctx, actor(ctx).ID, language(in.Language), in.Body, s.now())
		return answered(subscribed{id}, err)
	})
	register(s, "DELETE", "/api/push-subscriptions/{id}", "Push to that browser of mine no more", signedIn, http.StatusNoContent, func(ctx context.Context, in *noticeIn) (*none, error) {
		return nil, s.Push.Unsubscribe(ctx, actor(ctx).ID, in.ID)
	})
	register(s, "GET", "/api/me/quiet-hours", "When I am not disturbed by what is not urgent", signedIn, http.StatusOK, func(ctx context.Context, _ *none) (*body[notify.Quiet], error) {
		return answered(s.Notices.QuietHours(ctx, actor(ctx).ID))
	})
	register(s, "PUT", "/api/me/quiet-hours", "Change my quiet hours", signedIn, http.StatusOK, func(ctx context.Context, in *body[notify.Quiet]) (*body[notify.Quiet], error) {
		return answered(in.Body, s.Notices.SetQuietHours(ctx, actor(ctx).ID, in.Body))
	})
}

func (s *server) retryDelivery(ctx context.Context, in *deliveryIn) (*none, error) {
	if err := s.everywhere(ctx); err != nil {
		return nil, err
	}
	return nil, s.Work.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := s.Notices.Retry(ctx, tx, in.Notice, in.Channel, s.now()); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, actor(ctx), "notice.retry", "notice:"+in.Notice, map[string]string{"channel": in.Channel}, s.now())
	})
}
