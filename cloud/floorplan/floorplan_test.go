package floorplan

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
)

var (
	t0   = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	wang = org.Actor{ID: "u1", Name: "王工"}
)

func picture(t testing.TB, w, h int, asJPEG bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	img.SetGray(0, 0, color.Gray{7})
	var out bytes.Buffer
	var err error
	if asJPEG {
		err = jpeg.Encode(&out, img, nil)
	} else {
		err = png.Encode(&out, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestClean_KeepsThePictureAndNothingElse(t *testing.T) {
	secret := []byte("<script>GPS 31.2,121.5</script>")
	for _, asJPEG := range []bool{false, true} {
		raw := append(picture(t, 40, 30, asJPEG), secret...)
		p, err := Clean(raw)
		if err != nil || p.Width != 40 || p.Height != 30 || len(p.Hash) != 64 {
			t.Fatalf("%+v %v", p, err)
		}
		if bytes.Contains(p.Data, []byte("GPS")) {
			t.Error("what hung on to the file was kept")
		}
		if _, _, err := image.Decode(bytes.NewReader(p.Data)); err != nil {
			t.Error(err)
		}
	}
}

// header is a PNG that says it is large and holds nothing.
func header(t *testing.T, w, h uint32) []byte {
	t.Helper()
	raw := picture(t, 2, 2, false)
	be := func(at int, v uint32) {
		for i := range 4 {
			raw[at+i] = byte(v >> (24 - 8*i))
		}
	}
	be(16, w)
	be(20, h)
	crc := ^uint32(0)
	for _, b := range raw[12:29] {
		crc ^= uint32(b)
		for range 8 {
			if crc&1 == 1 {
				crc = crc>>1 ^ 0xedb88320
			} else {
				crc >>= 1
			}
		}
	}
	be(29, ^crc)
	return raw
}

func TestClean_RefusesWhatIsNoDrawing(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"empty": {nil, ErrType}, "svg": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), ErrType}, "gif": {[]byte("GIF89a"), ErrType},
		"html in png": {append([]byte("\x89PNG\r\n\x1a\n"), "<html>"...), ErrBroken}, "cut off": {picture(t, 200, 200, false)[:120], ErrBroken},
		"too wide": {header(t, 9000, 10), ErrTooLarge}, "too many pixels": {header(t, 8000, 8000), ErrTooLarge}, "too heavy": {append(picture(t, 2, 2, false), make([]byte, MaxBytes)...), ErrTooLarge},
	} {
		if _, err := Clean(c.raw); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestPlan_DrawingsAndPositionsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := NewStore(d, func() time.Time { return t0 })
		ctx := t.Context()
		p, err := s.Get(ctx, "b03", 12)
		if err != nil || p.Version != 0 || p.Image != nil || len(p.Positions) != 0 {
			t.Fatalf("%+v %v", p, err)
		}
		if p, err = s.Upload(ctx, wang, "b03", 12, 0, `C:\图\十二层.png`, picture(t, 40, 30, false)); err != nil || p.Image == nil || p.Image.Name != "十二层.png" || p.Image.Width != 40 {
			t.Fatalf("%+v %v", p, err)
		}
		first := p.Image.Hash
		at := []Position{{Edge: "edge-b03", ID: "smoke", X: 0.25, Y: 1}, {Edge: "edge-b03", ID: "panel.node_12", X: 0, Y: 0.5}}
		if p, err = s.Place(ctx, wang, "b03", 12, 1, at); err != nil || p.Version != 2 || len(p.Positions) != 2 {
			t.Fatalf("%+v %v", p, err)
		}
		_, err = s.Place(ctx, wang, "b03", 12, 1, nil)
		if e, ok := errors.AsType[*ConflictError](err); !ok || e.By != "王工" || e.Version != 2 {
			t.Errorf("an old version was taken: %v", err)
		}
		if p, err = s.Upload(ctx, wang, "b03", 12, 2, "", picture(t, 60, 30, true)); err != nil || p.Image.N != 2 || len(p.Positions) != 2 {
			t.Fatalf("%+v %v", p, err)
		}
		if p, err = s.Choose(ctx, wang, "b03", 12, 3, 1); err != nil || p.Image.Hash != first {
			t.Fatalf("%+v %v", p, err)
		}
		s = NewStore(d, func() time.Time { return t0 }) // after a restart
		again, err := s.Get(ctx, "b03", 12)
		if err != nil || again.Version != 4 || again.Image.Hash != first || again.Positions[1] != at[1] {
			t.Errorf("%+v %v", again, err)
		}
		if data, kind, err := s.Picture(ctx, "b03", first); err != nil || kind != "image/png" || len(data) == 0 {
			t.Errorf("%d bytes %s %v", len(data), kind, err)
		}
		if _, _, err := s.Picture(ctx, "b04", first); !errors.Is(err, ErrNotFound) {
			t.Errorf("the drawing of b03 under b04: %v", err)
		}
		if all, err := s.Images(ctx, "b03", 12); err != nil || len(all) != 2 || all[0].N != 2 {
			t.Errorf("%+v %v", all, err)
		}
		if n, err := audit.New(d).Verify(ctx); err != nil || n != 4 {
			t.Errorf("audit %d %v", n, err)
		}
	})
}

func TestPlace_PositionsAreWithinThePlan(t *testing.T) {
	s := NewStore(dbtest.SQLite(t), func() time.Time { return t0 })
	ok := Position{Edge: "e", ID: "d", X: 0.5, Y: 0.5}
	for name, at := range map[string][]Position{
		"outside": {{Edge: "e", ID: "d", X: 1.01}}, "negative": {{Edge: "e", ID: "d", Y: -0.1}}, "twice": {ok, ok}, "no edge": {{ID: "d"}},
		"no id": {{Edge: "e"}}, "bad id": {{Edge: "e", ID: strings.Repeat("x", 60)}}, "too many": make([]Position, maxPositions+1),
	} {
		if _, err := s.Place(t.Context(), wang, "b03", 1, 0, at); !errors.Is(err, ErrPosition) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(picture(f, 3, 2, false))
	f.Add(picture(f, 3, 2, true))
	f.Add([]byte("\xff\xd8\xff\xe1"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Clean(raw)
		if err != nil {
			return
		}
		again, err := Clean(p.Data)
		if err != nil || again.Width != p.Width || again.Height != p.Height {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
