package enrolment

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
	"anlan/contract"
)

// desk is a store with a clock that can be put forward.
type desk struct {
	*Store
	t   *testing.T
	now time.Time
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	k := &desk{t: t, now: time.Now().UTC().Truncate(time.Second)}
	a, err := OpenAuthority(t.TempDir(), k.now)
	if err != nil {
		t.Fatal(err)
	}
	k.Store = NewStore(d, audit.New(d), a, func() string { return "ssl://b:8883" }, func() time.Time { return k.now })
	return k
}

func (k *desk) token(e contract.EdgeID) contract.EnrolmentToken {
	k.t.Helper()
	tok, _, err := k.NewToken(k.t.Context(), org.Actor{ID: "u1", Name: "李工"}, e, "http://anlan.test")
	if err != nil {
		k.t.Fatal(err)
	}
	return tok
}

func newKey(t *testing.T) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, csr
}

func asked(tok contract.EnrolmentToken, e contract.EdgeID, csr []byte) contract.EnrolmentRequest {
	return contract.EnrolmentRequest{V: 1, Edge: e, CSR: csr, MAC: contract.EnrolmentMAC(tok.Key(), "request", []byte(e), csr)}
}

// enrolled is an edge with its certificate.
func (k *desk) enrolled(e contract.EdgeID) (*ecdsa.PrivateKey, *x509.Certificate) {
	k.t.Helper()
	key, csr := newKey(k.t)
	a, err := k.Enrol(k.t.Context(), asked(k.token(e), e, csr), "10.0.0.9")
	if err != nil {
		k.t.Fatal(err)
	}
	return key, parsed(k.t, a.Certificate)
}

func parsed(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestO2_OneTokenIsOneCertificateForItsOwnEdge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		tok := k.token("edge-a")
		key, csr := newKey(t)
		a, err := k.Enrol(t.Context(), asked(tok, "edge-a", csr), "ip")
		if err != nil {
			t.Fatal(err)
		}
		c := parsed(t, a.Certificate)
		if c.Subject.CommonName != "edge-a" || !key.PublicKey.Equal(c.PublicKey) || c.IsCA || c.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
			t.Errorf("certificate %+v", c.Subject)
		}
		sum := sha256.Sum256(a.CA)
		if !bytes.Equal(sum[:], tok.CA) || !bytes.Equal(a.MAC, contract.EnrolmentMAC(tok.Key(), "answer", a.Certificate, a.CA, []byte(a.Broker))) {
			t.Error("the answer does not prove where it comes from")
		}
		if err := k.Admit(t.Context(), "edge-a", c); err != nil {
			t.Error(err)
		}
		if err := k.Admit(t.Context(), "edge-b", c); !errors.Is(err, ErrRevoked) {
			t.Errorf("as another edge: %v", err)
		}
		again, err := k.Enrol(t.Context(), asked(tok, "edge-a", csr), "ip")
		if err != nil || !bytes.Equal(again.Certificate, a.Certificate) {
			t.Errorf("a repeated request: %v", err)
		}
		_, other := newKey(t)
		if _, err := k.Enrol(t.Context(), asked(tok, "edge-a", other), "ip"); !errors.Is(err, ErrToken) {
			t.Errorf("a second key for a used token: %v", err)
		}
	})
}

func TestO2_AStolenTokenOpensNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		tok := k.token("edge-a")
		k.token("edge-b")
		_, csr := newKey(t)
		wrong := tok
		wrong.Secret = bytes.Repeat([]byte{1}, 16)
		forB := asked(tok, "edge-b", csr)
		swapped := asked(tok, "edge-a", csr)
		_, swapped.CSR = newKey(t)
		for name, r := range map[string]contract.EnrolmentRequest{
			"as another edge": forB, "with another secret": asked(wrong, "edge-a", csr), "with a swapped request": swapped,
			"for an edge without token": asked(tok, "edge-c", csr), "without MAC": {V: 1, Edge: "edge-a", CSR: csr}} {
			if _, err := k.Enrol(t.Context(), r, "ip"); !errors.Is(err, ErrToken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		newer := k.token("edge-a")
		if _, err := k.Enrol(t.Context(), asked(tok, "edge-a", csr), "ip"); !errors.Is(err, ErrToken) {
			t.Errorf("a token that was replaced: %v", err)
		}
		k.now = k.now.Add(TokenLife)
		if _, err := k.Enrol(t.Context(), asked(newer, "edge-a", csr), "ip"); !errors.Is(err, ErrToken) {
			t.Errorf("a token that is too old: %v", err)
		}
	})
}

