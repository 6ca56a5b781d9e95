// Package plans draws the floor plans of the example building and hangs them up through
// the API, so that the demo has something to show on its floors.
package plans

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Spot is where a device of the example building stands, as fractions of the drawing.
type Spot struct {
	Device string
	X, Y   float64
}

// Plan is one floor's drawing and what stands on it.
type Plan struct {
	Floor int
	PNG   []byte
	Spots []Spot
}

// Size of a drawing, in units; one unit is 4 cm of the building. It is drawn at twice
// the size and made smaller, so that its lines are smooth.
const (
	width  = 1500
	height = 800
	fine   = 2
)

// All draws the floors of the example building that have a plan.
func All() ([]Plan, error) {
	var out []Plan
	for _, f := range []struct {
		floor int
		draw  func(*sheet)
		spots []Spot
	}{
		{12, typical, []Spot{{"f12-smoke-east", 0.72, 0.5}, {"f12-smoke-west", 0.28, 0.5}}},
		{1, ground, []Spot{{"f01-smoke-lobby", 0.5, 0.62}, {"f01-nfc", 0.6, 0.86}, {"relays-1", 0.905, 0.3}, {"fire-panel-1", 0.72, 0.26}}},
	} {
		s := newSheet()
		f.draw(s)
		raw, err := s.png()
		if err != nil {
			return nil, err
		}
		out = append(out, Plan{f.floor, raw, f.spots})
	}
	return out, nil
}

// sheet is a drawing of dark lines on white.
type sheet struct{ img *image.Gray }

func newSheet() *sheet {
	img := image.NewGray(image.Rect(0, 0, width*fine, height*fine))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return &sheet{img}
}

// shades of a drawing.
const (
	wall  = 45
	thin  = 150
	tint  = 238
	floor = 255
)

// box fills a rectangle given in units.
func (s *sheet) box(x, y, w, h float64, shade uint8) {
	for py := int(y * fine); py < int((y+h)*fine); py++ {
		for px := int(x * fine); px < int((x+w)*fine); px++ {
			if image.Pt(px, py).In(s.img.Rect) {
				s.img.SetGray(px, py, color.Gray{Y: shade})
			}
		}
	}
}

// line is a wall or a thin line between two points, of the given thickness.
func (s *sheet) line(x1, y1, x2, y2, thick float64, shade uint8) {
	n := int(math.Hypot(x2-x1, y2-y1)*fine) + 1
	for i := range n + 1 {
		t := float64(i) / float64(n)
		s.box(x1+(x2-x1)*t-thick/2, y1+(y2-y1)*t-thick/2, thick, thick, shade)
	}
}

// room is four walls around a floor.
func (s *sheet) room(x, y, w, h float64, shade uint8) {
	s.box(x, y, w, h, shade)
	for _, l := range [][4]float64{{x, y, x + w, y}, {x, y + h, x + w, y + h}, {x, y, x, y + h}, {x + w, y, x + w, y + h}} {
		s.line(l[0], l[1], l[2], l[3], 9, wall)
	}
}

// opening breaks a wall, along x or y.
func (s *sheet) opening(x, y, length float64, along bool) {
	if along {
		s.box(x, y-6, length, 12, floor)
	} else {
		s.box(x-6, y, 12, length, floor)
	}
}

// door is an opening with its leaf and swing; turn is the side it opens to: 1 down or
// right, -1 up or left.
func (s *sheet) door(x, y, length float64, along bool, turn float64) {
	s.opening(x, y, length, along)
	for i := range 91 {
		a := float64(i) * math.Pi / 180
		c, d := length*math.Cos(a), length*math.Sin(a)*turn
		if along {
			s.box(x+c-1, y+d-1, 2, 2, thin)
		} else {
			s.box(x+d-1, y+c-1, 2, 2, thin)
		}
	}
	if along {
		s.line(x, y, x, y+length*turn, 3, wall)
	} else {
		s.line(x, y, x+length*turn, y, 3, wall)
	}
}

