package attach

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"anlan/cloud/org"
)

// Types that can be told from their bytes.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
	HEIC = "image/heic"
	MP4  = "video/mp4"
	MOV  = "video/quicktime"
	WebM = "video/webm"
	PDF  = "application/pdf"
	XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	Zip  = "application/zip"
	Text = "text/plain"
	CSV  = "text/csv"
)

// Limits is what may come in for a purpose; the server holds to it.
type Limits struct {
	MaxBytes   int64    `json:"max_bytes"`
	MaxSeconds float64  `json:"max_seconds,omitempty"` // of videos that tell their length; 0: any
	Accept     []string `json:"accept"`                // media types
	CameraOnly bool     `json:"camera_only,omitempty"` // taken within [FreshFor], not picked from the album
}

// FreshFor is how old a picture may be where only the camera is allowed: a phone without
// network sends hours later. It keeps an honest phone from an old picture; a client that
// lies about its clock is not found out by it.
const FreshFor = 24 * time.Hour

// Policy says what may come in for a purpose; mime is what the client announced, for
// purposes that allow photos as well as videos. Errors: [ErrPurpose], [ErrType].
type Policy func(ctx context.Context, by org.Actor, purpose, mime string) (Limits, error)

var (
	photoLimits = Limits{MaxBytes: 20 << 20, Accept: []string{JPEG, PNG, WebP}}
	videoLimits = Limits{MaxBytes: 200 << 20, MaxSeconds: 180, Accept: []string{MP4, MOV, WebM}}
	fileLimits  = Limits{MaxBytes: 50 << 20, Accept: []string{PDF, XLSX, DOCX, Text, CSV, Zip}}
)

// DefaultPolicy is what holds where no form says otherwise.
func DefaultPolicy(_ context.Context, _ org.Actor, purpose, mime string) (Limits, error) {
	switch purpose {
	case "photo", "poster", "signature":
		return photoLimits.clone(), nil
	case "video":
		return videoLimits.clone(), nil
	case "media":
		if strings.HasPrefix(mime, "video/") {
			return videoLimits.clone(), nil
		}
		return photoLimits.clone(), nil
	case "file":
		return fileLimits.clone(), nil
	}
	return Limits{}, fmt.Errorf("%w: %q", ErrPurpose, purpose)
}

func (l Limits) clone() Limits {
	l.Accept = slices.Clone(l.Accept)
	return l
}

// announced refuses what would be refused at the end anyway.
func (l Limits) announced(a Announcement) error {
	if a.Size < 1 || a.Name == "" {
		return ErrAnnounce
	}
	if a.Size > l.MaxBytes {
		return fmt.Errorf("%w: %d of %d bytes", ErrSize, a.Size, l.MaxBytes)
	}
	// Phones announce "" and octet-stream for what they do not know: the bytes will tell.
	if m, _, _ := strings.Cut(a.Mime, ";"); strings.HasPrefix(m, "image/") || strings.HasPrefix(m, "video/") || strings.HasPrefix(m, "audio/") {
		if !slices.Contains(l.Accept, m) {
			return fmt.Errorf("%w: %s", ErrType, m)
		}
	}
	return nil
}

// found decides about a file whose bytes have been read.
func (l Limits) found(c content, told, now time.Time) error {
	if !slices.Contains(l.Accept, c.mime) {
		return fmt.Errorf("%w: %s", ErrType, c.mime)
	}
	if l.MaxSeconds > 0 && c.seconds != nil && *c.seconds > l.MaxSeconds {
		return fmt.Errorf("%w: %.1f of %.0f s", ErrSeconds, *c.seconds, l.MaxSeconds)
	}
	if l.CameraOnly {
		at := c.taken
		if at.IsZero() {
			at = told
		}
		if at.IsZero() || now.Sub(at) > FreshFor || at.Sub(now) > 10*time.Minute {
			return ErrCamera
		}
	}
	return nil
}

// content is what was read from the bytes.
type content struct {
	mime          string
	width, height int
	seconds       *float64
	taken         time.Time
	gps           *GPS
}
