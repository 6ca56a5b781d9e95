// Package fault is what can go wrong with a simulated device's answers.
package fault

import (
	"fmt"
	"time"
)

// Fault is the short form of some orders. The zero value is a healthy device.
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
