package systemtest

import "testing"

// TestHRisk_TheFourColoursInARealBrowser fills the register from the typical risks, changes
// what one is scored by, and follows the colour from the map to the list.
func TestHRisk_TheFourColoursInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin") // the building is enough; its devices need not be well
	w.browse("browser/risks.mjs")
}
