package device

import (
	"fmt"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The CRT port as the firmware of a field transmission unit hears it (gst500.c and .h):
// head, data, 8-bit sum of the data, BB; the sum is left out where there are no data.
// Characters have a ninth bit. In each turn the CRT sends the panel's number and 00, the
// panel its number, the CRT 0F, the panel what it has to say, and the CRT 1F.
const (
	crtAlarm    = 0xDD // 3 bytes of address, type of device, event
	crtFault    = 0xEE // the same
	crtPanel    = 0xCB // 1 byte: what is allowed in the high half, what has happened in the low
	crtReset    = 0xAA
	crtSilenced = 0xAB
	crtIdle     = 0xF0
	crtTail     = 0xBB

	crtManual = 0x40 // by hand only: what the simulated panel allows
)

// turn is one turn of the dialogue; without an event the panel is idle.
func (p *PanelPort) turn(e PanelEvent, some bool) []byte {
	said := []byte{crtIdle, crtTail}
	if some {
		said = crtFrame(e)
	}
	if p.BothWays {
		return append(append([]byte{p.Number, 0x00, p.Number, 0x0F}, said...), 0x1F)
	}
	return append([]byte{p.Number}, said...)
}

func crtFrame(e PanelEvent) []byte {
	w, _ := e.word()
	var data []byte
	switch {
	case !w.ofPanel:
		for i := 0; i+1 < len(e.Node); i += 2 {
			data = append(data, (e.Node[i]-'0')<<4|(e.Node[i+1]-'0'))
		}
		kind := e.kind(w)
		data = append(data, kind/10<<4|kind%10, w.code)
	case w.head == crtPanel:
		data = []byte{crtManual | w.code}
	default:
		return []byte{w.head, crtTail}
	}
	sum := byte(0)
	for _, b := range data {
		sum += b
	}
	return append(append([]byte{w.head}, data...), sum, crtTail)
}

// print is an event on paper, in GB18030.
//
// A GST9000's fire and reset are as a maintenance firm has published them: ESC 6, date
// and time, loop-point, ESC 9, the word, where, what; two line feeds end it. That the
// date is year, month, day, and that other events look the same, is assumed.
func (p *PanelPort) print(e PanelEvent) []byte {
	now, text := p.Now(), p.wording(e)
	node := e.Node
	var s string
	if p.Kind == PanelGST9000 {
		s = fmt.Sprintf("\x1b6%s\n  %s\n\x1b9%s\n", now.Format("06/01/02  15:04"), node, text)
		if node != "" {
			where, what := e.Text, "感烟探测器"
			if where == "" {
				where = "未注释"
			}
			if w, _ := e.word(); !firing(e.kind(w)) {
				what = "模块"
			}
			s += where + "\n" + what + "\n"
		}
		s += "\n"
	} else {
		if node == "" {
			node = "主机"
		}
		s = fmt.Sprintf("%s %s %s %s\n", text, node, now.Format("2006-01-02 15:04:05"), e.Text)
	}
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil { // text that is no UTF-8
		return nil
	}
	return out
}

// wording is the event in the panel's words: the first fire since the reset is told from
// those that follow it, and what is restored is named.
func (p *PanelPort) wording(e PanelEvent) string {
	w, _ := e.word()
	before := p.since[e.Node]
	switch {
	case e.Is == "restored":
		delete(p.since, e.Node)
	case e.Node != "":
		p.since[e.Node] = e.Is
	}
	switch {
	case e.Is == "reset":
		clear(p.since)
		p.fires = 0
	case e.Is == "fire" && p.Kind == PanelGST9000:
		if p.fires++; p.fires == 1 {
			return "首次火警"
		}
		return "火警后续"
	case e.Is == "restored":
		return PanelEvent{Is: before}.zh() + w.zh
	}
	return w.zh
}

func (e PanelEvent) zh() string {
	w, _ := e.word()
	return w.zh
}
