package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"anlan/firmware-sim/fault"
	"anlan/firmware-sim/line"
)

// Port is one end of a serial line.
type Port interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
}

// Serial is a line that several units share.
type Serial struct {
	Counters
	Units map[byte]*Unit
	Mode  line.Mode
	ASCII bool
	// Link is where the far end of a pty is linked; Device is a real port instead.
	Link, Device string

	seed   uint64
	babble *fault.Box
	tx     *sender
	mu     sync.Mutex
	port   Port
	away   time.Time // unplugged until then
	unplug context.CancelFunc
}

// NewSerial opens the line; [Serial.Run] serves it.
func NewSerial(s *Serial, units []*Unit, seed uint64) (*Serial, error) {
	s.Units, s.seed, s.babble = map[byte]*Unit{}, seed, fault.NewBox(seed)
	for _, u := range units {
		s.Units[u.ID] = u
	}
	var err error
	if s.Device != "" {
		p, openErr := line.OpenSerialMode(s.Device, s.Mode)
		if openErr == nil {
			s.port = p
		}
		err = openErr
	} else {
		err = os.MkdirAll(filepath.Dir(s.Link), 0o755)
		if err == nil {
			s.port, err = openPTY(s.Link)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("bus: open line: %w", err)
	}
	return s, nil
}

// openPTY keeps a nil pointer from becoming a port.
func openPTY(link string) (Port, error) {
	p, err := line.OpenPTY(link)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Address is what the software under test opens; FarEnd the device it leads to now.
func (s *Serial) Address() string {
	if s.Device != "" {
		return s.Device
	}
	return s.Link
}

// FarEnd is the device file behind the link; "" while the line is unplugged.
func (s *Serial) FarEnd() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.port.(*line.Port); ok && s.away.IsZero() {
		return p.FarEnd()
	}
	return ""
}

func (s *Serial) uart(w io.Writer) line.UART {
	return line.UART{W: w, Baud: s.Mode.Baud, Bits: s.Mode.Bits(), Late: &s.Late}
}

// Run serves until ctx ends or the port fails.
func (s *Serial) Run(ctx context.Context) error {
	defer s.close()
	for ctx.Err() == nil {
		err := s.session(ctx)
		back := s.awayUntil()
		if back.IsZero() {
			return ignoreCancel(ctx, err)
		}
		if err := s.replug(ctx, back); err != nil {
			return ignoreCancel(ctx, err)
		}
	}
	return nil
}

func (s *Serial) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	port := s.port
	s.tx = newSender(s.uart(port), func() bool { return s.babble.Has(fault.Babble, time.Now()) }, s.seed)
	tx := s.tx
	s.unplug = cancel
	if !s.away.IsZero() { // unplugged before it began
		cancel()
	}
	s.mu.Unlock()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = port.SetReadDeadline(time.Now()) })
	defer stop()
	sendErr := make(chan error, 1)
	wg.Go(func() { sendErr <- tx.run(ctx); cancel() })
	err := s.listen(ctx, port, tx)
	cancel()
	return errors.Join(err, ignoreCancel(ctx, <-sendErr))
}

// listen takes requests off the line and has them answered.
func (s *Serial) listen(ctx context.Context, port Port, tx *sender) error {
	uart := s.uart(nil)
	lastHeard := time.Time{}
	for ctx.Err() == nil {
		frame, began, ended, err := s.receive(ctx, port)
		if err != nil {
			return err
		}
		if sent := tx.lastByte(); sent.After(lastHeard) {
			lastHeard = sent
		}
		if !s.ASCII && began.Sub(lastHeard) < uart.Silence35()-50*time.Microsecond {
			s.ShortSilence.Add(1)
		}
		lastHeard = ended
		req, ok := s.parse(frame)
		if !ok {
			s.BadCheck.Add(1)
			continue
		}
		// A device acts on what it has heard whole, not on what the pty handed over early.
		heard := ended
		if !s.ASCII {
			heard = ended.Add(uart.Silence35())
		}
		if err := line.SleepUntil(ctx, heard); err != nil {
			return err
		}
		s.Requests.Add(1)
		tx.passed(heard)
		s.answer(req, heard, tx)
	}
	return nil
}

func (s *Serial) parse(frame []byte) (request, bool) {
	if s.ASCII {
		return parseASCII(frame)
	}
	return parseRTU(frame)
}

func (s *Serial) answer(req request, heard time.Time, tx *sender) {
	if req.unit == 0 { // broadcast: everybody acts, nobody answers
		for _, u := range s.Units {
			u.serve(heard, req.pdu)
		}
		return
	}
	u, ok := s.Units[req.unit]
	if !ok {
		s.Strangers.Add(1)
		return
	}
	pdu, struck := u.serve(heard, req.pdu)
	if pdu == nil {
		return
	}
	s.Answers.Add(1)
	tx.send(heard.Add(u.reaction()), u.Faults.Apply(struck, req.exchange(u, pdu)))
}

// Unplug takes the adapter away for d: the far end hangs up, the link is gone, and
// comes back leading to another device. A real port can not be unplugged from here; its
// units fall silent instead.
func (s *Serial) Unplug(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Device != "" {
		return errors.New("bus: a real port can not be unplugged by command")
	}
	s.away = time.Now().Add(d)
	if s.unplug != nil {
		s.unplug()
	}
	return nil
}

// Replug ends an [Serial.Unplug] early.
func (s *Serial) Replug() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.away.IsZero() {
		s.away = time.Now()
	}
}

func (s *Serial) awayUntil() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// replug hangs up and comes back under another device file. The new pty is made before
// the old one goes, so that the kernel can not give it the same name.
func (s *Serial) replug(ctx context.Context, back time.Time) error {
	next, err := line.OpenPTY("")
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.port
	s.port = next
	s.mu.Unlock()
	if err := old.Close(); err != nil {
		return err
	}
	for ctx.Err() == nil && time.Now().Before(back) {
		timer := time.NewTimer(min(50*time.Millisecond, time.Until(back)))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		back = s.awayUntil() // it may come earlier or later than planned
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = time.Time{}
	if ctx.Err() != nil {
		return nil
	}
	return next.Link(s.Link)
}

// Away is until when the line is unplugged; zero when it is not.
func (s *Serial) Away() time.Time { return s.awayUntil() }

// Babble is the box of the line's noise.
func (s *Serial) Babble() *fault.Box { return s.babble }

// Poke lets the line look again at its faults.
func (s *Serial) Poke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tx != nil {
		s.tx.poke()
	}
}

// Stats are the line's counters.
func (s *Serial) Stats() Stats { return s.Look() }

func (s *Serial) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.port.Close() // nothing is lost with it
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
