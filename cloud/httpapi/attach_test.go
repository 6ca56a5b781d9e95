package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"anlan/cloud/attach"
	"anlan/cloud/attach/attachtest"
	"anlan/cloud/org"

	"github.com/prometheus/client_golang/prometheus"
)

// attachWorld is the API of attachments alone, over the stores of a whole one.
type attachWorld struct {
	*world
	store *attach.Store
	free  uint64

	mu  sync.Mutex
	may map[string]string // record → the user name of who may read it
}

func newAttachWorld(t *testing.T) *attachWorld {
	t.Helper()
	w := &attachWorld{world: newWorld(t), free: 1 << 40, may: map[string]string{}}
	store, err := attach.New(attach.Deps{DB: w.db, Data: t.TempDir(), Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: w.clock,
		Free: func() (uint64, error) { return w.free, nil },
		MayRead: func(_ context.Context, p org.Actor, r attach.Ref) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return r.Kind == "form" && w.may[r.Record] == string(p.Role)
		}})
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	deps := w.srv.Deps
	deps.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	deps.Attach = store
	w.world.http.Close()
	w.world.http = httptest.NewServer(newServer(deps).handler())
	t.Cleanup(w.world.http.Close)
	return w
}

// raw does a request with bytes and headers, and gives the whole answer.
func (c *client) raw(method, path string, raw []byte, header ...string) (*http.Response, []byte) {
	c.w.t.Helper()
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.http.URL+path, bytes.NewReader(raw))
	if err != nil {
		c.w.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", c.lang)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return res, got
}

func announce(c *client, purpose, name string, raw []byte) attach.Upload {
	c.w.t.Helper()
	sum := sha256.Sum256(raw)
	return want[attach.Upload](c, http.StatusCreated, "POST", "/api/uploads", map[string]any{"name": name, "size": len(raw), "purpose": purpose, "sha256": hex.EncodeToString(sum[:])})
}

// upload sends a file in chunks and finishes it.
func upload(c *client, purpose, name string, raw []byte) attach.Attachment {
	c.w.t.Helper()
	u := announce(c, purpose, name, raw)
	push(c, u.ID, raw, 0)
	return want[attach.Attachment](c, http.StatusOK, "POST", "/api/uploads/"+u.ID+"/finish", nil)
}

func push(c *client, id string, raw []byte, from int) {
	c.w.t.Helper()
	for at := from; at < len(raw); {
		res, got := c.raw("PATCH", "/api/uploads/"+id, raw[at:min(len(raw), at+attach.MaxChunk)], "Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream")
		if res.StatusCode != http.StatusOK {
			c.w.t.Fatalf("at %d: %d %s", at, res.StatusCode, got)
		}
		at, _ = strconv.Atoi(res.Header.Get("Upload-Offset"))
	}
}

