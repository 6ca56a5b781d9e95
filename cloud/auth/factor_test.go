package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"

	"github.com/pquerna/otp/totp"
)

// seated is a service with zhangwei signed in.
func seated(t *testing.T, d *db.DB) (s *Service, ses Session, token, password string) {
	t.Helper()
	s = newService(t, d)
	pw := bootstrap(t, s, true)
	ses, token, err := s.Login(t.Context(), "zhangwei", pw["zhangwei"], "10.0.0.9", t0)
	if err != nil {
		t.Fatal(err)
	}
	return s, ses, token, pw["zhangwei"]
}

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func enrol(t *testing.T, s *Service, ses Session, password string) (secret string, codes []string) {
	t.Helper()
	e, err := s.BeginTOTP(t.Context(), ses, password, t0)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(e.URL, "otpauth://totp/") || !strings.Contains(e.URL, e.Secret) {
		t.Errorf("url %q", e.URL)
	}
	if codes, err = s.ConfirmTOTP(t.Context(), ses, code(t, e.Secret, t0), "", t0); err != nil {
		t.Fatal(err)
	}
	return e.Secret, codes
}

func TestTOTP_EachCodeOnceWithinOneStep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, _, password := seated(t, d)
		if _, err := s.BeginTOTP(t.Context(), ses, "wrong", t0); !errors.Is(err, ErrWrong) {
			t.Errorf("without the password: %v", err)
		}
		e, err := s.BeginTOTP(t.Context(), ses, password, t0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ConfirmTOTP(t.Context(), ses, "000000", "", t0); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("a wrong code: %v", err)
		}
		if _, _, err := s.Login(t.Context(), "zhangwei", password, "", t0); err != nil {
			t.Errorf("not confirmed yet, but asked for: %v", err)
		}
		secret, _ := enrol(t, s, ses, password)
		if e.Secret == secret {
			t.Error("the secret was not made anew")
		}
		try := func(c string, at time.Time) error {
			_, _, err := s.SignIn(t.Context(), SignIn{Username: "zhangwei", Password: password, Code: c}, at)
			return err
		}
		if err := try("", t0); !errors.Is(err, ErrCodeWanted) {
			t.Errorf("no code: %v", err)
		}
		if err := try(code(t, secret, t0), t0); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("the code that enrolled, again: %v", err)
		}
		next := t0.Add(90 * time.Second)
		for name, c := range map[string]string{"two steps old": code(t, secret, next.Add(-time.Minute)), "two steps early": code(t, secret, next.Add(time.Minute))} {
			if err := try(c, next); !errors.Is(err, ErrCodeWrong) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := try(" "+code(t, secret, next.Add(-30*time.Second))[:3]+" "+code(t, secret, next.Add(-30*time.Second))[3:], next); err != nil {
			t.Errorf("one step old, with blanks: %v", err)
		}
		if err := try(code(t, secret, next.Add(30*time.Second)), next); err != nil {
			t.Errorf("one step early: %v", err)
		}
		if err := try(code(t, secret, next), next); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("a step before one that was used: %v", err)
		}
	})
}

func TestTOTP_ARecoveryCodeStandsInOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, token, password := seated(t, d)
		_, codes := enrol(t, s, ses, password)
		if len(codes) != recoveryCodes {
			t.Fatalf("%d codes", len(codes))
		}
		var stored string
		if err := d.Read().QueryRow(`SELECT hash FROM recovery_code LIMIT 1`).Scan(&stored); err != nil || strings.Contains(strings.Join(codes, " "), stored) {
			t.Errorf("stored %q %v", stored, err)
		}
		in := SignIn{Username: "zhangwei", Password: password, Code: strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))}
		if _, _, err := s.SignIn(t.Context(), in, t0); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.SignIn(t.Context(), in, t0); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("twice: %v", err)
		}
		now, err := s.Session(t.Context(), token, t0)
		if err != nil || !now.TOTP {
			t.Fatalf("%+v %v", now, err)
		}
		if err := s.RemoveTOTP(t.Context(), now, password, codes[3], "", t0); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("removed with a spent code: %v", err)
		}
		more, err := s.NewRecoveryCodes(t.Context(), now, password, codes[4], "", t0)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveTOTP(t.Context(), now, password, codes[5], "", t0); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("an old code after new ones: %v", err)
		}
		if err := s.RemoveTOTP(t.Context(), now, password, more[0], "", t0); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Login(t.Context(), "zhangwei", password, "", t0); err != nil {
			t.Errorf("after removal: %v", err)
		}
	})
}

