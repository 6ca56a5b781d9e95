package site

import (
	"bytes"
	"os"
	"testing"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// hear reads the panel's port until it has said want.
func hear(t *testing.T, link string, want []byte) {
	t.Helper()
	p, err := line.OpenSerial(link, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 256)
	for !bytes.Contains(got, want) {
		n, err := p.Read(buf)
		if got = append(got, buf[:n]...); err != nil {
			t.Fatalf("heard % X, %v; want % X", got, err, want)
		}
	}
}

func TestPanel_TellsIsSilentAndIsUnplugged(t *testing.T) {
	r := small(t)
	link := r.Address("crt")
	do := func(s Step) {
		t.Helper()
		s.Panel = "crt"
		if err := r.Do(s); err != nil {
			t.Fatal(err)
		}
	}
	fire := unhex(t, "01 DD 01 20 34 03 01 59 BB 01 F0 BB")
	do(Step{Event: &device.PanelEvent{Node: "012034", Is: "fire"}})
	hear(t, link, fire)
	if v := r.Look().Panels[0]; v.Said != 1 || v.Last != "fire 012034" || v.Waiting != 0 {
		t.Errorf("%+v", v)
	}

	do(Step{Fault: &fault.Order{Kind: fault.Silent}})
	do(Step{Event: &device.PanelEvent{Node: "012035", Is: "fire"}})
	await(t, "the silent panel's turn", func() bool { return r.Look().Panels[0].Said == 2 })
	do(Step{Clear: true})
	hear(t, link, unhex(t, "01 F0 BB"))

	old, err := os.Readlink(link)
	if err != nil {
		t.Fatal(err)
	}
	do(Step{Fault: &fault.Order{Kind: fault.Unplug, Down: 50 * time.Millisecond}})
	await(t, "the panel under another name", func() bool { now, err := os.Readlink(link); return err == nil && now != old })
	do(Step{Event: &device.PanelEvent{Node: "012034", Is: "fire"}})
	hear(t, link, fire)
}
