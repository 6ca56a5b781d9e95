package console_test

import (
	"compress/gzip"
	"io/fs"
	"regexp"
	"testing"

	"anlan/cloud/console"
)

// What has to be fetched before anything shows, gzipped: a seat before it shows alarms
// (charts come later), a phone on a stairwell's network before it shows its to-dos.
var firstLoads = map[string]counter{"index.html": 350_000, "m.html": 150_000} // bytes

var asked = regexp.MustCompile(`(?:src|href)="/(assets/[^"]+)"`)

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestFirstLoad_IsSmall(t *testing.T) {
	for name, most := range firstLoads {
		t.Run(name, func(t *testing.T) { firstLoad(t, name, most) })
	}
}

func firstLoad(t *testing.T, name string, most counter) {
	files := console.Files()
	page, err := fs.ReadFile(files, name)
	if err != nil {
		t.Skip("the console is not built") // `make test` builds it first
	}
	var n counter
	for _, m := range asked.FindAllSubmatch(page, -1) {
		raw, err := fs.ReadFile(files, string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(&n)
		if _, err := z.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes", n)
	if n < 50_000 || n > most {
		t.Errorf("the first load of %s is %d bytes gzipped, want at most %d", name, n, most)
	}
}
