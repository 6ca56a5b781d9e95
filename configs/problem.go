package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File  string
	Line  int    // 1-based; 0 when the file as a whole is meant
	Path  string // "buses[0].devices[2].unit"; "" for the whole document
	Found string // what stands there
	Want  string // what would be right
}

// Error writes "edge.yaml:12: buses[0].baud: found \"fast\", want a whole number".
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString("found " + p.Found)
	if p.Want != "" {
		b.WriteString(", want " + p.Want)
	}
	return b.String()
}

// Problems is every mistake of one or more files. A nil or empty list means none; use
// [Problems.Err] to get an error that is nil then.
type Problems []Problem

// Error writes one problem a line, in file and line order.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps.sorted() {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is ps, or nil when there is nothing wrong.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.sorted()
}

func (ps Problems) sorted() Problems {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out
}
