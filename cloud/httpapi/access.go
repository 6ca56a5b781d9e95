package httpapi

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/org"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// access is who may call an operation: a permission, or one of the two below. The zero
// value lets nobody in.
type access string

const (
	openToAll access = "open"      // no session needed
	signedIn  access = "signed-in" // any session
)

const (
	cookieName = "anlan_session"
	accessKey  = "access"
)

// caller is what a request knows of its sender.
type caller struct {
	lang    string
	ip      string
	session auth.Session
	secure  bool
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

func langOf(ctx context.Context) string {
	if l := callerOf(ctx).lang; l != "" {
		return l
	}
	return "zh-CN"
}

func actor(ctx context.Context) org.Actor {
	c := callerOf(ctx)
	return c.session.Actor(c.ip)
}

func person(ctx context.Context) alarm.Person {
	a := actor(ctx)
	return alarm.Person{ID: a.ID, Name: a.Name}
}

// reach is where the caller holds a right.
func reach(ctx context.Context, p org.Permission) org.Reach {
	if callerOf(ctx).session.User.May(p) {
		return org.Everywhere()
	}
	return org.Reach{}
}

// within refuses what lies outside the caller's reach.
func (s *server) within(ctx context.Context, p org.Permission, building string) error {
	if reach(ctx, p).Has(building) {
		return nil
	}
	return say(http.StatusForbidden, "您的权限不包括这个楼栋", "Your rights do not reach this building")
}

// authorise runs before every operation. What has no declared access is refused.
func (s *server) authorise(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	c := caller{lang: language(hc.Header("Accept-Language")), ip: remoteIP(r), secure: r.TLS != nil}
	w.Header().Set("Cache-Control", "no-store")
	need, _ := hc.Operation().Metadata[accessKey].(access)
	if need == openToAll {
		next(huma.WithValue(hc, callerKey{}, c))
		return
	}
	token := ""
	if k, err := r.Cookie(cookieName); err == nil {
		token = k.Value
	}
	ses, err := s.Auth.Session(r.Context(), token, s.now())
	if err != nil {
		s.refuse(w, c.lang, err)
		return
	}
	c.session = ses
	if need != signedIn && !ses.User.May(org.Permission(need)) {
		say(http.StatusForbidden, "您的岗位（"+ses.User.Role.Title().ZH+"）没有此权限", "Your position ("+ses.User.Role.Title().EN+") does not allow this").write(w, c.lang)
		return
	}
	hc = huma.WithValue(hc, callerKey{}, c)
	next(huma.WithContext(hc, audit.WithActor(hc.Context(), ses.Actor(c.ip))))
}

func (s *server) refuse(w http.ResponseWriter, lang string, err error) {
	f := faultOf(err, s.now())
	if f == nil {
		s.log.Error("session", "err", err)
		f = say(http.StatusInternalServerError, "服务器内部错误", "Internal error")
	}
	f.write(w, lang)
}

// register adds one operation with its access, and puts its errors into words.
func register[I, O any](s *server, method, path, summary string, need access, status int, handle func(context.Context, *I) (*O, error)) {
	op := s.operation(method, path, summary, need)
	op.DefaultStatus = status
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.answer(ctx, err)
		}
		return out, nil
	})
}

func (s *server) operation(method, path, summary string, need access) huma.Operation {
	s.ops = append(s.ops, declared{method, path, need})
	id := strings.ToLower(method) + strings.NewReplacer("/api", "", "/", "-", "{", "", "}", "").Replace(path)
	op := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, MaxBodyBytes: maxBody,
		Metadata: map[string]any{accessKey: need}, Extensions: map[string]any{"x-permission": string(need)}}
	if need != openToAll {
		op.Security = []map[string][]string{{"session": {}}}
	}
	return op
}

// body wraps what an operation answers.
type body[T any] struct{ Body T }

func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// limiter is a token bucket per key.
type limiter struct {
	burst float64
	every time.Duration // one token

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

const maxBuckets = 10_000

func newLimiter(burst int, every time.Duration) *limiter {
	return &limiter{burst: float64(burst), every: every, buckets: map[string]bucket{}}
}

// allow takes one token of key, if it has one.
func (l *limiter) allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= maxBuckets {
			l.forget(now)
		}
		b = bucket{l.burst, now}
	}
	b.tokens = min(l.burst, b.tokens+float64(now.Sub(b.at))/float64(l.every))
	b.at = now
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	l.buckets[key] = b
	return allowed
}

// forget drops the keys that are full again; if an attack leaves none, all of them.
func (l *limiter) forget(now time.Time) {
	for k, b := range l.buckets {
		if b.tokens+float64(now.Sub(b.at))/float64(l.every) >= l.burst {
			delete(l.buckets, k)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
