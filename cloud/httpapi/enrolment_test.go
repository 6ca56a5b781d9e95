package httpapi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"

	"anlan/cloud/org"
	"anlan/contract"
)

func TestO2_ATokenIsShownOnceUsedOnceAndTakenBackOverTheAPI(t *testing.T) {
	w := newWorld(t)
	engineer, stranger := w.as(org.Engineer), w.browser()
	want[any](w.as(org.Operator), 403, "POST", "/api/edges", map[string]any{"id": "edge-b03", "url": "http://anlan.test"})
	for field, body := range map[string]map[string]any{
		"body.id":  {"id": "Edge 4", "url": "http://anlan.test"},
		"body.url": {"id": "edge-b04", "url": "ftp://anlan.test"},
	} {
		if status, raw := engineer.do("POST", "/api/edges", body); status != 422 || !strings.Contains(raw, field) {
			t.Errorf("%s: %d %s", field, status, raw)
		}
	}
	made := want[tokenOut](engineer, 201, "POST", "/api/edges", map[string]any{"id": "edge-b04", "name": map[string]string{"zh": "4号楼网关"}, "url": "http://anlan.test"})
	tok, err := contract.ParseEnrolmentToken(made.Word)
	if err != nil || tok.Edge != "edge-b04" || tok.URL != "http://anlan.test" {
		t.Fatalf("%+v %v", tok, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	ask := contract.EnrolmentRequest{V: 1, Edge: "edge-b04", CSR: csr, MAC: contract.EnrolmentMAC(tok.Key(), "request", []byte("edge-b04"), csr)}
	a := want[contract.EnrolmentAnswer](stranger, 200, "POST", "/api/enrolment", ask)
	if a.Broker != "ssl://broker.test:8883" || len(a.Certificate) == 0 {
		t.Errorf("%+v", a)
	}
	ask.Edge = "edge-b03"
	want[any](stranger, 403, "POST", "/api/enrolment", ask)
	got := want[edgeAccess](engineer, 200, "GET", "/api/edges/edge-b04/access", nil)
	if len(got.Tokens) != 1 || got.Tokens[0].UsedAt.IsZero() || got.Tokens[0].MadeBy == "" || len(got.Certificates) != 1 {
		t.Errorf("%+v", got)
	}
	if _, raw := engineer.do("GET", "/api/edges/edge-b04/access", nil); strings.Contains(raw, made.Word) {
		t.Error("the token is shown a second time")
	}
	want[any](engineer, 422, "POST", "/api/edges/edge-b04/revoke", map[string]string{"reason": ""})
	want[any](engineer, 404, "POST", "/api/edges/edge-b99/revoke", map[string]string{"reason": "x"})
	want[any](engineer, 204, "POST", "/api/edges/edge-b04/revoke", map[string]string{"reason": "网关被盗"})
	if got = want[edgeAccess](engineer, 200, "GET", "/api/edges/edge-b04/access", nil); got.Certificates[0].Reason != "网关被盗" || got.Certificates[0].RevokedAt.IsZero() {
		t.Errorf("%+v", got)
	}
}
