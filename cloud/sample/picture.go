package sample

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"

	"golang.org/x/image/draw"
)

// Pictures are drawn, not photographed, and say so: a scene for each category, as it was
// found and as it is afterwards.
const (
	pictureWidth  = 960
	pictureHeight = 720
	variants      = 2
)

// Picture is one drawn image; Key is its name in the plan.
type Picture struct {
	Key      string
	Category string
	Variant  int
	After    bool
}

func picture(category string, variant int, after bool) string {
	when := "before"
	if after {
		when = "after"
	}
	return fmt.Sprintf("%s-%d-%s", category, variant, when)
}

// Pictures lists all there are.
func Pictures() []Picture {
	var out []Picture
	for _, k := range kinds {
		if slices.ContainsFunc(out, func(p Picture) bool { return p.Category == k.category }) {
			continue
		}
		for v := range variants {
			for _, after := range []bool{false, true} {
				out = append(out, Picture{picture(k.category, v, after), k.category, v, after})
			}
		}
	}
	return out
}

// JPEG draws the picture.
func (p Picture) JPEG() ([]byte, error) {
	c := &canvas{image.NewRGBA(image.Rect(0, 0, pictureWidth, pictureHeight)), rand.New(rand.NewPCG(uint64(len(p.Key)), uint64(p.Variant)))}
	scene := scenes[p.Category]
	if scene == nil {
		scene = drawTiles
	}
	scene(c, p.Variant, !p.After)
	c.write(28, pictureHeight-52, "DEMO", 5, color.RGBA{255, 255, 255, 255})
	small := image.NewRGBA(image.Rect(0, 0, pictureWidth*2/3, pictureHeight*2/3)) // smoother edges, fewer bytes
	draw.ApproxBiLinear.Scale(small, small.Rect, c.RGBA, c.Rect, draw.Src, nil)
	c.RGBA = small
	c.light()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, c.RGBA, &jpeg.Options{Quality: 80}); err != nil {
		return nil, fmt.Errorf("sample: draw %s: %w", p.Key, err)
	}
	return out.Bytes(), nil
}

// canvas is what scenes are drawn on.
type canvas struct {
	*image.RGBA
	r *rand.Rand
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8 & 255), uint8(hex & 255), 255}
}

func (c *canvas) rect(x0, y0, x1, y1 int, fill color.RGBA) {
	for y := max(y0, 0); y < min(y1, pictureHeight); y++ {
		for x := max(x0, 0); x < min(x1, pictureWidth); x++ {
			c.SetRGBA(x, y, fill)
		}
	}
}

// frame is a rectangle with an edge of another colour.
func (c *canvas) frame(x0, y0, x1, y1, edge int, fill, line color.RGBA) {
	c.rect(x0, y0, x1, y1, line)
	c.rect(x0+edge, y0+edge, x1-edge, y1-edge, fill)
}

func (c *canvas) disc(cx, cy, radius int, fill color.RGBA) { c.ring(cx, cy, radius, 0, fill) }

func (c *canvas) ring(cx, cy, outer, inner int, fill color.RGBA) {
	for y := -outer; y <= outer; y++ {
		for x := -outer; x <= outer; x++ {
			if d := x*x + y*y; d <= outer*outer && d >= inner*inner && image.Pt(cx+x, cy+y).In(c.Rect) {
				c.SetRGBA(cx+x, cy+y, fill)
			}
		}
	}
}

func (c *canvas) line(x0, y0, x1, y1, width int, fill color.RGBA) {
	steps := max(abs(x1-x0), abs(y1-y0), 1)
	for i := 0; i <= steps; i++ {
		c.disc(x0+(x1-x0)*i/steps, y0+(y1-y0)*i/steps, width/2, fill)
	}
}

func abs(n int) int { return max(n, -n) }

// quad fills a convex shape given by its corners.
func (c *canvas) quad(fill color.RGBA, p ...image.Point) {
	for y := range pictureHeight {
		lo, hi := pictureWidth, -1
		for i, a := range p {
			b := p[(i+1)%len(p)]
			if (a.Y <= y) == (b.Y <= y) {
				continue
			}
			x := a.X + (y-a.Y)*(b.X-a.X)/(b.Y-a.Y)
			lo, hi = min(lo, x), max(hi, x)
		}
		if lo <= hi {
			c.rect(lo, y, hi+1, y+1, fill)
		}
	}
}

// light makes the corners darker and the whole a little grainy, as a phone's camera does.
func (c *canvas) light() {
	w, h := c.Rect.Dx(), c.Rect.Dy()
	for y := range h {
		for x := range w {
			dx, dy := float64(x)/float64(w)-0.5, float64(y)/float64(h)-0.42
			f := 1.06 - 0.75*math.Min(dx*dx+dy*dy, 0.6) + c.r.Float64()*0.04
			p := c.RGBAAt(x, y)
			c.SetRGBA(x, y, color.RGBA{shade(p.R, f), shade(p.G, f), shade(p.B, f), 255})
		}
	}
}

func shade(v uint8, f float64) uint8 { return uint8(math.Min(255, float64(v)*f)) }

// glyphs are the letters of the mark, five wide and seven high.
var glyphs = map[rune][7]uint8{
	'D': {0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110},
	'E': {0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111},
	'M': {0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001},
	'O': {0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110},
}

func (c *canvas) write(x, y int, text string, size int, ink color.RGBA) {
	for _, letter := range text {
		for row, bits := range glyphs[letter] {
			for col := range 5 {
				if bits>>(4-col)&1 == 1 {
					c.rect(x+col*size+2, y+row*size+2, x+(col+1)*size+2, y+(row+1)*size+2, color.RGBA{0, 0, 0, 255})
					c.rect(x+col*size, y+row*size, x+(col+1)*size, y+(row+1)*size, ink)
				}
			}
		}
		x += 6 * size
	}
}
