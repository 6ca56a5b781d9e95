// Package archtest keeps the house's walls: which room may import which, that every
// package says what it is, and that no file or function grows past its hard stop.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	root          = "../.."
	module        = "anlan/"
	maxFileLines  = 800
	maxFuncLines  = 100
	maxDirectDeps = 25
)

// mayImport lists, for each room, the rooms it may import. Reasons: architecture table
// in README; a new arrow needs a decision in deploy/decisions.
var mayImport = map[string][]string{
	"contract":     {},
	"configs":      {},
	"drivers":      {"contract", "configs"},
	"edge":         {"contract", "drivers", "configs"},
	"cloud":        {"contract", "configs"},
	"firmware-sim": {"contract", "drivers", "configs"},
	"deploy":       {"contract", "configs"},
}

type file struct {
	path string // slash, from the root
	fset *token.FileSet
	ast  *ast.File
	size int
}

func (f file) room() string { return strings.SplitN(f.path, "/", 2)[0] }
func (f file) test() bool   { return strings.HasSuffix(f.path, "_test.go") }

func load(t *testing.T) []file {
	t.Helper()
	var out []file
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || name != "." && strings.HasPrefix(name, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, src, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, file{p, fset, f, strings.Count(string(src), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("found %d Go files; is the root right?", len(out))
	}
	return out
}

func imports(f file) []string {
	var out []string
	for _, i := range f.ast.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err == nil && strings.HasPrefix(p, module) {
			out = append(out, strings.TrimPrefix(p, module))
		}
	}
	return out
}

func TestRooms_ImportOnlyWhatTheyMay(t *testing.T) {
	for _, f := range load(t) {
		allowed, known := mayImport[f.room()]
		if !known {
			t.Errorf("%s: no such room; the top-level folders are fixed", f.path)
			continue
		}
		for _, imp := range imports(f) {
			to := strings.SplitN(imp, "/", 2)[0]
			ok := to == f.room()
			for _, a := range allowed {
				ok = ok || to == a
			}
			if !ok {
				t.Errorf("%s imports %s: %s may import only %v", f.path, imp, f.room(), allowed)
			}
		}
	}
}

// Inside edge, siblings do not know each other; edge.go and its neighbours in package
// edge join them. The configuration is a word all of them may read.
func TestEdge_SiblingsDoNotImportSiblings(t *testing.T) {
	for _, f := range load(t) {
		parts := strings.Split(f.path, "/")
		if f.room() != "edge" || len(parts) < 3 || parts[1] == "cmd" || f.test() {
			continue
		}
		for _, imp := range imports(f) {
			if strings.HasPrefix(imp, "edge/") && imp != path.Dir(f.path) {
				t.Errorf("%s imports its sibling %s", f.path, imp)
			}
		}
	}
}

// In cloud, nouns never import the HTTP layer or the wiring.
func TestCloud_NounsDoNotImportTheRim(t *testing.T) {
	for _, f := range load(t) {
		parts := strings.Split(f.path, "/")
		if f.room() != "cloud" || len(parts) < 3 || parts[1] == "cmd" || parts[1] == "httpapi" || f.test() {
			continue
		}
		for _, imp := range imports(f) {
			if imp == "cloud/httpapi" || imp == "cloud" {
				t.Errorf("%s imports %s", f.path, imp)
			}
		}
	}
}

func TestShippedBinaries_NeverLinkTheSimulator(t *testing.T) {
	for _, f := range load(t) {
		if f.room() == "firmware-sim" || f.test() {
			continue
		}
		for _, imp := range imports(f) {
			if strings.HasPrefix(imp, "firmware-sim") {
				t.Errorf("%s imports %s", f.path, imp)
			}
		}
	}
}

func TestPackages_SayWhatTheyAre(t *testing.T) {
	docs := map[string]int{}
	for _, f := range load(t) {
		if f.test() && path.Dir(f.path) != "deploy/archtest" {
			continue
		}
		dir := path.Dir(f.path)
		if f.ast.Doc != nil && !ast.IsGenerated(f.ast) {
			docs[dir]++
		} else if ast.IsGenerated(f.ast) {
			docs[dir]++
		} else {
			docs[dir] += 0
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s has %d package comments, want exactly one", dir, n)
		}
	}
}

func TestNames_NoRoomForEverything(t *testing.T) {
	for _, f := range load(t) {
		switch f.ast.Name.Name {
		case "util", "utils", "common", "manager", "helper", "helpers", "base", "types", "misc":
			t.Errorf("%s: package %s says nothing about what is in it", f.path, f.ast.Name.Name)
		}
	}
}

func TestSizes_StayBelowTheHardStop(t *testing.T) {
	for _, f := range load(t) {
		if ast.IsGenerated(f.ast) {
			continue
		}
		if f.size > maxFileLines {
			t.Errorf("%s has %d lines, hard stop %d", f.path, f.size, maxFileLines)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.test() {
				continue
			}
			if n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, hard stop %d", f.path, fn.Name.Name, n, maxFuncLines)
			}
		}
	}
}

func TestDependencies_EachHasItsReasonInTheREADME(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) != 2 || !strings.HasPrefix(fields[1], "v") {
			continue // indirect, or not a requirement
		}
		n++
		if !strings.Contains(string(readme), "`"+fields[0]+"`") {
			t.Errorf("README.md does not say why %s is needed", fields[0])
		}
	}
	if n == 0 || n > maxDirectDeps {
		t.Errorf("%d direct dependencies, want 1 to %d", n, maxDirectDeps)
	}
}
