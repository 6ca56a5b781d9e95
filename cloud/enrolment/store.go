package enrolment

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/org"
	"anlan/contract"
)

// Life of a token, and how far a renewing edge's clock may be off.
const (
	TokenLife    = 24 * time.Hour
	renewalDrift = 10 * time.Minute
)

// Errors of asking for a certificate; a stranger learns nothing more than these.
var (
	ErrToken   = errors.New("the token is wrong, used, taken back or too old")
	ErrRequest = errors.New("the certificate request is not acceptable")
	ErrRevoked = errors.New("the certificate is not valid any more")
)

// Token is a token as lists show it, without its secret.
type Token struct {
	ID        string          `json:"id"`
	Edge      contract.EdgeID `json:"edge"`
	MadeBy    string          `json:"made_by"`
	MadeAt    time.Time       `json:"made_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	UsedAt    time.Time       `json:"used_at,omitzero"`
	RevokedAt time.Time       `json:"revoked_at,omitzero"`
}

// Certificate is one given out.
type Certificate struct {
	Serial    string          `json:"serial"` // hex
	Edge      contract.EdgeID `json:"edge"`
	NotBefore time.Time       `json:"not_before"`
	NotAfter  time.Time       `json:"not_after"`
	RevokedAt time.Time       `json:"revoked_at,omitzero"`
	RevokedBy string          `json:"revoked_by,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}

// Store keeps tokens and certificates in SQL.
type Store struct {
	db        *db.DB
	trail     *audit.Log
	authority *Authority
	broker    func() string // ssl://host:port that edges are told; may be empty
	now       func() time.Time
	onRevoke  []func(contract.EdgeID)
}

// NewStore joins the store and the authority. broker says where edges connect.
func NewStore(d *db.DB, trail *audit.Log, a *Authority, broker func() string, now func() time.Time) *Store {
	return &Store{db: d, trail: trail, authority: a, broker: broker, now: now}
}

// OnRevoke adds a listener that ends what a revoked edge has open.
func (s *Store) OnRevoke(f func(contract.EdgeID)) { s.onRevoke = append(s.onRevoke, f) }

// NewToken makes a token for an edge; older unused ones of it stop working. url is the
// base of the HTTP API as the edge reaches it.
func (s *Store) NewToken(ctx context.Context, by org.Actor, e contract.EdgeID, url string) (contract.EnrolmentToken, Token, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	tok := contract.EnrolmentToken{Edge: e, URL: url, Secret: make([]byte, 16), CA: s.authority.Fingerprint()}
	rand.Read(tok.Secret) //nolint:errcheck // never fails since Go 1.24
	if _, err := contract.ParseEnrolmentToken(tok.String()); err != nil {
		return contract.EnrolmentToken{}, Token{}, fmt.Errorf("enrolment: make token: %w", err)
	}
	row := Token{ID: "tok-" + strings.ToLower(rand.Text()[:12]), Edge: e, MadeBy: by.Name, MadeAt: now, ExpiresAt: now.Add(TokenLife)}
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := voidTokens(ctx, tx, e, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO enrolment_token (id, edge, mac_key, made_by, made_at, expires_at) VALUES ($1,$2,$3,$4,$5,$6)`,
			row.ID, string(e), base64.StdEncoding.EncodeToString(tok.Key()), by.Name, db.Millis(now), db.Millis(row.ExpiresAt))
		if err != nil {
			return fmt.Errorf("enrolment: store token: %w", err)
		}
		return s.trail.Append(ctx, tx, by, "edge.token", "edge:"+string(e), map[string]string{"token": row.ID}, now)
	})
	return tok, row, err
}

func voidTokens(ctx context.Context, tx *sql.Tx, e contract.EdgeID, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE enrolment_token SET revoked_at = $2 WHERE edge = $1 AND used_at = 0 AND revoked_at = 0`, string(e), db.Millis(now))
	if err != nil {
		return fmt.Errorf("enrolment: end older tokens: %w", err)
	}
	return nil
}

// Enrol gives the first certificate for a token. Asking again with the same request
// gives the same certificate, so that an answer lost on the way costs nothing; any
// other second request is refused. Errors: [ErrToken], [ErrRequest].
func (s *Store) Enrol(ctx context.Context, r contract.EnrolmentRequest, ip string) (contract.EnrolmentAnswer, error) {
	csr, err := checkCSR(r.CSR)
	if err != nil {
		return contract.EnrolmentAnswer{}, err
	}
	var der, key []byte
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		id, macKey, err := s.tokenOf(ctx, tx, r)
		if err != nil {
			return err
		}
		key = macKey
		if der, err = s.repeated(ctx, tx, id, r.CSR); err != nil || der != nil {
			return err
		}
		cert, err := s.issue(ctx, tx, r.Edge, csr)
		if err != nil {
			return err
		}
		der = cert.Raw
		res, err := tx.ExecContext(ctx, `UPDATE enrolment_token SET used_at = $2, serial = $3 WHERE id = $1 AND used_at = 0`, id, db.Millis(s.now()), serialOf(cert))
		if err != nil {
			return fmt.Errorf("enrolment: use token: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrToken, err)
		}
		by := org.Actor{Name: "edge:" + string(r.Edge), IP: ip}
		return s.trail.Append(ctx, tx, by, "edge.enrol", "edge:"+string(r.Edge), map[string]string{"token": id, "serial": serialOf(cert)}, s.now())
	})
	if err != nil {
		return contract.EnrolmentAnswer{}, err
	}
	a := contract.EnrolmentAnswer{Certificate: der, CA: s.authority.cert.Raw, Broker: s.broker()}
	a.MAC = contract.EnrolmentMAC(key, "answer", a.Certificate, a.CA, []byte(a.Broker))
	return a, nil
}

