package contract

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnrolmentToken_RoundTripAndRefusal(t *testing.T) {
	tok := EnrolmentToken{Edge: "edge-b03", URL: "http://127.0.0.1:8080", Secret: bytes.Repeat([]byte{7}, 16), CA: bytes.Repeat([]byte{9}, 32)}
	got, err := ParseEnrolmentToken(" " + tok.String() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tok, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	short := tok
	short.Secret = tok.Secret[:8]
	foreign := tok
	foreign.Edge = "Not An Id"
	for _, bad := range []string{"", "anlan1.", "anlan1.e30", tok.String()[1:], tok.String() + "!", short.String(), foreign.String()} {
		if _, err := ParseEnrolmentToken(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestEnrolmentMAC_PartsAreNotJoined(t *testing.T) {
	k := []byte("k")
	if bytes.Equal(EnrolmentMAC(k, "a", []byte("bc"), nil), EnrolmentMAC(k, "a", []byte("b"), []byte("c"))) {
		t.Error("two lists of parts look alike")
	}
}

func FuzzParseEnrolmentToken(f *testing.F) {
	f.Add("anlan1.e30")
	f.Add(EnrolmentToken{Edge: "e", URL: "u", Secret: make([]byte, 16), CA: make([]byte, 32)}.String())
	f.Fuzz(func(t *testing.T, s string) {
		tok, err := ParseEnrolmentToken(s)
		if err != nil {
			return
		}
		again, err := ParseEnrolmentToken(tok.String())
		if err != nil || !cmp.Equal(tok, again) {
			t.Errorf("%q does not round-trip", s)
		}
	})
}
