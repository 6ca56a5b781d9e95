package httpapi

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// Document is the API's OpenAPI 3.1 description, indented; the console's types are
// made from it.
func Document() ([]byte, error) {
	s := newServer(Deps{Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Version: "1"})
	s.handler()
	raw, err := json.MarshalIndent(s.api.OpenAPI(), "", " ")
	if err != nil {
		return nil, fmt.Errorf("httpapi: document: %w", err)
	}
	return append(raw, '\n'), nil
}
