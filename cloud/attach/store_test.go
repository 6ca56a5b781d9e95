package attach

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"anlan/cloud/attach/attachtest"
	"anlan/cloud/db"
	"anlan/cloud/db/dbtest"
	"anlan/cloud/org"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
)

var (
	li   = org.Actor{ID: "u1", Name: "李"}
	wang = org.Actor{ID: "u2", Name: "王"}
)

// world is a store whose clock, readers and disk the test moves.
type world struct {
	t    *testing.T
	db   *db.DB
	dir  string
	now  time.Time
	may  map[string][]string // record → people
	free uint64
	*Store
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, dir: t.TempDir(), now: time.Date(2026, 3, 14, 8, 0, 0, 0, time.UTC), may: map[string][]string{}, free: 1 << 40}
	w.reopen()
	return w
}

// reopen is what a restart does: nothing but the database and the folder is left.
func (w *world) reopen() {
	w.t.Helper()
	s, err := New(Deps{DB: w.db, Data: w.dir, Zone: shanghai, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Now: func() time.Time { return w.now },
		MayRead: func(_ context.Context, p org.Actor, r Ref) bool { return slices.Contains(w.may[r.Record], p.ID) },
		Free:    func() (uint64, error) { return w.free, nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Store = s
}

func (w *world) begin(by org.Actor, purpose, name string, raw []byte) Upload {
	w.t.Helper()
	u, err := w.Begin(w.t.Context(), by, Announcement{Name: name, Size: int64(len(raw)), Purpose: purpose, SHA256: hashOf(raw)})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) send(by org.Actor, purpose, name string, raw []byte) (Attachment, error) {
	w.t.Helper()
	u := w.begin(by, purpose, name, raw)
	if _, err := w.Append(w.t.Context(), by, u.ID, 0, bytes.NewReader(raw)); err != nil {
		w.t.Fatal(err)
	}
	return w.Finish(w.t.Context(), by, u.ID, "")
}

func (w *world) sent(by org.Actor, purpose, name string, raw []byte) Attachment {
	w.t.Helper()
	a, err := w.send(by, purpose, name, raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) refer(by org.Actor, record string, ids ...string) error {
	return w.db.Tx(w.t.Context(), func(tx *sql.Tx) error {
		return w.Refer(w.t.Context(), tx, by, ids, Ref{Kind: "form", Form: "hazard", Record: record, Field: "photos"})
	})
}

// files counts what is on the disk.
func (w *world) files() (n int) {
	w.t.Helper()
	err := filepath.WalkDir(filepath.Join(w.dir, "attachments"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, open(t, d)) })
}

func clip(seconds float64, payload int) []byte {
	return attachtest.Movie{Seconds: seconds, Width: 1280, Height: 720, Payload: bytes.Repeat([]byte("movie"), payload/5)}.Bytes("isom")
}

// cut gives some bytes and then breaks, as networks do.
type cut struct {
	io.Reader
	err error
}

func (c cut) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if errors.Is(err, io.EOF) {
		err = c.err
	}
	return n, err
}

func TestH08_Upload_WhatIsAcknowledgedSurvivesARestart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := clip(60, 3_000_000)
		u := w.begin(li, "video", "巡检.mp4", raw)
		at := int64(0)
		for at < u.Size {
			// Every chunk is cut somewhere, and the program dies after each.
			end := min(at+700_001, u.Size)
			got, err := w.Append(t.Context(), li, u.ID, at, cut{bytes.NewReader(raw[at:end]), io.ErrUnexpectedEOF})
			if err != nil {
				t.Fatal(err)
			}
			w.reopen()
			state, err := w.State(t.Context(), li, u.ID)
			if err != nil || state.Offset != got.Offset || state.Offset != end {
				t.Fatalf("after the restart at %d, acknowledged %d, sent %d, %v", state.Offset, got.Offset, end, err)
			}
			at = state.Offset
		}
		a, err := w.Finish(t.Context(), li, u.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if kept, err := io.ReadAll(f); err != nil || !bytes.Equal(kept, raw) || *a.Seconds != 60 || a.Width != 1280 || a.SHA256 != hashOf(raw) {
			t.Errorf("%d bytes kept, %+v, %v", len(kept), a, err)
		}
		if n := w.files(); n != 1 {
			t.Errorf("%d files on the disk, want 1", n)
		}
	})
}

