package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/org"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

const (
	totpPeriod    = 30 // seconds, RFC 6238
	totpSkew      = 1  // steps before and after that are accepted
	recoveryCodes = 10
)

// Errors of the second factor.
var (
	ErrEnrolled    = errors.New("a second factor is enrolled already")
	ErrNotEnrolled = errors.New("no second factor is enrolled")
)

// Enrolment is what the owner puts into the authenticator, shown once.
type Enrolment struct {
	URL    string `json:"url" doc:"otpauth://, for a QR code"`
	Secret string `json:"secret" doc:"for typing by hand, base32"`
}

// Rules are the settings of signing in.
type Rules struct {
	TOTPRoles []org.Role `json:"totp_roles" doc:"roles that need a second factor"`
}

// Rules reads the settings.
func (s *Service) Rules(ctx context.Context) (r Rules, err error) {
	var doc string
	err = s.db.Read().QueryRowContext(ctx, `SELECT value FROM setting WHERE name = 'sign_in'`).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return Rules{TOTPRoles: []org.Role{}}, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(doc), &r)
	}
	if err != nil {
		return r, fmt.Errorf("auth: read sign-in rules: %w", err)
	}
	return r, nil
}

// SetRules changes the settings. Errors: [org.InvalidError].
func (s *Service) SetRules(ctx context.Context, by org.Actor, r Rules, now time.Time) error {
	book, err := s.users.Book(ctx)
	if err != nil {
		return err
	}
	for _, role := range r.TOTPRoles {
		if len(book.Permissions(role)) == 0 {
			return &org.InvalidError{Field: "totp_roles", ZH: "没有这个角色：" + string(role), EN: "no such role: " + string(role)}
		}
	}
	if r.TOTPRoles == nil {
		r.TOTPRoles = []org.Role{}
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if err := saveSetting(ctx, tx, "sign_in", r); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, by, "sign_in.rules", "setting:sign_in", r, now)
	})
}

func saveSetting(ctx context.Context, tx *sql.Tx, name string, v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("auth: encode %s: %w", name, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, string(doc)); err != nil {
		return fmt.Errorf("auth: save %s: %w", name, err)
	}
	return nil
}

func (s *Service) hasTOTP(ctx context.Context, person string) (bool, error) {
	var n int
	if err := s.db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM totp WHERE person = $1 AND confirmed_at > 0`, person).Scan(&n); err != nil {
		return false, fmt.Errorf("auth: read second factor: %w", err)
	}
	return n > 0, nil
}

// BeginTOTP makes a secret that counts once a code has been shown. The password is
// asked again, so that an open desk is not enough. Errors: [ErrEnrolled], [ErrWrong].
func (s *Service) BeginTOTP(ctx context.Context, ses Session, password string, now time.Time) (Enrolment, error) {
	if ses.TOTP {
		return Enrolment{}, ErrEnrolled
	}
	attempt, err := s.prove(ctx, ses, password, now)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Anlan 安澜", AccountName: ses.User.Username, Period: totpPeriod, Digits: otp.DigitsSix, SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("auth: make second factor: %w", err)
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO totp (person, secret, confirmed_at, last_step) VALUES ($1, $2, 0, 0)
			ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE totp.confirmed_at = 0`, ses.User.ID, key.Secret())
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM login_failure WHERE id = $1`, attempt)
		}
		return err
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("auth: begin second factor: %w", err)
	}
	return Enrolment{key.URL(), key.Secret()}, nil
}

// ConfirmTOTP switches the second factor on and returns the recovery codes, shown once.
// Errors: [ErrCodeWrong], [ErrEnrolled], [LockedError].
func (s *Service) ConfirmTOTP(ctx context.Context, ses Session, code, ip string, now time.Time) ([]string, error) {
	if ses.TOTP {
		return nil, ErrEnrolled
	}
	attempt, err := s.reserve(ctx, ses.User.Username, now)
	if err != nil {
		return nil, err
	}
	var codes []string
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		ok, err := s.useStep(ctx, tx, ses.User.ID, code, now)
		if err != nil {
			return err
		}
		if !ok {
			return ErrCodeWrong
		}
		if _, err := tx.ExecContext(ctx, `UPDATE totp SET confirmed_at = $1 WHERE person = $2`, db.Millis(now), ses.User.ID); err != nil {
			return fmt.Errorf("auth: confirm second factor: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM login_failure WHERE id = $1`, attempt); err != nil {
			return fmt.Errorf("auth: confirm second factor: %w", err)
		}
		if codes, err = newRecovery(ctx, tx, ses.User.ID); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "totp.enrol", "user:"+ses.User.ID, nil, now)
	})
	return codes, err
}

// RemoveTOTP takes the own second factor away; it needs password and code. Errors:
// [ErrNotEnrolled], [ErrWrong], [ErrCodeWrong], [LockedError].
func (s *Service) RemoveTOTP(ctx context.Context, ses Session, password, code, ip string, now time.Time) error {
	if err := s.proveBoth(ctx, ses, password, code, ip, now); err != nil {
		return err
	}
	return s.dropTOTP(ctx, ses.Actor(ip), ses.User.ID, "totp.remove", now)
}

