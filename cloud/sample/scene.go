package sample

import "image"

// scenes draw what a category looks like; wrong is as it was found.
var scenes = map[string]func(c *canvas, variant int, wrong bool){
	"fire": drawCorridor, "e-bike": drawBike, "elevator": drawLift, "falling-objects": drawFacade, "gas": drawStove, "sanitation": drawBins,
	"order": drawGate, "power": drawCabinet, "pump-room": drawPump, "control-room": drawPanel, "other": drawTiles,
}

// hall is a corridor seen along its length.
func hall(c *canvas, variant int) {
	wall := []uint32{0xd9d4c7, 0xcfd6da}[variant]
	c.rect(0, 0, pictureWidth, pictureHeight, rgb(wall))
	c.quad(rgb(0xf0efe9), image.Pt(0, 0), image.Pt(960, 0), image.Pt(640, 190), image.Pt(320, 190))
	c.quad(rgb([]uint32{0x9c9488, 0x8a9399}[variant]), image.Pt(0, 720), image.Pt(960, 720), image.Pt(640, 470), image.Pt(320, 470))
	c.rect(320, 190, 640, 470, rgb(0xe6e2d8))
	c.quad(rgb(wall-0x101010), image.Pt(0, 0), image.Pt(320, 190), image.Pt(320, 470), image.Pt(0, 720))
	c.quad(rgb(wall-0x080808), image.Pt(960, 0), image.Pt(640, 190), image.Pt(640, 470), image.Pt(960, 720))
	c.frame(425, 255, 535, 470, 6, rgb(0x7a5b3e), rgb(0x54402c))
	c.quad(rgb(0x6d5138), image.Pt(90, 190), image.Pt(210, 235), image.Pt(210, 560), image.Pt(90, 655))
	c.quad(rgb(0xfdfdf5), image.Pt(430, 30), image.Pt(530, 30), image.Pt(510, 70), image.Pt(450, 70))
	c.frame(440, 215, 520, 243, 3, rgb(0x2f8f4e), rgb(0xdff5e4))
}

func drawCorridor(c *canvas, variant int, wrong bool) {
	hall(c, variant)
	c.frame(720, 300, 830, 480, 6, rgb(0xb6302c), rgb(0x7d1f1c))
	c.rect(735, 318, 815, 380, rgb(0xe9e4e4))
	c.disc(775, 430, 18, rgb(0xf3f3f3))
	if !wrong {
		c.rect(640, 540, 700, 640, rgb(0xc4332d))
		c.rect(655, 520, 685, 540, rgb(0x222222))
		return
	}
	boxes := [][5]int{{180, 470, 330, 600, 0xb98a55}, {210, 380, 320, 470, 0xc79a63}, {330, 520, 450, 620, 0xa87a48}, {150, 600, 300, 690, 0x8e6a42}}
	if variant == 1 {
		boxes = append(boxes, [5]int{560, 500, 680, 640, 0x5f6f8a}, [5]int{580, 420, 660, 500, 0xb98a55})
	}
	for _, b := range boxes {
		c.frame(b[0], b[1], b[2], b[3], 4, rgb(uint32(b[4])), rgb(0x5c4427))
		c.rect((b[0]+b[2])/2-8, b[1], (b[0]+b[2])/2+8, b[3], rgb(0xd9c08f))
	}
}

func drawBike(c *canvas, variant int, wrong bool) {
	hall(c, variant)
	c.frame(690, 250, 800, 300, 3, rgb(0xffd54a), rgb(0x6a5300))
	if !wrong {
		return
	}
	for i := range 1 + variant {
		x, y := 330+i*210, 590-i*25
		body := rgb([]uint32{0x2d5fa8, 0xb33a3a}[i])
		for _, wheel := range []int{x - 90, x + 90} {
			c.ring(wheel, y, 58, 42, rgb(0x20242a))
			c.disc(wheel, y, 12, rgb(0x8a8f98))
		}
		c.line(x-90, y, x-20, y-40, 16, body)
		c.line(x-20, y-40, x+50, y-40, 26, body)
		c.line(x+50, y-40, x+70, y-130, 14, body)
		c.line(x+90, y, x+70, y-130, 10, rgb(0x30353c))
		c.line(x+35, y-140, x+100, y-128, 10, rgb(0x1b1e22))
		c.rect(x-80, y-95, x+5, y-72, rgb(0x1f2226))
		c.rect(x-35, y-72, x+5, y-42, rgb(0x3a3f46))
	}
	c.line(420, 500, 700, 400, 4, rgb(0x111111))
	c.rect(690, 380, 720, 420, rgb(0xf4f4f4))
}

