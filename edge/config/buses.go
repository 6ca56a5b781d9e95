package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/contract"
	"anlan/drivers/profile"
	"anlan/drivers/serialport"
)

func (k *checker) buses() {
	k.devices = map[contract.DeviceID]*Device{}
	ids, ports := map[contract.BusID]bool{}, map[string]contract.BusID{}
	for i := range k.c.Buses {
		b := &k.c.Buses[i]
		at := index("buses", i)
		k.id(at+".id", string(b.ID))
		k.text(at+".name", b.Name)
		if ids[b.ID] {
			k.bad(at+".id", "bus "+quote(string(b.ID))+" a second time", "an id of its own")
		}
		ids[b.ID] = true
		key := k.line(at, b)
		if other, taken := ports[key]; taken && key != "" {
			k.bad(at, "the same line as bus "+quote(string(other))+" ("+key+")", "one bus for each port")
		} else {
			ports[key] = b.ID
		}
		if n := b.Dead(); n < 0 || n > len(b.Devices) {
			k.bad(at+".dead_devices", strconv.Itoa(n), "0 to "+strconv.Itoa(len(b.Devices))+", the devices on the bus")
		}
		units := map[uint8]contract.DeviceID{}
		for j := range b.Devices {
			k.device(index(at+".devices", j), b, &b.Devices[j], units)
		}
		if _, alone := b.Listens(); alone && len(b.Devices) > 1 {
			k.bad(at+".devices", strconv.Itoa(len(b.Devices))+" devices", "one device on its line")
		}
	}
}

// line checks what a bus is reached by and returns it, to find two on one port.
func (k *checker) line(at string, b *Bus) string {
	if b.Framing != "" && b.Kind != KindTCP {
		k.bad(at+".framing", quote(b.Framing), "left out for "+b.Kind)
	}
	if b.RS485 != nil {
		k.rs485(at+".rs485", b)
	}
	switch b.Kind {
	case KindTCP:
		if b.Address == "" {
			k.bad(at+".address", "no address", "host:port")
		} else {
			k.hostPort(at+".address", b.Address)
		}
		if b.Port != "" {
			k.bad(at+".port", quote(b.Port), "left out for "+b.Kind)
		}
		switch b.Framing {
		case FramingRTU:
			k.serial(at, b)
		case FramingTCP:
			if b.Baud != 0 {
				k.bad(at+".baud", strconv.Itoa(b.Baud), "left out, or framing: rtu for a gateway that hands a serial line through")
			}
		default:
			k.bad(at+".framing", quote(b.Framing), FramingTCP+" or "+FramingRTU)
		}
		return strings.ToLower(b.Address)
	case KindRTU, KindASCII, KindPN532, KindRDM6300, KindYHY522, KindPanelCRT, KindPanelPrinter:
		if b.Port == "" {
			k.bad(at+".port", "no port", "a serial port such as /dev/serial/by-path/...")
		} else if !serialport.Spelled(b.Port) {
			k.bad(at+".port", quote(b.Port), "a path such as /dev/serial/by-path/..., usb:VENDOR:PRODUCT[:SERIAL] or usb-port:1-1.2")
		}
		if b.Address != "" {
			k.bad(at+".address", quote(b.Address), "left out for "+b.Kind)
		}
		k.serial(at, b)
		if b.Port == "" {
			return ""
		}
		return serialport.Identity(b.Port)
	case "":
	default:
		k.bad(at+".kind", quote(b.Kind), strings.Join(kinds(), ", "))
	}
	return ""
}

func (k *checker) serial(at string, b *Bus) {
	if b.Baud < 300 || b.Baud > 4_000_000 {
		k.bad(at+".baud", strconv.Itoa(b.Baud), "a rate from 300 to 4000000")
	}
	if !slices.Contains([]string{"none", "even", "odd", "mark", "space"}, b.Parity) {
		k.bad(at+".parity", quote(b.Parity), "none, even, odd, mark or space")
	}
	if b.DataBits != 8 && (b.DataBits != 7 || b.Kind != KindASCII) {
		k.bad(at+".data_bits", strconv.Itoa(b.DataBits), "8, or 7 on "+KindASCII)
	}
	if b.StopBits != 1 && b.StopBits != 2 {
		k.bad(at+".stop_bits", strconv.Itoa(b.StopBits), "1 or 2")
	}
}

