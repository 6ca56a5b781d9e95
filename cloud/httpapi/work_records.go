package httpapi

import (
	"context"
	"net/http"

	"anlan/cloud/flow"
	"anlan/cloud/form"
	"anlan/cloud/org"
	"anlan/cloud/work"
	"anlan/contract"
)

// worker is the caller with what grants give them. Buildings are those the right to work
// with forms reaches.
func (s *server) worker(ctx context.Context) (form.Who, error) {
	return s.Work.Who(ctx, actor(ctx), buildingsOf(reach(ctx, org.WorkUse), s.Places.Tree()))
}

type formIn struct {
	Form    string `path:"form" maxLength:"24"`
	Version int64  `query:"version" minimum:"0" doc:"0 is the one in force"`
}

// Narrowed is which records of a form are meant. It is exported for what reads requests.
type Narrowed struct {
	Filter  string `query:"filter" maxLength:"20000" doc:"a condition, as JSON"`
	Search  string `query:"search" maxLength:"100"`
	Drill   string `query:"drill" maxLength:"4000" doc:"groups of an aggregate, as JSON: a list of {field, bucket, key, hidden}"`
	Node    string `query:"node" maxLength:"32" doc:"where their flow stands"`
	Handler string `query:"handler" maxLength:"64" doc:"for whom their flow waits"`
}

func (in *Narrowed) listing() (form.Listing, error) {
	e, err := work.Cond(in.Filter)
	if err != nil {
		return form.Listing{}, badField("query.filter", "筛选条件无法识别", "The filter cannot be understood")
	}
	drill, err := form.DrillOf(in.Drill)
	if err != nil {
		return form.Listing{}, badField("query.drill", "统计分组无法识别", "The groups cannot be understood")
	}
	return form.Listing{Filter: e, Search: in.Search, Drill: drill, Only: flow.StandsAt("t.flow", in.Node, in.Handler)}, nil
}

