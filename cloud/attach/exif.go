package attach

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/bep/imagemeta"
)

// meta is what a camera wrote about a photo.
type meta struct {
	orientation int // 1 to 8, 1 as it is
	taken       time.Time
	gps         *GPS
}

// readMeta reads EXIF. A photo without, or with EXIF that cannot be read, is still a
// photo. zone is where clocks without a zone are read.
func readMeta(raw []byte, mime string, zone *time.Location) (m meta) {
	m.orientation = 1
	format, ok := map[string]imagemeta.ImageFormat{JPEG: imagemeta.JPEG, PNG: imagemeta.PNG, WebP: imagemeta.WebP}[mime]
	if !ok {
		return m
	}
	var tags imagemeta.Tags
	// What was read before a broken tag still counts.
	_ = guarded(func() error {
		_, err := imagemeta.Decode(imagemeta.Options{R: bytes.NewReader(raw), ImageFormat: format, Sources: imagemeta.EXIF,
			LimitNumTags: 500, LimitTagSize: 1000, ShouldHandleTag: wanted,
			HandleTag: func(t imagemeta.TagInfo) error { tags.Add(t); return nil }, Warnf: func(string, ...any) {}})
		return err
	})
	exif := tags.EXIF()
	if o, err := number(exif["Orientation"].Value); err == nil && o >= 1 && o <= 8 {
		m.orientation = o
	}
	m.taken = captured(exif, zone)
	_ = guarded(func() error {
		lat, lon, err := tags.GetLatLong()
		_, has := exif["GPSLatitude"]
		if err == nil && has {
			m.gps = position(lat, lon)
		}
		return err
	})
	return m
}

func wanted(t imagemeta.TagInfo) bool {
	switch t.Tag {
	case "Orientation", "DateTimeOriginal", "OffsetTimeOriginal", "GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef":
		// The second image directory describes the camera's own thumbnail.
		return !strings.HasPrefix(t.Namespace, "IFD1")
	}
	return false
}

// captured is when the shutter went, in the camera's own zone if it tells.
func captured(exif map[string]imagemeta.TagInfo, zone *time.Location) time.Time {
	text := func(tag string) string { return strings.Trim(fmt.Sprint(exif[tag].Value), " \x00") }
	at, offset := text("DateTimeOriginal"), text("OffsetTimeOriginal")
	if t, err := time.Parse("2006:01:02 15:04:05Z07:00", at+offset); err == nil {
		return plausible(t)
	}
	t, err := time.ParseInLocation("2006:01:02 15:04:05", at, zone)
	if err != nil {
		return time.Time{}
	}
	return plausible(t)
}

// plausible drops what a camera writes whose clock was never set.
func plausible(t time.Time) time.Time {
	if y := t.Year(); y < 2000 || y > 2100 {
		return time.Time{}
	}
	return t.UTC()
}

func position(lat, lon float64) *GPS {
	// A phone without a fix writes 0, 0, which is in the sea.
	if math.IsNaN(lat) || math.IsNaN(lon) || math.Abs(lat) > 90 || math.Abs(lon) > 180 || lat == 0 && lon == 0 {
		return nil
	}
	return &GPS{Lat: math.Round(lat*1e7) / 1e7, Lon: math.Round(lon*1e7) / 1e7}
}

func number(v any) (int, error) {
	var n int
	_, err := fmt.Sscan(fmt.Sprint(v), &n)
	return n, err
}

// guarded turns a decoder's panic on hostile bytes into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: decoder: %v", ErrBroken, p)
		}
	}()
	return f()
}