func (k *checker) rs485(at string, b *Bus) {
	if b.Kind != KindRTU && b.Kind != KindASCII {
		k.bad(at, "rs485", "left out for "+b.Kind)
	}
	for _, d := range []struct {
		key   string
		delay time.Duration
	}{{"delay_before", b.RS485.DelayBefore}, {"delay_after", b.RS485.DelayAfter}} {
		if d.delay < 0 || d.delay > 100*time.Millisecond || d.delay%time.Millisecond != 0 {
			k.bad(at+"."+d.key, d.delay.String(), "whole milliseconds, 0 to 100ms")
		}
	}
}

func (k *checker) device(at string, b *Bus, d *Device, units map[uint8]contract.DeviceID) {
	k.id(at+".id", string(d.ID))
	k.text(at+".name", d.Name)
	k.place(at+".place", d.Place)
	if d.Zone != "" && d.Place.Zone != d.Zone {
		k.bad(at+".zone", quote(d.Zone)+", but place.zone is "+quote(d.Place.Zone), "one of the two")
	}
	if k.devices[d.ID] != nil {
		k.bad(at+".id", "device "+quote(string(d.ID))+" a second time", "an id of its own")
	}
	k.devices[d.ID] = d
	if strings.HasPrefix(string(d.ID), "bus-") || string(d.ID) == string(k.c.Edge.ID) {
		k.bad(at+".id", quote(string(d.ID)), "a name that is not the edge's own and does not start with bus-")
	}
	if b.Modbus() {
		if other, taken := units[d.Unit]; taken {
			k.bad(at+".unit", strconv.Itoa(int(d.Unit))+", which "+quote(string(other))+" has", "a unit id of its own on the bus")
		}
		units[d.Unit] = d.ID
		if b.Serial() && d.Unit < 1 { // 248 to 255 are reserved, but some modules have one of them
			k.bad(at+".unit", strconv.Itoa(int(d.Unit)), "1 to 247, or what a module has of its own up to 255")
		}
	}
	k.profile(at, b, d)
	k.within(at+".detect_within", d.DetectWithin)
	k.within(at+".refresh_within", d.RefreshWithin)
	for _, name := range slices.Sorted(maps.Keys(d.Points)) {
		if v := d.Points[name].DetectWithin; v != 0 {
			k.within(at+".points."+name+".detect_within", v)
		}
	}
}

func (k *checker) within(at string, v time.Duration) {
	if v < 50*time.Millisecond || v > 10*time.Minute {
		k.bad(at, v.String(), "50ms to 10m")
	}
}

func (k *checker) profile(at string, b *Bus, d *Device) {
	p := k.lib[d.Profile]
	if p == nil {
		if d.Profile != "" {
			k.bad(at+".profile", "unknown profile "+quote(d.Profile), "one of "+strings.Join(slices.Sorted(maps.Keys(k.lib)), ", "))
		}
		return
	}
	protocol, listens := b.Listens()
	if !listens {
		protocol = profile.ProtocolModbus
	}
	if p.Protocol != protocol && slices.Contains(kinds(), b.Kind) {
		k.bad(at+".profile", quote(d.Profile)+", which speaks "+p.Protocol, "a profile that speaks "+protocol)
	}
	if p.Dialect != profile.Standard && b.Modbus() && (!b.Serial() || b.Kind == KindASCII) {
		k.bad(at+".profile", quote(d.Profile)+", whose dialect "+quote(string(p.Dialect))+" is of the serial line", "a bus of kind "+KindRTU+", or "+KindTCP+" with framing: rtu")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Points)) {
		if _, ok := p.Point(name); !ok {
			k.bad(at+".points."+name, "unknown point "+quote(name), "a point of profile "+d.Profile+": "+pointNames(p))
		}
		if pl := d.Points[name].Place; pl != (contract.Place{}) {
			k.place(at+".points."+name+".place", pl)
		}
	}
}
