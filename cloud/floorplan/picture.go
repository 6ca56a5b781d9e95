package floorplan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// Limits of a drawing.
const (
	MaxBytes  = 10 << 20
	MaxSide   = 8000       // pixels
	MaxPixels = 36_000_000 // in all
)

// Picture is an image as it is kept.
type Picture struct {
	Hash          string // hex SHA-256 of Data
	Type          string // "image/png", "image/jpeg"
	Width, Height int
	Data          []byte
}

// Clean decodes a PNG or JPEG and writes it anew: text, location, colour profiles,
// thumbnails and whatever was hung on to the file are gone.
func Clean(raw []byte) (Picture, error) {
	kind := ""
	switch {
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		kind = "image/png"
	case bytes.HasPrefix(raw, []byte("\xff\xd8\xff")):
		kind = "image/jpeg"
	default:
		return Picture{}, ErrType
	}
	if len(raw) > MaxBytes {
		return Picture{}, ErrTooLarge
	}
	config, decode := png.DecodeConfig, png.Decode
	if kind == "image/jpeg" {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	size, err := config(bytes.NewReader(raw))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > MaxSide || size.Height > MaxSide || size.Width*size.Height > MaxPixels {
		return Picture{}, ErrTooLarge
	}
	img, err := decode(bytes.NewReader(raw))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return encode(kind, img)
}

func encode(kind string, img image.Image) (Picture, error) {
	var out bytes.Buffer
	var err error
	if kind == "image/jpeg" {
		err = jpeg.Encode(&out, img, &jpeg.Options{Quality: 88})
	} else {
		err = png.Encode(&out, img)
	}
	if err != nil {
		return Picture{}, fmt.Errorf("floorplan: encode: %w", err)
	}
	sum := sha256.Sum256(out.Bytes())
	b := img.Bounds()
	return Picture{Hash: hex.EncodeToString(sum[:]), Type: kind, Width: b.Dx(), Height: b.Dy(), Data: out.Bytes()}, nil
}
