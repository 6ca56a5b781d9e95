package notify_test

import (
	"bufio"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/notify"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock stands until it is put forward.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func store(d *db.DB, now func() time.Time, channels ...notify.Channel) *notify.Store {
	return notify.NewStore(notify.Deps{DB: d, Channels: channels, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: now})
}

func post(s *notify.Store, now time.Time, n ...notify.Notice) error {
	return s.DB.Tx(context.Background(), func(tx *sql.Tx) error { return s.Post(context.Background(), tx, n, now) })
}

func task(to, key string) notify.Notice {
	return notify.Notice{To: to, Key: key, Kind: "task", Urgency: notify.Normal, Todo: true, Title: contract.Text{ZH: "待办：审核", EN: "To do: audit"}, Body: contract.Text{ZH: "通道堵塞", EN: "blocked"}, Link: "/flows/f1?task=1"}
}

// TestW12_AKeyIsToldOncePerPerson posts one key a hundred times at once.
func TestW12_AKeyIsToldOncePerPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		channel := &recorder{}
		s := store(d, func() time.Time { return noon }, channel)
		var wg sync.WaitGroup
		errs := make(chan error, 100)
		for range 100 {
			wg.Go(func() { errs <- post(s, noon, task("li", "flow/f1/1/1-0"), task("an", "flow/f1/1/1-0")) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, who := range []string{"an", "li"} {
			if p, err := s.List(t.Context(), who, false, "", 10); err != nil || len(p.Items) != 1 {
				t.Fatalf("%s: %+v, %v", who, p, err)
			}
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 2 || len(channel.sent) != 2 {
			t.Fatalf("%d %v %v", n, err, channel.sent)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 0 {
			t.Fatalf("sent again: %d %v", n, err)
		}
	})
}

// TestW12_WhatIsDoneNeedsNoReading settles one of two tasks of a flow.
func TestW12_WhatIsDoneNeedsNoReading(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d, func() time.Time { return noon })
		late := task("an", "flow/f1/0/9-0")
		late.Kind, late.Todo, late.Urgency = "overdue", false, notify.Urgent
		if err := post(s, noon, task("an", "flow/f1/1/1-0"), task("an", "flow/f2/1/1-0"), task("an", "flow/f2/10/1-0"), late); err != nil {
			t.Fatal(err)
		}
		want := func(unread int) {
			t.Helper()
			if c, err := s.Count(t.Context(), "an"); err != nil || c.Unread != unread {
				t.Fatalf("%+v %v", c, err)
			}
		}
		want(4)
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return s.Done(t.Context(), tx, "flow/f2/1/", noon) }); err != nil {
			t.Fatal(err)
		}
		want(3) // and not f2/10
		if err := s.ReadAll(t.Context(), "an", noon); err != nil {
			t.Fatal(err)
		}
		want(0)
	})
}

// TestW12_PagesHaveNoGapAndNoRepeat reads 25 notices of one millisecond in pages of 10.
func TestW12_PagesHaveNoGapAndNoRepeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d, func() time.Time { return noon })
		for i := range 25 {
			if err := post(s, noon, task("an", fmt.Sprintf("flow/f/%d/0", i))); err != nil {
				t.Fatal(err)
			}
		}
		seen, before := map[string]bool{}, ""
		for range 3 {
			p, err := s.List(t.Context(), "an", true, before, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range p.Items {
				seen[n.ID] = true
			}
			before = p.Next
		}
		if len(seen) != 25 || before != "" {
			t.Fatalf("%d %q", len(seen), before)
		}
	})
}

