package modbus

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"anlan/configs"
	"anlan/contract"
	"anlan/drivers"
	"anlan/drivers/profile"
)

type framesFile struct {
	Profile   string     `yaml:"profile,required"`
	Framing   string     `yaml:"framing,required"`
	Exchanges []exchange `yaml:"exchanges,required"`
}

type exchange struct {
	Name  string `yaml:"name,required"`
	Unit  uint8  `yaml:"unit"`
	Write *struct {
		Point string  `yaml:"point,required"`
		Value float64 `yaml:"value,required"`
	} `yaml:"write"`
	Request  string                      `yaml:"request,required"`
	Reply    string                      `yaml:"reply,required"`
	Readings map[string]float64          `yaml:"readings"`
	Bad      map[string]contract.Quality `yaml:"bad"`
	UID      string                      `yaml:"uid"`
}

func shipped(t *testing.T) (fs.FS, profile.Library) {
	t.Helper()
	dir, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		t.Fatal(err)
	}
	lib, ps := profile.Load(dir)
	if ps.Err() != nil {
		t.Fatal(ps)
	}
	return dir, lib
}

// The examples were worked out from the documents by hand; here our codec and profiles
// have to agree with them byte for byte.
func TestProfiles_AgreeWithTheirDocumentExamples(t *testing.T) {
	dir, lib := shipped(t)
	for id, p := range lib {
		if p.Protocol != profile.ProtocolModbus {
			continue
		}
		name := id + ".frames.yaml"
		src, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Errorf("%s: a profile needs example exchanges: %v", id, err)
			continue
		}
		var f framesFile
		if _, ps := configs.Decode(name, src, &f); ps.Err() != nil {
			t.Fatal(ps)
		}
		for _, e := range f.Exchanges {
			t.Run(id+"/"+e.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { runExchange(t, lib, f, e) })
			})
		}
	}
}

func runExchange(t *testing.T, lib profile.Library, f framesFile, e exchange) {
	near, far := net.Pipe()
	client, line := NewRTU(near, RTUOptions{Unpaced: true}), profile.Line{CharTime: RTUOptions{}.charTime(), Silence: RTUOptions{}.silence(), Overhead: 13}
	if f.Framing == "tcp" {
		client, line = NewTCP(near), profile.Line{CharTime: 1000, Overhead: 20}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer func() { _ = far.Close() }()
	wg.Go(func() {
		want, got := plain(e.Request), make([]byte, len(plain(e.Request)))
		if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("request % X (%v), want % X", got, err, want)
			_ = far.Close()
			return
		}
		if _, err := far.Write(plain(e.Reply)); err != nil {
			t.Error(err)
		}
	})
	bus := newBus(client, lib, line, nil)
	d, err := bus.Device(drivers.DeviceSpec{ID: "dev", Unit: e.Unit, Profile: f.Profile})
	if err != nil {
		t.Fatal(err)
	}
	if e.Write != nil {
		if err := d.(drivers.Writer).Write(t.Context(), contract.NewPointID("dev", e.Write.Point), e.Write.Value); err != nil {
			t.Error(err)
		}
		return
	}
	values, bad := map[string]float64{}, map[string]contract.Quality{}
	readings, err := d.Read(t.Context(), groupOf(t, d, e))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readings {
		if r.Quality.IsGood() {
			values[r.Point.Name()] = r.Value
		} else {
			bad[r.Point.Name()] = r.Quality
		}
	}
	if diff := cmp.Diff(e.Readings, values); diff != "" && len(e.Readings)+len(values) > 0 {
		t.Errorf("readings (-document +got):\n%s", diff)
	}
	if diff := cmp.Diff(e.Bad, bad); diff != "" && len(e.Bad)+len(bad) > 0 {
		t.Errorf("bad (-document +got):\n%s", diff)
	}
}

// groupOf is the transaction that holds the example's points.
func groupOf(t *testing.T, d drivers.Device, e exchange) int {
	for i, g := range d.Groups() {
		for _, p := range g.Points {
			_, good := e.Readings[p.Name()]
			_, bad := e.Bad[p.Name()]
			if good || bad {
				return i
			}
		}
	}
	t.Fatal("no transaction reads these points")
	return 0
}

func plain(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(fmt.Sprintf("%q: %v", s, err))
	}
	return b
}