// window is a thin double line in an outer wall.
func (s *sheet) window(x, y, length float64, along bool) {
	s.opening(x, y, length, along)
	for _, o := range []float64{-3.5, 0, 3.5} {
		if along {
			s.line(x, y+o, x+length, y+o, 1.5, wall)
		} else {
			s.line(x+o, y, x+o, y+length, 1.5, wall)
		}
	}
}

// stairs are steps with their rail.
func (s *sheet) stairs(x, y, w, h float64) {
	s.room(x, y, w, h, floor)
	for i := 1; i < 10; i++ {
		at := x + w*0.3 + float64(i)*w*0.065
		s.line(at, y+6, at, y+h-6, 2, thin)
	}
	s.line(x+w*0.3, y+h/2, x+w*0.95, y+h/2, 6, wall)
}

// lift is a shaft with its car.
func (s *sheet) lift(x, y, w, h float64) {
	s.room(x, y, w, h, floor)
	s.line(x+10, y+10, x+w-10, y+h-10, 2, thin)
	s.line(x+w-10, y+10, x+10, y+h-10, 2, thin)
	s.opening(x+w*0.25, y+h, w*0.5, true)
	s.line(x+w*0.25, y+h, x+w*0.75, y+h, 3, thin)
}

// kitchen and bath are what makes a flat look like one.
func (s *sheet) kitchen(x, y, w, h float64) {
	s.box(x+6, y+8, w-14, 22, tint)
	s.line(x+5, y+31, x+w-5, y+31, 2, thin)
	for _, o := range []float64{0.3, 0.45} {
		s.ring(x+w*o, y+19, 7)
	}
	s.line(x+w*0.68, y+12, x+w*0.85, y+12, 2, thin)
	s.line(x+w*0.68, y+26, x+w*0.85, y+26, 2, thin)
}

func (s *sheet) bath(x, y, w, h float64) {
	s.line(x+10, y+h-12, x+w*0.6, y+h-12, 2, thin)
	s.line(x+10, y+h-34, x+w*0.6, y+h-34, 2, thin)
	s.line(x+w*0.6, y+h-34, x+w*0.6, y+h-12, 2, thin)
	s.ring(x+w*0.82, y+h-22, 10)
}

func (s *sheet) ring(x, y, r float64) {
	for i := range 360 {
		a := float64(i) * math.Pi / 180
		s.box(x+r*math.Cos(a)-1, y+r*math.Sin(a)-1, 2, 2, thin)
	}
}

// bed and table furnish the rest.
func (s *sheet) bed(x, y float64) {
	s.frame(x, y, 74, 84)
	s.frame(x+8, y+6, 26, 16)
	s.frame(x+40, y+6, 26, 16)
	s.line(x, y+34, x+74, y+34, 2, thin)
}

func (s *sheet) sofa(x, y float64) {
	s.frame(x, y, 100, 36)
	s.line(x, y+10, x+100, y+10, 2, thin)
	s.frame(x+24, y+44, 52, 18)
}

func (s *sheet) frame(x, y, w, h float64) {
	for _, l := range [][4]float64{{x, y, x + w, y}, {x, y + h, x + w, y + h}, {x, y, x, y + h}, {x + w, y, x + w, y + h}} {
		s.line(l[0], l[1], l[2], l[3], 2, thin)
	}
}

// flat is a flat of three rooms; up is on the upper side of the corridor.
func (s *sheet) flat(x, y, w, h float64, up bool) {
	s.room(x, y, w, h, floor)
	inner, outer, turn := y+h, y, -1.0
	if !up {
		inner, outer, turn = y, y+h, 1
	}
	mid := y + h/2
	s.line(x, mid, x+w, mid, 6, wall)
	s.line(x+w*0.5, outer, x+w*0.5, mid, 6, wall)
	s.line(x+w*0.66, mid, x+w*0.66, inner, 6, wall)
	s.door(x+w*0.12, inner, 44, true, turn)
	s.door(x+w*0.08, mid, 38, true, turn)
	s.door(x+w*0.56, mid, 38, true, turn)
	s.door(x+w*0.66, min(mid, inner)+h*0.14, 38, false, 1)
	s.window(x+w*0.12, outer, w*0.26, true)
	s.window(x+w*0.62, outer, w*0.26, true)
	bedY := outer + 18
	if !up {
		bedY = outer - 102
	}
	s.bed(x+w*0.5-92, bedY)
	s.bed(x+w-92, bedY)
	top := min(mid, inner)
	s.kitchen(x+w*0.66, top+4, w*0.34, h/2)
	s.bath(x+w*0.66, top, w*0.34, h/2-6)
	s.sofa(x+w*0.26, top+h*0.13)
}

