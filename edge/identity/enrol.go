package identity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"anlan/contract"
)

const (
	maxAnswer    = 64 << 10
	answerWithin = 30 * time.Second
	renewEvery   = time.Hour // how often the life of the certificate is looked at
)

// Enrol asks the cloud for this edge's first certificate and stores it in dir. The
// token's secret proves each side to the other, so the answer is believed whatever line
// it came over. It may be repeated until it succeeds.
func Enrol(ctx context.Context, client *http.Client, dir string, t contract.EnrolmentToken) (Identity, error) {
	sum := sha256.Sum256(t.Secret)
	p, key, err := request(dir, "token "+hex.EncodeToString(sum[:]), t.Edge)
	if err != nil {
		return Identity{}, err
	}
	var a contract.EnrolmentAnswer
	err = ask(ctx, client, t.URL, "/api/enrolment", contract.EnrolmentRequest{V: contract.Version, Edge: t.Edge, CSR: p.CSR,
		MAC: contract.EnrolmentMAC(t.Key(), "request", []byte(t.Edge), p.CSR)}, &a)
	if err != nil {
		return Identity{}, err
	}
	ca := sha256.Sum256(a.CA)
	if !hmac.Equal(a.MAC, contract.EnrolmentMAC(t.Key(), "answer", a.Certificate, a.CA, []byte(a.Broker))) || !bytes.Equal(ca[:], t.CA) {
		return Identity{}, errors.New("identity: enrol: the answer is not from the cloud that made the token")
	}
	id := Identity{Edge: t.Edge, URL: t.URL, Broker: a.Broker, key: key}
	return id.take(dir, a)
}

// Renew asks for the next certificate with a new key, vouched for by the present one,
// and stores it.
func (id Identity) Renew(ctx context.Context, client *http.Client, dir string, now time.Time) (Identity, error) {
	p, key, err := request(dir, "renewal of "+id.Serial(), id.Edge)
	if err != nil {
		return Identity{}, err
	}
	r := contract.RenewalRequest{V: contract.Version, Edge: id.Edge, Serial: id.Serial(), CSR: p.CSR, At: now.UTC()}
	if r.Signature, err = id.key.Sign(rand.Reader, r.Digest(), crypto.SHA256); err != nil {
		return Identity{}, fmt.Errorf("identity: renew: sign: %w", err)
	}
	var a contract.EnrolmentAnswer
	if err := ask(ctx, client, id.URL, "/api/enrolment/renewal", r, &a); err != nil {
		return Identity{}, err
	}
	if !bytes.Equal(a.CA, id.ca.Raw) {
		return Identity{}, errors.New("identity: renew: the answer is of another authority")
	}
	next := Identity{Edge: id.Edge, URL: id.URL, Broker: id.Broker, key: key} // where to connect was told once, under the token's seal
	return next.take(dir, a)
}

// take checks what came and stores it.
func (id Identity) take(dir string, a contract.EnrolmentAnswer) (Identity, error) {
	key, err := x509.MarshalPKCS8PrivateKey(id.key)
	if err != nil {
		return Identity{}, fmt.Errorf("identity: encode key: %w", err)
	}
	full, err := stored{id.Edge, id.URL, id.Broker, key, a.Certificate, a.CA}.open()
	if err != nil {
		return Identity{}, err
	}
	if err := full.store(dir); err != nil {
		return Identity{}, err
	}
	if err := os.Remove(filepath.Join(dir, pendingFile)); err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	return full, nil
}

func ask(ctx context.Context, client *http.Client, base, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	target, err := url.JoinPath(base, path)
	if err != nil {
		return fmt.Errorf("identity: ask: %w", err)
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("identity: ask: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("identity: ask: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("identity: ask: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("identity: ask: read answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		var p struct{ Detail string }
		if json.Unmarshal(answer, &p) != nil || p.Detail == "" {
			p.Detail = res.Status
		}
		return fmt.Errorf("identity: ask: the cloud refused: %s", p.Detail)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("identity: ask: read answer: %w", err)
	}
	return nil
}

// Keep renews the identity of a folder in time, until ctx ends. A refusal is tried again
// every hour; the present certificate holds meanwhile.
func Keep(ctx context.Context, dir string, log *slog.Logger, now func() time.Time) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		if id, err := Load(dir); err != nil {
			log.Error("read identity", "error", err)
		} else if !now().Before(id.RenewAt()) {
			next, err := id.Renew(ctx, http.DefaultClient, dir, now())
			if err == nil {
				log.Info("certificate renewed", "serial", next.Serial(), "until", next.NotAfter())
			} else if ctx.Err() == nil {
				log.Error("renew certificate", "until", id.NotAfter(), "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