func TestTOTP_GuessingCodesLocksAndThePasswordAloneClearsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, _, password := seated(t, d)
		enrol(t, s, ses, password)
		for i := range MaxFailures {
			in := SignIn{Username: "zhangwei", Password: password}
			if _, _, err := s.SignIn(t.Context(), in, t0); !errors.Is(err, ErrCodeWanted) {
				t.Fatalf("try %d: %v", i, err)
			}
			in.Code = "000000"
			if _, _, err := s.SignIn(t.Context(), in, t0); !errors.Is(err, ErrCodeWrong) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		_, _, err := s.SignIn(t.Context(), SignIn{Username: "zhangwei", Password: password}, t0)
		if _, ok := errors.AsType[*LockedError](err); !ok {
			t.Errorf("after %d codes: %v", MaxFailures, err)
		}
	})
}

func TestTOTP_ARoleThatNeedsOneIsHeldToIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, token, password := seated(t, d)
		if err := s.SetRules(t.Context(), org.System(), Rules{TOTPRoles: []org.Role{"king"}}, t0); err == nil {
			t.Error("an unknown role")
		}
		if err := s.SetRules(t.Context(), org.System(), Rules{TOTPRoles: []org.Role{org.Operator}}, t0); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Session(t.Context(), token, t0); err != nil || !got.MustEnrol {
			t.Errorf("%+v %v", got, err)
		}
		enrol(t, s, ses, password)
		if got, err := s.Session(t.Context(), token, t0); err != nil || got.MustEnrol || !got.TOTP {
			t.Errorf("enrolled: %+v %v", got, err)
		}
	})
}

func TestC14_ALockedScreenOpensWithThePasswordAndGuessesCount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, token, password := seated(t, d)
		if err := s.Lock(t.Context(), ses, "", t0); err != nil {
			t.Fatal(err)
		}
		locked, err := s.Session(t.Context(), token, t0)
		if err != nil || !locked.Locked {
			t.Fatalf("%+v %v", locked, err)
		}
		for range MaxFailures - 1 {
			if _, err := s.Unlock(t.Context(), locked, "guess", "", "", t0); !errors.Is(err, ErrWrong) {
				t.Fatal(err)
			}
		}
		if got, err := s.Unlock(t.Context(), locked, password, "", "", t0); err != nil || got.Locked {
			t.Fatalf("%+v %v", got, err)
		}
		for range MaxFailures {
			s.Unlock(t.Context(), locked, "guess", "", "", t0) //nolint:errcheck // wrong on purpose
		}
		_, err = s.Unlock(t.Context(), locked, password, "", "", t0)
		if _, ok := errors.AsType[*LockedError](err); !ok {
			t.Errorf("guessed on: %v", err)
		}
	})
}

func TestC14_AWatchedScreenLocksAtTheEndOfItsLifeAndDoesNotGoBlank(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _, token, password := seated(t, d)
		at := t0
		for at.Before(t0.Add(AbsoluteLife + 24*time.Hour)) { // an open stream looks again and again
			at = at.Add(3 * time.Minute)
			if _, err := s.Session(t.Context(), token, at); err != nil {
				t.Fatalf("after %v: %v", at.Sub(t0), err)
			}
		}
		got, err := s.Session(t.Context(), token, at)
		if err != nil || !got.Locked {
			t.Fatalf("locked=%v %v", got.Locked, err)
		}
		if got, err = s.Unlock(t.Context(), got, password, "", "", at); err != nil || got.Locked {
			t.Errorf("unlocked: %+v %v", got, err)
		}
		if _, err := s.Session(t.Context(), token, at.Add(IdleLife)); !errors.Is(err, ErrSession) {
			t.Errorf("left alone: %v", err)
		}
	})
}

