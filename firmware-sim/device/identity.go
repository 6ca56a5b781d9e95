package device

// Object is one entry of a device's identification (application protocol, 6.21):
// 0 vendor, 1 product code, 2 revision, 3 vendor URL, 4 product name, 5 model,
// 6 application; from 0x80 the vendor's own.
type Object struct {
	ID   byte
	Text string
}

// Identified is a [Memory] that tells who it is, its objects in ascending order.
type Identified interface {
	Identity() []Object
}

const maxPDU = 253

// categories of identification by their read code.
var lastObject = [...]byte{1: 0x02, 2: 0x7F, 3: 0xFF}

// identify is FC 43 / MEI 14; b begins with the MEI type.
func identify(m Memory, b []byte) ([]byte, byte) {
	who, ok := m.(Identified)
	if !ok || len(who.Identity()) == 0 || len(b) > 0 && b[0] != 0x0E {
		return nil, illegalFunction
	}
	if len(b) != 3 || b[1] < 1 || b[1] > 4 {
		return nil, illegalValue
	}
	objects := who.Identity()
	level := conformity(objects)
	code, from := b[1], b[2]
	if code == 4 {
		i := find(objects, from)
		if i < 0 {
			return nil, illegalAddress
		}
		return stream(objects[i:i+1], code, level), 0
	}
	last := lastObject[min(code, level)]
	for len(objects) > 0 && objects[len(objects)-1].ID > last {
		objects = objects[:len(objects)-1]
	}
	return stream(objects[max(0, find(objects, from)):], code, level), 0
}

// find is the index of the object id, or -1: a stream then begins anew.
func find(objects []Object, id byte) int {
	for i, o := range objects {
		if o.ID == id {
			return i
		}
	}
	return -1
}

func conformity(objects []Object) byte {
	level := byte(1)
	for _, o := range objects {
		switch {
		case o.ID >= 0x80:
			return 3
		case o.ID > 2:
			level = 2
		}
	}
	return level
}

// stream lays out as many objects as fit in one PDU.
func stream(objects []Object, code, level byte) []byte {
	out := []byte{0x0E, code, 0x80 | level, 0, 0, 0}
	for i, o := range objects {
		text := o.Text[:min(len(o.Text), maxPDU-9)]
		if 1+len(out)+2+len(text) > maxPDU {
			out[3], out[4] = 0xFF, objects[i].ID
			break
		}
		out = append(append(out, o.ID, byte(len(text))), text...)
		out[5]++
	}
	return out
}
