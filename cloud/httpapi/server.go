// Package httpapi is the cloud's one HTTP API: what the console and every other client
// sees. It holds no rules of its own: it checks who asks and whether they may, hands
// over to the noun packages, and puts their answers and errors into words.
package httpapi

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/attach"
	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/auth/signon"
	"anlan/cloud/clocks"
	"anlan/cloud/disk"
	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/cloud/floorplan"
	"anlan/cloud/hazard"
	risk "anlan/cloud/hazard/register"
	"anlan/cloud/incident"
	"anlan/cloud/notify"
	"anlan/cloud/org"
	"anlan/cloud/origin"
	"anlan/cloud/plan"
	"anlan/cloud/sample"
	"anlan/cloud/series"
	"anlan/cloud/work"
	"anlan/contract"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// AlarmReader reads alarms.
type AlarmReader interface {
	List(ctx context.Context, q alarm.Query) (alarm.Page, error)
	Get(ctx context.Context, id string) (alarm.Alarm, error)
	Events(ctx context.Context, id string) ([]alarm.Event, error)
	Actions(ctx context.Context, id string) ([]alarm.ActionRow, error)
	CountsIn(ctx context.Context, in alarm.Scope) (alarm.Counts, error)
	AlarmLife
}

// AlarmVerbs is what people do to alarms.
type AlarmVerbs interface {
	AcknowledgeAt(ctx context.Context, id string, p alarm.Person, note string, version int64, seat string) (alarm.Alarm, error)
	Mute(ctx context.Context, id string, p alarm.Person) (alarm.Alarm, error)
	AskReset(ctx context.Context, id string, p alarm.Person) (alarm.Alarm, contract.Command, error)
	Confirm(ctx context.Context, id string, p alarm.Person, note string) (alarm.Alarm, error)
	FalseAlarm(ctx context.Context, id string, p alarm.Person, note string) (alarm.Alarm, error)
}

// Fleet shows edges, buildings and points.
type Fleet interface {
	Overview(ctx context.Context, sees func(building string) bool) (fleet.Overview, error)
	Edges() []fleet.Edge
	Building(ctx context.Context, id string) (fleet.Building, []fleet.Device, error)
	PointOf(ctx context.Context, e contract.EdgeID, p contract.PointID) (fleet.Point, fleet.Device, fleet.Building, error)
	CheckIns(ctx context.Context, limit int) ([]fleet.CheckIn, error)
	Devices(ctx context.Context, sees func(building string) bool) ([]fleet.DeviceRow, error)
	DeviceOf(ctx context.Context, e contract.EdgeID, d contract.DeviceID) (fleet.Device, fleet.DeviceRow, error)
	Reports() map[places.DeviceKey]fleet.ReportedDevice
	Standing(r places.Ref) []string
	PointRows(sees func(building string) bool) []fleet.PointRow
	TimeZone(building string) string
	Enrol(ctx context.Context, e contract.EdgeID, name contract.Text) error
}

// Series reads the history of points.
type Series interface {
	Range(ctx context.Context, k series.Key, from, to time.Time) ([]contract.Sample, error)
	Aggregate(ctx context.Context, k series.Key, from, to time.Time, bucket time.Duration) ([]series.Bucket, error)
}

// Deps is all the API stands on. Every field is needed.
type Deps struct {
	Auth       *auth.Service
	Users      *org.Store
	Audit      *audit.Log
	SignOn     *signon.Client
	Alarms     AlarmReader
	AlarmVerbs AlarmVerbs
	Fleet      Fleet
	Places     *places.Store
	FloorPlans *floorplan.Store
	Series     Series
	Enrolment  *enrolment.Store
	Plans      *plan.Store
	Incidents  *incident.Store
	Seats      Seats
	Hub        *Hub
	Clocks     *clocks.Store
	Chains     *clocks.Chains
	Disk       *disk.Watch
	Hazards    *hazard.Catalogue
	Risks      *risk.Register
	Work       *work.Desk
	Attach     *attach.Store
	Notices    *notify.Store
	Push       *notify.Push
	Origins    *origin.Service
	Sample     *sample.Service
	Host       Host
	Console    fs.FS // the built console; without index.html a page says that it is missing
	Metrics    prometheus.Gatherer
	Health     func(context.Context) error // nil error when the database answers
	Log        *slog.Logger
	Now        func() time.Time
	Node       string // this process's name, told in hello
	Version    string
}

