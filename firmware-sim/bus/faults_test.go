package bus

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/fault"
)

const (
	askFirst, first   = "02 03 00 00 00 01 84 39", "02 03 02 00 2A 7D 9B"
	askSecond, second = "02 03 00 01 00 01 D5 F9", "02 03 02 00 2B BC 5B"
)

// faulty is a line with one unit that has an order.
func faulty(t *testing.T, orders ...fault.Order) (*Serial, *Unit, io.ReadWriteCloser) {
	t.Helper()
	u := NewUnit(Spec{Name: "map", ID: 2, Memory: answer42(t), Fresh: func() device.Memory { return answer42(t) }}, 1)
	for _, o := range orders {
		if err := u.Order(o, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	s := &Serial{}
	return s, u, serialLine(t, s, u)
}

func TestSerial_LateAnswerComesAfterTheNextRequest(t *testing.T) {
	_, _, far := faulty(t, fault.Order{Kind: fault.Late, PastNext: true, Next: 1})
	if _, err := far.Write(unhex(t, askFirst)); err != nil {
		t.Fatal(err)
	}
	pause(t, 30*time.Millisecond)
	ask(t, far, "the held answer, then the right one", askSecond, first+second)
}

func TestSerial_LateAnswerDoesNotHoldOthersUp(t *testing.T) {
	_, _, far := faulty(t, fault.Order{Kind: fault.Late, By: time.Second, Next: 1})
	if _, err := far.Write(unhex(t, askFirst)); err != nil {
		t.Fatal(err)
	}
	pause(t, 30*time.Millisecond)
	ask(t, far, "the next answer first", askSecond, second+first)
}

func TestSerial_FaultsOnTheWire(t *testing.T) {
	for _, c := range []struct {
		order fault.Order
		want  string
	}{
		{fault.Order{Kind: fault.Duplicate}, first + first},
		{fault.Order{Kind: fault.Echo}, askFirst + first},
		{fault.Order{Kind: fault.Drip, By: time.Millisecond}, first},
		{fault.Order{Kind: fault.Exception, Code: 4}, "02 83 04 B0 F3"},
		{fault.Order{Kind: fault.Busy}, "02 83 06 31 32"},
	} {
		_, _, far := faulty(t, c.order)
		ask(t, far, string(c.order.Kind), askFirst, c.want)
	}
}

func TestSerial_SilentUnitNeitherActsNorAnswers(t *testing.T) {
	s, u, far := faulty(t, fault.Order{Kind: fault.Silent, Next: 1}, fault.Order{Kind: fault.Lost, Next: 2})
	for _, c := range []struct {
		raw  string
		want float64
	}{{"02 06 00 00 00 07 C8 3B", 42}, {"02 06 00 00 00 07 C8 3B", 7}} {
		before := s.Requests.Load()
		if _, err := far.Write(unhex(t, c.raw)); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { return s.Requests.Load() > before && u.Requests.Load() > before })
		pause(t, 5*time.Millisecond)
		if got := u.Knobs(time.Now())[0].Get(); got != c.want {
			t.Errorf("register is %v, want %v: silent does not act, lost does", got, c.want)
		}
	}
	ask(t, far, "well again", askFirst, "02 03 02 00 07 BD 86")
}

func TestSerial_UnplugHangsUpAndReturnsElsewhere(t *testing.T) {
	s, _, far := faulty(t)
	ask(t, far, "before", askFirst, first)
	old, err := os.Readlink(s.Link)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.OpenFile(s.Link, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := s.Unplug(time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := raw.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("reading from an unplugged port: %d, %v", n, err)
	}
	await(t, func() bool { _, err := os.Readlink(s.Link); return errors.Is(err, os.ErrNotExist) })
	s.Replug()
	await(t, func() bool { _, err := os.Readlink(s.Link); return err == nil })
	if now, _ := os.Readlink(s.Link); now == old {
		t.Errorf("it came back as %s again", now)
	}
	ask(t, farEnd(t, s.Link), "after", askFirst, first)
}

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("waited 10 s in vain")
		}
		pause(t, 2*time.Millisecond)
	}
}