// core is lifts and stairs between the two halves.
func (s *sheet) core() {
	s.stairs(600, 60, 150, 240)
	s.door(650, 300, 46, true, -1)
	s.lift(755, 130, 95, 170)
	s.lift(852, 130, 95, 170)
	s.room(755, 60, 192, 70, tint)
	s.door(905, 130, 30, true, -1)
}

// typical is an upper floor: four flats on each side of a corridor.
func typical(s *sheet) {
	s.box(40, 300, 1420, 180, tint)
	for _, x := range []float64{40, 320} {
		s.flat(x, 60, 280, 240, true)
	}
	s.core()
	for _, x := range []float64{947, 1203} {
		s.flat(x, 60, 256, 240, true)
	}
	for _, x := range []float64{40, 395, 750, 1105} {
		s.flat(x, 480, 355, 260, false)
	}
	for _, x := range []float64{40, 1459} {
		s.line(x, 300, x, 480, 9, wall)
		s.window(x, 345, 90, false)
	}
	s.door(748, 390, 44, false, 1) // the fire door between the two halves
	s.line(750, 304, 750, 390, 5, wall)
	s.line(750, 434, 750, 476, 5, wall)
}

// ground is the lobby with the control room, shops to both sides.
func ground(s *sheet) {
	s.box(40, 300, 1420, 440, tint)
	s.room(40, 60, 560, 240, floor)
	s.line(320, 60, 320, 300, 6, wall)
	s.window(100, 60, 160, true)
	s.window(380, 60, 160, true)
	s.door(250, 300, 46, true, -1)
	s.door(530, 300, 46, true, -1)
	s.core()
	s.room(955, 60, 300, 240, floor)
	s.window(1010, 60, 160, true)
	s.door(985, 300, 46, true, -1)
	s.frame(1090, 110, 120, 40)
	s.frame(1090, 190, 120, 40)
	s.room(1255, 60, 205, 240, floor)
	s.door(1275, 300, 40, true, -1)
	for _, y := range []float64{110, 160, 210} {
		s.frame(1390, y, 44, 32)
	}
	s.room(40, 380, 460, 360, floor)
	s.window(110, 740, 140, true)
	s.window(300, 740, 140, true)
	s.door(400, 380, 46, true, 1)
	s.room(1000, 380, 460, 360, floor)
	s.window(1060, 740, 140, true)
	s.window(1250, 740, 140, true)
	s.door(1050, 380, 46, true, 1)
	s.line(500, 740, 1000, 740, 9, wall)
	s.door(690, 740, 60, true, -1)
	s.opening(750, 740, 60, true)
	s.frame(850, 650, 110, 34)
	for _, y := range []float64{300, 380} {
		s.line(40, y, 40, 380, 9, wall)
	}
	s.line(40, 300, 40, 380, 9, wall)
	s.line(1460, 300, 1460, 380, 9, wall)
	s.sofa(540, 480)
	s.sofa(860, 480)
}

// png makes the drawing smaller and writes it.
func (s *sheet) png() ([]byte, error) {
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			sum := 0
			for dy := range fine {
				for dx := range fine {
					sum += int(s.img.GrayAt(x*fine+dx, y*fine+dy).Y)
				}
			}
			out.SetGray(x, y, color.Gray{Y: uint8(sum / (fine * fine))})
		}
	}
	var raw bytes.Buffer
	err := png.Encode(&raw, out)
	return raw.Bytes(), err
}
