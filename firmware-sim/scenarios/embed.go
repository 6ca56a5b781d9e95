// Package scenarios holds the bad days that ship with the simulator. They name units by
// patterns, so that they suit any site.
package scenarios

import (
	"embed"
	"io/fs"

	"anlan/firmware-sim/site"
)

//go:embed *.yaml
var files embed.FS

// All reads them, in the order of their names.
func All() ([]site.Scenario, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	var out []site.Scenario
	for _, name := range names {
		src, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := site.ParseScenario("scenarios/"+name, src)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
