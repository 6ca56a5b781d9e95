package work

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"anlan/cloud/document"
	"anlan/cloud/excel"
	"anlan/cloud/flow"
	"anlan/cloud/form"
)

// names is what workbooks in a language call things.
func (k *Desk) names(ctx context.Context, d *form.Def, lang string) (excel.Names, error) {
	tx, err := k.DB.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return excel.Names{}, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	known, err := k.Staff.Names(ctx, tx)
	if err != nil {
		return excel.Names{}, err
	}
	dicts := map[string][]form.Choice{}
	for _, f := range allFields(d) {
		if f.Dict == "" || dicts[f.Dict] != nil {
			continue
		}
		v, err := k.Docs.CurrentTx(ctx, tx, document.Dict, f.Dict)
		if err != nil {
			return excel.Names{}, err
		}
		dict, err := form.ParseDict(v.Body)
		if err != nil {
			return excel.Names{}, err
		}
		for _, i := range dict.Items {
			dicts[f.Dict] = append(dicts[f.Dict], form.Choice{ID: i.Code, Label: i.Label, Retired: i.Retired})
		}
	}
	return excel.Names{Zone: k.Zone, Lang: lang, Name: known.Name, Find: known.Find, Choices: func(f *form.Field) []form.Choice {
		if f.Dict != "" {
			return dicts[f.Dict]
		}
		return f.Options
	}}, nil
}

func allFields(d *form.Def) []form.Field {
	out := append([]form.Field{}, d.Fields...)
	for _, f := range d.Fields {
		out = append(out, f.Fields...)
	}
	return out
}

// Export writes what somebody may export of a list as a workbook; fields nil is all that
// the form shows. "_standing" among them adds where each record's flow stands and with whom.
// It is in the audit trail, as whatever leaves the house. Errors also excel.ErrTooMany.
func (k *Desk) Export(ctx context.Context, w io.Writer, who form.Who, key string, q form.Listing, fields []string, lang string) error {
	if !who.Permits.May(key, form.Export) {
		return form.ErrDenied
	}
	d, err := k.Forms.Def(ctx, key, 0)
	if err != nil {
		return err
	}
	n, err := k.names(ctx, d, lang)
	if err != nil {
		return err
	}
	var at func([]form.Record) error
	if fields, at = k.standing(ctx, fields, &n); len(fields) == 0 {
		fields = nil
	}
	if err := excel.Write(w, d, fields, k.every(ctx, who, key, q, at), n); err != nil {
		return err
	}
	return k.DB.Tx(ctx, func(tx *sql.Tx) error {
		return k.Audit.Append(ctx, tx, who.Actor, "record.export", "form:"+key, map[string]any{"filter": q.Filter.String(), "search": q.Search}, k.Now())
	})
}

// standing looks where the flows of every page's records stand, if that is wanted.
func (k *Desk) standing(ctx context.Context, fields []string, n *excel.Names) ([]string, func([]form.Record) error) {
	rest := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "_standing" })
	if len(rest) == len(fields) {
		return fields, nil
	}
	var at map[string]flow.Standing
	lang := n.Lang
	n.Standing = func(r form.Record) (string, string) {
		var nodes, people []string
		for _, x := range at[r.Flow].Nodes {
			nodes = append(nodes, x.Name.In(lang))
		}
		for _, p := range at[r.Flow].Handlers {
			people = append(people, p.Name)
		}
		return strings.Join(nodes, "、"), strings.Join(people, "、")
	}
	return rest, func(page []form.Record) (err error) {
		at, err = k.Standings(ctx, page)
		return err
	}
}

// Standings says where the flows of records stand, by instance.
func (k *Desk) Standings(ctx context.Context, records []form.Record) (map[string]flow.Standing, error) {
	var ids []string
	for _, r := range records {
		if r.Flow != "" {
			ids = append(ids, r.Flow)
		}
	}
	return k.Flows.Standings(ctx, ids, func(key string, version int64) (*flow.Def, error) { return k.FlowDef(ctx, nil, key, version) })
}

