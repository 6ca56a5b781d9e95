package stack

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"anlan/contract"
)

// token asks a running cloud's command line for an enrolment token.
func token(ctx context.Context, bin, data, edge string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "anlan-cloud"), "token", "-data", data, "-edge", edge)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("stack: token of %s: %w: %s", edge, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// enrol makes the edge known to the cloud as a person would, unless it is already.
func (s *Stack) enrol(ctx context.Context) error {
	if _, err := os.Stat(s.path("edge", "data", "identity", "identity.json")); err == nil {
		return nil
	}
	word, err := token(ctx, s.Bin, s.path("cloud"), EdgeID)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.Bin, "anlan-edge"), "enrol", "-config", s.Config)
	cmd.Env, cmd.Stdin = append(os.Environ(), s.EdgeEnv()...), strings.NewReader(word+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("stack: enrol: %w: %s", err, out)
	}
	return nil
}

// EdgeTLS enrols an edge that is only a program of ours, and returns what it shows the
// broker. data is the folder of a running cloud.
func EdgeTLS(ctx context.Context, bin, data string, edge contract.EdgeID) (*tls.Config, error) {
	word, err := token(ctx, bin, data, string(edge))
	if err != nil {
		return nil, err
	}
	t, err := contract.ParseEnrolmentToken(word)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	ask, err := json.Marshal(contract.EnrolmentRequest{V: contract.Version, Edge: edge, CSR: csr, MAC: contract.EnrolmentMAC(t.Key(), "request", []byte(edge), csr)})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL+"/api/enrolment", bytes.NewReader(ask))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("stack: enrol %s: %w", edge, err)
	}
	defer res.Body.Close()
	var a contract.EnrolmentAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("stack: enrol %s: %s: %w", edge, res.Status, err)
	}
	ca, err := x509.ParseCertificate(a.CA)
	if err != nil {
		return nil, fmt.Errorf("stack: enrol %s: %w", edge, err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{{Certificate: [][]byte{a.Certificate}, PrivateKey: key}}}, nil
}
