package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/audit"
	"anlan/cloud/config"
	"anlan/cloud/db"
	"anlan/cloud/enrolment"
	"anlan/cloud/fleet"
	"anlan/cloud/httpapi"
	"anlan/cloud/org"
	"anlan/contract"
)

// ErrUsage is returned when the command line cannot be understood.
var ErrUsage = errors.New("usage: anlan-cloud run | token | user | openapi | version (-h tells more)")

// Main runs one command of anlan-cloud.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return ErrUsage
	}
	switch args[0] {
	case "run":
		return runCommand(ctx, args[1:], stderr)
	case "token":
		return tokenCommand(ctx, args[1:], stdout, stderr)
	case "user":
		return userCommand(ctx, args[1:], stdout, stderr)
	case "openapi":
		raw, err := httpapi.Document()
		if err != nil {
			return err
		}
		_, err = stdout.Write(raw)
		return err
	case "version":
		_, err := fmt.Fprintf(stdout, "anlan-cloud %s, contract %d\n", version(), contract.Version)
		return err
	}
	return ErrUsage
}

// settings are the flags shared by the commands; a flag goes before the file, the file
// before the default.
type settings struct {
	set                    *flag.FlagSet
	file, data, http, mqtt *string
}

func newSettings(name string, stderr io.Writer) settings {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(stderr)
	return settings{set,
		set.String("config", os.Getenv("ANLAN_CLOUD_CONFIG"), "YAML `file`; env ANLAN_CLOUD_CONFIG"),
		set.String("data", os.Getenv("ANLAN_CLOUD_DATA"), "data `folder`; env ANLAN_CLOUD_DATA"),
		set.String("http", os.Getenv("ANLAN_CLOUD_HTTP"), "HTTP `address`; env ANLAN_CLOUD_HTTP"),
		set.String("mqtt", os.Getenv("ANLAN_CLOUD_MQTT"), "MQTT `address`; env ANLAN_CLOUD_MQTT")}
}

func (s settings) load(args []string) (config.Config, error) {
	if err := s.set.Parse(args); err != nil {
		return config.Config{}, err
	}
	if s.set.NArg() > 0 {
		return config.Config{}, fmt.Errorf("unknown argument %q", s.set.Arg(0))
	}
	c := config.Default()
	if *s.file != "" {
		var err error
		if c, err = config.Load(*s.file); err != nil {
			return c, err
		}
	}
	for flag, to := range map[*string]*string{s.data: &c.Data, s.http: &c.HTTP.Address, s.mqtt: &c.MQTT.Address} {
		if *flag != "" {
			*to = *flag
		}
	}
	if dsn := os.Getenv("ANLAN_CLOUD_DATABASE"); dsn != "" {
		c.Database.DSN = dsn
	}
	return c, nil
}

// version is what the build says of itself.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok {
		return b.Main.Version
	}
	return "unknown"
}

func runCommand(ctx context.Context, args []string, stderr io.Writer) error {
	s := newSettings("run", stderr)
	demo := s.set.Bool("demo-users", false, "also make an operator, a supervisor and a guard for a demonstration")
	cfg, err := s.load(args)
	if err != nil {
		return err
	}
	cfg.DemoUsers = *demo
	c, err := New(ctx, cfg, slog.New(slog.NewTextHandler(stderr, nil)))
	if err != nil {
		return err
	}
	return c.Run(ctx)
}

// tokenCommand makes an edge's enrolment token; it works beside a running server too.
func tokenCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s := newSettings("token", stderr)
	edge := s.set.String("edge", "", "edge `id`")
	base := s.set.String("url", "", "how the edge reaches this server's HTTP side; default http.url, or the running server's address")
	cfg, err := s.load(args)
	if err != nil {
		return err
	}
	if !contract.ValidID(*edge) {
		return errors.New("token: -edge must be an id: lower-case letters, digits and dashes")
	}
	if *base == "" {
		if *base, err = runningURL(cfg); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, cfg.DSN())
	if err != nil {
		return err
	}
	word, err := newToken(ctx, d, cfg, contract.EdgeID(*edge), *base)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, word)
	return err
}

func newToken(ctx context.Context, d *db.DB, cfg config.Config, e contract.EdgeID, base string) (string, error) {
	quiet := slog.New(slog.DiscardHandler)
	fl, err := fleet.New(ctx, d, alarm.NewStore(d, quiet, nil, time.Now), quiet, nil, time.Now)
	if err != nil {
		return "", err
	}
	if err := fl.Enrol(ctx, e, contract.Text{ZH: string(e)}); err != nil {
		return "", err
	}
	authority, err := enrolment.OpenAuthority(filepath.Join(cfg.Data, "edges"), time.Now())
	if err != nil {
		return "", err
	}
	store := enrolment.NewStore(d, audit.New(d), authority, func() string { return cfg.MQTT.URL }, time.Now)
	tok, _, err := store.NewToken(ctx, org.System(), e, base)
	return tok.String(), err
}

// runningURL is where the HTTP side is: as configured, or as the running server says.
func runningURL(cfg config.Config) (string, error) {
	if cfg.HTTP.URL != "" {
		return cfg.HTTP.URL, nil
	}
	raw, err := os.ReadFile(filepath.Join(cfg.Data, "cloud.json"))
	if err != nil {
		return "", errors.New("token: the server is not running and http.url is not set: say -url")
	}
	var at struct{ HTTP string }
	if err := json.Unmarshal(raw, &at); err != nil {
		return "", fmt.Errorf("token: read cloud.json: %w", err)
	}
	return "http://" + at.HTTP, nil
}