// What was written but never acknowledged does not count after a crash.
func TestH08_Upload_TornBytesAreNotTrusted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := []byte(strings.Repeat("安澜", 1000))
		u := w.begin(li, "file", "a.txt", raw)
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw[:600])); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(w.Store.files.partial(u.ID), os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.Write(make([]byte, 500))
		}
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		w.reopen()
		if _, err := w.Append(t.Context(), li, u.ID, 600, bytes.NewReader(raw[600:])); err != nil {
			t.Fatal(err)
		}
		if a, err := w.Finish(t.Context(), li, u.ID, ""); err != nil || a.SHA256 != hashOf(raw) {
			t.Errorf("%+v, %v", a, err)
		}
		// And what the disk has lost is asked for again.
		u = w.begin(li, "file", "b.txt", raw)
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(w.Store.files.partial(u.ID), 100); err != nil {
			t.Fatal(err)
		}
		if got, err := w.State(t.Context(), li, u.ID); err != nil || got.Offset != 100 {
			t.Errorf("stands at %d, %v", got.Offset, err)
		}
	})
}

func TestH08_Upload_WrongOffsetTellsTheTrueOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := []byte("0123456789")
		u := w.begin(li, "file", "a.txt", raw)
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw[:4])); err != nil {
			t.Fatal(err)
		}
		for _, offset := range []int64{0, 3, 5, 10, 1 << 40} {
			_, err := w.Append(t.Context(), li, u.ID, offset, bytes.NewReader(raw))
			if e, ok := errors.AsType[*OffsetError](err); !ok || e.Offset != 4 {
				t.Errorf("at %d: %v", offset, err)
			}
		}
		if _, err := w.Append(t.Context(), li, u.ID, 4, bytes.NewReader([]byte("456789X"))); !errors.Is(err, ErrSize) {
			t.Errorf("more than announced: %v", err)
		}
		if _, err := w.Finish(t.Context(), li, u.ID, ""); !errors.Is(err, ErrPartial) {
			t.Errorf("finish early: %v", err)
		}
		if _, err := w.Append(t.Context(), wang, u.ID, 4, bytes.NewReader(raw[4:])); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else: %v", err)
		}
	})
}

// A request whose client has gone without a word does not stand in the way.
func TestH08_Upload_LaterRequestTakesOver(t *testing.T) {
	w := open(t, dbtest.SQLite(t))
	raw := bytes.Repeat([]byte("0123456789abcdef"), pieceBytes/16*3)
	u := w.begin(li, "file", "a.txt", raw)
	r, stuck := io.Pipe()
	done := make(chan error)
	go func() { _, err := w.Append(t.Context(), li, u.ID, 0, r); done <- err }()
	if _, err := stuck.Write(raw[:pieceBytes+100]); err != nil { // taken in, so the request has its turn
		t.Fatal(err)
	}
	if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	go func() { stuck.Write(bytes.Repeat([]byte("X"), pieceBytes)); stuck.Close() }() //nolint:errcheck // the reader leaves
	if e, ok := errors.AsType[*OffsetError](<-done); !ok {
		t.Errorf("the one before: %v", e)
	}
	r.Close()
	if a, err := w.Finish(t.Context(), li, u.ID, ""); err != nil || a.SHA256 != hashOf(raw) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestH08_Finish_IsIdempotentAndChecksTheSum(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := clip(10, 1000)
		u := w.begin(li, "video", "a.mp4", raw)
		wrong := bytes.Clone(raw)
		wrong[40] ^= 1
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(wrong)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(t.Context(), li, u.ID, ""); !errors.Is(err, ErrChecksum) {
			t.Fatalf("damaged on the way: %v", err)
		}
		if got, err := w.State(t.Context(), li, u.ID); err != nil || got.Offset != 0 {
			t.Fatalf("begins anew at %d, %v", got.Offset, err)
		}
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		got := make([]Attachment, 4)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = w.Finish(t.Context(), li, u.ID, ""); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.reopen()
		again, err := w.Finish(t.Context(), li, u.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range got {
			if d := cmp.Diff(again, a, cmpopts.IgnoreUnexported(Attachment{})); d != "" {
				t.Error(d)
			}
		}
		if state, err := w.State(t.Context(), li, u.ID); err != nil || !state.Finished || state.Offset != u.Size {
			t.Errorf("%+v, %v", state, err)
		}
		if _, err := w.Finish(t.Context(), wang, u.ID, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else: %v", err)
		}
	})
}

