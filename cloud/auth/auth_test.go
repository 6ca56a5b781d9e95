package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"
)

var t0 = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func newService(t *testing.T, d *db.DB) *Service {
	t.Helper()
	dir := t.TempDir()
	s, err := New(t.Context(), d, org.NewStore(d), audit.New(d), dir)
	if err != nil {
		t.Fatal(err)
	}
	s.hasher.cost = cost{64, 1, 1} // tests are about the rules, not the cost
	return s
}

func bootstrap(t *testing.T, s *Service, demo bool) map[string]string {
	t.Helper()
	made, err := s.Bootstrap(t.Context(), demo, t0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, a := range made {
		out[a.User.Username] = a.Password
	}
	return out
}

func TestBootstrap_MakesAdminOnceAndWritesAPrivateFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		made := bootstrap(t, s, false)
		if len(made) != 1 || made["admin"] == "" {
			t.Fatalf("made=%v", made)
		}
		if again := bootstrap(t, s, false); len(again) != 0 {
			t.Errorf("second start made %v", again)
		}
		st, err := os.Stat(s.firstPath())
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Fatalf("file mode=%v err=%v", st.Mode(), err)
		}
		raw, _ := os.ReadFile(s.firstPath())
		if !strings.Contains(string(raw), "admin\t"+made["admin"]+"\t") {
			t.Errorf("file=%q", raw)
		}
		if demo := bootstrap(t, s, true); len(demo) != 3 {
			t.Errorf("demo people=%v", demo)
		}
	})
}

func TestBootstrap_NoFileMeansNoAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		s.dir = filepath.Join(s.dir, "missing")
		if _, err := s.Bootstrap(t.Context(), false, t0); err == nil {
			t.Fatal("no error")
		}
		if users, err := s.users.List(t.Context()); err != nil || len(users) != 0 {
			t.Errorf("users=%v err=%v", users, err)
		}
	})
}

func TestPassword_ChangeEndsOtherSessionsAndClearsTheFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		pw := bootstrap(t, s, true)
		mine, token, err := s.Login(t.Context(), "Admin", pw["admin"], "127.0.0.1", t0)
		if err != nil {
			t.Fatal(err)
		}
		if !mine.MustChange {
			t.Error("the generated password need not be changed")
		}
		_, other, err := s.Login(t.Context(), "admin", pw["admin"], "127.0.0.1", t0)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct{ old, next string }{
			"wrong old": {"nope", "a-new-password"}, "short": {pw["admin"], "short"},
			"has name": {pw["admin"], "the-admin-pass"}, "same": {pw["admin"], pw["admin"]}, "repeated": {pw["admin"], "aaaaaaaaaaaa"},
		} {
			if err := s.ChangePassword(t.Context(), mine, c.old, c.next, "", t0); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		if err := s.ChangePassword(t.Context(), mine, pw["admin"], "correct horse 9", "", t0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), other, t0); !errors.Is(err, ErrSession) {
			t.Errorf("other session: %v", err)
		}
		if got, err := s.Session(t.Context(), token, t0); err != nil || got.MustChange {
			t.Errorf("own session: %+v %v", got, err)
		}
		raw, err := os.ReadFile(s.firstPath())
		if err != nil || strings.Contains(string(raw), "admin\t") || !strings.Contains(string(raw), "lina\t") {
			t.Errorf("file=%q err=%v", raw, err)
		}
		for _, name := range []string{"zhangwei", "lina", "wangqiang"} {
			ses, _, err := s.Login(t.Context(), name, pw[name], "", t0)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.ChangePassword(t.Context(), ses, pw[name], "correct horse 9", "", t0); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(s.firstPath()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
	})
}

func TestSession_EndsWhenIdleOrOldAndStoresNoToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		pw := bootstrap(t, s, false)
		_, token, err := s.Login(t.Context(), "admin", pw["admin"], "", t0)
		if err != nil {
			t.Fatal(err)
		}
		var stored string
		if err := d.Read().QueryRow(`SELECT token_hash FROM session`).Scan(&stored); err != nil || stored == token || strings.Contains(stored, token) {
			t.Errorf("stored %q, %v", stored, err)
		}
		at := t0
		for at.Sub(t0) < AbsoluteLife-IdleLife { // used every 11 h it lives on
			at = at.Add(11 * time.Hour)
			if _, err := s.Session(t.Context(), token, at); err != nil {
				t.Fatalf("after %v: %v", at.Sub(t0), err)
			}
		}
		if _, err := s.Session(t.Context(), token, t0.Add(AbsoluteLife)); !errors.Is(err, ErrSession) {
			t.Errorf("after 7 days: %v", err)
		}
		_, token, err = s.Login(t.Context(), "admin", pw["admin"], "", t0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), token, t0.Add(IdleLife)); !errors.Is(err, ErrSession) {
			t.Errorf("idle 12 h: %v", err)
		}
		for _, bad := range []string{"", "x", stored} {
			if _, err := s.Session(t.Context(), bad, t0); !errors.Is(err, ErrSession) {
				t.Errorf("token %q: %v", bad, err)
			}
		}
	})
}