func TestSerial_BabbleIsEndlessUntilCleared(t *testing.T) {
	s, _, far := faulty(t)
	s.Babble().Add(fault.Order{Kind: fault.Babble}, time.Now())
	s.Poke()
	read(t, far, 500)
	s.Babble().Clear()
	for { // drain what is left
		if n, err := far.Read(make([]byte, 512)); n == 0 || err != nil {
			break
		}
	}
	ask(t, far, "quiet again", askFirst, first)
}

func TestTCP_UnplugClosesAndRefuses(t *testing.T) {
	p := &TCP{}
	u := NewUnit(Spec{Name: "map", Memory: answer42(t)}, 1)
	c := tcpLine(t, p, u)
	request, want := "00 01 00 00 00 06 01 03 00 00 00 01", "00 01 00 00 00 05 01 03 02 00 2A"
	ask(t, c, "before", request, want)
	if err := p.Unplug(time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	if again, err := net.Dial("tcp", p.Address()); err == nil {
		_ = again.Close()
		t.Error("a connection was accepted while unplugged")
	}
	p.Replug()
	await(t, func() bool { return p.Away().IsZero() })
	ask(t, dial(t, p.Address()), "after", request, want)
}

func TestTCP_LateAnswerAfterTheNext(t *testing.T) {
	u := NewUnit(Spec{Name: "map", Memory: answer42(t)}, 1)
	c := tcpLine(t, &TCP{}, u)
	if err := u.Order(fault.Order{Kind: fault.Late, PastNext: true, Next: 1}, time.Now()); err != nil {
		t.Fatal(err)
	}
	ask(t, c, "held", "00 01 00 00 00 06 01 03 00 00 00 01"+"00 02 00 00 00 06 01 03 00 01 00 01",
		"00 01 00 00 00 05 01 03 02 00 2A"+"00 02 00 00 00 05 01 03 02 00 2B")
}

func TestUnit_StuckDriftAndReboot(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	fresh := func() device.Memory { return answer42(t) }
	u := NewUnit(Spec{Name: "map", Memory: fresh(), Fresh: fresh}, 1)
	value := func() float64 { return u.Knobs(now)[0].Get() }
	set := func(v float64) {
		t.Helper()
		if err := u.Set(map[string]float64{"first": v}, now); err != nil {
			t.Fatal(err)
		}
	}
	order := func(o fault.Order) {
		t.Helper()
		if err := u.Order(o, now); err != nil {
			t.Fatal(err)
		}
	}
	pass := func(d time.Duration) {
		now = now.Add(d)
		u.Step(now)
	}
	set(100)
	for _, o := range []fault.Order{{Kind: fault.Stuck, Value: "first", For: 10 * time.Second}, {Kind: fault.Stuck, For: 10 * time.Second}} {
		set(100)
		order(o)
		set(200)
		pass(5 * time.Second)
		if value() != 100 {
			t.Errorf("%+v: stuck at 100 shows %v", o, value())
		}
		pass(5 * time.Second)
		if value() != 200 {
			t.Errorf("%+v: no longer stuck, but shows %v", o, value())
		}
	}
	order(fault.Order{Kind: fault.Drift, Value: "first", Rate: 2})
	pass(10 * time.Second)
	if value() != 220 {
		t.Errorf("2 a second for 10 s from 200: %v", value())
	}
	u.Clear(now)
	if value() != 200 {
		t.Errorf("after the drift: %v", value())
	}
	if u.Order(fault.Order{Kind: fault.Drift, Value: "nothing", Rate: 1}, now) == nil {
		t.Error("drift of nothing was taken")
	}
	if pdu, _ := u.serve(now, []byte{6, 0, 1, 0, 9}); pdu[0] != 6 {
		t.Fatalf("% X", pdu)
	}
	order(fault.Order{Kind: fault.Reboot, Down: 3 * time.Second})
	if pdu, _ := u.serve(now.Add(2*time.Second), []byte{3, 0, 1, 0, 1}); pdu != nil {
		t.Errorf("answered % X while rebooting", pdu)
	}
	if pdu, _ := u.serve(now.Add(3*time.Second), []byte{3, 0, 0, 0, 2}); !bytes.Equal(pdu, []byte{3, 4, 0, 200, 0, 43}) {
		t.Errorf("after the reboot: % X; what was written is gone, what the world does is not", pdu)
	}
}
