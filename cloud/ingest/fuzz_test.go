package ingest

import (
	"testing"

	"anlan/contract"
)

// FuzzPoison: taking a message apart never panics, and the lenient reading of a position
// (used for what cannot be taken) agrees with the strict one wherever that works.
func FuzzPoison(f *testing.F) {
	f.Add(true, record(f, 1, 0, contract.KindCheckIn, checkin(1)))
	f.Add(true, record(f, 7, 3, contract.KindCondition, contract.ConditionChange{Rule: "r", Condition: contract.Active, Severity: 4, Hazard: "fire"}))
	f.Add(true, []byte(`{"v":99,"edge":"edge-b03","stream":"alarm","epoch":"e1","seq":4,"prev":3}`))
	f.Add(false, batch(f, 1, 0))
	f.Add(false, []byte{1, 0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, isAlarm bool, raw []byte) {
		p := poison{edge: edge}
		var strict contract.Record
		var err error
		if isAlarm {
			p.lenientJSON(edge, raw)
			if strict, err = contract.DecodeRecord(raw); err == nil {
				if c, err := payload[contract.ConditionChange](strict); err == nil {
					_ = checkCondition(c)
				}
				err = checkRecord(edge, strict)
			}
		} else {
			p.lenientBatch(edge, raw)
			var b contract.Batch
			b, err = contract.DecodeBatch(raw)
			strict = b.Record
		}
		if p.pos.Seq > 0 && !usable(edge, edge, p.pos) {
			t.Fatalf("position %+v would move the cursor", p.pos)
		}
		if err == nil && strict.Edge == edge && usable(edge, edge, strict.Position) && (!isAlarm || strict.Stream == contract.StreamAlarm) && p.pos != strict.Position {
			t.Fatalf("lenient %+v, strict %+v", p.pos, strict.Position)
		}
	})
}