func (w *attachWorld) refer(by org.Role, record string, ids ...string) {
	w.t.Helper()
	a := w.as(by)
	me := want[struct {
		ID string `json:"id"`
	}](a, http.StatusOK, "GET", "/api/me", nil)
	err := w.db.Tx(w.t.Context(), func(tx *sql.Tx) error {
		return w.store.Refer(w.t.Context(), tx, org.Actor{ID: me.ID, Role: by}, ids, attach.Ref{Kind: "form", Form: "hazard", Record: record, Field: "photos"})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestH07_NinePhotosOfEightMegabytesLandSmallAndUpright(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	raw := attachtest.JPEG(attachtest.Noise(4032, 3024, 7), 98, attachtest.Camera{Orientation: 6, Taken: "2026:03:14 15:09:26", Offset: "+08:00", Lat: 31.2304, Lon: 121.4737})
	if len(raw) < 8_000_000 {
		t.Fatalf("only %d bytes", len(raw))
	}
	for i := range 9 {
		a := upload(c, "photo", fmt.Sprintf("配电房 %d.jpg", i+1), append(raw[:len(raw):len(raw)], byte(i)))
		if a.Size > 400_000 || a.Width != 1440 || a.Height != 1920 || a.Original.Size != int64(len(raw)+1) || !a.Thumb {
			t.Errorf("%+v", a)
		}
		if !a.TakenAt.Equal(time.Date(2026, 3, 14, 7, 9, 26, 0, time.UTC)) || a.TakenFrom != "file" || a.GPS == nil || a.By.Name == "" {
			t.Errorf("taken %v by %+v at %+v", a.TakenAt, a.By, a.GPS)
		}
		if i > 0 {
			continue
		}
		res, got := c.raw("GET", "/api/attachments/"+a.ID, nil)
		img, err := jpeg.Decode(bytes.NewReader(got))
		if err != nil || int64(len(got)) != a.Size || bytes.Contains(got, []byte("Exif")) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if r, g, _, _ := img.At(1300, 100).RGBA(); r>>8 < 150 || g>>8 > 80 {
			t.Error("not upright")
		}
		if _, p, err := mime.ParseMediaType(res.Header.Get("Content-Disposition")); err != nil || p["filename"] != "配电房 1.jpg" {
			t.Errorf("disposition %q: %v", res.Header.Get("Content-Disposition"), err)
		}
		for _, side := range []int{160, 480} {
			res, got := c.raw("GET", fmt.Sprintf("/api/attachments/%s/thumb?size=%d", a.ID, side), nil)
			conf, err := jpeg.DecodeConfig(bytes.NewReader(got))
			if err != nil || conf.Height != side || res.Header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("thumbnail %d: %+v, %v", side, conf, err)
			}
		}
	}
}

// sixtySeconds is a video of that length and some megabytes.
func sixtySeconds() []byte {
	return attachtest.Movie{Seconds: 60, Width: 1920, Height: 1080, Quarter: true, Payload: bytes.Repeat([]byte("0123456789abcdef"), 1<<20)}.Bytes("mp42")
}

func TestH08_VideoResumesAfterNetworkCut(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	raw := sixtySeconds()
	u := announce(c, "video", "巡检.mp4", raw)
	push(c, u.ID, raw[:5<<20], 0)
	// A chunk whose connection breaks in the middle, by hand.
	at, part := 5<<20, 3<<20
	target, err := url.Parse(w.world.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", target.Host)
	if err != nil {
		t.Fatal(err)
	}
	cookies := ""
	for _, k := range c.http.Jar.Cookies(target) {
		cookies += k.Name + "=" + k.Value
	}
	fmt.Fprintf(conn, "PATCH /api/uploads/%s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n", u.ID, cookies, at, 8<<20)
	if _, err := conn.Write(raw[at : at+part]); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, conn) //nolint:errcheck // the server has noticed when this ends
	conn.Close()
	res, _ := c.raw("HEAD", "/api/uploads/"+u.ID, nil)
	offset, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
	if err != nil || offset != at+part {
		t.Fatalf("after the cut at %q, sent %d", res.Header.Get("Upload-Offset"), at+part)
	}
	res, got := c.raw("PATCH", "/api/uploads/"+u.ID, raw[at:at+10], "Upload-Offset", strconv.Itoa(at))
	if res.StatusCode != http.StatusConflict || res.Header.Get("Upload-Offset") != strconv.Itoa(offset) || !strings.Contains(string(got), strconv.Itoa(offset)) {
		t.Errorf("from the old place: %d, %v, %s", res.StatusCode, res.Header, got)
	}
	if status, raw := c.do("POST", "/api/uploads/"+u.ID+"/finish", nil); status != http.StatusConflict {
		t.Errorf("finish early: %d %s", status, raw)
	}
	push(c, u.ID, raw, offset)
	a := want[attach.Attachment](c, http.StatusOK, "POST", "/api/uploads/"+u.ID+"/finish", nil)
	again := want[attach.Attachment](c, http.StatusOK, "POST", "/api/uploads/"+u.ID+"/finish", nil)
	if a.ID != again.ID || a.SHA256 != again.SHA256 || a.Seconds == nil || *a.Seconds != 60 || a.Width != 1080 || a.Height != 1920 || a.Mime != "video/mp4" {
		t.Errorf("%+v", a)
	}
	_, whole := c.raw("GET", "/api/attachments/"+a.ID, nil)
	if !bytes.Equal(whole, raw) {
		t.Errorf("%d bytes came back of %d", len(whole), len(raw))
	}
}

func TestH08_VideoPlaysInRanges(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	raw := sixtySeconds()
	a := upload(c, "video", "a.mp4", raw)
	path := "/api/attachments/" + a.ID
	for _, row := range []struct {
		ask      string
		from, to int
	}{{"bytes=0-99", 0, 100}, {"bytes=1000000-", 1_000_000, len(raw)}, {"bytes=-500", len(raw) - 500, len(raw)}} {
		res, got := c.raw("GET", path, nil, "Range", row.ask)
		if res.StatusCode != http.StatusPartialContent || !bytes.Equal(got, raw[row.from:row.to]) ||
			res.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", row.from, row.to-1, len(raw)) {
			t.Errorf("%s: %d, %d bytes, %s", row.ask, res.StatusCode, len(got), res.Header.Get("Content-Range"))
		}
	}
	res, _ := c.raw("GET", path, nil, "Range", "bytes=999999999-")
	if res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end: %d", res.StatusCode)
	}
	res, got := c.raw("GET", path, nil, "If-None-Match", `"`+a.SHA256+`"`)
	if res.StatusCode != http.StatusNotModified || len(got) != 0 {
		t.Errorf("known already: %d, %d bytes", res.StatusCode, len(got))
	}
	res, got = c.raw("HEAD", path, nil)
	if res.Header.Get("Accept-Ranges") != "bytes" || res.ContentLength != int64(len(raw)) || len(got) != 0 || res.Header.Get("ETag") != `"`+a.SHA256+`"` {
		t.Errorf("head: %v", res.Header)
	}
}

