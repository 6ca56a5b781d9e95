package cloud

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/cloud/audit"
	"anlan/cloud/auth"
	"anlan/cloud/db"
	"anlan/cloud/org"
)

func TestUserCommand_ALostAdministratorIsRecoveredAndNoted(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := Main(t.Context(), append([]string{"user"}, args...), &out, &bytes.Buffer{})
		return out.String(), err
	}
	if _, err := run("add", "-data", dir, "-user", "boss", "-role", "admin"); err != nil {
		t.Fatal(err)
	}
	if _, err := run("disable", "-data", dir, "-user", "boss"); err == nil {
		t.Error("the last administrator was disabled")
	}
	out, err := run("reset", "-data", dir, "-user", "boss", "-second-factor")
	if err != nil {
		t.Fatal(err)
	}
	name, password, _ := strings.Cut(strings.TrimSpace(out), "\t")
	d, err := db.Open(t.Context(), filepath.Join(dir, "cloud.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	trail := audit.New(d)
	accounts, err := auth.New(t.Context(), d, org.NewStore(d), trail, dir)
	if err != nil {
		t.Fatal(err)
	}
	ses, _, err := accounts.Login(t.Context(), name, password, "", time.Now())
	if err != nil || !ses.MustChange {
		t.Errorf("%+v %v", ses, err)
	}
	page, err := trail.Search(t.Context(), audit.Query{Actor: "command"})
	if err != nil || len(page.Items) != 3 {
		t.Errorf("%d lines of the command line: %+v %v", len(page.Items), page.Items, err)
	}
	if out, err := run("list", "-data", dir); err != nil || !strings.Contains(out, "admin in all") {
		t.Errorf("%q %v", out, err)
	}
	for _, bad := range [][]string{{}, {"forget", "-data", dir, "-user", "boss"}, {"reset", "-data", dir, "-user", "nobody"}, {"add", "-data", dir, "-user", "x1", "-role", "king"}} {
		if _, err := run(bad...); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}
