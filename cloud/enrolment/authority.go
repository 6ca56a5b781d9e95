// Package enrolment lets edges in: it keeps the authority that signs their certificates,
// the one-time tokens that first ones are given for, and the list of those taken back.
package enrolment

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Lives of certificates.
const (
	authorityLife = 20 * 365 * 24 * time.Hour
	EdgeLife      = 365 * 24 * time.Hour // an edge renews at two thirds of it
	serverLife    = 90 * 24 * time.Hour
	serverRenew   = 30 * 24 * time.Hour // before its end
	skew          = time.Hour           // a clock that is a little behind still takes a new certificate
)

// Authority signs certificates. Its key is a file that only this account reads.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// OpenAuthority reads the authority of a folder, or makes one there. A key without its
// certificate, or the other way round, is an error: making a new one would shut out
// every edge.
func OpenAuthority(dir string, now time.Time) (*Authority, error) {
	certFile, keyFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	certPEM, err1 := os.ReadFile(certFile)
	keyPEM, err2 := os.ReadFile(keyFile)
	if errors.Is(err1, fs.ErrNotExist) && errors.Is(err2, fs.ErrNotExist) {
		return makeAuthority(dir, certFile, keyFile, now)
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("enrolment: read authority: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("enrolment: read authority in %s: %w", dir, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("enrolment: read authority in %s: the key is not ECDSA", dir)
	}
	return &Authority{pair.Leaf, key}, nil
}

func makeAuthority(dir, certFile, keyFile string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make authority: %w", err)
	}
	tmpl := &x509.Certificate{SerialNumber: newSerial(), Subject: pkix.Name{CommonName: "Anlan edge authority"},
		NotBefore: now.Add(-skew), NotAfter: now.Add(authorityLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make authority: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make authority: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("enrolment: make authority: %w", err)
	}
	// The certificate goes last: with the key alone the next start says what is missing.
	if err := writeWhole(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return nil, err
	}
	if err := writeWhole(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return nil, err
	}
	return &Authority{cert, key}, nil
}

func writeWhole(file string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(file+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(file+".tmp", file)
	}
	if err != nil {
		return fmt.Errorf("enrolment: write %s: %w", file, err)
	}
	return nil
}

func newSerial() *big.Int {
	raw := make([]byte, 16)
	rand.Read(raw) //nolint:errcheck // never fails since Go 1.24
	raw[0] &= 0x7f
	return new(big.Int).SetBytes(raw)
}

// Fingerprint is the SHA-256 of the authority's certificate; tokens carry it.
func (a *Authority) Fingerprint() []byte {
	sum := sha256.Sum256(a.cert.Raw)
	return sum[:]
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// sign makes an edge's certificate for a checked request.
func (a *Authority) sign(csr *x509.CertificateRequest, name string, now time.Time) (*x509.Certificate, error) {
	tmpl := &x509.Certificate{SerialNumber: newSerial(), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-skew), NotAfter: now.Add(EdgeLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, csr.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("enrolment: sign for %s: %w", name, err)
	}
	return x509.ParseCertificate(der)
}

// ServerTLS is how the broker shows itself and whom it lets speak: certificates of this
// authority only. The server's own certificate is made in memory for the given host
// names and addresses, and made anew before it ends.
func (a *Authority) ServerTLS(names []string, now func() time.Time) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := &serverCertificate{authority: a, names: names, now: now}
	return &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, Time: now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.get() }}
}

type serverCertificate struct {
	authority *Authority
	names     []string
	now       func() time.Time

	mu   sync.Mutex
	pair *tls.Certificate
}

func (s *serverCertificate) get() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.pair != nil && now.Before(s.pair.Leaf.NotAfter.Add(-serverRenew)) && now.After(s.pair.Leaf.NotBefore) {
		return s.pair, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make server key: %w", err)
	}
	tmpl := &x509.Certificate{SerialNumber: newSerial(), Subject: pkix.Name{CommonName: "Anlan broker"}, NotBefore: now.Add(-skew), NotAfter: now.Add(serverLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
	for _, n := range s.names {
		if ip := net.ParseIP(n); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, s.authority.cert, key.Public(), s.authority.key)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make server certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("enrolment: make server certificate: %w", err)
	}
	s.pair = &tls.Certificate{Certificate: [][]byte{der, s.authority.cert.Raw}, PrivateKey: key, Leaf: leaf}
	return s.pair, nil
}
