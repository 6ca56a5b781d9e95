package httpapi

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"anlan/cloud/flow"
	"anlan/cloud/org"
	"anlan/cloud/work"
	"anlan/contract"
)

type boxIn struct {
	Box   string `query:"box" enum:"mine,started,copied,done" default:"mine"`
	After string `query:"after" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type caseIn struct {
	ID string `path:"id" maxLength:"96"`
}

type actIn struct {
	ID   string `path:"id" maxLength:"96"`
	Body struct {
		Kind    flow.EventKind           `json:"kind" enum:"decide,transfer,delegate,add_signer,remove_signer,withdraw,take_back,urge,read,comment"`
		Task    int                      `json:"task,omitempty" minimum:"0"`
		Verdict flow.Verdict             `json:"verdict,omitempty" enum:"agree,reject,return"`
		Target  string                   `json:"target,omitempty" maxLength:"32" doc:"node to return to"`
		To      []flow.Person            `json:"to,omitempty" maxItems:"20"`
		Add     string                   `json:"add,omitempty" enum:"before,after,parallel"`
		Opinion string                   `json:"opinion,omitempty" maxLength:"2000"`
		Sign    string                   `json:"sign,omitempty" maxLength:"100"`
		Chosen  map[string][]flow.Person `json:"chosen,omitempty"`
		Fields  map[string]any           `json:"fields,omitempty" doc:"what the task's node lets be written; the rest is left out"`
	}
}

type manageIn struct {
	ID   string `path:"id" maxLength:"96"`
	Body struct {
		Kind   flow.EventKind `json:"kind" enum:"suspend,resume,terminate,urge"`
		Reason string         `json:"reason,omitempty" maxLength:"500"`
		Until  time.Time      `json:"until,omitempty"`
	}
}

type leaveIn struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		To string `json:"to,omitempty" maxLength:"64" doc:"who takes over; empty: whoever each node falls back to"`
	}
}

// handedOver says how many running flows were touched.
type handedOver struct {
	Instances int `json:"instances"`
}

type timesIn struct {
	Flow string    `path:"flow" maxLength:"48"`
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

func (s *server) flowOps() {
	use, manage := access(org.WorkUse), access(org.WorkManage)
	register(s, "GET", "/api/todos", "What waits for me, what I started, what was copied to me, what I have done", use, http.StatusOK, func(ctx context.Context, in *boxIn) (*body[flow.Page], error) {
		return answered(s.Work.Flows.Box(ctx, flow.Box(in.Box), actor(ctx).ID, in.After, in.Limit))
	})
	register(s, "GET", "/api/todos/count", "The numbers on my boxes", use, http.StatusOK, func(ctx context.Context, _ *none) (*body[flow.Counts], error) {
		return answered(s.Work.Flows.Counts(ctx, actor(ctx).ID, s.now()))
	})
	register(s, "GET", "/api/flows/{id}", "A running or finished flow with its record", use, http.StatusOK, func(ctx context.Context, in *caseIn) (*body[work.Case], error) {
		who, err := s.worker(ctx)
		if err != nil {
			return nil, err
		}
		return answered(s.Work.Case(ctx, who, in.ID))
	})
	uploaded(s, "POST", "/api/flows/{id}/events", "Decide, hand over, add signers, withdraw, urge, read, comment", use, maxRecord, s.act)
	register(s, "POST", "/api/flows/{id}/manage", "Suspend, resume, end or urge what others have started", manage, http.StatusOK, func(ctx context.Context, in *manageIn) (*body[flow.State], error) {
		if err := s.mayOpen(ctx, in.ID); err != nil {
			return nil, err
		}
		b := in.Body
		return answered(s.Work.Act(ctx, actor(ctx), in.ID, flow.Event{Kind: b.Kind, Admin: true, Text: b.Reason, Until: b.Until}, nil))
	})
	register(s, "GET", "/api/users/{id}/hand-over", "How many running flows wait for a person", access(org.UserManage), http.StatusOK, s.waiting)
	register(s, "POST", "/api/users/{id}/hand-over", "Move everything that waits for a person", access(org.UserManage), http.StatusOK, s.handOver)
	register(s, "GET", "/api/flow-times/{flow}", "How long each node of a flow takes", manage, http.StatusOK, s.flowTimes)
}

// flowTimes are the nodes of a flow where people act, in the order of reading, and those
// its earlier versions had.
type flowTimes struct {
	Title contract.Text `json:"title"`
	Form  string        `json:"form"`
	Nodes []nodeTimes   `json:"nodes"`
}

type nodeTimes struct {
	flow.NodeTime
	Name contract.Text `json:"name"`
}

func (s *server) flowTimes(ctx context.Context, in *timesIn) (*body[flowTimes], error) {
	d, err := s.Work.FlowDef(ctx, nil, in.Flow, 0)
	if err != nil {
		return nil, err
	}
	to := in.To
	if now := s.now(); to.IsZero() || to.After(now) {
		to = now
	}
	times, err := s.Work.Flows.Times(ctx, in.Flow, in.From, to)
	if err != nil {
		return nil, err
	}
	out := flowTimes{Title: d.Title, Form: d.Form, Nodes: []nodeTimes{}}
	at := map[string]flow.NodeTime{}
	for _, x := range times {
		at[x.Node] = x
	}
	for _, id := range d.Order() {
		n, _ := d.Node(id)
		x, visited := at[id]
		branches := n.Type == flow.Condition || n.Type == flow.Parallel // lasts as long as what is in it
		if !branches && (visited || n.Human()) {
			x.Node = id
			out.Nodes = append(out.Nodes, nodeTimes{x, n.Name})
		}
		delete(at, id)
	}
	for _, x := range times {
		if _, gone := at[x.Node]; gone {
			out.Nodes = append(out.Nodes, nodeTimes{x, contract.Text{ZH: x.Node, EN: x.Node}})
		}
	}
	return answered(out, nil)
}

// mayOpen refuses instances whose record the caller may not see.
func (s *server) mayOpen(ctx context.Context, id string) error {
	who, err := s.worker(ctx)
	if err == nil {
		_, err = s.Work.Case(ctx, who, id)
	}
	return err
}

func (s *server) act(ctx context.Context, in *actIn) (*body[work.Case], error) {
	who, err := s.worker(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.Work.Case(ctx, who, in.ID); err != nil {
		return nil, err
	}
	b := in.Body
	e := flow.Event{Kind: b.Kind, Task: b.Task, Verdict: b.Verdict, Target: b.Target, To: b.To, Add: b.Add, Text: b.Opinion, Sign: b.Sign, Chosen: b.Chosen}
	if _, err := s.Work.Act(ctx, actor(ctx), in.ID, e, b.Fields); err != nil {
		return nil, err
	}
	return answered(s.Work.Case(ctx, who, in.ID))
}

type leaverIn struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) waiting(ctx context.Context, in *leaverIn) (*body[handedOver], error) {
	if err := s.everywhere(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Users.Get(ctx, in.ID); err != nil {
		return nil, err
	}
	n, err := s.Work.Flows.Waiting(ctx, in.ID)
	return answered(handedOver{n}, err)
}

func (s *server) handOver(ctx context.Context, in *leaveIn) (*body[handedOver], error) {
	if err := s.everywhere(ctx); err != nil {
		return nil, err
	}
	from, err := s.Users.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to := flow.Person{}
	if in.Body.To != "" {
		u, err := s.Users.Get(ctx, in.Body.To)
		if err != nil {
			return nil, err
		}
		to = flow.Person{ID: u.ID, Name: u.Name}
	}
	out := handedOver{}
	err = s.Work.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if out.Instances, err = s.Work.Flows.Leave(ctx, tx, flow.Person{ID: from.ID, Name: from.Name}, to, actor(ctx), s.now()); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, actor(ctx), "work.hand-over", "user:"+from.ID, map[string]any{"to": to.ID, "instances": out.Instances}, s.now())
	})
	return answered(out, err)
}
