// Package identity is who this edge is to the cloud: its private key, which never leaves
// this machine, the certificate the cloud's authority gave it, and that authority.
package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"anlan/contract"
)

// file holds everything that belongs together, so that it is replaced whole or not at
// all; pendingFile is a request whose answer has not come yet.
const (
	file        = "identity.json"
	pendingFile = "pending.json"
)

// ErrNone means that this edge has not been enrolled.
var ErrNone = errors.New("this edge has no identity yet; enrol it with anlan-edge enrol")

// Identity is read from its folder by [Load].
type Identity struct {
	Edge   contract.EdgeID
	URL    string // base of the cloud's HTTP API, for renewal
	Broker string // where the cloud said edges connect; may be ""

	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	ca   *x509.Certificate
}

// stored is the file's content; keys and certificates are DER.
type stored struct {
	Edge        contract.EdgeID `json:"edge"`
	URL         string          `json:"url"`
	Broker      string          `json:"broker"`
	Key         []byte          `json:"key"` // PKCS #8
	Certificate []byte          `json:"certificate"`
	CA          []byte          `json:"ca"`
}

// Load reads the identity of a folder. Errors: [ErrNone].
func Load(dir string) (Identity, error) {
	var s stored
	if err := readJSON(filepath.Join(dir, file), &s); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Identity{}, fmt.Errorf("identity: %s: %w", dir, ErrNone)
		}
		return Identity{}, err
	}
	return s.open()
}

func (s stored) open() (Identity, error) {
	id := Identity{Edge: s.Edge, URL: s.URL, Broker: s.Broker}
	key, err1 := x509.ParsePKCS8PrivateKey(s.Key)
	var err2, err3 error
	id.cert, err2 = x509.ParseCertificate(s.Certificate)
	id.ca, err3 = x509.ParseCertificate(s.CA)
	if err := errors.Join(err1, err2, err3); err != nil {
		return Identity{}, fmt.Errorf("identity: read: %w", err)
	}
	var ok bool
	if id.key, ok = key.(*ecdsa.PrivateKey); !ok || !id.key.PublicKey.Equal(id.cert.PublicKey) {
		return Identity{}, errors.New("identity: read: the key is not the certificate's")
	}
	if id.cert.Subject.CommonName != string(s.Edge) || id.cert.CheckSignatureFrom(id.ca) != nil {
		return Identity{}, fmt.Errorf("identity: read: the certificate is not one of this authority for %s", s.Edge)
	}
	return id, nil
}

func (id Identity) store(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(id.key)
	if err != nil {
		return fmt.Errorf("identity: encode key: %w", err)
	}
	return writeJSON(filepath.Join(dir, file), stored{id.Edge, id.URL, id.Broker, key, id.cert.Raw, id.ca.Raw})
}

// Serial is the certificate's serial number in hex.
func (id Identity) Serial() string { return id.cert.SerialNumber.Text(16) }

// NotAfter is when the certificate ends.
func (id Identity) NotAfter() time.Time { return id.cert.NotAfter }

// RenewAt is when the next certificate is to be asked for: at two thirds of the life.
func (id Identity) RenewAt() time.Time {
	return id.cert.NotBefore.Add(id.cert.NotAfter.Sub(id.cert.NotBefore) * 2 / 3)
}

// TLS is how this edge shows itself and whom it believes: a broker of the same
// authority, under the name that was dialled. This machine's clock is not asked: a dead
// clock battery must not cut an edge off. A broker's certificate is fresh enough if it
// ends after this edge's own began.
func (id Identity) TLS() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(id.ca)
	return &tls.Config{MinVersion: tls.VersionTLS12,
		Certificates:       []tls.Certificate{{Certificate: [][]byte{id.cert.Raw}, PrivateKey: id.key, Leaf: id.cert}},
		InsecureSkipVerify: true, // VerifyConnection does it all, with another idea of time
		VerifyConnection: func(c tls.ConnectionState) error {
			leaf := c.PeerCertificates[0]
			if !leaf.NotAfter.After(id.cert.NotBefore) {
				return fmt.Errorf("identity: the broker's certificate ended on %s", leaf.NotAfter.Format(time.DateOnly))
			}
			_, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: c.ServerName, CurrentTime: leaf.NotBefore})
			return err
		}}
}

// pending is a request that may be repeated word for word until its answer comes.
type pending struct {
	For string `json:"for"` // token or serial it was made for
	Key []byte `json:"key"` // PKCS #8
	CSR []byte `json:"csr"`
}

// request reads the pending request made for something, or makes a new one.
func request(dir, purpose string, edge contract.EdgeID) (pending, *ecdsa.PrivateKey, error) {
	var p pending
	name := filepath.Join(dir, pendingFile)
	if err := readJSON(name, &p); err == nil && p.For == purpose {
		if key, err := x509.ParsePKCS8PrivateKey(p.Key); err == nil {
			if k, ok := key.(*ecdsa.PrivateKey); ok {
				return p, k, nil
			}
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, nil, fmt.Errorf("identity: make key: %w", err)
	}
	p.For = purpose
	if p.CSR, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key); err != nil {
		return p, nil, fmt.Errorf("identity: make request for %s: %w", edge, err)
	}
	if p.Key, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return p, nil, fmt.Errorf("identity: encode key: %w", err)
	}
	return p, key, writeJSON(name, p)
}

func readJSON(name string, into any) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("identity: read: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("identity: read %s: %w", name, err)
	}
	return nil
}

// writeJSON replaces a file whole; only this account reads it.
func writeJSON(name string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("identity: write %s: %w", name, err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("identity: write: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".identity-*") // made 0600
	if err != nil {
		return fmt.Errorf("identity: write: %w", err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("identity: write %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
