package contract

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Quality says whether a reading may be believed, and if not, why. The zero value
// is bad: a point that was never read is not normal. The top two bits are the class
// (00 bad, 01 uncertain, 10 good); the rest is the reason.
type Quality uint8

// Bad: the value, if any, is the last one known and must not be acted on as normal.
const (
	NotRead      Quality = iota // never read since the edge started
	Timeout                     // the device did not answer in time
	Exception                   // the device refused (Modbus exception or its like)
	Corrupt                     // answers came but could not be believed (CRC, wrong unit, wrong length)
	Quarantined                 // the device is being rested after errors; nothing is asked of it
	LinkDown                    // the bus itself is gone (port unplugged, connection refused)
	SensorFault                 // the device says that its own sensor is faulty or missing
	OutOfRange                  // the value is outside what the profile allows
	Stale                       // good once, but older than the point's maximum age
	OutOfService                // taken out of service by a person
)

// Uncertain: usable with care.
const (
	Uncertain Quality = 0x40 + iota // no better reason known
	WarmUp                          // the sensor is warming up or calibrating
	TestMode                        // the device is in its test mode
	Simulated                       // the value was forced for a test
)

// Good is a fresh value from a healthy device.
const Good Quality = 0x80

var qualityWords = map[Quality]string{
	NotRead: "bad:not_read", Timeout: "bad:timeout", Exception: "bad:exception", Corrupt: "bad:corrupt",
	Quarantined: "bad:quarantined", LinkDown: "bad:link_down", SensorFault: "bad:sensor_fault",
	OutOfRange: "bad:out_of_range", Stale: "bad:stale", OutOfService: "bad:out_of_service",
	Uncertain: "uncertain", WarmUp: "uncertain:warm_up", TestMode: "uncertain:test_mode", Simulated: "uncertain:simulated",
	Good: "good",
}

var qualityByWord = func() map[string]Quality {
	m := make(map[string]Quality, len(qualityWords))
	for q, w := range qualityWords {
		m[w] = q
	}
	return m
}()

// IsGood reports whether the value may be acted on.
func (q Quality) IsGood() bool { return q>>6 == 2 }

// IsBad reports whether the value must not be believed. Every code this version does
// not know is bad too.
func (q Quality) IsBad() bool { return q>>6 != 1 && q>>6 != 2 }

// String is the word used in JSON and YAML: "good", "bad:timeout", "uncertain:warm_up".
func (q Quality) String() string {
	if w, ok := qualityWords[q]; ok {
		return w
	}
	return fmt.Sprintf("bad:code_%d", uint8(q))
}

// MarshalText writes the word of [Quality.String].
func (q Quality) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalJSON reads a word from a peer. A word that this version does not know loses
// its reason but never its class, and never becomes good: an alarm must not be refused
// because a newer edge gives a finer reason.
func (q *Quality) UnmarshalJSON(b []byte) error {
	var word string
	if err := json.Unmarshal(b, &word); err != nil {
		return fmt.Errorf("contract: quality: %w", err)
	}
	if q.UnmarshalText([]byte(word)) != nil {
		*q = Corrupt
		if strings.HasPrefix(word, "uncertain") {
			*q = Uncertain
		}
	}
	return nil
}

// UnmarshalText reads a word that a person wrote; an unknown one is an error.
func (q *Quality) UnmarshalText(b []byte) error {
	v, ok := qualityByWord[string(b)]
	if !ok {
		return fmt.Errorf("contract: unknown quality %q", b)
	}
	*q = v
	return nil
}
