package clocks

import (
	"encoding/json"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"

	"github.com/google/go-cmp/cmp"
)

// FuzzStampsIn holds the cut against the whole document: every stored alarm gives the
// same stamps either way, whatever its texts say.
func FuzzStampsIn(f *testing.F) {
	f.Add(`烟感火警`, int64(1_700_000_000_000_000_000), int64(0), uint8(0xff))
	f.Add(`"stamps":{"sensed":"2020-01-01T00:00:00Z"}`, int64(1_700_000_000_123_456_789), int64(5), uint8(1))
	f.Add(`\"stamps\":{`, int64(0), int64(1), uint8(0))
	f.Fuzz(func(t *testing.T, text string, first, step int64, which uint8) {
		a := alarm.Alarm{ID: "alm-1", Title: contract.Text{ZH: text, EN: text}, Ack: &alarm.Acknowledgement{Note: text}, Incident: text}
		st := &a.Stamps
		for i, to := range []*time.Time{&st.Sensed, &st.Decided, &st.Spooled, &st.Received, &st.Committed, &st.Pushed, &st.Painted, &st.Acknowledged} {
			if which&(1<<i) != 0 {
				*to = time.Unix(0, first+int64(i)*step).UTC()
			}
		}
		doc, err := json.Marshal(a)
		if err != nil {
			t.Skip() // a year that no document can hold
		}
		tail := string(doc)
		for i := range tail {
			if len(tail)-i > len(stampsKey) && tail[i:i+len(stampsKey)] == stampsKey {
				tail = tail[i:]
				break
			}
		}
		got, err := stampsIn([]byte(tail))
		if err != nil {
			t.Fatal(err, tail)
		}
		var want alarm.Alarm
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Stamps, got); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzStampsIn_Broken only has to end.
func FuzzStampsIn_Broken(f *testing.F) {
	f.Add([]byte(`"stamps":{"sensed":"x"}`))
	f.Add([]byte(`"stamps":{`))
	f.Add([]byte(`"stamps":{,:,}`))
	f.Fuzz(func(_ *testing.T, tail []byte) { stampsIn(tail) }) //nolint:errcheck // it may refuse
}
