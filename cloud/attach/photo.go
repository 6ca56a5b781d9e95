package attach

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Bounds of photos.
const (
	MaxPhotoBytes = 400_000    // of what is kept
	MaxLongSide   = 1920       // pixels of it
	MaxPixels     = 52_000_000 // of what is sent: phones make 12 or 50 million
	maxSide       = 16_384
	maxDecoded    = 400 << 20 // bytes of memory that decoding may take
)

// thumbSides are the long sides of thumbnails, in pixels.
var thumbSides = [...]int{480, 160}

// photo is an image as it is kept: upright, without anything a camera wrote.
type photo struct {
	content
	data   []byte // JPEG
	thumbs map[int][]byte
}

// photoSize refuses what would not fit in memory, before it is decoded.
func photoSize(raw []byte, mime string) (memory int64, err error) {
	var c image.Config
	err = guarded(func() (err error) {
		switch mime {
		case JPEG:
			c, err = jpeg.DecodeConfig(bytes.NewReader(raw))
		case PNG:
			c, err = png.DecodeConfig(bytes.NewReader(raw))
		case WebP:
			c, err = webp.DecodeConfig(bytes.NewReader(raw))
		default:
			err = ErrType
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return 0, fmt.Errorf("%w: %d × %d", ErrBroken, c.Width, c.Height)
	}
	pixels := int64(c.Width) * int64(c.Height)
	memory = pixels * bytesPerPixel(raw, mime, c.ColorModel)
	if c.Width > maxSide || c.Height > maxSide || pixels > MaxPixels || memory > maxDecoded {
		return 0, fmt.Errorf("%w: %d × %d", ErrPixels, c.Width, c.Height)
	}
	return memory, nil
}

// bytesPerPixel is what a decoder takes at most, with the copies made of it.
func bytesPerPixel(raw []byte, mime string, m color.Model) int64 {
	switch {
	case mime == JPEG && progressive(raw):
		return 15 // coefficients of three components, and the picture
	case mime == JPEG && m == color.CMYKModel:
		return 12
	case mime == JPEG, mime == WebP:
		return 4
	case m == color.NRGBA64Model, m == color.RGBA64Model:
		return 12
	}
	return 8
}

// progressive reports whether a JPEG is sent in several passes.
func progressive(raw []byte) bool {
	for i := 2; i+4 <= len(raw) && raw[i] == 0xff; {
		switch marker := raw[i+1]; {
		case marker == 0xc2:
			return true
		case marker == 0xff:
			i++
			continue
		case marker == 0xc0, marker == 0xc1, marker == 0xda:
			return false
		}
		i += 2 + int(binary.BigEndian.Uint16(raw[i+2:]))
	}
	return false
}

// develop decodes a photo, turns it upright and writes it anew, small enough. What the
// camera wrote stays in the data only.
func develop(raw []byte, mime string, zone *time.Location) (photo, error) {
	if _, err := photoSize(raw, mime); err != nil {
		return photo{}, err
	}
	m := readMeta(raw, mime, zone)
	var img image.Image
	err := guarded(func() (err error) {
		switch mime {
		case JPEG:
			img, err = jpeg.Decode(bytes.NewReader(raw))
		case PNG:
			img, err = png.Decode(bytes.NewReader(raw))
		default:
			img, err = webp.Decode(bytes.NewReader(raw))
		}
		return err
	})
	if err != nil {
		return photo{}, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	small := upright(shrink(img, MaxLongSide), m.orientation)
	out := photo{thumbs: map[int][]byte{}}
	if out.data, small, err = fit(small); err != nil {
		return photo{}, err
	}
	b := small.Bounds()
	out.content = content{mime: JPEG, width: b.Dx(), height: b.Dy(), taken: m.taken, gps: m.gps}
	for _, side := range thumbSides {
		small = shrink(small, side)
		if out.thumbs[side], err = encode(small, 78); err != nil {
			return photo{}, err
		}
	}
	return out, nil
}

// fit lowers the quality, and if need be the size, until the photo is small enough.
func fit(img *image.RGBA) ([]byte, *image.RGBA, error) {
	for {
		for _, quality := range []int{85, 78, 70, 60, 50} {
			data, err := encode(img, quality)
			if err != nil || len(data) <= MaxPhotoBytes {
				return data, img, err
			}
		}
		b := img.Bounds()
		img = shrink(img, max(b.Dx(), b.Dy())*4/5)
	}
}

func encode(img image.Image, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("attach: encode: %w", err)
	}
	return out.Bytes(), nil
}

// shrink makes the long side at most that many pixels, on white where nothing was. It
// averages whole blocks first, so that neither memory nor fine patterns get out of hand.
func shrink(img image.Image, side int) *image.RGBA {
	b := img.Bounds()
	long := max(b.Dx(), b.Dy())
	if k := long / side; k >= 2 {
		img = blocks(img, k)
		b = img.Bounds()
		long = max(b.Dx(), b.Dy())
	}
	w, h := b.Dx(), b.Dy()
	if long > side {
		w, h = max(1, w*side/long), max(1, h*side/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Over, nil)
	return out
}

// blocks averages blocks of k × k pixels, each way at least one of them.
func blocks(img image.Image, k int) image.Image {
	if y, ok := img.(*image.YCbCr); ok && y.Rect.Min == (image.Point{}) {
		return blocksYCbCr(y, k)
	}
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()/k), max(1, b.Dy()/k)))
	strip := image.NewRGBA(image.Rect(0, 0, b.Dx(), k)) // one row of blocks at a time
	for y := range out.Rect.Dy() {
		draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Rect, img, image.Pt(b.Min.X, b.Min.Y+y*k), draw.Over)
		high := min(k, b.Dy()-y*k)
		for x := range out.Rect.Dx() {
			wide := min(k, b.Dx()-x*k)
			for c := range 4 {
				sum := 0
				for v := range high {
					for u := range wide {
						sum += int(strip.Pix[v*strip.Stride+(x*k+u)*4+c])
					}
				}
				out.Pix[y*out.Stride+x*4+c] = uint8(sum / (high * wide)) //nolint:gosec // an average of bytes
			}
		}
	}
	return out
}

