package scenarios

import (
	"testing"

	"anlan/firmware-sim/site"
)

func TestAll_CanBePlayedOnTheTower(t *testing.T) {
	cfg, err := site.Load("../sites/tower.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range cfg.Lines {
		if l.TCP != nil {
			l.TCP.Listen = "127.0.0.1:0"
		}
	}
	r, err := site.Start(t.Context(), cfg, site.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	list, err := All()
	if err != nil || len(list) < 10 {
		t.Fatalf("%d scenarios, %v", len(list), err)
	}
	for _, s := range list {
		if err := r.Can(s); err != nil {
			t.Error(err)
		}
		for _, step := range s.Steps {
			if err := r.Do(step); err != nil {
				t.Error(err)
			}
		}
	}
}
