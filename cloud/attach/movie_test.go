package attach

import (
	"archive/zip"
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode"

	"anlan/cloud/attach/attachtest"
)

func TestH08_Movie_TellsDurationAndShownSize(t *testing.T) {
	m := attachtest.Movie{Seconds: 61.5, Width: 1920, Height: 1080, Quarter: true, Created: 2_082_844_800 + 1_773_000_000, Payload: make([]byte, 5000)}
	for _, brand := range []string{"isom", "qt  "} {
		raw := m.Bytes(brand)
		got, err := readMovie(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		if got.seconds != 61.5 || got.width != 1080 || got.height != 1920 || got.created.Unix() != 1_773_000_000 {
			t.Errorf("%+v", got)
		}
	}
	m.Quarter = false
	raw := m.Bytes("isom")
	if got, err := readMovie(bytes.NewReader(raw), int64(len(raw))); err != nil || got.width != 1920 || got.height != 1080 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestH08_Movie_HostileBoxesAreRefused(t *testing.T) {
	whole := attachtest.Movie{Seconds: 1, Width: 16, Height: 16}.Bytes("isom")
	for name, raw := range map[string][]byte{
		"cut":      whole[:len(whole)-9],
		"no moov":  whole[:28],
		"overlong": bytes.Replace(whole, []byte("\x00\x00\x00\x08mdat"), []byte("\x7f\x00\x00\x08mdat"), 1),
		"64 bit":   append([]byte("\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"), whole...),
		"deep":     []byte(strings.Repeat("\x00\x00\x00\x00mdia", 100)),
		"many":     []byte(strings.Repeat("\x00\x00\x00\x08free", maxBoxes+1)),
	} {
		if _, err := readMovie(bytes.NewReader(raw), int64(len(raw))); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzMovie(f *testing.F) {
	f.Add(attachtest.Movie{Seconds: 61.5, Width: 1920, Height: 1080, Quarter: true}.Bytes("isom"))
	f.Add(attachtest.Movie{Width: 1, Height: 1, Payload: []byte("x")}.Bytes("qt  "))
	f.Add([]byte("\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x10"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := readMovie(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			if !errors.Is(err, ErrBroken) {
				t.Fatal(err)
			}
			return
		}
		if m.width < 1 || m.height < 1 || m.seconds < 0 || math.IsNaN(m.seconds) || math.IsInf(m.seconds, 0) {
			t.Fatalf("%+v", m)
		}
	})
}

func archive(t testing.TB, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, n := range names {
		if _, err := z.Create(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestF12_Sniff_BytesDecideNotNames(t *testing.T) {
	for _, row := range []struct {
		raw        []byte
		name, want string
	}{
		{[]byte("\xff\xd8\xff\xe0"), "a.png", JPEG},
		{[]byte("\x89PNG\r\n\x1a\n"), "a.jpg", PNG},
		{[]byte("RIFF\x01\x02\x03\x04WEBPVP8 "), "a", WebP},
		{[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1"), "a.jpg", HEIC},
		{[]byte("\x00\x00\x00\x18ftypqt  "), "a.mp4", MOV},
		{[]byte("\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm"), "a", WebM},
		{[]byte("\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska"), "a.webm", "application/octet-stream"},
		{[]byte("%PDF-1.7"), "a.txt", PDF},
		{archive(t, "[Content_Types].xml", "xl/workbook.xml"), "a.zip", XLSX},
		{archive(t, "[Content_Types].xml", "word/document.xml"), "a.exe", DOCX},
		{archive(t, "[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "a.xlsx", "application/vnd.ms-office.macroenabled"},
		{archive(t, "a.txt"), "a.xlsx", Zip},
		{[]byte("<html><script>alert(1)</script>"), "a.jpg", Text},
		{[]byte("\xbd\xf0,1\n"), "金.CSV", CSV}, // GB 18030
		{[]byte("MZ\x90\x00\x03"), "a.pdf", "application/octet-stream"},
	} {
		got, err := sniff(bytes.NewReader(row.raw), int64(len(row.raw)), row.name)
		if err != nil || got != row.want {
			t.Errorf("%q: %s, %v, want %s", row.name, got, err, row.want)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add(archive(f, "[Content_Types].xml", "xl/workbook.xml"), "a.xlsx")
	f.Add([]byte("PK\x03\x04PK\x05\x06"), "a.zip")
	f.Add([]byte("text"), "../../\u202egpj.exe")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		mime, err := sniff(bytes.NewReader(raw), int64(len(raw)), name)
		if err != nil && !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		got := cleanName(name, mime)
		bad := func(r rune) bool { return unicode.IsControl(r) || r == '/' || r == '\\' || r == '"' || r == '\u202e' }
		if got == "" || strings.ContainsFunc(got, bad) {
			t.Fatalf("name %q", got)
		}
	})
}

func TestF12_CleanName_FitsWhatItIs(t *testing.T) {
	for _, row := range []struct{ name, mime, want string }{
		{"消防栓.HEIC", JPEG, "消防栓.jpg"}, {"a.JPEG", JPEG, "a.JPEG"}, {`C:\x\报告.pdf`, PDF, "报告.pdf"}, {"../../etc/passwd", Text, "passwd.txt"},
		{"x.html", Text, "x.txt"}, {"\u202egpj.mp4", MP4, "gpj.mp4"}, {"", JPEG, "file.jpg"}, {"3号楼 1. 单元漏水照片记录", JPEG, "3号楼 1. 单元漏水照片记录.jpg"},
	} {
		if got := cleanName(row.name, row.mime); got != row.want {
			t.Errorf("%q: %q, want %q", row.name, got, row.want)
		}
	}
}
