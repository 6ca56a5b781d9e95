package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Upload posts raw bytes to the cloud's API, as a browser posts a file.
func (p *Person) Upload(ctx context.Context, path, kind string, raw []byte, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.stack.CloudAddr.HTTP+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", kind)
	res, err := p.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return StatusError{Code: res.StatusCode, Body: string(answer)}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("stack: read answer of %s: %w", path, err)
	}
	return nil
}

// Put writes a path of the cloud's API.
func (p *Person) Put(ctx context.Context, path string, body, into any) error {
	return Call(ctx, p.http, http.MethodPut, "http://"+p.stack.CloudAddr.HTTP+path, body, into)
}
