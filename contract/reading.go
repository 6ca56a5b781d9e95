package contract

import "time"

// Reading is one value of one point as the edge holds it.
//
// Value is the engineering value in the point's unit; for an enum it is the code,
// for a bit 0 or 1. When Quality is bad, Value is the last value known (0 if there
// never was one) and At stays the time of that value: a bad reading never refreshes.
type Reading struct {
	Point   PointID
	Value   float64
	Quality Quality
	At      time.Time // when the value was sensed (last byte of the reply), edge clock
	Checked time.Time // when the edge last tried, whatever came of it
}

// Age is how old the value is.
func (r Reading) Age(now time.Time) time.Duration {
	if r.At.IsZero() {
		return 1<<63 - 1
	}
	return now.Sub(r.At)
}

// Unit is a unit of measure as shown to people.
type Unit string

// Units that shipped profiles use. "" is a state (bit or enum).
const (
	UnitNone    Unit = ""
	UnitLEL     Unit = "%LEL"
	UnitPPM     Unit = "ppm"
	UnitPercent Unit = "%"
	UnitCelsius Unit = "℃"
	UnitMetre   Unit = "m"
	UnitMPS     Unit = "m/s"
	UnitVolt    Unit = "V"
	UnitAmpere  Unit = "A"
	UnitHertz   Unit = "Hz"
	UnitRPM     Unit = "r/min"
	UnitSecond  Unit = "s"
	UnitDay     Unit = "d"
	UnitKPa     Unit = "kPa"
	UnitPascal  Unit = "Pa"
)
