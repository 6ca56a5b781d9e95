package staff

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"anlan/cloud/form"
	"anlan/cloud/org"
)

// Names is what people, departments and places are called, at one moment.
type Names struct {
	names map[form.Type]map[string]string   // type → id → what it is called
	ids   map[form.Type]map[string][]string // type → what people may write → ids
}

// Name is what something is called, "" if there is no such thing.
func (n *Names) Name(t form.Type, id string) string { return n.names[t][id] }

// Find is what a text may mean: an id, a name, a person's user name or employee number, a
// place as people say it.
func (n *Names) Find(t form.Type, text string) []string { return n.ids[t][plain(text)] }

func plain(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func (n *Names) add(t form.Type, id, name string, also ...string) {
	if n.names[t] == nil {
		n.names[t], n.ids[t] = map[string]string{}, map[string][]string{}
	}
	n.names[t][id] = name
	for _, s := range append(also, id, name) {
		if s = plain(s); s != "" && !slices.Contains(n.ids[t][s], id) {
			n.ids[t][s] = append(n.ids[t][s], id)
		}
	}
}

// Names reads them all: for writing and reading whole workbooks.
func (s *Staff) Names(ctx context.Context, tx *sql.Tx) (*Names, error) {
	c, err := s.chart(ctx, tx)
	if err != nil {
		return nil, err
	}
	n := &Names{map[form.Type]map[string]string{}, map[form.Type]map[string][]string{}}
	for _, u := range c.people {
		if !u.Active {
			n.add(form.Person, u.ID, u.Name)
			n.ids[form.Person][plain(u.Name)] = slices.DeleteFunc(n.ids[form.Person][plain(u.Name)], func(id string) bool { return id == u.ID })
			continue
		}
		n.add(form.Person, u.ID, u.Name, u.Username, u.EmployeeNo)
	}
	for _, u := range c.units {
		t := form.Department
		if u.Kind == org.Post {
			t = form.Post
		}
		n.add(t, u.ID, u.Name.ZH, u.Name.EN)
	}
	s.placeNames(n)
	return n, nil
}

func (s *Staff) placeNames(n *Names) {
	t := s.places()
	for _, c := range t.Communities {
		n.add(form.Place, c.ID, c.Name.ZH, c.Name.EN)
	}
	for _, b := range t.Buildings {
		at := b.Community + "/" + b.ID
		in := t.Communities[b.Community].Name.ZH
		n.add(form.Place, at, in+" "+b.Name.ZH, b.Name.ZH, b.Name.EN, b.ID)
		for _, f := range t.FloorsOf(b.ID) {
			at, no := fmt.Sprintf("%s/%d", at, f.Number), strconv.Itoa(f.Number)
			words := []string{no + "层", no + "F", no}
			if f.Number < 0 {
				words = []string{"地下" + no[1:] + "层", "B" + no[1:], no}
			}
			var also []string
			for _, w := range append(words, f.Name.ZH) {
				if w != "" {
					also = append(also, b.Name.ZH+" "+w, b.Name.ZH+w, in+" "+b.Name.ZH+" "+w)
				}
			}
			n.add(form.Place, at, in+" "+b.Name.ZH+" "+words[0], also...)
			for _, r := range t.Rooms {
				if r.Building == b.ID && r.Floor == f.Number {
					n.add(form.Place, at+"/"+r.ID, in+" "+b.Name.ZH+" "+words[0]+" "+r.Name.ZH, b.Name.ZH+" "+words[0]+" "+r.Name.ZH)
				}
			}
		}
	}
}
