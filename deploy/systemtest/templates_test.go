package systemtest

import "testing"

// TestX07_ATemplateBecomesAnAppAndGoesAgain: found, looked at, installed, granted, used by
// a guard, removed, restored with its record, all in a browser; and the help beside it.
func TestX07_ATemplateBecomesAnAppAndGoesAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/templates.mjs")
}