func TestO2_RequestsThatAreNoneAreRefused(t *testing.T) {
	k := newDesk(t, dbtest.SQLite(t))
	tok := k.token("edge-a")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaCSR, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	_, good := newKey(t)
	broken := bytes.Clone(good)
	broken[len(broken)-1] ^= 1
	for name, csr := range map[string][]byte{"nothing": nil, "junk": []byte("junk"), "RSA": rsaCSR, "a bad signature": broken} {
		if _, err := k.Enrol(t.Context(), asked(tok, "edge-a", csr), "ip"); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestO2_ManyAtOnceGetOneCertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		tok := k.token("edge-a")
		var wg sync.WaitGroup
		var won atomic.Int64
		for range 20 {
			_, csr := newKey(t)
			wg.Go(func() {
				switch _, err := k.Enrol(t.Context(), asked(tok, "edge-a", csr), "ip"); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, ErrToken):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		certs, err := k.Certificates(t.Context(), "edge-a")
		if won.Load() != 1 || len(certs) != 1 || err != nil {
			t.Errorf("%d won, %d certificates, %v", won.Load(), len(certs), err)
		}
	})
}

func TestO2_RenewalNeedsThePresentKeyAndAValidCertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		key, cert := k.enrolled("edge-a")
		other, _ := k.enrolled("edge-b")
		ask := func(by *ecdsa.PrivateKey, e contract.EdgeID, at time.Time) (contract.EnrolmentAnswer, error) {
			_, csr := newKey(t)
			r := contract.RenewalRequest{V: 1, Edge: e, Serial: serialOf(cert), CSR: csr, At: at}
			sig, err := ecdsa.SignASN1(rand.Reader, by, r.Digest())
			if err != nil {
				t.Fatal(err)
			}
			r.Signature = sig
			return k.Renew(t.Context(), r, "ip")
		}
		a, err := ask(key, "edge-a", k.now)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Admit(t.Context(), "edge-a", parsed(t, a.Certificate)); err != nil {
			t.Error(err)
		}
		if _, err := ask(other, "edge-a", k.now); !errors.Is(err, ErrRevoked) {
			t.Errorf("with another's key: %v", err)
		}
		if _, err := ask(other, "edge-b", k.now); !errors.Is(err, ErrRevoked) {
			t.Errorf("another's serial: %v", err)
		}
		if _, err := ask(key, "edge-a", k.now.Add(-time.Hour)); !errors.Is(err, ErrRequest) {
			t.Errorf("an old request: %v", err)
		}
		var told []contract.EdgeID
		k.OnRevoke(func(e contract.EdgeID) { told = append(told, e) })
		if err := k.Revoke(t.Context(), org.System(), "edge-a", "被盗"); err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 {
			t.Error("nobody was told of the revocation")
		}
		for _, c := range []*x509.Certificate{cert, parsed(t, a.Certificate)} {
			if err := k.Admit(t.Context(), "edge-a", c); !errors.Is(err, ErrRevoked) {
				t.Errorf("after revocation: %v", err)
			}
		}
		if _, err := ask(key, "edge-a", k.now); !errors.Is(err, ErrRevoked) {
			t.Errorf("renewal after revocation: %v", err)
		}
		k.now = k.now.Add(EdgeLife)
		_, fresh := k.enrolled("edge-c")
		if err := k.Admit(t.Context(), "edge-c", fresh); err != nil {
			t.Error(err)
		}
		k.now = k.now.Add(EdgeLife)
		if err := k.Admit(t.Context(), "edge-c", fresh); !errors.Is(err, ErrRevoked) {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestAuthority_IsKeptAndNeverMadeAnewByAccident(t *testing.T) {
	dir := t.TempDir()
	a, err := OpenAuthority(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenAuthority(dir, time.Now())
	if err != nil || !bytes.Equal(a.Fingerprint(), b.Fingerprint()) {
		t.Errorf("a second start has another authority: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info.Mode(), err)
	}
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAuthority(dir, time.Now()); err == nil {
		t.Error("a key without its certificate was passed over")
	}
}

func TestAuthority_TheBrokersCertificateIsMadeAnewInTime(t *testing.T) {
	now := time.Now()
	a, err := OpenAuthority(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	cfg := a.ServerTLS([]string{"anlan.test", "10.1.2.3"}, func() time.Time { return now })
	first, err := cfg.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Leaf.VerifyHostname("anlan.test") != nil || first.Leaf.VerifyHostname("10.1.2.3") != nil || first.Leaf.VerifyHostname("other") == nil {
		t.Errorf("names %v %v", first.Leaf.DNSNames, first.Leaf.IPAddresses)
	}
	for _, x := range []struct {
		after time.Duration
		same  bool
	}{{time.Hour, true}, {serverLife - serverRenew - time.Hour, true}, {serverLife - serverRenew + time.Hour, false}} {
		now = first.Leaf.NotBefore.Add(skew + x.after)
		c, err := cfg.GetCertificate(nil)
		if err != nil || (c == first) != x.same {
			t.Errorf("after %v: same %v, want %v, %v", x.after, c == first, x.same, err)
		}
	}
}
