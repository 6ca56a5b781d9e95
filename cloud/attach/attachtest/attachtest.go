// Package attachtest makes photos and videos for tests, byte by byte, as phones do.
package attachtest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
)

// Camera is what a camera writes into a photo.
type Camera struct {
	Orientation int
	Taken       string // "2026:03:14 15:09:26"
	Offset      string // "+08:00", "" for none
	Lat, Lon    float64
}

// Noise is a picture that hardly compresses, red in the upper left corner.
func Noise(w, h int, seed uint64) image.Image {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range img.Y {
		img.Y[i] = uint8(96 + i%w*64/w + int(r.Uint32()%56))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 120, 130
	}
	y, cb, cr := color.RGBToYCbCr(220, 10, 10)
	for v := range h / 3 {
		for u := range w / 3 {
			img.Y[img.YOffset(u, v)] = y
			img.Cb[img.COffset(u, v)], img.Cr[img.COffset(u, v)] = cb, cr
		}
	}
	return img
}

// JPEG encodes a picture with what a camera writes beside it.
func JPEG(img image.Image, quality int, c Camera) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // into memory
	}
	raw := out.Bytes()
	exif := append([]byte("Exif\x00\x00"), c.tiff()...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return bytes.Join([][]byte{raw[:2], segment, exif, raw[2:]}, nil)
}

type entry struct {
	tag, kind uint16
	count     uint32
	data      []byte
}

// tiff writes the three directories: the image, the shot, the place.
func (c Camera) tiff() []byte {
	le := binary.LittleEndian
	text := func(tag uint16, s string) entry { return entry{tag, 2, uint32(len(s) + 1), append([]byte(s), 0)} }
	number := func(n uint32) []byte { return le.AppendUint32(nil, n) }
	degrees := func(tag uint16, v float64) entry {
		v = max(v, -v)
		units := uint64(v*3600*10000 + 0.5)
		var b []byte
		for _, n := range []uint64{units / 36_000_000, 1, units / 600_000 % 60, 1, units % 600_000, 10000} {
			b = le.AppendUint32(b, uint32(n))
		}
		return entry{tag, 5, 3, b}
	}
	side := func(v float64, plus, minus string) string {
		if v < 0 {
			return minus
		}
		return plus
	}
	shot := []entry{text(0x9003, c.Taken)}
	if c.Offset != "" {
		shot = append(shot, text(0x9011, c.Offset))
	}
	place := []entry{text(1, side(c.Lat, "N", "S")), degrees(2, c.Lat), text(3, side(c.Lon, "E", "W")), degrees(4, c.Lon)}
	const first = 8
	size := func(es []entry) (n uint32) {
		n = 2 + uint32(len(es))*12 + 4
		for _, e := range es {
			if len(e.data) > 4 {
				n += uint32(len(e.data)+1) &^ 1
			}
		}
		return n
	}
	main := []entry{{0x0112, 3, 1, number(uint32(c.Orientation))}, text(0x010f, "Secret Phone 1"), {0x8769, 4, 1, nil}, {0x8825, 4, 1, nil}}
	shotAt := first + size(main)
	main[2].data, main[3].data = number(shotAt), number(shotAt+size(shot))
	out := append([]byte("II*\x00"), number(first)...)
	for _, d := range [][]entry{main, shot, place} {
		out = directory(out, d)
	}
	return out
}

func directory(out []byte, es []entry) []byte {
	le := binary.LittleEndian
	far := uint32(len(out) + 2 + len(es)*12 + 4)
	var tail []byte
	out = le.AppendUint16(out, uint16(len(es)))
	for _, e := range es {
		out = le.AppendUint16(le.AppendUint16(out, e.tag), e.kind)
		out = le.AppendUint32(out, e.count)
		if len(e.data) <= 4 {
			out = append(out, append(e.data, make([]byte, 4-len(e.data))...)...)
			continue
		}
		out = le.AppendUint32(out, far+uint32(len(tail)))
		tail = append(tail, e.data...)
		if len(tail)%2 == 1 {
			tail = append(tail, 0)
		}
	}
	return append(le.AppendUint32(out, 0), tail...)
}

// Movie is what a video tells of itself.
type Movie struct {
	Seconds       float64
	Width, Height int
	Quarter       bool // turned by 90°
	Created       uint32
	Payload       []byte
}

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), kind...), body...)
}

// Bytes is the file, with the pictures before the description as phones write it.
func (m Movie) Bytes(brand string) []byte {
	u32 := func(ns ...uint32) (b []byte) {
		for _, n := range ns {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	matrix := u32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	if m.Quarter {
		matrix = u32(0, 1<<16, 0, 0xffff0000, 0, 0, 0, 0, 1<<30)
	}
	units := uint32(m.Seconds * 1000)
	mvhd := box("mvhd", u32(0, m.Created, m.Created, 1000, units, 1<<16, 1<<24, 0, 0), u32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30), make([]byte, 24), u32(2))
	tkhd := box("tkhd", u32(3, 0, 0, 1, 0, units, 0, 0, 0, 0), matrix, u32(uint32(m.Width)<<16, uint32(m.Height)<<16))
	hdlr := box("hdlr", u32(0, 0), []byte("vide"), make([]byte, 13))
	sound := box("trak", box("tkhd", u32(3, 0, 0, 2, 0, units, 0, 0, 0, 0), matrix, u32(0, 0)), box("mdia", box("hdlr", u32(0, 0), []byte("soun"), make([]byte, 13))))
	return bytes.Join([][]byte{box("ftyp", []byte(brand), u32(512), []byte("isom")), box("mdat", m.Payload),
		box("moov", mvhd, sound, box("trak", tkhd, box("mdia", hdlr)))}, nil)
}
