package httpapi

import (
	"os"
	"testing"
)

func TestDocument_TheConsolesCopyIsCurrent(t *testing.T) {
	want, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../console/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("cloud/console/openapi.json is not what the handlers say: run make api")
	}
}
