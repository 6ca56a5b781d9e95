package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// File is where the shipped rules are; OwnFile is what a site's own are called, in its
// data folder.
const (
	File    = "apps/hazard/device-rules.json"
	OwnFile = "device-rules.json"
)

// Load reads the shipped rules, or a site's own if there are any. Own rules that cannot be
// read are not in force: then the shipped ones are, and the error says why.
func Load(shipped fs.FS, own string) (Rules, error) {
	raw, err := fs.ReadFile(shipped, File)
	if err != nil {
		return Rules{}, fmt.Errorf("origin: read shipped rules: %w", err)
	}
	r, err := Parse(raw)
	if err != nil {
		return Rules{}, err
	}
	mine, err := os.ReadFile(own)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("origin: read own rules: %w", err)
	}
	x, err := Parse(mine)
	if err != nil {
		return r, fmt.Errorf("%s: %w", own, err)
	}
	return x, nil
}