func TestF12_Limits_AreHeldByTheServer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		photo := attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1, Taken: "2020:01:01 00:00:00"})
		w.Policy = func(ctx context.Context, by org.Actor, purpose, mime string) (Limits, error) {
			if purpose == "form:hazard/now" {
				return Limits{MaxBytes: 1 << 20, Accept: []string{JPEG, MP4}, CameraOnly: true}, nil
			}
			return DefaultPolicy(ctx, by, purpose, mime)
		}
		for _, row := range []struct {
			purpose, name string
			raw           []byte
			want          error
		}{
			{"video", "long.mp4", clip(180.5, 10), ErrSeconds},
			{"video", "not.mp4", photo, ErrType},
			{"photo", "not.jpg", clip(1, 10), ErrType},
			{"photo", "not.jpg", []byte("<script>alert(1)</script>"), ErrType},
			{"photo", "heic.jpg", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1"), ErrType},
			{"photo", "cut.jpg", photo[:len(photo)/2], ErrBroken},
			{"photo", "bomb.png", bomb(60_000, 60_000), ErrPixels},
			{"video", "cut.mp4", clip(1, 100)[:60], ErrBroken},
			{"file", "photo.pdf", photo, ErrType},
			{"file", "run.pdf", []byte("MZ\x00\x01"), ErrType},
			{"form:hazard/now", "old.jpg", photo, ErrCamera},
			{"media", "ok.jpg", photo, nil},
			{"video", "ok.mp4", clip(180, 10), nil},
		} {
			before := w.files()
			a, err := w.send(li, row.purpose, row.name, row.raw)
			if !errors.Is(err, row.want) {
				t.Errorf("%s %s: %v, want %v", row.purpose, row.name, err, row.want)
			}
			if row.want != nil && (a.ID != "" || w.files() != before+1) { // the upload itself waits for its end
				t.Errorf("%s %s: something was kept: %d files, %d before", row.purpose, row.name, w.files(), before)
			}
		}
		for _, row := range []struct {
			a    Announcement
			want error
		}{
			{Announcement{Name: "a", Size: 20<<20 + 1, Purpose: "photo"}, ErrSize}, {Announcement{Name: "a", Size: 200<<20 + 1, Purpose: "video"}, ErrSize},
			{Announcement{Name: "a", Size: 50<<20 + 1, Purpose: "file"}, ErrSize}, {Announcement{Name: "a", Size: 1, Purpose: "nothing"}, ErrPurpose},
			{Announcement{Name: "a", Size: 0, Purpose: "photo"}, ErrAnnounce}, {Announcement{Name: "a", Size: 1, Purpose: "photo", Mime: "image/heic"}, ErrType},
			{Announcement{Name: "a", Size: 21 << 20, Purpose: "media", Mime: "video/mp4"}, nil},
		} {
			if _, err := w.Begin(t.Context(), li, row.a); !errors.Is(err, row.want) {
				t.Errorf("%+v: %v, want %v", row.a, err, row.want)
			}
		}
	})
}

func TestF10_CameraOnly_FreshPicturesPass(t *testing.T) {
	w := open(t, dbtest.SQLite(t))
	w.Policy = func(context.Context, org.Actor, string, string) (Limits, error) {
		return Limits{MaxBytes: 1 << 20, Accept: []string{JPEG}, CameraOnly: true}, nil
	}
	img := attachtest.Noise(64, 48, 1)
	a := w.sent(li, "x", "a.jpg", attachtest.JPEG(img, 80, attachtest.Camera{Orientation: 1, Taken: "2026:03:14 10:00:00"}))
	if a.TakenFrom != "file" || !a.TakenAt.Equal(time.Date(2026, 3, 14, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", a)
	}
	// Drawn by the browser, so that only it knows when.
	for told, want := range map[time.Time]error{{}: ErrCamera, w.now.Add(-time.Hour): nil, w.now.Add(-25 * time.Hour): ErrCamera, w.now.Add(time.Hour): ErrCamera} {
		raw := attachtest.JPEG(img, 80, attachtest.Camera{Orientation: 1})
		u, err := w.Begin(t.Context(), li, Announcement{Name: "a.jpg", Size: int64(len(raw)), Purpose: "x", TakenAt: told, Place: "b03 12F"})
		if err == nil {
			_, err = w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw))
		}
		if err != nil {
			t.Fatal(err)
		}
		a, err := w.Finish(t.Context(), li, u.ID, "")
		if !errors.Is(err, want) || err == nil && (a.TakenFrom != "told" || a.Place != "b03 12F" || !a.TakenAt.Equal(told)) {
			t.Errorf("told %v: %+v, %v, want %v", told, a, err, want)
		}
	}
}

