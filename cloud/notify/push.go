package notify

import (
	"context"
	"crypto/ecdh"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"anlan/cloud/db"
	"anlan/contract"

	"github.com/SherClockHolmes/webpush-go"
)

// PushHosts are the push services of the browsers people have; a name stands for itself
// and what ends with a dot and it.
var PushHosts = []string{"fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"}

// ErrOff means that nobody has set up web push here: it asks services outside.
var ErrOff = errors.New("notify: web push is not set up")

// ErrSubscription means that a browser's subscription cannot be used.
var ErrSubscription = errors.New("notify: bad subscription")

// Subscription is how a browser is reached.
type Subscription struct {
	Endpoint string `json:"endpoint" maxLength:"1000"`
	P256dh   string `json:"p256dh" maxLength:"200" doc:"the browser's public key, base64url"`
	Auth     string `json:"auth" maxLength:"100" doc:"the browser's secret, base64url"`
}

// Push is the channel to browsers.
type Push struct {
	db      *db.DB
	contact string
	hosts   []string
	client  *http.Client
	public  string
	secret  string
}

const (
	pushKeyFile = "push-key.json"
	pushTTL     = 24 * time.Hour
	maxBrowsers = 10 // of a person; the oldest goes
	maxText     = 500
)

type pushKey struct {
	Private string `json:"private"`
	Public  string `json:"public"`
}

// NewPush reads the server's key from the data folder, and makes it at the first start.
// Only https endpoints at hosts are ever asked, and none without a contact (a mailto: or
// https: address that the push services may write to); client nil is one that follows no
// redirects and connects to no address of this or a private network.
func NewPush(d *db.DB, data, contact string, hosts []string, client *http.Client) (*Push, error) {
	key, err := openPushKey(filepath.Join(data, pushKeyFile))
	if err != nil {
		return nil, err
	}
	if client == nil {
		client = guarded()
	}
	return &Push{db: d, contact: contact, hosts: hosts, client: client, public: key.Public, secret: key.Private}, nil
}

func openPushKey(file string) (pushKey, error) {
	var k pushKey
	raw, err := os.ReadFile(file) //nolint:gosec // our own folder
	if err == nil {
		if err := json.Unmarshal(raw, &k); err != nil || k.Private == "" || k.Public == "" {
			return k, fmt.Errorf("notify: read push key %s: not a key: %w", file, errors.Join(err))
		}
		return k, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return k, fmt.Errorf("notify: read push key: %w", err)
	}
	if k.Private, k.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
		return k, fmt.Errorf("notify: make push key: %w", err)
	}
	if raw, err = json.Marshal(k); err != nil {
		return k, fmt.Errorf("notify: make push key: %w", err)
	}
	return k, writeWhole(file, raw)
}

// writeWhole leaves the whole file or none, readable by nobody else.
func writeWhole(file string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".push-*") // 0600
	if err != nil {
		return fmt.Errorf("notify: write push key: %w", err)
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("notify: write push key: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// guarded is a client that cannot be led into our own networks.
func guarded() *http.Client {
	dial := &net.Dialer{Timeout: 5 * time.Second, ControlContext: refusePrivate}
	return &http.Client{Timeout: 10 * time.Second, CheckRedirect: noRedirect, Transport: &http.Transport{DialContext: dial.DialContext,
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxIdleConns: 20, IdleConnTimeout: time.Minute}}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// PublicKey is what browsers subscribe with.
func (p *Push) PublicKey() string {
	if p.contact == "" {
		return ""
	}
	return p.public
}

// Check returns nil if a browser can be reached so.
func (p *Push) Check(s Subscription) error {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
		return fmt.Errorf("%w: endpoint is not https", ErrSubscription)
	}
	host := strings.ToLower(u.Hostname())
	if !slices.ContainsFunc(p.hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) }) {
		return fmt.Errorf("%w: %s is no push service we know", ErrSubscription, host)
	}
	key, err := unbase64(s.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(key)
	}
	if err != nil {
		return fmt.Errorf("%w: p256dh: not a P-256 key", ErrSubscription)
	}
	if secret, err := unbase64(s.Auth); err != nil || len(secret) != 16 {
		return fmt.Errorf("%w: auth: want 16 bytes", ErrSubscription)
	}
	return nil
}

func unbase64(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(s), "="))
}

// SubscriptionID names the subscription of an endpoint.
func SubscriptionID(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return "ps-" + hex.EncodeToString(sum[:16])
}