// tokenOf finds the token that this request was made with.
func (s *Store) tokenOf(ctx context.Context, tx *sql.Tx, r contract.EnrolmentRequest) (id string, key []byte, err error) {
	var encoded string
	err = tx.QueryRowContext(ctx, `SELECT id, mac_key FROM enrolment_token WHERE edge = $1 AND revoked_at = 0 AND expires_at > $2
		ORDER BY made_at DESC, id LIMIT 1`, string(r.Edge), db.Millis(s.now())).Scan(&id, &encoded)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, ErrToken
	}
	if err != nil {
		return "", nil, fmt.Errorf("enrolment: find token: %w", err)
	}
	if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
		return "", nil, fmt.Errorf("enrolment: read token: %w", err)
	}
	if !hmac.Equal(r.MAC, contract.EnrolmentMAC(key, "request", []byte(r.Edge), r.CSR)) {
		return "", nil, ErrToken
	}
	// Two requests with one token queue on its row.
	if _, err := tx.ExecContext(ctx, `UPDATE enrolment_token SET id = id WHERE id = $1`, id); err != nil {
		return "", nil, fmt.Errorf("enrolment: lock token: %w", err)
	}
	return id, key, nil
}

// repeated is the certificate a used token became, if the request is the same; nil if
// the token is unused.
func (s *Store) repeated(ctx context.Context, tx *sql.Tx, id string, csr []byte) ([]byte, error) {
	var used int64
	var serial string
	if err := tx.QueryRowContext(ctx, `SELECT used_at, serial FROM enrolment_token WHERE id = $1`, id).Scan(&used, &serial); err != nil {
		return nil, fmt.Errorf("enrolment: read token: %w", err)
	}
	if used == 0 {
		return nil, nil
	}
	var der, hash string
	var revoked int64
	err := tx.QueryRowContext(ctx, `SELECT der, csr_hash, revoked_at FROM edge_certificate WHERE serial = $1`, serial).Scan(&der, &hash, &revoked)
	if err != nil {
		return nil, fmt.Errorf("enrolment: read certificate: %w", err)
	}
	if hash != hashOf(csr) || revoked != 0 {
		return nil, ErrToken
	}
	return base64.StdEncoding.DecodeString(der)
}

