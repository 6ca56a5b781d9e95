package broker

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"anlan/cloud/db"
	"anlan/contract"

	"golang.org/x/crypto/argon2"
)

// Cost of argon2id: 19 MiB, 2 passes, 1 lane. Edge passwords are generated (128 bits),
// so the cost only has to slow a stolen table down, not to save a weak password.
const (
	argonTime    = 2
	argonMemory  = 19 << 10
	argonThreads = 1
)

// Enrol makes (or replaces) the password of an edge and returns it; only its hash is
// kept. A running broker in another process takes it up at the edge's next login.
func Enrol(ctx context.Context, d *db.DB, e contract.EdgeID, now time.Time) (password string, err error) {
	if !contract.ValidID(string(e)) {
		return "", fmt.Errorf("broker: enrol: %q is not an id", e)
	}
	password = rand.Text()
	salt := make([]byte, 16)
	rand.Read(salt)
	hash := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(derive(password, salt)))
	err = d.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO edge_credential (edge, hash, created_at) VALUES ($1,$2,$3)
			ON CONFLICT (edge) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at`, string(e), hash, db.Millis(now))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("broker: enrol %s: %w", e, err)
	}
	return password, nil
}

func derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, 32)
}

// Enrol makes the password of an edge; see [Enrol].
func (b *Broker) Enrol(ctx context.Context, e contract.EdgeID, now time.Time) (password string, err error) {
	return Enrol(ctx, b.creds.db, e, now)
}

// Revoke takes an edge's password away and ends its connection.
func (b *Broker) Revoke(ctx context.Context, e contract.EdgeID) error {
	err := b.creds.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM edge_credential WHERE edge = $1`, string(e))
		return err
	})
	if err != nil {
		return fmt.Errorf("broker: revoke %s: %w", e, err)
	}
	if cl, ok := b.server.Clients.Get(string(e)); ok {
		cl.Stop(errors.New("credential revoked"))
	}
	return nil
}

// credentials checks passwords; one that was right is remembered by a keyed digest, so
// that a reconnecting fleet does not cost 19 MiB and 30 ms each.
type credentials struct {
	db  *db.DB
	key [32]byte
	// argon guards memory: one derivation at a time.
	argon sync.Mutex
	mu    sync.Mutex
	known map[contract.EdgeID]known
}

type known struct {
	hash   string
	digest [32]byte
}

func newCredentials(d *db.DB) *credentials {
	c := &credentials{db: d, known: map[contract.EdgeID]known{}}
	rand.Read(c.key[:])
	return c
}

func (c *credentials) check(e contract.EdgeID, password []byte) bool {
	if len(password) == 0 || len(password) > 256 {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var hash string
	if err := c.db.Read().QueryRowContext(ctx, `SELECT hash FROM edge_credential WHERE edge = $1`, string(e)).Scan(&hash); err != nil {
		return false
	}
	digest := sha256.Sum256(append(c.key[:], password...))
	c.mu.Lock()
	k := c.known[e]
	c.mu.Unlock()
	if k.hash == hash && subtle.ConstantTimeCompare(k.digest[:], digest[:]) == 1 {
		return true
	}
	c.argon.Lock()
	ok := verify(hash, string(password))
	c.argon.Unlock()
	if ok {
		c.mu.Lock()
		c.known[e] = known{hash, digest}
		c.mu.Unlock()
	}
	return ok
}

func verify(hash, password string) bool {
	f := strings.Split(hash, "$")
	if len(f) != 6 || f[1] != "argon2id" || f[3] != fmt.Sprintf("m=%d,t=%d,p=%d", argonMemory, argonTime, argonThreads) {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(f[4])
	want, err2 := base64.RawStdEncoding.DecodeString(f[5])
	return err1 == nil && err2 == nil && len(want) > 0 && subtle.ConstantTimeCompare(derive(password, salt), want) == 1
}
