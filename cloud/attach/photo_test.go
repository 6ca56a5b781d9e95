package attach

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"anlan/cloud/attach/attachtest"
)

var shanghai = time.FixedZone("CST", 8*3600)

// red reports whether a pixel, given in thirds, is of the red corner.
func red(img image.Image, x, y int) bool {
	b := img.Bounds()
	r, g, _, _ := img.At(b.Dx()*(2*x+1)/6, b.Dy()*(2*y+1)/6).RGBA()
	return r>>8 > 150 && g>>8 < 80
}

func TestH07_Photo_OrientationIsApplied(t *testing.T) {
	corner := map[int]image.Point{1: {0, 0}, 2: {2, 0}, 3: {2, 2}, 4: {0, 2}, 5: {0, 0}, 6: {2, 0}, 7: {2, 2}, 8: {0, 2}}
	for o, at := range corner {
		raw := attachtest.JPEG(attachtest.Noise(600, 300, 1), 80, attachtest.Camera{Orientation: o, Taken: "2026:03:14 15:09:26"})
		p, err := develop(raw, JPEG, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(p.data))
		if err != nil {
			t.Fatal(err)
		}
		wide := img.Bounds().Dx() == 600 && img.Bounds().Dy() == 300
		if wide != (o < 5) || !red(img, at.X, at.Y) {
			t.Errorf("orientation %d: %v, red corner missing at %v", o, img.Bounds(), at)
		}
		for side, data := range p.thumbs {
			small, err := jpeg.DecodeConfig(bytes.NewReader(data))
			if err != nil || max(small.Width, small.Height) != side || (small.Width > small.Height) != (o < 5) {
				t.Errorf("orientation %d: thumbnail %d is %d × %d, %v", o, side, small.Width, small.Height, err)
			}
		}
	}
}

func TestH07_Photo_WhatTheCameraWroteIsDataOnly(t *testing.T) {
	for _, row := range []struct{ offset, want string }{{"", "2026-03-14T07:09:26Z"}, {"+08:00", "2026-03-14T07:09:26Z"}, {"+00:00", "2026-03-14T15:09:26Z"}} {
		raw := attachtest.JPEG(attachtest.Noise(64, 64, 1), 80, attachtest.Camera{Orientation: 1, Taken: "2026:03:14 15:09:26", Offset: row.offset, Lat: -31.2304, Lon: 121.4737})
		if !bytes.Contains(raw, []byte("Secret Phone")) {
			t.Fatal("the camera wrote nothing")
		}
		p, err := develop(raw, JPEG, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if p.taken.Format(time.RFC3339) != row.want {
			t.Errorf("offset %q: taken %v, want %s", row.offset, p.taken, row.want)
		}
		if p.gps == nil || fmt.Sprintf("%.4f %.4f", p.gps.Lat, p.gps.Lon) != "-31.2304 121.4737" {
			t.Errorf("gps %+v", p.gps)
		}
		for _, word := range []string{"Secret", "Exif", "2026:03:14"} {
			if bytes.Contains(p.data, []byte(word)) || bytes.Contains(p.thumbs[480], []byte(word)) {
				t.Errorf("%q is served", word)
			}
		}
	}
}

func TestH07_Photo_EightMegabytesBecomeFourHundredKilobytes(t *testing.T) {
	raw := attachtest.JPEG(attachtest.Noise(4032, 3024, 7), 98, attachtest.Camera{Orientation: 6, Taken: "2026:03:14 15:09:26"})
	if len(raw) < 8_000_000 {
		t.Fatalf("the phone's photo has only %d bytes", len(raw))
	}
	p, err := develop(raw, JPEG, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.data) > MaxPhotoBytes || p.height > MaxLongSide || p.height < 1000 || p.width*4 != p.height*3 {
		t.Errorf("%d bytes, %d × %d", len(p.data), p.width, p.height)
	}
	t.Logf("%d bytes became %d, %d × %d", len(raw), len(p.data), p.width, p.height)
}

// bomb is a PNG that says it is enormous.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

func TestH07_Photo_BombsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	for _, size := range [][2]uint32{{60_000, 60_000}, {16_385, 1}, {8000, 8000}} {
		if _, err := develop(bomb(size[0], size[1]), PNG, time.UTC); !errors.Is(err, ErrPixels) {
			t.Errorf("%v: %v", size, err)
		}
	}
	if _, err := develop(bomb(100, 100), PNG, time.UTC); !errors.Is(err, ErrBroken) {
		t.Errorf("a PNG without pixels: %v", err)
	}
}

func TestH07_Photo_TransparentIsOnWhite(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 5000, 40))
	for x := range 2500 {
		for y := range 40 {
			img.SetNRGBA(x, y, color.NRGBA{200, 0, 0, 255})
		}
	}
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		t.Fatal(err)
	}
	p, err := develop(raw.Bytes(), PNG, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	got, err := jpeg.Decode(bytes.NewReader(p.data))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := got.At(1500, 7).RGBA(); p.width != 1920 || r>>8 < 250 || g>>8 < 250 || b>>8 < 250 {
		t.Errorf("%d wide, right half %d %d %d", p.width, r>>8, g>>8, b>>8)
	}
}

func TestH07_Photo_EverySizeShrinks(t *testing.T) {
	for _, img := range []image.Image{attachtest.Noise(1, 1, 1), attachtest.Noise(3, 4001, 1), attachtest.Noise(3841, 1, 1), image.NewGray(image.Rect(5, 7, 2005, 9)),
		image.NewYCbCr(image.Rect(0, 0, 977, 13), image.YCbCrSubsampleRatio410), image.NewPaletted(image.Rect(-3, -3, 900, 5), color.Palette{color.White})} {
		for _, side := range []int{1, 160, 480, 1920} {
			got, in := shrink(img, side).Bounds(), img.Bounds()
			if got.Dx() < 1 || got.Dy() < 1 || max(got.Dx(), got.Dy()) != min(side, max(in.Dx(), in.Dy())) {
				t.Errorf("%v to %d became %v", in, side, got)
			}
		}
	}
}

func FuzzPhoto(f *testing.F) {
	small := attachtest.Noise(40, 30, 3)
	f.Add(attachtest.JPEG(small, 70, attachtest.Camera{Orientation: 5, Taken: "2026:03:14 15:09:26", Offset: "+08:00", Lat: 31, Lon: 121}))
	var raw bytes.Buffer
	if err := png.Encode(&raw, small); err != nil {
		f.Fatal(err)
	}
	f.Add(raw.Bytes())
	f.Add(bomb(60_000, 60_000))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBPVP8 "))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, mime := range []string{JPEG, PNG, WebP} {
			m := readMeta(raw, mime, shanghai)
			if m.orientation < 1 || m.orientation > 8 {
				t.Fatalf("orientation %d", m.orientation)
			}
			memory, err := photoSize(raw, mime)
			if err != nil || memory > 1<<18 {
				continue
			}
			p, err := develop(raw, mime, shanghai)
			if err != nil {
				if !errors.Is(err, ErrBroken) && !errors.Is(err, ErrPixels) {
					t.Fatal(err)
				}
				continue
			}
			if len(p.data) > MaxPhotoBytes || p.width < 1 || p.height < 1 {
				t.Fatalf("%d bytes, %d × %d", len(p.data), p.width, p.height)
			}
		}
	})
}