// Renew gives the next certificate to the holder of a valid one. Errors: [ErrRevoked],
// [ErrRequest].
func (s *Store) Renew(ctx context.Context, r contract.RenewalRequest, ip string) (contract.EnrolmentAnswer, error) {
	csr, err := checkCSR(r.CSR)
	if err != nil {
		return contract.EnrolmentAnswer{}, err
	}
	now := s.now()
	if d := now.Sub(r.At); d > renewalDrift || d < -renewalDrift {
		return contract.EnrolmentAnswer{}, fmt.Errorf("enrolment: the edge's clock is off by %v: %w", d.Round(time.Second), ErrRequest)
	}
	var der []byte
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		present, err := s.valid(ctx, tx, r.Edge, r.Serial)
		if err != nil {
			return err
		}
		pub, ok := present.PublicKey.(*ecdsa.PublicKey)
		if !ok || !ecdsa.VerifyASN1(pub, r.Digest(), r.Signature) {
			return ErrRevoked
		}
		var encoded string
		err = tx.QueryRowContext(ctx, `SELECT der FROM edge_certificate WHERE edge = $1 AND csr_hash = $2 AND revoked_at = 0`, string(r.Edge), hashOf(r.CSR)).Scan(&encoded)
		if err == nil { // the answer to the same request was lost
			der, err = base64.StdEncoding.DecodeString(encoded)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("enrolment: find certificate: %w", err)
		}
		cert, err := s.issue(ctx, tx, r.Edge, csr)
		if err != nil {
			return err
		}
		der = cert.Raw
		by := org.Actor{Name: "edge:" + string(r.Edge), IP: ip}
		return s.trail.Append(ctx, tx, by, "edge.renew", "edge:"+string(r.Edge), map[string]string{"from": r.Serial, "serial": serialOf(cert)}, now)
	})
	if err != nil {
		return contract.EnrolmentAnswer{}, err
	}
	return contract.EnrolmentAnswer{Certificate: der, CA: s.authority.cert.Raw, Broker: s.broker()}, nil
}

func (s *Store) valid(ctx context.Context, q querier, e contract.EdgeID, serial string) (*x509.Certificate, error) {
	var encoded string
	var before, after int64
	err := q.QueryRowContext(ctx, `SELECT der, not_before, not_after FROM edge_certificate WHERE serial = $1 AND edge = $2 AND revoked_at = 0`, serial, string(e)).
		Scan(&encoded, &before, &after)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrRevoked
	}
	if err != nil {
		return nil, fmt.Errorf("enrolment: find certificate: %w", err)
	}
	if now := db.Millis(s.now()); now < before || now >= after {
		return nil, ErrRevoked
	}
	der, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("enrolment: read certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) issue(ctx context.Context, tx *sql.Tx, e contract.EdgeID, csr *x509.CertificateRequest) (*x509.Certificate, error) {
	cert, err := s.authority.sign(csr, string(e), s.now())
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO edge_certificate (serial, edge, not_before, not_after, der, csr_hash) VALUES ($1,$2,$3,$4,$5,$6)`,
		serialOf(cert), string(e), db.Millis(cert.NotBefore), db.Millis(cert.NotAfter), base64.StdEncoding.EncodeToString(cert.Raw), hashOf(csr.Raw))
	if err != nil {
		return nil, fmt.Errorf("enrolment: store certificate: %w", err)
	}
	return cert, nil
}

// Revoke takes back every certificate and token of an edge and ends its connection.
func (s *Store) Revoke(ctx context.Context, by org.Actor, e contract.EdgeID, reason string) error {
	now := s.now()
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := voidTokens(ctx, tx, e, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE edge_certificate SET revoked_at = $2, revoked_by = $3, reason = $4 WHERE edge = $1 AND revoked_at = 0`,
			string(e), db.Millis(now), by.Name, reason)
		if err != nil {
			return fmt.Errorf("enrolment: revoke: %w", err)
		}
		return s.trail.Append(ctx, tx, by, "edge.revoke", "edge:"+string(e), map[string]string{"reason": reason}, now)
	})
	if err != nil {
		return err
	}
	for _, f := range s.onRevoke {
		f(e)
	}
	return nil
}

