package work

import (
	"encoding/json"
	"os"
	"testing"

	"anlan/cloud/flow"
	"anlan/cloud/form"
)

// TestF19_EveryControlAndNodeHasHelp in both languages: what it is for, what the server
// checks, a tip for the phone. A new control without help fails here.
func TestF19_EveryControlAndNodeHasHelp(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		raw, err := os.ReadFile("../console/src/areas/design/help." + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var book struct {
			Controls map[string][]string `json:"controls"`
			Nodes    map[string][]string `json:"nodes"`
			Tour     []struct {
				Title, Text, To string
			} `json:"tour"`
		}
		if err := json.Unmarshal(raw, &book); err != nil {
			t.Fatal(err)
		}
		whole := func(what string, words []string) {
			if len(words) != 3 || words[0] == "" || words[1] == "" || words[2] == "" {
				t.Errorf("%s: %s has no help: %q", lang, what, words)
			}
		}
		for _, c := range form.Types() {
			whole(string(c), book.Controls[string(c)])
		}
		whole("dropdown", book.Controls["dropdown"]) // the palette's second face of option
		for _, n := range flow.NodeTypes() {
			whole(string(n), book.Nodes[string(n)])
		}
		if len(book.Tour) < 5 {
			t.Errorf("%s: %d steps", lang, len(book.Tour))
		}
	}
}