// NewRecoveryCodes replaces the recovery codes. Errors: as [Service.RemoveTOTP].
func (s *Service) NewRecoveryCodes(ctx context.Context, ses Session, password, code, ip string, now time.Time) (codes []string, err error) {
	if err := s.proveBoth(ctx, ses, password, code, ip, now); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if codes, err = newRecovery(ctx, tx, ses.User.ID); err != nil {
			return err
		}
		return s.log.Append(ctx, tx, ses.Actor(ip), "totp.recovery", "user:"+ses.User.ID, nil, now)
	})
	return codes, err
}

func (s *Service) proveBoth(ctx context.Context, ses Session, password, code, ip string, now time.Time) error {
	if !ses.TOTP {
		return ErrNotEnrolled
	}
	attempt, err := s.prove(ctx, ses, password, now)
	if err != nil {
		return err
	}
	if err := s.secondStep(ctx, ses.User, code, attempt, ses.Actor(ip), now); err != nil {
		return err
	}
	return s.release(ctx, attempt)
}

// ResetTOTP takes away the second factor of someone who lost it.
func (s *Service) ResetTOTP(ctx context.Context, by org.Actor, person string, now time.Time) error {
	return s.dropTOTP(ctx, by, person, "totp.reset", now)
}

func (s *Service) dropTOTP(ctx context.Context, by org.Actor, person, action string, now time.Time) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, stmt := range []string{`DELETE FROM totp WHERE person = $1`, `DELETE FROM recovery_code WHERE person = $1`} {
			if _, err := tx.ExecContext(ctx, stmt, person); err != nil {
				return fmt.Errorf("auth: remove second factor: %w", err)
			}
		}
		return s.log.Append(ctx, tx, by, action, "user:"+person, nil, now)
	})
}

// useCode spends a code of the authenticator, or a recovery code.
func (s *Service) useCode(ctx context.Context, u org.User, code, ip string, now time.Time) (ok bool, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if ok, err = s.useStep(ctx, tx, u.ID, code, now); err != nil || ok {
			return err
		}
		res, err := tx.ExecContext(ctx, `UPDATE recovery_code SET used_at = $1 WHERE person = $2 AND hash = $3 AND used_at = 0`, db.Millis(now), u.ID, hashRecovery(code))
		if err != nil {
			return fmt.Errorf("auth: use recovery code: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
		ok = true
		return s.log.Append(ctx, tx, org.Actor{ID: u.ID, Name: u.Name, Role: u.Role, IP: ip}, "totp.recovery_used", "user:"+u.ID, nil, now)
	})
	return ok, err
}

// useStep accepts a code of this step or a neighbour, each step once.
func (s *Service) useStep(ctx context.Context, tx *sql.Tx, person, code string, now time.Time) (bool, error) {
	var secret string
	switch err := tx.QueryRowContext(ctx, `SELECT secret FROM totp WHERE person = $1`, person).Scan(&secret); {
	case errors.Is(err, sql.ErrNoRows):
		return false, ErrNotEnrolled
	case err != nil:
		return false, fmt.Errorf("auth: read second factor: %w", err)
	}
	step, ok, err := matchStep(secret, code, now)
	if err != nil || !ok {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `UPDATE totp SET last_step = $1 WHERE person = $2 AND last_step < $3`, step, person, step)
	if err != nil {
		return false, fmt.Errorf("auth: use code: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// matchStep finds the time step that a code belongs to.
func matchStep(secret, code string, now time.Time) (step int64, ok bool, err error) {
	code = strings.Join(strings.Fields(code), "")
	for d := int64(-totpSkew); d <= totpSkew; d++ {
		at := now.Unix()/totpPeriod + d
		want, err := totp.GenerateCodeCustom(secret, time.Unix(at*totpPeriod, 0), totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("auth: second factor: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok, nil
}

func newRecovery(ctx context.Context, tx *sql.Tx, person string) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_code WHERE person = $1`, person); err != nil {
		return nil, fmt.Errorf("auth: replace recovery codes: %w", err)
	}
	var out []string
	for range recoveryCodes {
		r := strings.ToLower(rand.Text()[:16]) // 80 bits
		code := r[:4] + "-" + r[4:8] + "-" + r[8:12] + "-" + r[12:]
		if _, err := tx.ExecContext(ctx, `INSERT INTO recovery_code (person, hash) VALUES ($1, $2)`, person, hashRecovery(code)); err != nil {
			return nil, fmt.Errorf("auth: write recovery code: %w", err)
		}
		out = append(out, code)
	}
	return out, nil
}

// hashRecovery forgives blanks, dashes and capitals. The codes are random enough that a
// plain hash cannot be guessed back.
func hashRecovery(code string) string {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256([]byte("recovery:" + code))
	return hex.EncodeToString(sum[:])
}