// every walks all pages of what may be exported, newest first; seen is told of each page.
func (k *Desk) every(ctx context.Context, who form.Who, key string, q form.Listing, seen func([]form.Record) error) iter.Seq2[form.Record, error] {
	return func(yield func(form.Record, error) bool) {
		q.Sort, q.After, q.Limit, q.Deleted = "", "", form.MaxPage, false
		for {
			p, err := k.Forms.ListFor(ctx, who, key, form.Export, q, k.Now())
			if err == nil && seen != nil {
				err = seen(p.Records)
			}
			if err != nil {
				yield(form.Record{}, err)
				return
			}
			for _, r := range p.Records {
				if !yield(r, nil) {
					return
				}
			}
			if q.After = p.Next; p.Next == "" {
				return
			}
		}
	}
}

// Template writes an empty workbook of what somebody may fill in.
func (k *Desk) Template(ctx context.Context, w io.Writer, who form.Who, key, lang string) error {
	if !who.Permits.May(key, form.Import) {
		return form.ErrDenied
	}
	d, err := k.Forms.Def(ctx, key, 0)
	if err != nil {
		return err
	}
	n, err := k.names(ctx, d, lang)
	if err != nil {
		return err
	}
	may := who.Permits.OnCreate(d)
	return excel.Template(w, d, func(f string) bool { return may[f] == form.Write }, n)
}

// Imported is what reading a workbook came to.
type Imported struct {
	Rows     int             `json:"rows"`
	Created  int             `json:"created"`
	Problems []excel.Problem `json:"problems"`
}

// How an import goes about it.
type How struct {
	Dry   bool // try, and keep nothing
	Good  bool // keep the good rows though others are bad
	Start bool // start the form's flow on each record
}

// errKeepNothing takes a tried import back.
var errKeepNothing = errors.New("work: keep nothing")

// Import makes records of a workbook's rows, each checked as any submission: all or none
// unless How says otherwise. Errors: excel.ErrWorkbook, form.ErrDenied.
func (k *Desk) Import(ctx context.Context, who form.Who, key string, raw []byte, how How) (Imported, error) {
	var out Imported
	if !who.Permits.May(key, form.Import) {
		return out, form.ErrDenied
	}
	d, err := k.Forms.Def(ctx, key, 0)
	if err != nil {
		return out, err
	}
	n, err := k.names(ctx, d, "zh-CN")
	if err != nil {
		return out, err
	}
	t, err := excel.Read(raw, d, n)
	if err != nil {
		return out, err
	}
	starts := ""
	if how.Start {
		if starts, err = k.FlowOf(ctx, key); err != nil {
			return out, err
		}
	}
	out.Rows, out.Problems = len(t.Rows), append([]excel.Problem{}, t.Problems...)
	err = k.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := k.importRows(ctx, tx, who, key, starts, t, &out); err != nil {
			return err
		}
		if how.Dry || len(out.Problems) > 0 && !how.Good {
			return errKeepNothing
		}
		return k.Audit.Append(ctx, tx, who.Actor, "record.import", "form:"+key, map[string]any{"rows": out.Rows, "created": out.Created}, k.Now())
	})
	if errors.Is(err, errKeepNothing) {
		if !how.Dry {
			out.Created = 0
		}
		err = nil
	}
	return out, err
}

func (k *Desk) importRows(ctx context.Context, tx *sql.Tx, who form.Who, key, starts string, t *excel.Table, out *Imported) error {
	wrong := map[int]bool{}
	for _, p := range t.Problems {
		wrong[p.Row] = true
	}
	for _, r := range t.Rows {
		if wrong[1] || wrong[r.N] {
			continue
		}
		x, err := k.Forms.Create(ctx, tx, who, key, r.Fields, k.Now())
		if bad, ok := errors.AsType[*form.InvalidError](err); ok {
			for _, p := range bad.Problems {
				out.Problems = append(out.Problems, t.At(r.N, p.Path, p.Text))
			}
			continue
		}
		if err != nil {
			return err
		}
		out.Created++
		if starts == "" {
			continue
		}
		_, err = k.Flows.Start(ctx, tx, flow.StartOf{Flow: starts, Record: x.ID, By: who.Actor}, k.Now())
		if refused, ok := errors.AsType[*flow.Error](err); ok {
			out.Problems = append(out.Problems, t.At(r.N, "", refused.Text))
			return errKeepNothing // the record is there without its flow: keep neither
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Mark writes an import's problems into its workbook.
func (k *Desk) Mark(raw []byte, problems []excel.Problem, lang string) ([]byte, error) {
	return excel.Mark(raw, problems, excel.Names{Lang: lang})
}
