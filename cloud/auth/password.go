package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// cost of one argon2id hash. About 20 ms and 19 MiB on a small server.
type cost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

const (
	saltBytes = 16
	keyBytes  = 32
	// Hashes at the same time; more wait, so that a burst of logins cannot eat the memory
	// that alarms need.
	hashesAtOnce = 4
)

func standardCost() cost { return cost{19 * 1024, 2, 1} }

// hasher limits how many hashes run at once.
type hasher struct {
	slots chan struct{}
	cost  cost
}

func newHasher() *hasher { return &hasher{make(chan struct{}, hashesAtOnce), standardCost()} }

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("auth: wait for a hash: %w", ctx.Err())
	}
}

// hash makes the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // never fails since Go 1.24
	key := argon2.IDKey([]byte(password), salt, h.cost.passes, h.cost.memoryKiB, h.cost.lanes, keyBytes)
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memoryKiB, h.cost.passes, h.cost.lanes,
		b.EncodeToString(salt), b.EncodeToString(key)), nil
}

var errNoHash = errors.New("auth: stored password is not an argon2id string")

// verify reports whether password made phc.
func (h *hasher) verify(ctx context.Context, phc, password string) (bool, error) {
	c, salt, key, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

func parsePHC(phc string) (c cost, salt, key []byte, err error) {
	part := strings.Split(phc, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errNoHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return c, nil, nil, errNoHash
	}
	// A stored cost is bounded so that a damaged row cannot take all the memory.
	if c.memoryKiB == 0 || c.memoryKiB > 1<<20 || c.passes == 0 || c.passes > 64 || c.lanes == 0 {
		return c, nil, nil, errNoHash
	}
	b := base64.RawStdEncoding
	if salt, err = b.DecodeString(part[4]); err != nil || len(salt) == 0 {
		return c, nil, nil, errNoHash
	}
	if key, err = b.DecodeString(part[5]); err != nil || len(key) < 16 || len(key) > 1024 {
		return c, nil, nil, errNoHash
	}
	return c, salt, key, nil
}

// readable has no characters that people mix up when they copy from paper.
const readable = "abcdefghjkmnpqrstuvwxyz23456789"

// Generate makes a password of four groups of four, about 79 bits.
func Generate() (string, error) {
	var b strings.Builder
	for i := range 16 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(readable))))
		if err != nil {
			return "", fmt.Errorf("auth: generate password: %w", err)
		}
		b.WriteByte(readable[n.Int64()])
	}
	return b.String(), nil
}

// MinPassword is the shortest password in characters that a person may choose.
const MinPassword = 10

func weak(password, username string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return &WeakError{fmt.Sprintf("新密码至少 %d 个字符", MinPassword), fmt.Sprintf("the new password needs at least %d characters", MinPassword)}
	case len(password) > 512:
		return &WeakError{"新密码太长", "the new password is too long"}
	case strings.Contains(strings.ToLower(password), username):
		return &WeakError{"新密码不能包含用户名", "the new password must not contain the user name"}
	case strings.Count(password, string([]rune(password)[0])) == n:
		return &WeakError{"新密码不能是同一个字符", "the new password must not be one character repeated"}
	}
	return nil
}