func TestF12_AnswersAreSafeToOpen(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	text := upload(c, "file", "整改<script>.html", []byte("<script>alert(1)</script>"))
	photo := upload(c, "photo", "x\".jpg", attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1}))
	for _, row := range []struct{ path, how, kind, name string }{
		{"/api/attachments/" + text.ID, "attachment", "text/plain", "整改script.txt"}, {"/api/attachments/" + photo.ID, "inline", "image/jpeg", "x.jpg"},
		{"/api/attachments/" + photo.ID + "?download=true", "attachment", "image/jpeg", "x.jpg"}, {"/api/attachments/" + photo.ID + "/thumb", "inline", "image/jpeg", "thumb.jpg"},
	} {
		res, _ := c.raw("GET", row.path, nil)
		h := res.Header
		how, p, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || how != row.how || p["filename"] != row.name || h.Get("Content-Type") != row.kind {
			t.Errorf("%s: %s, %s, %v", row.path, h.Get("Content-Disposition"), h.Get("Content-Type"), err)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s: %v", row.path, h)
		}
	}
}

func TestF12_TenPhotosAndAVideoInOneGo(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	ids := make([]string, 11)
	var wg sync.WaitGroup
	for i := range ids {
		raw, name := attachtest.JPEG(attachtest.Noise(1280, 960, uint64(i)), 85, attachtest.Camera{Orientation: 3}), "a.jpg"
		mediaType := "image/jpeg"
		if i == 10 {
			raw, name, mediaType = sixtySeconds(), "b.mp4", "video/mp4"
		}
		u := want[attach.Upload](c, http.StatusCreated, "POST", "/api/uploads", map[string]any{"name": name, "size": len(raw), "purpose": "media", "mime": mediaType})
		wg.Go(func() {
			for at := 0; at < len(raw); at += 4 << 20 {
				r, err := http.NewRequestWithContext(t.Context(), "PATCH", w.world.http.URL+"/api/uploads/"+u.ID, bytes.NewReader(raw[at:min(len(raw), at+4<<20)]))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Upload-Offset", strconv.Itoa(at))
				res, err := c.http.Do(r)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%d at %d: %v, %v", i, at, res, err)
					return
				}
				res.Body.Close()
			}
			res, err := c.http.Post(w.world.http.URL+"/api/uploads/"+u.ID+"/finish", "application/json", nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			var a attach.Attachment
			if err := json.NewDecoder(res.Body).Decode(&a); err != nil || a.ID == "" {
				t.Errorf("%d: %d, %v", i, res.StatusCode, err)
			}
			ids[i] = a.ID
		})
	}
	wg.Wait()
	all, err := w.store.Many(t.Context(), w.store.Reader(), ids)
	if err != nil || len(all) != 11 || all[10].Mime != "video/mp4" {
		t.Errorf("%d, %v", len(all), err)
	}
}

