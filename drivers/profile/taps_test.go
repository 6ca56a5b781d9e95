package profile_test

import (
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"anlan/configs"
	"anlan/drivers/paneltap"
	"anlan/drivers/profile"
)

// What a tapped panel says in the examples is what its decoder hears.
func TestShipped_TapsAgreeWithTheirExamples(t *testing.T) {
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	lib, ps := profile.Load(dir)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	for id, p := range lib {
		if !p.Tapped() {
			continue
		}
		for i := range p.Points {
			if err := paneltap.CheckPoint(p.Points[i]); err != nil {
				t.Error(err)
			}
		}
		src, err := fs.ReadFile(dir, id+".frames.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Profile   string `yaml:"profile,required"`
			Framing   string `yaml:"framing,required"`
			Exchanges []struct {
				Name  string         `yaml:"name,required"`
				Reply string         `yaml:"reply,required"`
				Nodes map[string]int `yaml:"nodes,required"`
			} `yaml:"exchanges,required"`
		}
		if _, ps := configs.Decode(id, src, &f); ps.Err() != nil {
			t.Fatal(ps)
		}
		for _, e := range f.Exchanges {
			b, err := hex.DecodeString(strings.ReplaceAll(e.Reply, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			heard := map[string]int{}
			decoder := paneltap.NewCRT()
			if p.Protocol == profile.ProtocolPanelPrinter {
				if decoder, err = paneltap.NewPrinter(p.Tap); err != nil {
					t.Fatal(err)
				}
			}
			for _, event := range decoder.Feed(b) {
				if event.Node != "" {
					heard[event.Node] = int(event.State)
				}
			}
			if diff := cmp.Diff(e.Nodes, heard); diff != "" {
				t.Errorf("%s/%s (-document +heard):\n%s", id, e.Name, diff)
			}
		}
	}
}
