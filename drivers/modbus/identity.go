package modbus

import (
	"context"
	"fmt"

	"anlan/drivers"
)

// IDLevel is how much of a device's identification is asked for.
type IDLevel uint8

// Levels of function 43/14.
const (
	IDBasic    IDLevel = 1 // vendor, product code, revision
	IDRegular  IDLevel = 2 // and URL, product name, model name, application
	IDExtended IDLevel = 3 // and the vendor's own
	IDSpecific IDLevel = 4 // a single object
)

// IDObject is one text of a device's identification: 0 vendor, 1 product code,
// 2 revision, 3 URL, 4 product name, 5 model name, 6 application, from 128 the vendor's.
type IDObject struct {
	ID    uint8
	Value string // as sent; not necessarily UTF-8
}

// maxIdentityFrames bounds a device that always says that more follows.
const maxIdentityFrames = 32

// ReadDeviceIdentification reads with function 43/14 all objects of a level, or with
// [IDSpecific] the one named; it follows a device that needs several answers.
func (c *Client) ReadDeviceIdentification(ctx context.Context, unit uint8, level IDLevel, object uint8) ([]IDObject, error) {
	var out []IDObject
	for range maxIdentityFrames {
		r, err := newIdentify(c.scratch[:0], unit, level, object)
		if err != nil {
			return nil, err
		}
		pdu, _, err := c.ask(ctx, &r)
		if err != nil {
			return nil, err
		}
		more, next := pdu[4] == 0xFF, pdu[5]
		out = append(out, objects(pdu)...)
		if !more || level == IDSpecific {
			return out, nil
		}
		if next <= object {
			break
		}
		object = next
	}
	return nil, fmt.Errorf("modbus: identify unit %d: the objects have no end: %w", unit, drivers.ErrCorrupt)
}

// objects are those of an accepted pdu.
func objects(pdu []byte) (out []IDObject) {
	for b := pdu[7:]; len(b) > 0; b = b[2+int(b[1]):] {
		out = append(out, IDObject{b[0], string(b[2 : 2+int(b[1])])})
	}
	return out
}

// identityLength is [replyPDULength] of function 43: code, 0x0E, level, conformity, more
// follows, next object, number of objects, then id, length and text of each.
func identityLength(b []byte) int {
	if len(b) >= 2 && b[1] != meiDeviceIdentification {
		return -1
	}
	if len(b) < 7 {
		return 0
	}
	n := 7
	for range b[6] {
		if n+2 > MaxPDU {
			return -1
		}
		if n+2 > len(b) {
			return 0
		}
		n += 2 + int(b[n+1])
	}
	if n > MaxPDU {
		return -1
	}
	return n
}