func TestF12_RefusalsSayWhyInTwoLanguages(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	long := attachtest.Movie{Seconds: 181, Width: 16, Height: 16}.Bytes("isom")
	for _, row := range []struct {
		purpose, name string
		raw           []byte
		status        int
		zh, en        string
	}{
		{"photo", "a.jpg", []byte("<svg onload=alert(1)>"), http.StatusUnsupportedMediaType, "不接受", "not accepted"},
		{"photo", "a.jpg", []byte("\xff\xd8\xff\xe0broken"), http.StatusUnprocessableEntity, "损坏", "damaged"},
		{"video", "a.mp4", long, http.StatusUnprocessableEntity, "太长", "too long"},
	} {
		u := announce(c, row.purpose, row.name, row.raw)
		push(c, u.ID, row.raw, 0)
		for lang, word := range map[string]string{"zh-CN": row.zh, "en": row.en} {
			c.lang = lang
			if status, got := c.do("POST", "/api/uploads/"+u.ID+"/finish", nil); status != row.status || !strings.Contains(got, word) {
				t.Errorf("%s %s: %d %s", row.name, lang, status, got)
			}
		}
		if status, got := c.do("DELETE", "/api/uploads/"+u.ID, nil); status != http.StatusNoContent {
			t.Errorf("give up: %d %s", status, got)
		}
		if status, _ := c.do("GET", "/api/uploads/"+u.ID, nil); status != http.StatusNotFound {
			t.Errorf("given up: %d", status)
		}
	}
	for body, status := range map[string]int{
		`{"name":"a","size":20971521,"purpose":"photo"}`:                   http.StatusRequestEntityTooLarge,
		`{"name":"a","size":5,"purpose":"photo","mime":"image/heic"}`:      http.StatusUnsupportedMediaType,
		`{"name":"a","size":5,"purpose":"anything"}`:                       http.StatusUnprocessableEntity,
		`{"name":"a","size":0,"purpose":"photo"}`:                          http.StatusUnprocessableEntity,
		`{"name":"a","size":5,"purpose":"photo","sha256":"0123"}`:          http.StatusUnprocessableEntity,
		`{"name":"a","size":5,"purpose":"photo","id":"11111111111111111"}`: http.StatusUnprocessableEntity,
	} {
		if status2, got := c.do("POST", "/api/uploads", json.RawMessage(body)); status2 != status {
			t.Errorf("%s: %d %s, want %d", body, status2, got, status)
		}
	}
	u := announce(c, "file", "a.txt", bytes.Repeat([]byte("x"), attach.MaxChunk+1))
	if res, got := c.raw("PATCH", "/api/uploads/"+u.ID, bytes.Repeat([]byte("x"), attach.MaxChunk+1), "Upload-Offset", "0"); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a piece too large: %d %s", res.StatusCode, got)
	}
}

func TestH08_DiskFullIsSaid(t *testing.T) {
	w := newAttachWorld(t)
	c := w.as(org.Guard)
	u := announce(c, "file", "a.txt", []byte("text"))
	w.free = 1 << 20
	for lang, word := range map[string]string{"zh-CN": "磁盘已满", "en": "disk is full"} {
		c.lang = lang
		if status, got := c.do("POST", "/api/uploads", map[string]any{"name": "a", "size": 4, "purpose": "file"}); status != http.StatusInsufficientStorage || !strings.Contains(got, word) {
			t.Errorf("%d %s", status, got)
		}
		if res, got := c.raw("PATCH", "/api/uploads/"+u.ID, []byte("text"), "Upload-Offset", "0"); res.StatusCode != http.StatusInsufficientStorage || !strings.Contains(string(got), word) {
			t.Errorf("%d %s", res.StatusCode, got)
		}
	}
}

func TestH07_OnlyWhoMayReadTheRecordReadsItsPhotos(t *testing.T) {
	w := newAttachWorld(t)
	guard, other, nobody := w.as(org.Guard), w.as(org.Manager), w.browser()
	a := upload(guard, "photo", "a.jpg", attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1}))
	sees := func(c *client, status int) {
		t.Helper()
		for _, path := range []string{"", "/thumb?size=160", "/about"} {
			if got, raw := c.do("GET", "/api/attachments/"+a.ID+path, nil); got != status {
				t.Errorf("%s: %d, want %d: %.100s", path, got, status, raw)
			}
		}
	}
	sees(guard, http.StatusOK)
	sees(other, http.StatusNotFound)
	sees(nobody, http.StatusUnauthorized)
	if status, _ := other.do("GET", "/api/uploads/"+a.ID, nil); status != http.StatusNotFound {
		t.Errorf("somebody else's upload: %d", status)
	}
	w.refer(org.Guard, "r1", a.ID)
	sees(guard, http.StatusNotFound)
	w.mu.Lock()
	w.may["r1"] = string(org.Manager)
	w.mu.Unlock()
	sees(other, http.StatusOK)
	sees(guard, http.StatusNotFound)
}