// TestW12_AListenerIsToldAfterTheCommit keeps the transaction open for longer than the
// first looks take; nothing is told of what is rolled back.
func TestW12_AListenerIsToldAfterTheCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := store(d, time.Now)
		told := make(chan notify.Count, 10)
		s.OnNotice(func(_ string, c notify.Count) { told <- c })
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { s.Run(ctx) }) //nolint:errcheck // ends with ctx
		defer wg.Wait()
		defer stop()
		back := errors.New("back")
		err := d.Tx(ctx, func(tx *sql.Tx) error {
			return errors.Join(s.Post(ctx, tx, []notify.Notice{task("an", "a/b/0")}, noon), back)
		})
		if !errors.Is(err, back) {
			t.Fatal(err)
		}
		if err := post(s, noon, task("an", "a/b/1")); err != nil {
			t.Fatal(err)
		}
		if c := <-told; c.Unread != 1 {
			t.Fatalf("%+v", c)
		}
	})
}

// recorder is a channel that remembers, and fails as told.
type recorder struct {
	sent []string
	err  error
}

func (r *recorder) Name() string { return "test" }
func (r *recorder) Wants(context.Context, *sql.Tx, notify.Notice) (bool, error) {
	return true, nil
}
func (r *recorder) Send(_ context.Context, n notify.Notice) error {
	if r.err == nil {
		r.sent = append(r.sent, n.To)
	}
	return r.err
}

// TestW12_FailuresAreTriedAgainThenSeen follows a delivery that always fails to the dead
// letters and, retried, out.
func TestW12_FailuresAreTriedAgainThenSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, channel := &clock{at: noon}, &recorder{err: errors.New("no network")}
		s := store(d, c.now, channel)
		if err := post(s, noon, task("an", "a/b/1")); err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			if n, err := s.Deliver(t.Context()); err != nil || n != 1 {
				t.Fatalf("attempt %d: %d %v", i, n, err)
			}
			if n, err := s.Deliver(t.Context()); err != nil || n != 0 {
				t.Fatalf("attempt %d at once again: %d %v", i, n, err)
			}
			c.forward(31 * time.Minute)
		}
		dead, err := s.Deliveries(t.Context(), "dead", 10)
		if err != nil || len(dead) != 1 || dead[0].LastError != "no network" || dead[0].Attempts != 8 || dead[0].To != "an" {
			t.Fatalf("%+v %v", dead, err)
		}
		channel.err = nil
		if err := d.Tx(t.Context(), func(tx *sql.Tx) error { return s.Retry(t.Context(), tx, dead[0].Notice, "test", c.now()) }); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 1 || len(channel.sent) != 1 {
			t.Fatalf("%d %v", n, err)
		}
	})
}

// TestW12_QuietHoursHoldWhatIsNotUrgent posts at night.
func TestW12_QuietHoursHoldWhatIsNotUrgent(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	at := func(day, h, m int) time.Time { return time.Date(2026, 11, day, h, m, 0, 0, zone) }
	for _, c := range []struct {
		q         notify.Quiet
		u         notify.Urgency
		now, want time.Time
	}{
		{notify.DefaultQuiet, notify.Normal, at(23, 12, 0), at(23, 12, 0)},
		{notify.DefaultQuiet, notify.Normal, at(23, 23, 0), at(24, 7, 0)},
		{notify.DefaultQuiet, notify.Normal, at(23, 6, 59), at(23, 7, 0)},
		{notify.DefaultQuiet, notify.Normal, at(23, 7, 0), at(23, 7, 0)},
		{notify.DefaultQuiet, notify.Urgent, at(23, 3, 0), at(23, 3, 0)},
		{notify.Quiet{From: 720, To: 840}, notify.Normal, at(23, 13, 0), at(23, 14, 0)},
		{notify.Quiet{From: 0, To: 0}, notify.Normal, at(23, 3, 0), at(23, 3, 0)},
	} {
		if got := c.q.Until(c.u, c.now, zone); !got.Equal(c.want) {
			t.Errorf("%+v %s at %s: %s, want %s", c.q, c.u, c.now, got, c.want)
		}
	}
}

const crashVariable = "ANLAN_NOTIFY_CRASH_DB"