type server struct {
	Deps
	log    *slog.Logger
	api    huma.API
	logins *limiter
	ops    []declared

	keyFailures *limiter // wrong API keys, per address
	refusals    *limiter // refusals written to the audit log, per session
	imports     chan struct{}
}

// declared is one registered operation, for the permission test.
type declared struct {
	method, path string
	access       access
}

const maxBody = 64 << 10 // bytes; the largest body is a message

// New builds the handler. It starts nothing: [Hub.Run] is the caller's.
func New(d Deps) http.Handler { return newServer(d).handler() }

func newServer(d Deps) *server {
	return &server{Deps: d, log: d.Log, logins: newLimiter(30, time.Second), keyFailures: newLimiter(20, 10*time.Second), refusals: newLimiter(30, 20*time.Second), imports: make(chan struct{}, 1)}
}

func (s *server) now() time.Time { return s.Now().UTC() }

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	cfg := huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{Title: "Anlan 安澜", Version: s.Version},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{"session": {Type: "apiKey", In: "cookie", Name: cookieName}, "key": {Type: "http", Scheme: "bearer"}}}},
		OpenAPIPath: "/api/openapi", Formats: huma.DefaultFormats, DefaultFormat: "application/json",
		Transformers: []huma.Transformer{translate},
	}
	s.api = humago.New(mux, cfg)
	s.api.UseMiddleware(s.authorise)
	s.sessionOps()
	s.accountOps()
	s.peopleOps()
	s.keyOps()
	s.auditOps()
	s.oidcOps()
	s.alarmOps()
	s.fleetOps()
	s.deviceOps()
	s.placeOps()
	s.placesExcelOps()
	s.floorplanOps()
	s.enrolmentOps()
	s.seriesOps()
	s.incidentOps()
	s.seatOps()
	s.eventOps()
	s.healthOps()
	s.hazardOps()
	s.riskOps()
	s.recordOps()
	s.directoryOps()
	s.flowOps()
	s.documentOps()
	s.attachOps(s.Attach)
	s.noticeOps()
	s.hazardAlarmOps()
	s.proofTestOps()
	s.demoOps()
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		say(http.StatusNotFound, "没有这个接口", "No such operation").write(w, language(r.Header.Get("Accept-Language")))
	})
	mux.Handle("GET /metrics", loopbackOnly(promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{})))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.Handle("/", console(s.Console))

	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say(http.StatusForbidden, "拒绝来自其他网站的请求", "Requests from other sites are refused").write(w, language(r.Header.Get("Accept-Language")))
	}))
	api := bodyLimits(mux)
	guarded := cross.Handler(api)
	return headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A request with a key does not lean on cookies, so no page can forge it.
		if r.Header.Get("Authorization") != "" {
			api.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	}))
}

func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := s.Health(r.Context()); err != nil {
		s.log.Error("health", "err", err)
		http.Error(w, "database not answering", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n")) //nolint:errcheck // the client has gone
}

// headers are the same for every answer. Styles may be inline because the console's
// component library writes them so; scripts may not.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(self)")
		next.ServeHTTP(w, r)
	})
}

// loopbackOnly refuses anyone who is not on this machine, and whatever a proxy on this
// machine passes on.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ip, err := netip.ParseAddr(remoteIP(r))
		proxied := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Real-Ip") != ""
		if err != nil || !ip.Unmap().IsLoopback() || proxied {
			say(http.StatusForbidden, "只允许本机访问", "Only from this machine").write(w, language(r.Header.Get("Accept-Language")))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