func TestLogin_LocksAfterTenFailuresForKnownAndUnknownNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		pw := bootstrap(t, s, false)
		for _, name := range []string{"admin", "nobody"} {
			for range MaxFailures {
				if _, _, err := s.Login(t.Context(), name, "wrong", "", t0); !errors.Is(err, ErrWrong) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			_, _, err := s.Login(t.Context(), name, pw[name], "", t0.Add(time.Minute))
			if l, ok := errors.AsType[*LockedError](err); !ok || !l.Until.Equal(t0.Add(FailWindow)) {
				t.Errorf("%s: %v, want locked until %v", name, err, t0.Add(FailWindow))
			}
		}
		if _, _, err := s.Login(t.Context(), "admin", pw["admin"], "", t0.Add(FailWindow)); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

func TestLogin_ManyAtOnceCannotPassTheLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		bootstrap(t, s, false)
		var tried atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, _, err := s.Login(context.Background(), "admin", "guess", "", t0); errors.Is(err, ErrWrong) {
					tried.Add(1)
				}
			})
		}
		wg.Wait()
		if got := tried.Load(); got != MaxFailures {
			t.Errorf("%d guesses were tried, want %d", got, MaxFailures)
		}
	})
}

func TestLogin_LeavesTrueTraces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		pw := bootstrap(t, s, false)
		s.Login(t.Context(), "admin", "wrong", "10.0.0.9", t0) //nolint:errcheck // refused on purpose
		ses, _, err := s.Login(t.Context(), "admin", pw["admin"], "10.0.0.9", t0)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Logout(t.Context(), ses, "10.0.0.9", t0); err != nil {
			t.Fatal(err)
		}
		log := audit.New(d)
		if _, err := log.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines, err := log.Last(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range lines {
			got = append(got, l.Action)
			if strings.Contains(string(l.Data), "wrong") || strings.Contains(string(l.Data), pw["admin"]) {
				t.Errorf("a password is in the log: %+v", l)
			}
		}
		if want := "session.close session.open session.refused user.add"; strings.Join(got, " ") != want {
			t.Errorf("log=%v, want %s", got, want)
		}
	})
}

func TestHash_DamagedRowsAreErrorsNotLogins(t *testing.T) {
	h := newHasher()
	for _, phc := range []string{"", "x", "$argon2id$v=19$m=0,t=1,p=1$YQ$YWFhYWFhYWFhYWFhYWFhYQ", "$argon2id$v=19$m=9999999,t=1,p=1$YQ$YWFhYWFhYWFhYWFhYWFhYQ", "$argon2id$v=19$m=64,t=1,p=1$$"} {
		if ok, err := h.verify(t.Context(), phc, ""); ok || err == nil {
			t.Errorf("%q: ok=%v err=%v", phc, ok, err)
		}
	}
	h.cost = cost{64, 1, 1}
	a, err := h.hash(t.Context(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := h.verify(t.Context(), a, "secret"); !ok || err != nil {
		t.Errorf("verify=%v, %v", ok, err)
	}
	if ok, _ := h.verify(t.Context(), a, "Secret"); ok {
		t.Error("another password was accepted")
	}
}

func TestGenerate_IsReadableAndNeverTheSame(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		p, err := Generate()
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 19 || seen[p] || strings.ContainsAny(p, "il1o0") {
			t.Fatalf("password %q", p)
		}
		seen[p] = true
	}
}

func TestAddUser_IsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		bootstrap(t, s, false)
		if _, err := s.AddUser(t.Context(), org.System(), org.User{Username: "admin", Name: "x", Role: org.Guard}, t0); !errors.Is(err, org.ErrTaken) {
			t.Errorf("err=%v", err)
		}
		var n int
		if err := d.Read().QueryRow(`SELECT COUNT(*) FROM credential`).Scan(&n); err != nil || n != 1 {
			t.Errorf("credentials=%d %v", n, err)
		}
	})
}