// TestW12_KilledBetweenCommitAndSend runs itself as a child that commits a notice, takes
// its delivery up and is killed while it sends: what was committed is there once, and is
// handed on by the next process when the lease has run out.
func TestW12_KilledBetweenCommitAndSend(t *testing.T) {
	if dsn := os.Getenv(crashVariable); dsn != "" {
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		s := store(d, time.Now, &hanging{})
		if err := post(s, time.Now().Add(-time.Second), loud("an", "a/b/1")); err != nil {
			t.Fatal(err)
		}
		_, err = s.Deliver(t.Context())
		t.Fatal(err)
	}
	killed := func(t *testing.T, dsn string) {
		self, _, _ := strings.Cut(t.Name(), "/")
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+self+"$") //nolint:gosec // ourselves
		child.Env = append(os.Environ(), crashVariable+"="+dsn)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "sending" {
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() //nolint:errcheck // it was killed
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		c, channel := &clock{at: time.Now()}, &recorder{}
		s := store(d, c.now, channel)
		if err := post(s, c.now(), loud("an", "a/b/1")); err != nil { // the caller tries again too
			t.Fatal(err)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 0 {
			t.Fatalf("within the lease: %d %v", n, err)
		}
		c.forward(2 * time.Minute)
		if n, err := s.Deliver(t.Context()); err != nil || n != 1 || len(channel.sent) != 1 {
			t.Fatalf("%d %v", n, err)
		}
		if n, err := s.Tell(t.Context()); err != nil || n != 1 {
			t.Fatalf("the page is told after all: %d %v", n, err)
		}
		if p, err := s.List(t.Context(), "an", false, "", 10); err != nil || len(p.Items) != 1 {
			t.Fatalf("%+v %v", p, err)
		}
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, filepath.Join(t.TempDir(), "cloud.db")) })
	if dsn := dbtest.PostgresDSN(t); dsn != "" {
		t.Run("postgres", func(t *testing.T) { killed(t, dsn) })
	}
}

func loud(to, key string) notify.Notice {
	n := task(to, key)
	n.Urgency = notify.Urgent
	return n
}

type hanging struct{ recorder }

func (h *hanging) Send(ctx context.Context, _ notify.Notice) error {
	fmt.Println("sending")
	<-ctx.Done()
	return ctx.Err()
}

// receiver is a browser with its push service.
type receiver struct {
	key    *ecdh.PrivateKey
	auth   []byte
	got    chan []byte
	header http.Header
	status int
	*httptest.Server
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{key: key, auth: []byte("0123456789abcdef"), got: make(chan []byte, 10), status: http.StatusCreated}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		raw, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.header = q.Header
		r.got <- raw
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) subscription() notify.Subscription {
	e := base64.RawURLEncoding.EncodeToString
	return notify.Subscription{Endpoint: r.URL + "/push/1", P256dh: e(r.key.PublicKey().Bytes()), Auth: e(r.auth)}
}

