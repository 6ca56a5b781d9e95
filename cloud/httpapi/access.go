package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/org"
	"anlan/contract"

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
	agent   string
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

// actorIn is the caller with the roles played in a building; plans ask for roles.
func actorIn(ctx context.Context, building string) org.Actor {
	c := callerOf(ctx)
	return c.session.ActorIn(building, c.ip)
}

func person(ctx context.Context) alarm.Person {
	a := actor(ctx)
	return alarm.Person{ID: a.ID, Name: a.Name}
}

// reach is where the caller holds a right.
func reach(ctx context.Context, p org.Permission) org.Reach {
	return callerOf(ctx).session.Rights.Reach(p)
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
	c := caller{lang: language(hc.Header("Accept-Language")), ip: remoteIP(r), secure: r.TLS != nil, agent: hc.Header("User-Agent")}
	w.Header().Set("Cache-Control", "no-store")
	op := hc.Operation()
	need, _ := op.Metadata[accessKey].(access)
	if need == openToAll {
		next(huma.WithValue(hc, callerKey{}, c))
		return
	}
	ses, err := s.identify(r, c.ip)
	if err != nil {
		s.refuse(w, c.lang, err)
		return
	}
	c.session = ses
	if f := admit(ses, op.Method, op.Path, need); f != nil {
		s.noteRefusal(r.Context(), c, op.Method, op.Path, f.status)
		f.write(w, c.lang)
		return
	}
	hc = huma.WithValue(hc, callerKey{}, c)
	next(huma.WithContext(hc, audit.WithActor(hc.Context(), ses.Actor(c.ip))))
}

// identify finds out who asks. A request with an Authorization header is a program's:
// its cookies do not count, so that no page can borrow them.
func (s *server) identify(r *http.Request, ip string) (auth.Session, error) {
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		if !s.keyFailures.has(ip, s.now()) {
			f := say(http.StatusTooManyRequests, "密钥错误太多，请稍后再试", "Too many wrong keys; wait a moment")
			f.wait = time.Minute
			return auth.Session{}, f
		}
		key, ok := auth.Bearer(values[0])
		err := auth.ErrSession
		var ses auth.Session
		if ok && len(values) == 1 {
			ses, err = s.Auth.ByKey(r.Context(), key, s.now())
		}
		if errors.Is(err, auth.ErrSession) {
			s.keyFailures.allow(ip, s.now())
			return ses, say(http.StatusUnauthorized, "密钥不对、已过期或已吊销", "The key is wrong, expired or revoked")
		}
		return ses, err
	}
	token := ""
	if k, err := r.Cookie(cookieName); err == nil {
		token = k.Value
	}
	return s.Auth.Session(r.Context(), token, s.now())
}

// admit decides whether a session may call an operation; nil means yes.
func admit(ses auth.Session, method, path string, need access) *fault {
	name := method + " " + path
	own := slices.Contains([]string{"GET /api/me", "DELETE /api/session"}, name)
	if ses.KeyID != "" && need == signedIn && name != "GET /api/me" {
		return say(http.StatusForbidden, "密钥不能用于账号操作", "A key cannot act on the account")
	}
	if ses.Locked && !own && !whileLocked(method, path, need) {
		return say(http.StatusLocked, "屏幕已锁定，只能查看报警", "The screen is locked: alarms can be seen, nothing else")
	}
	if ses.MustChange && !own && name != "POST /api/me/password" && !(ses.Locked && name == unlockOp) {
		return &fault{status: http.StatusForbidden, field: "must_change_password", text: contract.Text{ZH: "请先修改初始密码", EN: "Change the initial password first"}}
	}
	if ses.MustEnrol && !ses.MustChange && !own && name != "POST /api/me/password" && !strings.HasPrefix(path, "/api/me/totp") && !(ses.Locked && name == unlockOp) {
		return &fault{status: http.StatusForbidden, field: "must_enrol_totp", text: contract.Text{ZH: "您的岗位须先绑定动态口令", EN: "Your role needs a second factor first"}}
	}
	if need != signedIn && !ses.Rights.May(org.Permission(need)) {
		zh, en := titles(ses)
		return say(http.StatusForbidden, "您的岗位（"+zh+"）没有此权限", "Your position ("+en+") does not allow this")
	}
	return nil
}

const unlockOp = "POST /api/session/unlock"

// whileLocked is what a locked screen may do: see the alarms and what is done about
// them, tell that it shows them, keep its seat, and be unlocked.
func whileLocked(method, path string, need access) bool {
	if method == http.MethodGet && (need == access(org.AlarmRead) || need == access(org.IncidentRead)) {
		return true
	}
	return slices.Contains([]string{"POST /api/session/lock", unlockOp}, method+" "+path) ||
		strings.HasPrefix(path, "/api/seats") && need == access(org.AlarmRead)
}

func titles(ses auth.Session) (zh, en string) {
	if len(ses.Roles) == 0 {
		return "无", "none"
	}
	var zhs, ens []string
	for _, t := range ses.Roles {
		if !slices.Contains(zhs, t.ZH) {
			zhs, ens = append(zhs, t.ZH), append(ens, t.In("en"))
		}
	}
	return strings.Join(zhs, "、"), strings.Join(ens, ", ")
}

// noteRefusal writes to the audit log that someone tried what they may not; a person
// who goes on trying does not fill the disk.
func (s *server) noteRefusal(ctx context.Context, c caller, method, path string, status int) {
	if method == http.MethodGet || c.session.User.ID == "" || status != http.StatusForbidden && status != http.StatusLocked {
		return
	}
	if !s.refusals.allow(c.session.Key(), s.now()) {
		return
	}
	if err := s.Audit.Write(ctx, c.session.Actor(c.ip), "access.refused", method+" "+path, map[string]int{"status": status}, s.now()); err != nil {
		s.log.Error("note refusal", "err", err)
	}
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
			if f := faultOf(err, s.now()); f != nil {
				s.noteRefusal(ctx, callerOf(ctx), method, path, f.status)
			}
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
		op.Security = []map[string][]string{{"session": {}}, {"key": {}}}
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

// has reports whether key has a token left, and takes none.
func (l *limiter) has(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[key]
	return !ok || min(l.burst, b.tokens+float64(now.Sub(b.at))/float64(l.every)) >= 1
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
