package console_test

import (
	"compress/gzip"
	"io/fs"
	"regexp"
	"testing"

	"anlan/cloud/console"
)

// firstLoad is what a seat may have to fetch before it shows alarms, gzipped. Charts
// come later.
const firstLoad = 350_000 // bytes

var asked = regexp.MustCompile(`(?:src|href)="/(assets/[^"]+)"`)

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestFirstLoad_IsSmall(t *testing.T) {
	files := console.Files()
	page, err := fs.ReadFile(files, "index.html")
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
	if n < 100_000 || n > firstLoad {
		t.Errorf("the first load is %d bytes gzipped, want at most %d", n, firstLoad)
	}
}
