package site

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"anlan/firmware-sim/device"
	"anlan/firmware-sim/line"
)

// Kinds of readers.
const (
	kindPN532   = "pn532"
	kindRDM6300 = "rdm6300"
	kindYHY522  = "yhy522"
)

func readerKinds() []string { return []string{kindPN532, kindRDM6300, kindYHY522} }

// reader is a tag reader on its own pty.
type reader struct {
	*socket
	spec Reader

	mu   sync.Mutex
	card []byte
	till time.Time // the card lies there until then; zero for ever
}

func openReader(spec Reader, link string) (*reader, error) {
	s, err := openSocket(link)
	if err != nil {
		return nil, err
	}
	return &reader{socket: s, spec: spec}, nil
}

// fits reports why a card can not be read by this reader.
func (r *reader) fits(uid []byte) error {
	lengths := []int{4, 7, 10}
	switch r.spec.Kind {
	case kindRDM6300:
		lengths = []int{5}
	case kindYHY522:
		lengths = []int{4, 7}
	}
	if slices.Contains(lengths, len(uid)) {
		return nil
	}
	return fmt.Errorf("%s: a card of %d bytes on an %s, which reads %v", r.spec.Name, len(uid), r.spec.Kind, lengths)
}

// put lays a card on the reader for d, or for ever; nil takes it away.
func (r *reader) put(uid []byte, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.card, r.till = uid, time.Time{}
	if d > 0 {
		r.till = time.Now().Add(d)
	}
}

func (r *reader) lying() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.card != nil && (r.till.IsZero() || time.Now().Before(r.till)) {
		return r.card
	}
	if r.spec.Card != nil {
		return r.spec.Card()
	}
	return nil
}

// mend plugs the reader in again and takes the card away.
func (r *reader) mend() {
	r.put(nil, 0)
	r.replugNow()
}

func (r *reader) run(ctx context.Context) error { return r.socket.run(ctx, r.serve) }

func (r *reader) serve(ctx context.Context, port *line.Port) error {
	uart := func(baud int) line.UART { return line.UART{W: port, Baud: baud, Bits: 10} }
	switch r.spec.Kind {
	case kindRDM6300:
		return (&device.RDM6300{UART: uart(9600), Card: r.lying}).Run(ctx)
	case kindYHY522:
		return (&device.YHY522{Port: port, UART: uart(19200), Card: r.lying}).Run(ctx)
	}
	return (&device.PN532{Port: port, UART: uart(115200), Card: r.lying, Text: "安澜巡检卡"}).Run(ctx)
}
