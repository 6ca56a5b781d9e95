package contract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// tokenPrefix marks a token so that people and programs see at once what it is.
const tokenPrefix = "anlan1."

// EnrolmentToken is what a person carries from the console to a new edge, once: where to
// ask, and a secret that proves both sides to each other. The secret itself never
// travels; only MACs made with it do, so the request may go over a line that others
// listen to.
type EnrolmentToken struct {
	Edge   EdgeID `json:"e"`
	URL    string `json:"u"` // base of the cloud's HTTP API
	Secret []byte `json:"s"` // 16 bytes
	CA     []byte `json:"c"` // SHA-256 of the authority's certificate (DER)
}

// String writes the token in one word.
func (t EnrolmentToken) String() string {
	b, _ := json.Marshal(t) //nolint:errcheck // strings and bytes always encode
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ParseEnrolmentToken reads what [EnrolmentToken.String] wrote.
func ParseEnrolmentToken(s string) (EnrolmentToken, error) {
	var t EnrolmentToken
	word, ok := strings.CutPrefix(strings.TrimSpace(s), tokenPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(word)
	if !ok || err != nil || json.Unmarshal(raw, &t) != nil {
		return EnrolmentToken{}, fmt.Errorf("contract: this is not an enrolment token: %w", ErrMalformed)
	}
	if !ValidID(string(t.Edge)) || len(t.Secret) != 16 || len(t.CA) != sha256.Size || t.URL == "" {
		return EnrolmentToken{}, fmt.Errorf("contract: the enrolment token is incomplete: %w", ErrMalformed)
	}
	return t, nil
}

// Key is what the MACs of this token are made with; the cloud keeps it instead of the
// secret.
func (t EnrolmentToken) Key() []byte { return EnrolmentMAC(t.Secret, "key", []byte(t.Edge)) }

// EnrolmentRequest asks for an edge's first certificate.
type EnrolmentRequest struct {
	V    int    `json:"v"`
	Edge EdgeID `json:"edge"`
	CSR  []byte `json:"csr"` // PKCS #10, DER, signed by the edge's new key
	MAC  []byte `json:"mac"` // "request" over edge and CSR
}

// RenewalRequest asks for the next certificate; the present key vouches for the new one.
type RenewalRequest struct {
	V         int       `json:"v"`
	Edge      EdgeID    `json:"edge"`
	Serial    string    `json:"serial"` // of the present certificate, hex
	CSR       []byte    `json:"csr"`
	At        time.Time `json:"at"`
	Signature []byte    `json:"signature"` // ASN.1 ECDSA of the present key over [RenewalRequest.Digest]
}

// Digest is what the present key signs.
func (r RenewalRequest) Digest() []byte {
	return digest("renewal", []byte(r.Edge), []byte(r.Serial), r.CSR, []byte(r.At.UTC().Format(time.RFC3339)))
}

// EnrolmentAnswer is a certificate and what it is used with.
type EnrolmentAnswer struct {
	Certificate []byte `json:"certificate"` // DER
	CA          []byte `json:"ca"`          // DER
	Broker      string `json:"broker"`      // ssl://host:port; empty: as configured
	MAC         []byte `json:"mac,omitempty"`
}

// EnrolmentMAC authenticates a message between the holders of a token.
func EnrolmentMAC(key []byte, what string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(digest(what, parts...))
	return m.Sum(nil)
}

// digest hashes parts so that no two lists of them look alike.
func digest(what string, parts ...[]byte) []byte {
	h := sha256.New()
	h.Write([]byte("anlan enrolment " + what))
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(nil)
}