// blocksYCbCr averages the planes as they are, which needs no colour arithmetic.
func blocksYCbCr(in *image.YCbCr, k int) *image.YCbCr {
	w, h := max(1, in.Rect.Dx()/k), max(1, in.Rect.Dy()/k)
	out := image.NewYCbCr(image.Rect(0, 0, w, h), in.SubsampleRatio)
	average(out.Y, out.YStride, w, h, in.Y, in.YStride, in.Rect.Dx(), in.Rect.Dy(), k)
	if in.CStride == 0 || out.CStride == 0 {
		return out
	}
	average(out.Cb, out.CStride, out.CStride, len(out.Cb)/out.CStride, in.Cb, in.CStride, in.CStride, len(in.Cb)/in.CStride, k)
	average(out.Cr, out.CStride, out.CStride, len(out.Cr)/out.CStride, in.Cr, in.CStride, in.CStride, len(in.Cr)/in.CStride, k)
	return out
}

// average fills a plane of w × h with the averages of blocks of another, of which width ×
// height are there; blocks over the edge take the last row and column again.
func average(out []byte, outStride, w, h int, in []byte, inStride, width, height, k int) {
	for y := range h {
		for x := range w {
			sum, n := 0, 0
			for v := y * k; v < (y+1)*k && v < height; v++ {
				row := in[v*inStride:]
				for u := x * k; u < (x+1)*k && u < width; u++ {
					sum += int(row[u])
					n++
				}
			}
			if n == 0 {
				sum, n = int(in[min(y*k, height-1)*inStride+min(x*k, width-1)]), 1
			}
			out[y*outStride+x] = uint8(sum / n) //nolint:gosec // an average of bytes
		}
	}
}

// upright applies an EXIF orientation.
func upright(in *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return in
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			to := turned(x, y, w, h, orientation)
			copy(out.Pix[out.PixOffset(to.X, to.Y):][:4], in.Pix[in.PixOffset(x, y):][:4])
		}
	}
	return out
}

// turned is where a pixel goes.
func turned(x, y, w, h, orientation int) image.Point {
	switch orientation {
	case 2:
		return image.Pt(w-1-x, y)
	case 3:
		return image.Pt(w-1-x, h-1-y)
	case 4:
		return image.Pt(x, h-1-y)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(h-1-y, x)
	case 7:
		return image.Pt(h-1-y, w-1-x)
	case 8:
		return image.Pt(y, w-1-x)
	}
	return image.Pt(x, y)
}
