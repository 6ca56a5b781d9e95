package edge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"anlan/contract"
	"anlan/edge/config"
	"anlan/edge/identity"
)

// office is the far end of enrolment: an authority that gives certificates for tokens,
// written against the contract alone.
type office struct {
	t      *testing.T
	server *httptest.Server
	key    *ecdsa.PrivateKey
	ca     *x509.Certificate
	life   time.Duration

	mu     sync.Mutex
	token  contract.EnrolmentToken
	broker string
	issued []*x509.Certificate
	refuse bool
	forge  bool // answer as someone who does not know the token
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, life: 24 * time.Hour}
	o.key, o.ca = authority(t)
	o.server = httptest.NewServer(http.HandlerFunc(o.answer))
	t.Cleanup(o.server.Close)
	return o
}

func authority(t *testing.T) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "office"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour * 999),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, ca
}

func (o *office) sign(name string, pub any, usage x509.ExtKeyUsage, from, to time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		o.t.Error(err)
	}
	tmpl := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, o.ca, pub, o.key)
	if err != nil {
		o.t.Error(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		o.t.Error(err)
	}
	return cert
}

func (o *office) serverTLS() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	cert := o.sign("broker", key.Public(), x509.ExtKeyUsageServerAuth, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	pool := x509.NewCertPool()
	pool.AddCert(o.ca)
	return &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

// tokenFor is what a person would carry to the edge.
func (o *office) tokenFor(e contract.EdgeID) contract.EnrolmentToken {
	sum := sha256.Sum256(o.ca.Raw)
	t := contract.EnrolmentToken{Edge: e, URL: o.server.URL, Secret: make([]byte, 16), CA: sum[:]}
	rand.Read(t.Secret) //nolint:errcheck // never fails
	o.mu.Lock()
	defer o.mu.Unlock()
	o.token = t
	return t
}

// enrol gives a configured edge its identity.
func (o *office) enrol(cfg *config.Config) {
	o.t.Helper()
	if _, err := identity.Enrol(o.t.Context(), http.DefaultClient, cfg.IdentityDir(), o.tokenFor(cfg.Edge.ID)); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) answer(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var csr []byte
	var edge contract.EdgeID
	ok := false
	switch r.URL.Path {
	case "/api/enrolment":
		var in contract.EnrolmentRequest
		ok = json.NewDecoder(r.Body).Decode(&in) == nil && hmac.Equal(in.MAC, contract.EnrolmentMAC(o.token.Key(), "request", []byte(in.Edge), in.CSR))
		csr, edge = in.CSR, in.Edge
	case "/api/enrolment/renewal":
		var in contract.RenewalRequest
		ok = json.NewDecoder(r.Body).Decode(&in) == nil && len(o.issued) > 0
		last := o.issued[len(o.issued)-1]
		ok = ok && in.Serial == last.SerialNumber.Text(16) && ecdsa.VerifyASN1(last.PublicKey.(*ecdsa.PublicKey), in.Digest(), in.Signature)
		csr, edge = in.CSR, in.Edge
	}
	req, err := x509.ParseCertificateRequest(csr)
	if !ok || o.refuse || err != nil || req.CheckSignature() != nil {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"detail":"refused by the office"}`))
		return
	}
	cert := o.sign(string(edge), req.PublicKey, x509.ExtKeyUsageClientAuth, time.Now().Add(-o.life), time.Now().Add(o.life))
	o.issued = append(o.issued, cert)
	a := contract.EnrolmentAnswer{Certificate: cert.Raw, CA: o.ca.Raw, Broker: o.broker}
	key := o.token.Key()
	if o.forge {
		key = []byte("a guess")
	}
	a.MAC = contract.EnrolmentMAC(key, "answer", a.Certificate, a.CA, []byte(a.Broker))
	if err := json.NewEncoder(w).Encode(a); err != nil {
		o.t.Error(err)
	}
}

func TestO2_AnEdgeBelievesOnlyTheCloudThatMadeItsTokenAndRepeatsItsRequest(t *testing.T) {
	o, dir := newOffice(t), t.TempDir()
	tok := o.tokenFor("edge-b03")
	o.refuse = true
	if _, err := identity.Enrol(t.Context(), http.DefaultClient, dir, tok); err == nil {
		t.Error("a refusal was taken for a certificate")
	}
	o.refuse, o.forge = false, true
	if _, err := identity.Enrol(t.Context(), http.DefaultClient, dir, tok); err == nil {
		t.Error("an answer of someone without the token was believed")
	}
	if _, err := identity.Load(dir); err == nil {
		t.Error("an identity was stored all the same")
	}
	o.forge = false
	id, err := identity.Enrol(t.Context(), http.DefaultClient, dir, tok)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.issued) != 2 || !o.issued[0].PublicKey.(*ecdsa.PublicKey).Equal(o.issued[1].PublicKey) {
		t.Error("the repeated request had another key: a lost answer would cost the token")
	}
	next, err := id.Renew(t.Context(), http.DefaultClient, dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := identity.Load(dir)
	if err != nil || loaded.Serial() != next.Serial() || next.Serial() == id.Serial() {
		t.Errorf("after renewal: %s, want %s: %v", loaded.Serial(), next.Serial(), err)
	}
}

// dial meets an edge's TLS with a server whose certificate was made by make.
func dial(t *testing.T, client *tls.Config, server *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		return err
	}
	return c.Close()
}

func TestG18_ADeadClockDoesNotCutAnEdgeOffButAStrangersBrokerDoes(t *testing.T) {
	o, dir := newOffice(t), t.TempDir()
	id, err := identity.Enrol(t.Context(), http.DefaultClient, dir, o.tokenFor("edge-b03"))
	if err != nil {
		t.Fatal(err)
	}
	clock := func(d time.Duration) *tls.Config {
		c := id.TLS()
		c.Time = func() time.Time { return time.Now().Add(d) }
		return c
	}
	for _, off := range []time.Duration{0, -50 * 365 * 24 * time.Hour, 50 * 365 * 24 * time.Hour} {
		server := o.serverTLS()
		server.ClientAuth = tls.RequestClientCert
		if err := dial(t, clock(off), server); err != nil {
			t.Errorf("clock off by %v: %v", off, err)
		}
	}
	stranger := newOffice(t).serverTLS()
	stranger.ClientAuth = tls.NoClientCert
	if err := dial(t, clock(0), stranger); err == nil {
		t.Error("a broker of another authority was believed")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, cert := range map[string]*x509.Certificate{
		"a client's certificate as a broker's": o.sign("edge-b04", key.Public(), x509.ExtKeyUsageClientAuth, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)),
		"one that ended before ours began":     o.sign("broker", key.Public(), x509.ExtKeyUsageServerAuth, time.Now().Add(-99*time.Hour), time.Now().Add(-90*time.Hour)),
	} {
		if err := dial(t, clock(0), &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}); err == nil {
			t.Errorf("%s was believed", name)
		}
	}
}
