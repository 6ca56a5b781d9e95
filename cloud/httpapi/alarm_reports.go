package httpapi

import (
	"context"
	"net/http"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/org"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type kpiIn struct {
	From time.Time `query:"from" required:"true"`
	To   time.Time `query:"to" required:"true"`
}

type filterIn struct {
	Body struct {
		Name  string `json:"name" maxLength:"100"`
		Query string `json:"query" maxLength:"2000"`
	}
}

type filterList struct {
	Items []alarm.Filter `json:"items"`
}

type filterID struct {
	ID string `path:"id" maxLength:"64"`
}

type alarmPeople struct {
	Items []alarm.Person `json:"items"`
}

const (
	maxKPI     = 400 * 24 * time.Hour
	excelType  = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	csvType    = "text/csv; charset=utf-8"
	exportMost = 100_000 // alarms in one file
)

func (s *server) alarmReportOps() {
	register(s, "GET", "/api/alarms/load", "How much there is to follow", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, _ *struct{}) (*body[alarm.Load], error) {
		return answered(s.Alarms.Load(ctx, scope(ctx, org.AlarmRead), s.now()))
	})
	register(s, "GET", "/api/alarms/people", "Who ever acknowledged", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, _ *struct{}) (*body[alarmPeople], error) {
		list, err := s.Alarms.People(ctx)
		return answered(alarmPeople{list}, err)
	})
	register(s, "GET", "/api/alarms/kpi", "Report on alarms", access(org.AlarmReport), http.StatusOK, func(ctx context.Context, in *kpiIn) (*body[alarm.KPI], error) {
		return answered(s.kpi(ctx, in))
	})
	register(s, "GET", "/api/alarms/filters", "Searches the caller keeps", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, _ *struct{}) (*body[filterList], error) {
		list, err := s.Alarms.Filters(ctx, actor(ctx).ID)
		return answered(filterList{list}, err)
	})
	register(s, "POST", "/api/alarms/filters", "Keep a search", access(org.AlarmRead), http.StatusOK, func(ctx context.Context, in *filterIn) (*body[alarm.Filter], error) {
		return answered(s.Alarms.KeepFilter(ctx, actor(ctx).ID, in.Body.Name, in.Body.Query))
	})
	register(s, "DELETE", "/api/alarms/filters/{id}", "Forget a search", access(org.AlarmRead), http.StatusNoContent, func(ctx context.Context, in *filterID) (*none, error) {
		return nil, s.Alarms.DropFilter(ctx, actor(ctx).ID, in.ID)
	})
	file(s, access(org.AlarmReport), "/api/alarms/kpi.xlsx", "Report on alarms as a file", excelType, s.kpiFile)
	file(s, access(org.AlarmReport), "/api/alarms/export.csv", "Alarms as a CSV file", csvType, s.csvFile)
	file(s, access(org.AlarmReport), "/api/alarms/export.xlsx", "Alarms as an Excel file", excelType, s.excelFile)
}

// file declares an operation that answers with a file. What handle returns writes it;
// an error before that is told as usual, one in the middle cuts the download off.
func file[I any](s *server, need access, path, summary, contentType string, handle func(context.Context, *I) (name string, write func(http.ResponseWriter) error, err error)) {
	op := s.operation("GET", path, summary, need)
	op.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
		contentType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		name, write, err := handle(ctx, in)
		if err != nil {
			return nil, s.answer(ctx, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			if err := write(w); err != nil {
				if ctx.Err() == nil {
					s.log.Error("write file", "path", path, "err", err)
				}
				panic(http.ErrAbortHandler) // the download must not look whole
			}
		}}, nil
	})
}

func (s *server) kpi(ctx context.Context, in *kpiIn) (alarm.KPI, error) {
	if span := in.To.Sub(in.From); span <= 0 || span > maxKPI {
		return alarm.KPI{}, badField("query.to", "结束须晚于开始，最长 400 天", "The end must be after the start, at most 400 days")
	}
	return s.Alarms.KPI(ctx, scope(ctx, org.AlarmReport), in.From, in.To, s.zone(ctx))
}

// zone is the community's: that of the first building there is.
func (s *server) zone(ctx context.Context) *time.Location {
	name := ""
	if o, err := s.Fleet.Overview(ctx, reach(ctx, org.AlarmRead).Has); err == nil && len(o.Buildings) > 0 {
		name = s.Fleet.TimeZone(o.Buildings[0].ID)
	}
	if z, err := time.LoadLocation(name); err == nil && name != "" {
		return z
	}
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return time.UTC
	}
	return z
}