// Admit reports whether the holder of a certificate may speak as an edge now; nil means
// yes. The chain was checked by TLS; what TLS cannot know is checked here.
func (s *Store) Admit(ctx context.Context, e contract.EdgeID, cert *x509.Certificate) error {
	if cert == nil || cert.Subject.CommonName != string(e) {
		return fmt.Errorf("enrolment: %s: the certificate is another's: %w", e, ErrRevoked)
	}
	stored, err := s.valid(ctx, s.db.Read(), e, serialOf(cert))
	if err != nil {
		return err
	}
	if !bytes.Equal(stored.Raw, cert.Raw) {
		return ErrRevoked
	}
	return nil
}

// Tokens lists an edge's tokens, newest first.
func (s *Store) Tokens(ctx context.Context, e contract.EdgeID) ([]Token, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, edge, made_by, made_at, expires_at, used_at, revoked_at FROM enrolment_token
		WHERE edge = $1 ORDER BY made_at DESC, id LIMIT 100`, string(e))
	if err != nil {
		return nil, fmt.Errorf("enrolment: list tokens: %w", err)
	}
	defer rows.Close()
	out := []Token{}
	for rows.Next() {
		var t Token
		var made, expires, used, revoked int64
		if err := rows.Scan(&t.ID, &t.Edge, &t.MadeBy, &made, &expires, &used, &revoked); err != nil {
			return nil, fmt.Errorf("enrolment: list tokens: %w", err)
		}
		t.MadeAt, t.ExpiresAt, t.UsedAt, t.RevokedAt = db.Time(made), db.Time(expires), db.Time(used), db.Time(revoked)
		out = append(out, t)
	}
	return out, rows.Err()
}

// Certificates lists an edge's certificates, newest first.
func (s *Store) Certificates(ctx context.Context, e contract.EdgeID) ([]Certificate, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT serial, edge, not_before, not_after, revoked_at, revoked_by, reason FROM edge_certificate
		WHERE edge = $1 ORDER BY not_before DESC, serial LIMIT 100`, string(e))
	if err != nil {
		return nil, fmt.Errorf("enrolment: list certificates: %w", err)
	}
	defer rows.Close()
	out := []Certificate{}
	for rows.Next() {
		var c Certificate
		var before, after, revoked int64
		if err := rows.Scan(&c.Serial, &c.Edge, &before, &after, &revoked, &c.RevokedBy, &c.Reason); err != nil {
			return nil, fmt.Errorf("enrolment: list certificates: %w", err)
		}
		c.NotBefore, c.NotAfter, c.RevokedAt = db.Time(before), db.Time(after), db.Time(revoked)
		out = append(out, c)
	}
	return out, rows.Err()
}

// Until is when the newest valid certificate of an edge ends; zero if it has none.
func (s *Store) Until(ctx context.Context, e contract.EdgeID) (time.Time, error) {
	var at sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `SELECT MAX(not_after) FROM edge_certificate WHERE edge = $1 AND revoked_at = 0`, string(e)).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("enrolment: read certificate of %s: %w", e, err)
	}
	return db.Time(at.Int64), nil
}

// checkCSR accepts only what an edge makes: a P-256 key that signed its own request.
// The name in it does not matter; the certificate gets the token's.
func checkCSR(der []byte) (*x509.CertificateRequest, error) {
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("enrolment: read request: %w", errors.Join(ErrRequest, err))
	}
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("enrolment: the key is not P-256: %w", ErrRequest)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("enrolment: the request is not signed by its key: %w", ErrRequest)
	}
	return csr, nil
}

func serialOf(c *x509.Certificate) string { return c.SerialNumber.Text(16) }

func hashOf(csr []byte) string {
	sum := sha256.Sum256(csr)
	return hex.EncodeToString(sum[:])
}
