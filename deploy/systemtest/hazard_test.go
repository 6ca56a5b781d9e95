package systemtest

import "testing"

// TestW18_AHazardIsClosedInARealBrowser is the shipped hazard app as its people use it.
func TestW18_AHazardIsClosedInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/hazard.mjs")
}
