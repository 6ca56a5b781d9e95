package systemtest

import "testing"

// TestW12_TheBellRingsInARealBrowser is a hazard told under the bell of who has to act.
func TestW12_TheBellRingsInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/notice.mjs")
}
