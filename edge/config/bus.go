package config

import (
	"strings"
	"time"

	"anlan/contract"
	"anlan/drivers/serialport"
)

// Bus is one field bus.
type Bus struct {
	ID       contract.BusID `yaml:"id,required"`
	Kind     string         `yaml:"kind,required"`
	Name     contract.Text  `yaml:"name,required"`
	Port     string         `yaml:"port"`    // serial kinds
	Address  string         `yaml:"address"` // modbus-tcp
	Baud     int            `yaml:"baud"`
	Parity   string         `yaml:"parity"`
	StopBits int            `yaml:"stop_bits"`
	DataBits int            `yaml:"data_bits"` // 0 means 8; 7 is for modbus-ascii
	RS485    *RS485         `yaml:"rs485"`     // direction control by the port's driver
	// Framing of modbus-tcp: "tcp", or "rtu" for a gateway that hands a serial line's
	// bytes through; Baud, Parity and StopBits are then that line's.
	Framing string `yaml:"framing"`
	// DeadDevices is how many devices may fail at once without any other's promise being
	// broken; nil means 1.
	DeadDevices *int     `yaml:"dead_devices"`
	Devices     []Device `yaml:"devices,required"`
}

// RS485 is how the port's driver switches the line's direction.
type RS485 struct {
	RTSOnSend    *bool         `yaml:"rts_on_send"`    // level of RTS while sending; nil means high
	RTSAfterSend bool          `yaml:"rts_after_send"` // level of RTS otherwise
	DelayBefore  time.Duration `yaml:"delay_before"`   // from RTS to the first bit
	DelayAfter   time.Duration `yaml:"delay_after"`    // from the last bit to RTS
	HearOneself  bool          `yaml:"hear_oneself"`   // receive while sending
}

// Control is r as a port wants it; nil stays nil.
func (r *RS485) Control() *serialport.RS485 {
	if r == nil {
		return nil
	}
	return &serialport.RS485{RTSOnSend: r.RTSOnSend == nil || *r.RTSOnSend, RTSAfterSend: r.RTSAfterSend,
		DelayBefore: r.DelayBefore, DelayAfter: r.DelayAfter, HearOneself: r.HearOneself}
}

// Dead is DeadDevices with its default.
func (b *Bus) Dead() int {
	if b.DeadDevices == nil {
		return 1
	}
	return *b.DeadDevices
}

// Serial reports whether the bytes go over a serial line somewhere, which takes its time.
func (b *Bus) Serial() bool {
	return b.Kind == KindRTU || b.Kind == KindASCII || b.Kind == KindTCP && b.Framing == FramingRTU
}

// Modbus reports whether the bus speaks Modbus.
func (b *Bus) Modbus() bool { return b.Kind == KindRTU || b.Kind == KindASCII || b.Kind == KindTCP }

// Listens reports whether the bus is the line of one device that speaks by itself, a tag
// reader or a tapped panel, and which protocol that speaks.
func (b *Bus) Listens() (protocol string, ok bool) {
	if protocol, ok = strings.CutPrefix(b.Kind, "nfc-"); ok {
		return protocol, true
	}
	return strings.CutSuffix(b.Kind, "-tap")
}

// listenBaud is what each of them speaks at unless told otherwise.
func (b *Bus) listenBaud() int {
	switch b.Kind {
	case KindPN532:
		return 115200
	case KindRDM6300:
		return 9600
	case KindYHY522:
		return 19200
	case KindPanelCRT:
		return 2400
	case KindPanelPrinter:
		return 9600
	}
	return 0
}

// BitsPerChar is how many bits a character takes on a serial line.
func (b *Bus) BitsPerChar() int {
	n := 1 + b.DataBits + b.StopBits
	if b.Parity != "none" {
		n++
	}
	return n
}

// Kinds of bus.
const (
	KindRTU   = "modbus-rtu"
	KindASCII = "modbus-ascii"
	KindTCP   = "modbus-tcp"

	KindPN532   = "nfc-pn532"
	KindRDM6300 = "nfc-rdm6300"
	KindYHY522  = "nfc-yhy522"

	KindPanelCRT     = "panel-crt-tap"
	KindPanelPrinter = "panel-printer-tap"
)

// kinds are all of them, in the order they are named to people.
func kinds() []string {
	return []string{KindRTU, KindASCII, KindTCP, KindPN532, KindRDM6300, KindYHY522, KindPanelCRT, KindPanelPrinter}
}

// Framings of modbus-tcp.
const (
	FramingTCP = "tcp"
	FramingRTU = "rtu"
)
