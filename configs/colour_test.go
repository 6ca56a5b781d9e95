package configs

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// TestFiles_ColoursAreOfTheDesignSystem reads every shipped document: a colour the theme
// does not have would not be seen.
func TestFiles_ColoursAreOfTheDesignSystem(t *testing.T) {
	found, known := regexp.MustCompile(`"color":\s*"([^"]*)"`), regexp.MustCompile(`^(risk-(red|orange|yellow|blue)|#[0-9a-fA-F]{6})$`)
	seen := 0
	err := fs.WalkDir(Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := fs.ReadFile(Files, path)
		for _, m := range found.FindAllSubmatch(raw, -1) {
			if seen++; !known.Match(m[1]) {
				t.Errorf("%s: colour %q; want risk-red, risk-orange, risk-yellow, risk-blue or #rrggbb", path, m[1])
			}
		}
		return err
	})
	if err != nil || seen == 0 {
		t.Fatalf("%d colours: %v", seen, err)
	}
}