func TestF12_Quota_FiftyOpenOrTwoGibibytes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range MaxOpen {
			w.begin(li, "file", "a.txt", []byte("x"))
		}
		small := Announcement{Name: "a", Size: 1, Purpose: "file"}
		if _, err := w.Begin(t.Context(), li, small); !errors.Is(err, ErrQuota) {
			t.Errorf("the 51st: %v", err)
		}
		if n := w.files(); n != MaxOpen {
			t.Errorf("%d files", n)
		}
		for i := range 10 {
			if _, err := w.Begin(t.Context(), wang, Announcement{Name: "a", Size: 200 << 20, Purpose: "video"}); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if _, err := w.Begin(t.Context(), wang, Announcement{Name: "a", Size: 100 << 20, Purpose: "video"}); !errors.Is(err, ErrQuota) {
			t.Errorf("more than 2 GiB: %v", err)
		}
		w.now = w.now.Add(openFor)
		if _, err := w.Begin(t.Context(), li, small); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func TestH07_Permission_FollowsTheRecord(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1})
		a := w.sent(li, "photo", "a.jpg", raw)
		may := func(p org.Actor, want bool) {
			t.Helper()
			got, err := w.ReadableBy(t.Context(), p, a.ID)
			if (err == nil) != want || err != nil && (!errors.Is(err, ErrNotFound) || got.ID != "") {
				t.Errorf("%s: %v, want %v", p.Name, err, want)
			}
		}
		may(li, true)
		may(wang, false)
		may(org.Actor{}, false)
		if err := w.refer(wang, "r1", a.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("hung on by somebody else: %v", err)
		}
		if err := w.refer(li, "r1", a.ID, "nothing"); !errors.Is(err, ErrNotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		may(li, true)
		if err := w.refer(li, "r1", a.ID, a.ID); err != nil {
			t.Fatal(err)
		}
		may(li, false) // the record decides now
		w.may["r1"] = []string{"u2"}
		may(wang, true)
		if err := w.refer(wang, "r2", a.ID); err != nil { // who may read may pass on
			t.Fatal(err)
		}
		w.may = map[string][]string{"r2": {"u1"}}
		may(li, true)
		may(wang, false)
		w.Store.MayRead = nil
		may(li, false)
	})
}

func TestH08_Poster_IsReadWithItsVideo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.sent(li, "poster", "p.jpg", attachtest.JPEG(attachtest.Noise(640, 360, 1), 80, attachtest.Camera{Orientation: 1}))
		foreign := w.sent(wang, "poster", "p.jpg", attachtest.JPEG(attachtest.Noise(640, 360, 2), 80, attachtest.Camera{Orientation: 1}))
		raw := clip(5, 100)
		u := w.begin(li, "video", "a.mp4", raw)
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{foreign.ID, "nothing", u.ID} {
			if _, err := w.Finish(t.Context(), li, u.ID, id); !errors.Is(err, ErrPoster) {
				t.Errorf("poster %s: %v", id, err)
			}
		}
		photo := []byte("a file has no poster")
		file := w.begin(li, "file", "a.txt", photo)
		if _, err := w.Append(t.Context(), li, file.ID, 0, bytes.NewReader(photo)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(t.Context(), li, file.ID, foreign.ID); !errors.Is(err, ErrPoster) {
			t.Errorf("somebody else's photo as the poster of a file: %v", err)
		}
		if _, err := w.ReadableBy(t.Context(), li, foreign.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's photo: %v", err)
		}
		v, err := w.Finish(t.Context(), li, u.ID, p.ID)
		if err != nil || !v.Thumb {
			t.Fatalf("%+v, %v", v, err)
		}
		f, _, err := w.OpenThumb(v, 160)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := w.refer(li, "r1", v.ID); err != nil {
			t.Fatal(err)
		}
		w.may["r1"] = []string{"u2"}
		if _, err := w.ReadableBy(t.Context(), wang, p.ID); err != nil {
			t.Errorf("the poster: %v", err)
		}
		w.now = w.now.Add(8 * 24 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Get(t.Context(), w.Reader(), p.ID); err != nil {
			t.Errorf("the poster was swept: %v", err)
		}
	})
}

