package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/contract"
	"anlan/drivers/profile"
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
		units := map[uint8]contract.DeviceID{}
		for j := range b.Devices {
			k.device(index(at+".devices", j), b, &b.Devices[j], units)
		}
		if b.Kind == KindPN532 && len(b.Devices) > 1 {
			k.bad(at+".devices", strconv.Itoa(len(b.Devices))+" devices", "one reader on its line")
		}
	}
}

// line checks what a bus is reached by and returns it, to find two on one port.
func (k *checker) line(at string, b *Bus) string {
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
		return b.Address
	case KindRTU, KindPN532:
		if b.Port == "" {
			k.bad(at+".port", "no port", "a serial port such as /dev/serial/by-path/...")
		}
		if b.Address != "" {
			k.bad(at+".address", quote(b.Address), "left out for "+b.Kind)
		}
		if b.Baud < 300 || b.Baud > 4_000_000 {
			k.bad(at+".baud", strconv.Itoa(b.Baud), "a rate from 300 to 4000000")
		}
		if !slices.Contains([]string{"none", "even", "odd"}, b.Parity) {
			k.bad(at+".parity", quote(b.Parity), "none, even or odd")
		}
		if b.StopBits != 1 && b.StopBits != 2 {
			k.bad(at+".stop_bits", strconv.Itoa(b.StopBits), "1 or 2")
		}
		return b.Port
	case "":
	default:
		k.bad(at+".kind", quote(b.Kind), KindRTU+", "+KindTCP+" or "+KindPN532)
	}
	return ""
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
	if b.Kind == KindRTU || b.Kind == KindTCP {
		if other, taken := units[d.Unit]; taken {
			k.bad(at+".unit", strconv.Itoa(int(d.Unit))+", which "+quote(string(other))+" has", "a unit id of its own on the bus")
		}
		units[d.Unit] = d.ID
		if b.Kind == KindRTU && (d.Unit < 1 || d.Unit > 247) {
			k.bad(at+".unit", strconv.Itoa(int(d.Unit)), "1 to 247")
		}
	}
	k.profile(at, b, d)
	for key, v := range map[string]time.Duration{"alarm": d.Poll.Alarm, "telemetry": d.Poll.Telemetry} {
		if v < 50*time.Millisecond || v > 10*time.Minute {
			k.bad(at+".poll."+key, v.String(), "50ms to 10m")
		}
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
	protocol := profile.ProtocolModbus
	if b.Kind == KindPN532 {
		protocol = profile.ProtocolPN532
	}
	if p.Protocol != protocol && b.Kind != "" {
		k.bad(at+".profile", quote(d.Profile)+", which speaks "+p.Protocol, "a profile that speaks "+protocol)
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