type recordsIn struct {
	Form string `path:"form" maxLength:"24"`
	Narrowed
	Sort    string `query:"sort" maxLength:"60" doc:"a field, - before it turns it round"`
	After   string `query:"after" maxLength:"100"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Deleted bool   `query:"deleted"`
}

func (in *recordsIn) listing() (form.Listing, error) {
	q, err := in.Narrowed.listing()
	q.Sort, q.After, q.Limit, q.Deleted = in.Sort, in.After, in.Limit, in.Deleted
	return q, err
}

// recordPage is a page of records and how many there are in all.
type recordPage struct {
	Records  []form.Record            `json:"records"`
	Next     string                   `json:"next"`
	Total    int64                    `json:"total"`
	Standing map[string]flow.Standing `json:"standing" doc:"where their open flows stand, by flow"`
}

type recordIn struct {
	Form string `path:"form" maxLength:"24"`
	ID   string `path:"id" maxLength:"64"`
}

type recordGone struct {
	Form string `path:"form" maxLength:"24"`
	ID   string `path:"id" maxLength:"64"`
	Rev  int64  `query:"rev" minimum:"1" doc:"as read"`
}

type recordNew struct {
	Form string `path:"form" maxLength:"24"`
	Body struct {
		Fields map[string]any           `json:"fields"`
		Chosen map[string][]flow.Person `json:"chosen,omitempty" doc:"people chosen for later nodes, by node"`
	}
}

type recordEdit struct {
	Form string `path:"form" maxLength:"24"`
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Rev    int64          `json:"rev" minimum:"1" doc:"as read"`
		Fields map[string]any `json:"fields" doc:"only what changes; null takes a value away"`
	}
}

type aggregateIn struct {
	Form string `path:"form" maxLength:"24"`
	Narrowed
	Body struct {
		By       []form.Group   `json:"by" maxItems:"4"`
		Measures []form.Measure `json:"measures" maxItems:"10"`
	}
}

const maxRecord = 2 << 20 // bytes of one record as it is sent

// recordDetail is one record with everything that belongs to it.
type recordDetail struct {
	Record form.Record `json:"record"`
	Def    *form.Def   `json:"def"`
	Log    []form.Line `json:"log"`
	Flows  []flow.Item `json:"flows"`
}

func (s *server) recordOps() {
	use := access(org.WorkUse)
	s.excelOps()
	s.viewOps()
	register(s, "GET", "/api/forms", "Forms I may use", use, http.StatusOK, func(ctx context.Context, _ *none) (*body[[]work.Usable], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Usable(ctx, who))
	})
	register(s, "GET", "/api/forms/{form}", "A form's definition", use, http.StatusOK, s.formDef)
	register(s, "GET", "/api/forms/{form}/records", "Records of a form", use, http.StatusOK, s.records)
	uploaded(s, "POST", "/api/forms/{form}/records", "Submit a form; its flow starts with it", use, maxRecord, func(ctx context.Context, in *recordNew) (*body[work.Submission], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Submit(ctx, who, in.Form, in.Body.Fields, in.Body.Chosen))
	})
	register(s, "GET", "/api/forms/{form}/records/{id}", "One record, its log and its flows", use, http.StatusOK, s.record)
	uploaded(s, "PATCH", "/api/forms/{form}/records/{id}", "Change a record", use, maxRecord, func(ctx context.Context, in *recordEdit) (*body[form.Record], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Change(ctx, who, in.Form, in.ID, in.Body.Rev, in.Body.Fields))
	})
	for _, x := range []struct {
		method, path, summary string
		restore               bool
	}{{"DELETE", "", "Take a record out of every list", false}, {"POST", "/restore", "Bring a deleted record back", true}} {
		register(s, x.method, "/api/forms/{form}/records/{id}"+x.path, x.summary, use, http.StatusOK, func(ctx context.Context, in *recordGone) (*body[form.Record], error) {
			who, err := s.worker(ctx)
			if err != nil {
				return nil, err
			}
			return answered(s.Work.Delete(ctx, who, in.Form, in.ID, in.Rev, x.restore))
		})
	}
	register(s, "POST", "/api/forms/{form}/aggregate", "Count and measure records", use, http.StatusOK, func(ctx context.Context, in *aggregateIn) (*body[[]form.Cell], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		q, err := in.listing()
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Forms.Aggregate(ctx, who, in.Form, q, in.Body.By, in.Body.Measures, s.now()))
	})
}

// formOpen is a form's definition, and what the caller may fill in to make a record.
type formOpen struct {
	Def    *form.Def              `json:"def"`
	Create map[string]form.Access `json:"create"`
	Choose []chosenNode           `json:"choose" doc:"nodes of its flow whose people are chosen at submission"`
	Nodes  []chosenNode           `json:"nodes" doc:"nodes of its flow where people act"`
}

type chosenNode struct {
	Node string        `json:"node"`
	Name contract.Text `json:"name"`
}

// flowNodes lists the nodes of a form's flow whose people the submitter has to choose, and
// those where people act.
func (s *server) flowNodes(ctx context.Context, key string) (choose, act []chosenNode, err error) {
	choose, act = []chosenNode{}, []chosenNode{}
	starts, err := s.Work.FlowOf(ctx, key)
	if err != nil || starts == "" {
		return choose, act, err
	}
	d, err := s.Work.FlowDef(ctx, nil, starts, 0)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range d.ChosenAtStart() {
		choose = append(choose, chosenNode{n.ID, n.Name})
	}
	for _, n := range d.HumanNodes() {
		act = append(act, chosenNode{n.ID, n.Name})
	}
	return choose, act, nil
}

func (s *server) formDef(ctx context.Context, in *formIn) (*body[formOpen], error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range form.Actions() {
		if who.Permits.May(in.Form, a) {
			d, err := s.Work.Forms.Def(ctx, in.Form, in.Version)
			if err != nil {
				return nil, err
			}
			choose, act, err := s.flowNodes(ctx, in.Form)
			return answered(formOpen{d, who.Permits.OnCreate(d), choose, act}, err)
		}
	}
	return nil, form.ErrDenied
}

func (s *server) records(ctx context.Context, in *recordsIn) (*body[recordPage], error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	q, err := in.listing()
	if err != nil {
		return nil, err
	}
	p, err := s.Work.Forms.List(ctx, who, in.Form, q, s.now())
	if err != nil {
		return nil, err
	}
	n, err := s.Work.Forms.Count(ctx, who, in.Form, q, s.now())
	if err != nil {
		return nil, err
	}
	at, err := s.Work.Standings(ctx, p.Records)
	return answered(recordPage{p.Records, p.Next, n, at}, err)
}

func (s *server) record(ctx context.Context, in *recordIn) (*body[recordDetail], error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	if who, err = s.Work.For(ctx, who, in.Form, in.ID); err != nil {
		return nil, err
	}
	r, err := s.Work.Forms.Get(ctx, who, in.Form, in.ID, s.now())
	if err != nil {
		return nil, err
	}
	out := recordDetail{Record: r}
	if out.Def, err = s.Work.Forms.Def(ctx, in.Form, r.Version); err != nil {
		return nil, err
	}
	if out.Log, err = s.Work.Forms.Log(ctx, who, in.Form, in.ID, s.now()); err != nil {
		return nil, err
	}
	out.Flows, err = s.Work.Flows.OfRecord(ctx, in.Form, in.ID)
	return answered(out, err)
}
