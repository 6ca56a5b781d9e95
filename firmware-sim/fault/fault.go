// Package fault is what can go wrong with a simulated device's answers.
package fault

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Fault says how a device misbehaves. The zero value is a healthy device.
type Fault struct {
	Silent    bool          `json:"silent,omitempty"`     // no answer at all
	Late      time.Duration `json:"late,omitempty"`       // each answer comes this much later (ns in JSON)
	Corrupt   float64       `json:"corrupt,omitempty"`    // share of answers with a flipped bit, 0 to 1
	WrongUnit float64       `json:"wrong_unit,omitempty"` // share of answers under another unit id
	Duplicate float64       `json:"duplicate,omitempty"`  // share of answers sent twice
	Short     float64       `json:"short,omitempty"`      // share of answers cut in the middle
	Exception uint8         `json:"exception,omitempty"`  // answer everything with this exception code
}

// Check reports a fault that can not be.
func (f Fault) Check() error {
	for name, p := range map[string]float64{"corrupt": f.Corrupt, "wrong_unit": f.WrongUnit, "duplicate": f.Duplicate, "short": f.Short} {
		if p < 0 || p > 1 || p != p {
			return fmt.Errorf("fault: %s: found %v, want a share from 0 to 1", name, p)
		}
	}
	if f.Late < 0 || f.Late > time.Minute {
		return fmt.Errorf("fault: late: found %v, want 0 to 1m", f.Late)
	}
	return nil
}

// Frames turns one good frame into what the faulty device sends. recheck makes a
// frame whole again after its unit id changed (a CRC, say).
func (f Fault) Frames(frame []byte, rnd *rand.Rand, recheck func([]byte)) [][]byte {
	if f.Silent || len(frame) == 0 {
		return nil
	}
	out := append([]byte(nil), frame...)
	if rnd.Float64() < f.WrongUnit {
		out[0] = out[0]%247 + 1
		recheck(out)
	}
	if rnd.Float64() < f.Corrupt {
		out[rnd.IntN(len(out))] ^= 1 << rnd.IntN(8)
	}
	if rnd.Float64() < f.Short {
		out = out[:1+rnd.IntN(len(out)-1)]
	}
	if rnd.Float64() < f.Duplicate {
		return [][]byte{out, out}
	}
	return [][]byte{out}
}
