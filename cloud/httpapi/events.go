package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"anlan/cloud/auth"
	"anlan/cloud/org"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

const (
	pingEvery    = 2 * time.Second
	sessionEvery = 10 * time.Second // how long a stream may outlive its session
	writeWithin  = 10 * time.Second
)

type eventsIn struct {
	LastEventID string `header:"Last-Event-ID"`
}

func (s *server) eventOps() {
	op := s.operation("GET", "/api/events", "Live events (server-sent): hello, ping, alarm, edge, points, incident, resync", access(org.AlarmRead))
	op.Responses = map[string]*huma.Response{"200": {Description: "An endless stream", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *eventsIn) (*huma.StreamResponse, error) {
		// A number that cannot be read means that something was missed.
		last := int64(0)
		if in.LastEventID != "" {
			n, err := strconv.ParseInt(in.LastEventID, 10, 64)
			if last = n; err != nil || n <= 0 {
				last = 1
			}
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			s.stream(r.Context(), w, callerOf(ctx).session, last)
		}}, nil
	})
}

// stream writes events until the client goes, the session ends, the client is too slow
// or the program stops.
func (s *server) stream(ctx context.Context, w http.ResponseWriter, ses auth.Session, last int64) {
	checked := s.now() // the session was looked at just now, on the way in
	sub := s.Hub.subscribe(last, ses.User.ID, ses.Rights)
	if sub == nil {
		say(http.StatusServiceUnavailable, "服务正在停止", "The service is stopping").write(w, "zh-CN")
		return
	}
	defer s.Hub.unsubscribe(sub)
	s.Hub.renew(sub, ses.Rights, ses.Locked)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	out := streamWriter{http.NewResponseController(w), w}
	if !s.greet(out, sub) {
		return
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case f, ok := <-sub.frames:
			if !ok || !out.send(f.wire) {
				return
			}
		case <-sub.recheck:
			checked = s.now()
			if !s.again(ctx, out, sub, ses, checked) {
				return
			}
		case <-ping.C:
			if now := s.now(); now.Sub(checked) >= sessionEvery {
				checked = now
				if !s.again(ctx, out, sub, ses, now) {
					return
				}
			}
			if !out.event("ping", 0, map[string]any{"server_time": s.now(), "seq": s.Hub.sentTo(sub)}) {
				return
			}
		}
	}
}

// again looks at the session and its rights once more, and reports whether the stream
// goes on. A database in trouble does not end it; a session that is over, or may not
// see alarms any more, does.
func (s *server) again(ctx context.Context, out streamWriter, sub *subscription, ses auth.Session, now time.Time) bool {
	fresh, err := s.Auth.Refresh(ctx, ses, now)
	if errors.Is(err, auth.ErrSession) {
		return false
	}
	if err != nil {
		return true
	}
	if !fresh.Rights.May(org.AlarmRead) {
		return false
	}
	if s.Hub.renew(sub, fresh.Rights, fresh.Locked) {
		return out.event("resync", s.Hub.sentTo(sub), struct{}{})
	}
	return true
}

func (s *server) greet(out streamWriter, sub *subscription) bool {
	if !out.event("hello", 0, map[string]any{"seq": sub.seq, "server_time": s.now(), "node": s.Node}) {
		return false
	}
	if sub.resync {
		return out.event("resync", sub.seq, struct{}{})
	}
	for _, f := range sub.backlog {
		if !out.send(f.wire) {
			return false
		}
	}
	return true
}

type streamWriter struct {
	control *http.ResponseController
	w       http.ResponseWriter
}

func (o streamWriter) event(name string, seq int64, v any) bool {
	data, err := json.Marshal(v)
	return err == nil && o.send(encode(name, seq, data))
}

// send reports whether the client took it in time.
func (o streamWriter) send(wire []byte) bool {
	if err := o.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return false
	}
	if _, err := o.w.Write(wire); err != nil {
		return false
	}
	return o.control.Flush() == nil
}