func TestF12_Sweep_TakesWhatNothingRefersTo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		raw := attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1})
		kept, same := w.sent(li, "photo", "a.jpg", raw), w.sent(wang, "photo", "b.jpg", raw)
		if kept.SHA256 != same.SHA256 || w.files() != 3 {
			t.Fatalf("not stored once: %d files", w.files())
		}
		if err := w.refer(li, "r1", kept.ID); err != nil {
			t.Fatal(err)
		}
		other := w.sent(li, "file", "a.txt", []byte("text"))
		w.begin(li, "file", "b.txt", []byte("never sent"))
		w.now = w.now.Add(looseFor - time.Minute)
		sweep := func(wantFiles int, gone ...string) {
			t.Helper()
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, id := range gone {
				if _, err := w.Get(t.Context(), w.Reader(), id); !errors.Is(err, ErrNotFound) {
					t.Errorf("%s: %v", id, err)
				}
			}
			if n := w.files(); n != wantFiles {
				t.Errorf("%d files, want %d", n, wantFiles)
			}
		}
		sweep(4)
		w.now = w.now.Add(time.Minute)
		sweep(3, same.ID, other.ID)
		w.now = w.now.Add(1000 * time.Hour)
		sweep(3)
		err := w.db.Tx(t.Context(), func(tx *sql.Tx) error { return w.Release(t.Context(), tx, "form", "hazard", "r1") })
		if err != nil {
			t.Fatal(err)
		}
		sweep(3)
		w.now = w.now.Add(looseFor)
		sweep(0, kept.ID)
	})
}

func TestF12_Search_FindsWhatACrashLeft(t *testing.T) {
	w := open(t, dbtest.SQLite(t))
	a := w.sent(li, "file", "a.txt", []byte("text"))
	lost := hashOf([]byte("lost"))
	stray := filepath.Join(w.Store.files.incoming(), "tmp-123")
	err := errors.Join(w.Store.files.write(w.Store.files.blob(lost), []byte("lost")), os.WriteFile(stray, []byte("x"), 0o600),
		os.Chtimes(stray, w.now.Add(-25*time.Hour), w.now.Add(-25*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	w.Store.Now = func() time.Time { return w.now }
	go func() { done <- w.Run(ctx) }()
	if err := w.search(t.Context()); err != nil { // what Run does first; twice does no harm
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := w.Open(a); err != nil || w.files() != 1 {
		t.Errorf("%d files left, %v", w.files(), err)
	}
}

// broken is a disk that is full after some bytes.
type broken struct {
	f    *os.File
	left int
}

func (b *broken) WriteAt(p []byte, at int64) (int, error) {
	n, err := b.f.WriteAt(p[:min(len(p), b.left)], at)
	if err == nil && n < len(p) {
		err = fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return n, err
}

func TestH08_DiskFull_NothingIsHalfKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		fill := func(left int) {
			w.Store.files.writable = func(f *os.File) io.WriterAt { return &broken{f, left} }
		}
		raw := clip(5, 2_000_000)
		u := w.begin(li, "video", "a.mp4", raw)
		if _, err := w.Append(t.Context(), li, u.ID, 0, bytes.NewReader(raw[:1000])); err != nil {
			t.Fatal(err)
		}
		fill(100)
		if _, err := w.Append(t.Context(), li, u.ID, 1000, bytes.NewReader(raw[1000:])); !errors.Is(err, ErrFull) {
			t.Fatalf("full: %v", err)
		}
		st, err := os.Stat(w.Store.files.partial(u.ID))
		if err != nil || st.Size() != 1000 {
			t.Errorf("%d bytes lie there, %v", st.Size(), err)
		}
		photo := attachtest.JPEG(attachtest.Noise(64, 48, 1), 80, attachtest.Camera{Orientation: 1})
		fill(len(photo))
		p := w.begin(li, "photo", "a.jpg", photo)
		if _, err := w.Append(t.Context(), li, p.ID, 0, bytes.NewReader(photo)); err != nil {
			t.Fatal(err)
		}
		fill(10)
		if _, err := w.Finish(t.Context(), li, p.ID, ""); !errors.Is(err, ErrFull) || w.files() != 2 {
			t.Errorf("%d files, %v", w.files(), err)
		}
		fill(1 << 30)
		if _, err := w.Finish(t.Context(), li, p.ID, ""); err != nil {
			t.Errorf("with room again: %v", err)
		}
		if _, err := w.Append(t.Context(), li, u.ID, 1000, bytes.NewReader(raw[1000:])); err != nil {
			t.Errorf("with room again: %v", err)
		}
		w.free = reserve + 9
		if _, err := w.Begin(t.Context(), li, Announcement{Name: "a", Size: 10, Purpose: "file"}); !errors.Is(err, ErrFull) {
			t.Errorf("into the reserve: %v", err)
		}
	})
}