func TestPeople_DisablingEndsSessionsAndKeysAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		pw := bootstrap(t, s, true)
		ses, token, err := s.Login(t.Context(), "admin", pw["admin"], "", t0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.AddUser(t.Context(), org.System(), org.User{Username: "boss", Name: "b", Role: org.Admin}, t0)
		if err != nil {
			t.Fatal(err)
		}
		_, text, err := s.NewKey(t.Context(), ses, APIKey{Name: "大屏", Permissions: []org.Permission{org.AlarmRead}, Scopes: []org.Scope{org.All}, Expires: t0.Add(time.Hour)}, "", t0)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.ByKey(t.Context(), text, t0); err != nil || got.KeyName != "大屏" || got.Rights.May(org.AlarmAck) {
			t.Fatalf("%+v %v", got, err)
		}
		if err := s.SetActive(t.Context(), org.System(), ses.User.ID, false, t0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), token, t0); !errors.Is(err, ErrSession) {
			t.Errorf("session: %v", err)
		}
		if _, err := s.ByKey(t.Context(), text, t0); !errors.Is(err, ErrSession) {
			t.Errorf("key: %v", err)
		}
		if _, _, err := s.Login(t.Context(), "admin", pw["admin"], "", t0); !errors.Is(err, ErrWrong) {
			t.Errorf("sign in: %v", err)
		}
		if err := s.SetActive(t.Context(), org.System(), ses.User.ID, true, t0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), token, t0); !errors.Is(err, ErrSession) {
			t.Errorf("enabled again, the old session is back: %v", err)
		}
		if _, err := audit.New(d).Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestKey_IsAPartOfItsMakersRightsForATime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ses, _, _ := seated(t, d) // an operator
		good := APIKey{Name: "k", Permissions: []org.Permission{org.AlarmRead}, Scopes: []org.Scope{org.All}, Expires: t0.Add(time.Hour)}
		for name, change := range map[string]func(*APIKey){
			"more than its maker": func(k *APIKey) { k.Permissions = []org.Permission{org.AlarmReset} },
			"people":              func(k *APIKey) { k.Permissions = []org.Permission{org.UserManage} },
			"nowhere":             func(k *APIKey) { k.Scopes = nil },
			"no such building":    func(k *APIKey) { k.Scopes = []org.Scope{"building:b99"} },
			"for ever":            func(k *APIKey) { k.Expires = t0.Add(10 * MaxKeyLife) },
			"over already":        func(k *APIKey) { k.Expires = t0 },
			"no name":             func(k *APIKey) { k.Name = " " },
		} {
			k := good
			change(&k)
			if _, _, err := s.NewKey(t.Context(), ses, k, "", t0); err == nil {
				t.Errorf("%s was made", name)
			}
		}
		k, text, err := s.NewKey(t.Context(), ses, good, "", t0)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := Bearer("Bearer " + text); !ok || got != text {
			t.Errorf("%q is not a key", text)
		}
		var stored string
		if err := d.Read().QueryRow(`SELECT hash FROM api_key`).Scan(&stored); err != nil || strings.Contains(text, stored) {
			t.Errorf("stored %q %v", stored, err)
		}
		if _, err := s.ByKey(t.Context(), text, t0.Add(time.Hour)); !errors.Is(err, ErrSession) {
			t.Errorf("expired: %v", err)
		}
		if err := s.RevokeKey(t.Context(), org.System(), k.ID, t0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ByKey(t.Context(), text, t0); !errors.Is(err, ErrSession) {
			t.Errorf("revoked: %v", err)
		}
		if err := s.RevokeKey(t.Context(), org.System(), k.ID, t0); !errors.Is(err, org.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
	})
}

func FuzzBearer(f *testing.F) {
	f.Add("Bearer anlan_" + strings.Repeat("a", keyIDLen) + "_" + strings.Repeat("b", 52))
	f.Add("Basic x")
	f.Add("bearer  anlan__")
	f.Fuzz(func(t *testing.T, h string) {
		key, ok := Bearer(h)
		if ok && (!strings.HasPrefix(key, keyPrefix) || len(key) != len(keyPrefix)+keyIDLen+1+52 || !strings.Contains(h, key)) {
			t.Errorf("%q gave %q", h, key)
		}
	})
}