// open decrypts as RFC 8291 tells browsers to.
func (r *receiver) open(t *testing.T, raw []byte) []byte {
	t.Helper()
	salt, idlen := raw[:16], int(raw[20])
	sender, sealed := raw[21:21+idlen], raw[21+idlen:]
	pub, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := r.key.ECDH(pub)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		k, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	ikm := derive(shared, r.auth, "WebPush: info\x00"+string(r.key.PublicKey().Bytes())+string(sender), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"))
}

const contact = "mailto:duty@example.com"

// hire makes a person; active 0 is one who has left.
func hire(t *testing.T, d *db.DB, id string, active int) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO person (id, username, name, role, created_at, active) VALUES ($1, $1, $1, 'guard', 0, $2)
			ON CONFLICT (id) DO UPDATE SET active = excluded.active`, id, active)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestH17_ABrowserCanReadWhatIsPushed pushes to a service that decrypts with the browser's
// keys; a subscription that is gone is forgotten.
func TestH17_ABrowserCanReadWhatIsPushed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, data := newReceiver(t), t.TempDir()
		push, err := notify.NewPush(d, data, contact, []string{"127.0.0.1"}, r.Client())
		if err != nil {
			t.Fatal(err)
		}
		again, err := notify.NewPush(d, data, contact, notify.PushHosts, nil)
		if err != nil || again.PublicKey() != push.PublicKey() {
			t.Fatalf("another key at the second start: %v", err)
		}
		if st, err := os.Stat(filepath.Join(data, "push-key.json")); err != nil || st.Mode().Perm() != 0o600 {
			t.Fatalf("%v %v", st.Mode(), err)
		}
		c := &clock{at: noon}
		s := store(d, c.now, push)
		hire(t, d, "an", 1)
		if _, err := push.Subscribe(t.Context(), "an", "zh-CN", r.subscription(), noon); err != nil {
			t.Fatal(err)
		}
		if err := post(s, noon, loud("an", "a/b/1"), loud("li", "a/b/1")); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		var got struct{ ID, Title, Body, Link, Urgency string }
		if err := json.Unmarshal(r.open(t, <-r.got), &got); err != nil || got.Title != "待办：审核" || got.Body != "通道堵塞" || got.Link != "/flows/f1?task=1" || got.Urgency != "urgent" {
			t.Fatalf("%+v %v", got, err)
		}
		if h := r.header; h.Get("Urgency") != "high" || h.Get("TTL") != "86400" || len(h.Get("Topic")) != 20 || !strings.HasPrefix(h.Get("Authorization"), "vapid t=") {
			t.Fatalf("%v", h)
		}
		hire(t, d, "an", 0) // who has left is told nothing more, wherever they had signed in
		if err := post(s, noon, loud("an", "a/b/left")); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 0 || len(r.got) > 0 {
			t.Fatalf("%d %v", n, err)
		}
		hire(t, d, "an", 1)
		r.status = http.StatusGone
		if err := post(s, noon, loud("an", "a/b/2")); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Deliver(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		if err := push.Unsubscribe(t.Context(), "an", notify.SubscriptionID(r.subscription().Endpoint)); !errors.Is(err, notify.ErrNotFound) {
			t.Fatalf("still subscribed: %v", err)
		}
		if x, err := s.Deliveries(t.Context(), "dropped", 10); err != nil || len(x) != 1 {
			t.Fatalf("%+v %v", x, err)
		}
	})
}

// TestH17_OnlyPushServicesAreAsked refuses endpoints that would make us ask others.
func TestH17_OnlyPushServicesAreAsked(t *testing.T) {
	d, r := dbtest.SQLite(t), newReceiver(t)
	push, err := notify.NewPush(d, t.TempDir(), contact, notify.PushHosts, nil)
	if err != nil {
		t.Fatal(err)
	}
	for endpoint, good := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x": true, "https://wns2-sg2p.notify.windows.com/w/?token=x": true, "https://web.push.apple.com/x": true,
		"http://fcm.googleapis.com/x": false, r.URL: false, "https://fcm.googleapis.com.evil.example/x": false, "https://evilfcm.googleapis.com/x": false,
		"https://fcm.googleapis.com@10.0.0.1/x": false, "https://10.0.0.1/x": false, "": false, "https://": false, "file:///etc/passwd": false,
	} {
		x := r.subscription()
		x.Endpoint = endpoint
		if err := push.Check(x); (err == nil) != good {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	// A name that is allowed but leads home is not connected to.
	led, err := notify.NewPush(d, t.TempDir(), contact, []string{"127.0.0.1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hire(t, d, "an", 1)
	if _, err := led.Subscribe(t.Context(), "an", "en", r.subscription(), noon); err != nil {
		t.Fatal(err)
	}
	if err := led.Send(t.Context(), loud("an", "a/b/1")); err == nil || !strings.Contains(err.Error(), "not a public address") || len(r.got) > 0 {
		t.Fatal(err)
	}
}

func FuzzSubscription(f *testing.F) {
	f.Add("https://fcm.googleapis.com/x", "BA", "AA")
	f.Add("https://[::1]:0/%zz", "====", "\x00")
	push := &notify.Push{}
	f.Fuzz(func(t *testing.T, endpoint, key, auth string) {
		if push.Check(notify.Subscription{Endpoint: endpoint, P256dh: key, Auth: auth}) == nil {
			t.Fatal("a service nobody allowed")
		}
	})
}
