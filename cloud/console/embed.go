// Package console is the operators' web console, built with `make console` and carried
// inside the cloud's binary.
package console

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files is the built console: index.html, hashed assets. Before the first build it
// holds no index.html.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("console: " + err.Error()) // the folder is part of the source tree
	}
	return sub
}
