package systemtest

import (
	"testing"

	"anlan/deploy/demo/plans"
)

func TestPlaces_InARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	if err := plans.Furnish(t.Context(), w.Stack); err != nil {
		t.Fatal(err)
	}
	w.browse("browser/places.mjs")
}
