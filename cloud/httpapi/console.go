package httpapi

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// console serves the built console: hashed assets for ever, index.html never from a
// cache, and index.html for every path that may be a page of the console (a
// point's page has a dot in its name).
func console(files fs.FS) http.Handler {
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if st, err := fs.Stat(files, name); err == nil && !st.IsDir() && name != "index.html" {
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
		index(w, files)
	})
}

func index(w http.ResponseWriter, files fs.FS) {
	w.Header().Set("Cache-Control", "no-store")
	page, err := fs.ReadFile(files, "index.html")
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
	w.Write(page) //nolint:errcheck // the client has gone
}
