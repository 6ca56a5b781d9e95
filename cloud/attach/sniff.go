package attach

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"
)

// sniff tells a file's type from its bytes. The name only chooses between plain text and
// CSV, which differ in nothing else. Unknown types give "application/octet-stream".
func sniff(r io.ReaderAt, size int64, name string) (string, error) {
	head := make([]byte, min(size, 512))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("attach: read head: %w", err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, nil
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP, nil
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return brand(head), nil
	case len(head) >= 8 && strings.Contains("moov wide mdat", string(head[4:8])) && binary.BigEndian.Uint32(head) >= 1:
		return MOV, nil // before 2001 there was no ftyp
	case bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")) && bytes.Contains(head[:min(len(head), 80)], []byte("webm")):
		return WebM, nil
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return PDF, nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return zipped(r, size)
	}
	text, err := isText(io.NewSectionReader(r, 0, size))
	if err != nil {
		return "", err
	}
	if !text {
		return "application/octet-stream", nil
	}
	if strings.EqualFold(path.Ext(name), ".csv") {
		return CSV, nil
	}
	return Text, nil
}

func brand(head []byte) string {
	switch b := string(head[8:12]); b {
	case "qt  ":
		return MOV
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis":
		return HEIC
	case "M4A ", "M4B ", "M4P ":
		return "audio/mp4"
	}
	return MP4
}

// maxEntries bounds the directory of an archive before it is read into memory.
const maxEntries = 20_000

// zipped tells workbooks and documents from other archives. Those with macros are neither.
func zipped(r io.ReaderAt, size int64) (string, error) {
	n, err := entries(r, size)
	if err != nil {
		return "", err
	}
	if n > maxEntries {
		return "", fmt.Errorf("%w: archive of %d entries", ErrBroken, n)
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return "", fmt.Errorf("%w: %w", ErrBroken, err)
	}
	kind, open, macro := Zip, false, false
	for _, f := range z.File {
		switch name := strings.ToLower(f.Name); {
		case name == "[content_types].xml":
			open = true
		case name == "xl/workbook.xml":
			kind = XLSX
		case name == "word/document.xml":
			kind = DOCX
		case path.Base(name) == "vbaproject.bin":
			macro = true
		}
	}
	if kind != Zip && !open {
		kind = Zip
	}
	if macro && kind != Zip {
		return "application/vnd.ms-office.macroenabled", nil
	}
	return kind, nil
}

// entries reads how many an archive says it has, from the record at its end.
func entries(r io.ReaderAt, size int64) (int, error) {
	tail := make([]byte, min(size, 22+0xffff))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("attach: read archive: %w", err)
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < 22 {
		return 0, fmt.Errorf("%w: archive without an end", ErrBroken)
	}
	// A directory of many small entries may lie about their number, but not about its length.
	directory := binary.LittleEndian.Uint32(tail[at+12:])
	return max(int(binary.LittleEndian.Uint16(tail[at+10:])), int(directory/512)), nil
}

// isText reports whether there is nothing but text in a file, of any encoding that leaves
// the control characters alone (UTF-8, GB 18030).
func isText(r io.Reader) (bool, error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		for _, b := range buf[:n] {
			if b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != '\f' || b == 0x7f {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("attach: read text: %w", err)
		}
	}
}

// extensions by type; the first one is given to names that have another.
func extensions(mime string) []string {
	return map[string][]string{JPEG: {".jpg", ".jpeg"}, PNG: {".png"}, WebP: {".webp"}, MP4: {".mp4", ".m4v"}, MOV: {".mov", ".qt"}, WebM: {".webm"},
		PDF: {".pdf"}, XLSX: {".xlsx"}, DOCX: {".docx"}, Zip: {".zip"}, CSV: {".csv"}, Text: {".txt", ".log", ".md"}}[mime]
}

// cleanName keeps what a person would call the file: no folders, no control or direction
// marks, and an ending that fits what it is.
func cleanName(name, mime string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	fits := extensions(mime)
	known := false
	for _, e := range fits {
		known = known || strings.EqualFold(e, ext)
	}
	if len(fits) > 0 && !known {
		if len([]rune(ext)) > 6 || strings.ContainsRune(ext, ' ') {
			stem += ext // a dot within a sentence is no ending
		}
		ext = fits[0]
	}
	runes := []rune(stem)
	if stem = strings.TrimSpace(string(runes[:min(len(runes), maxName)])); stem == "" {
		stem = "file"
	}
	return stem + ext
}
