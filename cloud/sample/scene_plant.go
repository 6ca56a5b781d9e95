package sample

import "image"

func drawStove(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 420, rgb([]uint32{0xe8e6df, 0xdfe6e3}[variant]))
	for x := 0; x < 960; x += 96 {
		c.rect(x, 0, x+3, 420, rgb(0xc9c6bd))
	}
	for y := 0; y < 420; y += 84 {
		c.rect(0, y, 960, y+3, rgb(0xc9c6bd))
	}
	c.rect(0, 420, 960, 460, rgb(0x3b3f42))
	c.rect(0, 460, 960, 720, rgb(0x8b6f52))
	c.frame(300, 360, 660, 430, 5, rgb(0x23272a), rgb(0x50565b))
	for _, x := range []int{400, 560} {
		c.ring(x, 372, 40, 26, rgb(0x8f959b))
		c.disc(x, 372, 10, rgb(0x30353a))
	}
	c.frame(760, 470, 880, 640, 5, rgb(0xd9dcde), rgb(0x7c8083))
	c.disc(820, 520, 26, rgb(0x23272a))
	hose := rgb(0xb9bfc4)
	if wrong {
		hose = rgb(0xd98b2b)
	}
	c.line(640, 420, 700, 560, 20, hose)
	c.line(700, 560, 770, 580, 20, hose)
	if wrong {
		for i := range 4 {
			c.line(655+i*12, 452+i*28, 668+i*12, 446+i*28, 4, rgb(0x40260c))
		}
	}
}

func drawBins(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 400, rgb(0xb7c9b0))
	c.rect(0, 330, 960, 400, rgb(0x7f9a73))
	c.rect(0, 400, 960, 720, rgb([]uint32{0x97938a, 0x8b8f92}[variant]))
	for i, colour := range []uint32{0x2e6fb7, 0x3b8f4b, 0x555b61, 0xb8342c} {
		x := 120 + i*195
		c.quad(rgb(colour), image.Pt(x, 280), image.Pt(x+150, 280), image.Pt(x+135, 540), image.Pt(x+15, 540))
		c.rect(x-8, 262, x+158, 284, rgb(colour+0x101010))
		c.disc(x+35, 552, 16, rgb(0x222222))
		c.disc(x+115, 552, 16, rgb(0x222222))
	}
	if !wrong {
		return
	}
	for i := range 14 + 8*variant {
		x, y := 130+c.r.IntN(700), 560+c.r.IntN(110)
		if i%3 == 0 {
			y = 215 + c.r.IntN(50)
		}
		c.disc(x, y, 22+c.r.IntN(20), rgb([]uint32{0x26292c, 0xd8d5cc, 0x8a6b45}[i%3]))
	}
	c.quad(rgb(0x5b5648), image.Pt(300, 640), image.Pt(720, 630), image.Pt(780, 700), image.Pt(260, 705))
}

func drawGate(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb([]uint32{0xcabfae, 0xbcc3c6}[variant]))
	c.rect(0, 600, 960, 720, rgb(0x8c8880))
	c.frame(260, 80, 700, 610, 14, rgb(0x2d3338), rgb(0x5b6167))
	left, right := image.Pt(480, 94), image.Pt(480, 610)
	c.quad(rgb(0x6d8894), image.Pt(274, 94), left, right, image.Pt(274, 610))
	if wrong {
		c.quad(rgb(0x7f9aa6), image.Pt(686, 94), image.Pt(780, 150), image.Pt(780, 690), image.Pt(686, 610))
	} else {
		c.rect(484, 94, 686, 610, rgb(0x7f9aa6))
	}
	c.rect(455, 330, 470, 420, rgb(0xd8d8d4))
	c.frame(770, 300, 850, 430, 5, rgb(0x1d2125), rgb(0x70767c))
	c.disc(810, 400, 12, rgb(map[bool]uint32{true: 0xd63a2e, false: 0x45c46a}[wrong]))
	for y := range 3 {
		for x := range 3 {
			c.rect(788+x*16, 318+y*20, 798+x*16, 330+y*20, rgb(0xb9bec3))
		}
	}
}