func drawLift(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb([]uint32{0xc9c3b6, 0xb9c2c4}[variant]))
	c.rect(0, 610, 960, 720, rgb(0x8d877b))
	c.frame(280, 90, 680, 610, 16, rgb(0xaeb4ba), rgb(0x6b7178))
	gap := 0
	if wrong {
		gap = 26 + 40*variant
	}
	c.rect(480-gap, 106, 480+gap+2, 594, rgb(0x191b1e))
	for x := 320; x < 660; x += 40 {
		if x < 480-gap-6 || x > 480+gap+6 {
			c.rect(x, 110, x+2, 590, rgb(0x9aa0a7))
		}
	}
	c.frame(740, 300, 800, 430, 4, rgb(0xd4d7da), rgb(0x777b80))
	c.disc(770, 335, 16, rgb(0xf4f4f0))
	c.disc(770, 390, 16, rgb(0xf4f4f0))
	c.frame(420, 30, 540, 76, 4, rgb(0x15181b), rgb(0x555555))
	c.rect(465, 44, 495, 62, rgb(map[bool]uint32{true: 0xe0452f, false: 0x45c46a}[wrong]))
	if wrong {
		c.quad(rgb(0xf2c230), image.Pt(150, 640), image.Pt(250, 640), image.Pt(230, 450), image.Pt(170, 450))
		c.quad(rgb(0x222222), image.Pt(196, 480), image.Pt(206, 480), image.Pt(204, 560), image.Pt(198, 560))
		c.rect(300, 594, 660, 606, rgb(0x2a2c2f))
	}
}

func drawFacade(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb(0xa9c7e2))
	c.rect(150, 0, 960, 640, rgb([]uint32{0xd8c3a5, 0xc7c9c4}[variant]))
	c.rect(0, 640, 960, 720, rgb(0x777d72))
	for y := 40; y < 600; y += 150 {
		for x := 210; x < 900; x += 190 {
			c.frame(x, y, x+110, y+95, 6, rgb(0x5e7a91), rgb(0xf1efe8))
			c.rect(x+52, y, x+58, y+95, rgb(0xf1efe8))
			c.rect(x-6, y+95, x+116, y+104, rgb(0xb4a98f))
		}
	}
	if !wrong {
		return
	}
	if variant == 0 {
		c.quad(rgb(0x8d7c66), image.Pt(350, 180), image.Pt(400, 168), image.Pt(412, 300), image.Pt(372, 320), image.Pt(346, 260))
		c.rect(330, 620, 370, 640, rgb(0xc9b08d))
		c.rect(400, 628, 430, 640, rgb(0xbfa683))
	} else {
		for i := range 4 {
			c.rect(404+i*28, 268, 424+i*28, 285, rgb(0xa8502f))
			c.disc(414+i*28, 258, 13, rgb(0x3f7d3a))
		}
	}
	for x := 180; x < 940; x += 40 {
		c.rect(x, 600, x+20, 612, rgb(0xd63a2e))
		c.rect(x+20, 600, x+40, 612, rgb(0xf5f5f5))
	}
}

// drawTiles is a floor, with one tile that stands up.
func drawTiles(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb([]uint32{0xbfb8aa, 0xa9adb0}[variant]))
	for y := 0; y < 720; y += 120 {
		for x := (y / 120 % 2) * 60; x < 960; x += 160 {
			c.frame(x, y, x+160, y+120, 3, rgb([]uint32{0xcdc6b8, 0xb7bbbe}[variant]), rgb(0x8d877b))
		}
	}
	if wrong {
		c.quad(rgb(0x4a443b), image.Pt(380, 250), image.Pt(560, 240), image.Pt(575, 380), image.Pt(385, 375))
		c.quad(rgb(0xe0d9ca), image.Pt(395, 225), image.Pt(570, 235), image.Pt(560, 345), image.Pt(390, 352))
		c.line(430, 230, 500, 345, 5, rgb(0x6b6357))
	}
}
