package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// console serves the built console: hashed assets for ever, pages never from a cache. A
// path that may be a page of the desk (a point's page has a dot in its name) is
// index.html; below /m it is the phone's.
func console(files fs.FS) http.Handler {
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if st, err := fs.Stat(files, name); err == nil && !st.IsDir() && name != "index.html" && name != "m.html" {
			cache := "no-cache"
			if strings.HasPrefix(name, "assets/") { // their names carry a hash of their content
				cache = "public, max-age=31536000, immutable"
			}
			w.Header().Set("Cache-Control", cache)
			static.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(name, "assets/") {
			http.NotFound(w, r) // a missing file must not look like a page
			return
		}
		if name == "m" || name == "m.html" || strings.HasPrefix(name, "m/") {
			entry(w, files, "m.html")
			return
		}
		entry(w, files, "index.html")
	})
}

func entry(w http.ResponseWriter, files fs.FS, name string) {
	w.Header().Set("Cache-Control", "no-store")
	raw, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		w.Write([]byte("控制台尚未构建 / The console is not built: make console\n")) //nolint:errcheck // the client has gone
		return
	}
	if err != nil {
		http.Error(w, "console not readable", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(raw) //nolint:errcheck // the client has gone
}
