package edge

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// announce writes where the status page is to edge.json in the data folder, whole or
// not at all, for whoever started the edge with a port of the system's choice.
func (e *Edge) announce() error {
	raw, err := json.Marshal(map[string]any{"status": e.StatusAddr(), "pid": os.Getpid()})
	if err != nil {
		return fmt.Errorf("edge: announce: %w", err)
	}
	file := filepath.Join(e.cfg.DataDir, "edge.json")
	if err := os.WriteFile(file+".tmp", append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("edge: announce: %w", err)
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return fmt.Errorf("edge: announce: %w", err)
	}
	return nil
}
