package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// row is one line of the table, already in words.
type row struct{ what, measured, limit, ratio string }

// render aligns the rows in columns.
func render(rows []row) string {
	all := append([]row{{"what", "measured", "limit or peer", "ratio"}}, rows...)
	var width [3]int
	for _, r := range all {
		for i, cell := range []string{r.what, r.measured, r.limit} {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	line := func(r row) {
		for i, cell := range []string{r.what, r.measured, r.limit} {
			b.WriteString(cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+3))
		}
		b.WriteString(r.ratio + "\n")
	}
	line(all[0])
	b.WriteString(strings.Repeat("-", width[0]+width[1]+width[2]+9+len("ratio")) + "\n")
	for _, r := range all[1:] {
		line(r)
	}
	return b.String()
}

// ratio is a/b with three digits that mean something; "-" if there is no b.
func ratio(a, b float64) string {
	r := a / b
	switch {
	case math.IsNaN(r) || math.IsInf(r, 0):
		return "-"
	case r >= 100:
		return fmt.Sprintf("%.0f", r)
	}
	return fmt.Sprintf("%.3g", r)
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

// thousands writes a count with separators.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// middleAndWorst are the median (upper one of two) and the largest; zero of nothing.
func middleAndWorst(d []time.Duration) (p50, worst time.Duration) {
	if len(d) == 0 {
		return 0, 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/2], s[len(s)-1]
}

// p99 is what 99 of 100 do not exceed.
func p99(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[(len(s)*99+99)/100-1]
}
