package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/calendar"
	"anlan/cloud/document"
	"anlan/cloud/form"
	"anlan/cloud/hazard"
)

// calendar is the working calendar in force; before there is one, people work from Monday
// to Friday.
func (k *Desk) calendar(ctx context.Context, tx *sql.Tx) (calendar.Calendar, error) {
	v, err := k.Docs.CurrentTx(ctx, tx, document.Calendar, calendar.Key)
	if errors.Is(err, document.ErrNotFound) {
		return calendar.Calendar{Zone: k.Zone}, nil
	}
	if err != nil {
		return calendar.Calendar{}, err
	}
	b, err := calendar.Parse(v.Body)
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("work: read working calendar version %d: %w", v.Version, err)
	}
	return b.In(k.Zone), nil
}

// limit is the deadline that a scheme ("dictionary/limit") gives the item chosen: counted
// from a moment or, on a return, from the deadline before if that is later.
func (k *Desk) limit(ctx context.Context, tx *sql.Tx, scheme string, value any, from, rework time.Time) (time.Time, bool, error) {
	key, name, _ := strings.Cut(scheme, "/")
	code, _ := value.(string)
	if code == "" {
		return time.Time{}, false, nil
	}
	v, err := k.Docs.CurrentTx(ctx, tx, document.Dict, key)
	if errors.Is(err, document.ErrNotFound) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	d, err := form.ParseDict(v.Body)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("work: read dictionary %s version %d: %w", key, v.Version, err)
	}
	it, _ := d.Find(code)
	l, ok := it.Limits[name]
	if !ok {
		return time.Time{}, false, nil
	}
	cal, err := k.calendar(ctx, tx)
	if err != nil {
		return time.Time{}, false, err
	}
	if rework.IsZero() {
		return l.Due(from, cal), true, nil
	}
	return l.Rework(rework, from, cal), true, nil
}

func (k *Desk) working(ctx context.Context, tx *sql.Tx, from time.Time, d time.Duration) (time.Time, error) {
	cal, err := k.calendar(ctx, tx)
	return cal.Add(from, d), err
}

// calendarClass is what documents of kind calendar have to satisfy.
func calendarClass() document.Class {
	return document.Class{Check: func(_ string, body json.RawMessage) []document.Problem {
		_, err := calendar.Parse(body)
		bad, ok := errors.AsType[*calendar.InvalidError](err)
		if !ok {
			return nil
		}
		out := make([]document.Problem, len(bad.Problems))
		for i, p := range bad.Problems {
			out[i] = document.Problem{Path: p.Path, Text: p.Text}
		}
		return out
	}}
}

// checklistClass is what documents of kind checklist have to satisfy.
func checklistClass() document.Class {
	return document.Class{Check: func(_ string, body json.RawMessage) []document.Problem {
		_, bad := hazard.ParseChecklist(body)
		out := make([]document.Problem, len(bad))
		for i, p := range bad {
			out[i] = document.Problem{Path: p.Path, Text: p.Text}
		}
		return out
	}}
}