func drawCabinet(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb([]uint32{0xbcb9ae, 0xaab0b2}[variant]))
	c.rect(0, 640, 960, 720, rgb(0x6f7275))
	c.frame(250, 90, 710, 650, 12, rgb(0xc9cdd0), rgb(0x7d8286))
	if !wrong {
		c.rect(470, 102, 474, 638, rgb(0x8d9296))
		c.quad(rgb(0xf2c230), image.Pt(480, 210), image.Pt(560, 350), image.Pt(400, 350))
		c.quad(rgb(0x1e1e1e), image.Pt(485, 240), image.Pt(462, 300), image.Pt(480, 300), image.Pt(474, 340), image.Pt(500, 285), image.Pt(482, 285))
		c.rect(640, 350, 660, 420, rgb(0x33373b))
		return
	}
	c.rect(275, 115, 685, 625, rgb(0x2b2f33))
	for i := range 8 {
		x := 300 + i*46
		c.frame(x, 190, x+36, 270, 3, rgb(0xe8e8e4), rgb(0x9a9a96))
		c.rect(x+12, 215, x+24, 240, rgb(0x20242a))
	}
	for i, colour := range []uint32{0xc0392b, 0xe0b52c, 0x2f8f4e, 0x2e6fb7, 0xc0392b, 0x222222, 0xe0b52c} {
		x := 310 + i*52
		c.line(x, 270, x+c.r.IntN(120)-60, 420+c.r.IntN(60), 9, rgb(colour))
		c.line(x+c.r.IntN(60), 430, 330+c.r.IntN(300), 600, 9, rgb(colour))
	}
	if variant == 1 {
		c.disc(430, 240, 46, rgb(0x1a120c))
		c.disc(430, 240, 26, rgb(0x3b2414))
	}
}

func drawPump(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 500, rgb([]uint32{0xc4c7bd, 0xb3bbbe}[variant]))
	c.rect(0, 500, 960, 720, rgb(0x7c8680))
	red, dark := rgb(0xb8342c), rgb(0x7d1f1c)
	c.rect(0, 130, 960, 175, red)
	for _, x := range []int{220, 520, 800} {
		c.rect(x, 175, x+44, 470, red)
		c.rect(x-12, 250, x+56, 272, dark)
		c.ring(x+22, 340, 46, 34, rgb(0x23272a))
	}
	for i, x := range []int{150, 450} {
		c.frame(x, 470, x+190, 570, 6, rgb([]uint32{0x2e6fb7, 0x2f6f66}[i]), rgb(0x23303a))
		c.disc(x+205, 520, 52, rgb(0x3d4a55))
		c.disc(x+205, 520, 20, rgb(0x98a2aa))
	}
	c.frame(720, 430, 880, 660, 6, rgb(0xd5d8d3), rgb(0x7c807b))
	for i := range 3 {
		c.disc(760+i*40, 480, 12, rgb(map[bool]uint32{true: 0xd63a2e, false: 0x45c46a}[wrong && i > 0]))
	}
	if wrong {
		c.quad(rgb(0x5c7b8c), image.Pt(120, 640), image.Pt(560, 600), image.Pt(680, 670), image.Pt(420, 712), image.Pt(90, 700))
		c.line(362, 560, 362, 630, 5, rgb(0x9cc3d6))
	}
}

func drawPanel(c *canvas, variant int, wrong bool) {
	c.rect(0, 0, 960, 720, rgb([]uint32{0x9fa6ab, 0xada79b}[variant]))
	c.rect(0, 540, 960, 720, rgb(0x5b4632))
	c.frame(140, 70, 820, 520, 12, rgb(0xd7d9d8), rgb(0x80858a))
	c.frame(190, 110, 520, 300, 6, rgb(0x0f2a20), rgb(0x40464b))
	for i := range 5 {
		ink := rgb(0x3fd07f)
		if wrong && i < 2+variant {
			ink = rgb(0xf0b03a)
		}
		c.rect(215, 135+i*32, 300+c.r.IntN(190), 147+i*32, ink)
	}
	for y := range 6 {
		for x := range 10 {
			ink := rgb(0x3a4046)
			switch {
			case wrong && (x*7+y*5+variant)%13 == 0:
				ink = rgb(0xf0b03a)
			case (x+y)%9 == 0:
				ink = rgb(0x45c46a)
			}
			c.disc(215+x*34, 340+y*28, 9, ink)
		}
	}
	c.frame(590, 120, 770, 260, 6, rgb(0x2b2f33), rgb(0x70757a))
	c.disc(680, 190, 40, rgb(0xc0392b))
	c.frame(600, 320, 760, 480, 5, rgb(0xeceeed), rgb(0x8c9196))
	c.line(620, 350, 740, 350, 26, rgb(0x23272a))
	c.frame(380, 580, 700, 690, 4, rgb(0xf6f4ec), rgb(0xb9b4a4))
	for i := range 4 {
		if wrong && i == 2 {
			continue // a line of the log is missing
		}
		c.rect(400, 600+i*22, 680, 604+i*22, rgb(0x6a6f75))
	}
}
