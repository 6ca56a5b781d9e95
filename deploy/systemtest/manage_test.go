package systemtest

import "testing"

func TestManage_InARealBrowser(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.login("admin").ready()
	w.browse("browser/manage.mjs")
}
