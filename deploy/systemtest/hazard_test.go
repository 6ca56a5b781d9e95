package systemtest

import "testing"

// TestW18_AHazardIsClosedInARealBrowser is the shipped hazard app as its people use it.
func TestW18_AHazardIsClosedInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/hazard.mjs")
}

// TestF20_TheArticlesAppIsBuiltByHand goes through the founding article's steps one to
// three in the designers, without a line of code, and then works with what was built.
func TestF20_TheArticlesAppIsBuiltByHand(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/design.mjs")
}

// TestH15_AHazardIsReportedAndClosedOnPhones is the loop on screens of 390 and 360 px; a
// report with photo and place takes at most eight taps.
func TestH15_AHazardIsReportedAndClosedOnPhones(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/phone.mjs")
}

// TestF17_ListsInARealBrowser is what an administrator does with lists of records.
func TestF17_ListsInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/lists.mjs")
}

// TestH04_StandardsAreChangedInARealBrowser changes levels, the working calendar and a
// checklist, and fills in what they bring.
func TestH04_StandardsAreChangedInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/standards.mjs")
}

// TestF22_TheDemoCommunityInARealBrowser puts a small demo community in, looks around, and
// wipes it.
func TestF22_TheDemoCommunityInARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/demo.mjs")
}