// Subscribe keeps a browser for a person; a browser belongs to who was last signed in.
// Errors: [ErrSubscription].
func (p *Push) Subscribe(ctx context.Context, person, language string, s Subscription, now time.Time) (string, error) {
	if p.contact == "" {
		return "", ErrOff
	}
	if err := p.Check(s); err != nil {
		return "", err
	}
	id := SubscriptionID(s.Endpoint)
	return id, p.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO push_subscription (id, person, endpoint, p256dh, auth, language, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET person = $2, p256dh = $4, auth = $5, language = $6, made_at = $7`, id, person, s.Endpoint, s.P256dh, s.Auth, language, db.Millis(now))
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM push_subscription WHERE person = $1 AND id NOT IN (SELECT id FROM push_subscription WHERE person = $1 ORDER BY made_at DESC, id LIMIT $2)`, person, maxBrowsers)
		}
		if err != nil {
			return fmt.Errorf("notify: subscribe: %w", err)
		}
		return nil
	})
}

// Unsubscribe forgets one of a person's browsers. Errors: [ErrNotFound].
func (p *Push) Unsubscribe(ctx context.Context, person, id string) error {
	return p.db.Tx(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM push_subscription WHERE id = $1 AND person = $2`, id, person)
		if err != nil {
			return fmt.Errorf("notify: unsubscribe: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
}

// Name implements [Channel].
func (p *Push) Name() string { return "push" }

// Wants implements [Channel].
func (p *Push) Wants(ctx context.Context, tx *sql.Tx, n Notice) (bool, error) {
	if p.contact == "" {
		return false, nil
	}
	var k int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM push_subscription s JOIN person p ON p.id = s.person WHERE s.person = $1 AND p.active = 1`, n.To).Scan(&k)
	return k > 0, err
}

type browser struct {
	id, language string
	Subscription
}

// Send implements [Channel]: to all of the person's browsers. What came twice replaces
// itself there, by the notice's id.
func (p *Push) Send(ctx context.Context, n Notice) error {
	rows, err := p.db.Read().QueryContext(ctx, `SELECT s.id, s.language, s.endpoint, s.p256dh, s.auth FROM push_subscription s JOIN person p ON p.id = s.person
		WHERE s.person = $1 AND p.active = 1`, n.To)
	if err != nil {
		return fmt.Errorf("notify: read subscriptions: %w", err)
	}
	var all []browser
	for rows.Next() {
		var b browser
		if err := rows.Scan(&b.id, &b.language, &b.Endpoint, &b.P256dh, &b.Auth); err != nil {
			return errors.Join(fmt.Errorf("notify: read subscriptions: %w", err), rows.Close())
		}
		all = append(all, b)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("notify: read subscriptions: %w", err)
	}
	reached := 0
	var failed, hopeless []error
	for _, b := range all {
		err := p.sendOne(ctx, b, n)
		switch {
		case err == nil:
			reached++
		case errors.Is(err, ErrNobody):
			if err := p.Unsubscribe(ctx, n.To, b.id); err != nil && !errors.Is(err, ErrNotFound) {
				failed = append(failed, err)
			}
		default:
			if _, ok := errors.AsType[*PermanentError](err); ok {
				hopeless = append(hopeless, err)
			} else {
				failed = append(failed, err)
			}
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if reached > 0 {
		return nil
	}
	if len(hopeless) > 0 {
		return errors.Join(hopeless...)
	}
	return ErrNobody
}

func (p *Push) sendOne(ctx context.Context, b browser, n Notice) error {
	if err := p.Check(b.Subscription); err != nil {
		return fmt.Errorf("%w: %w", ErrNobody, err) // the list of services has changed
	}
	text := func(t contract.Text) string {
		r := []rune(t.In(b.language))
		return string(r[:min(maxText, len(r))])
	}
	payload, err := json.Marshal(map[string]any{"id": n.ID, "title": text(n.Title), "body": text(n.Body), "link": n.Link, "urgency": n.Urgency, "at": n.At})
	if err != nil {
		return fmt.Errorf("notify: encode push: %w", err)
	}
	urgency := webpush.UrgencyNormal
	if n.Urgency != Normal {
		urgency = webpush.UrgencyHigh
	}
	res, err := webpush.SendNotificationWithContext(ctx, payload, &webpush.Subscription{Endpoint: b.Endpoint, Keys: webpush.Keys{Auth: b.Auth, P256dh: b.P256dh}},
		&webpush.Options{HTTPClient: p.client, Subscriber: p.contact, Topic: strings.TrimPrefix(n.ID, "n-"), TTL: int(pushTTL / time.Second), Urgency: urgency, VAPIDPublicKey: p.public, VAPIDPrivateKey: p.secret})
	if err != nil {
		return fmt.Errorf("notify: push: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)) //nolint:errcheck // what it says does not matter
	defer res.Body.Close()
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return ErrNobody
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return fmt.Errorf("notify: push: the service answered %d", res.StatusCode)
	}
	return &PermanentError{fmt.Errorf("notify: push: the service answered %d", res.StatusCode)}
}
