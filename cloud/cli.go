package cloud

import (
	"context"
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
	"anlan/cloud/broker"
	"anlan/cloud/config"
	"anlan/cloud/db"
	"anlan/cloud/fleet"
	"anlan/cloud/httpapi"
	"anlan/contract"
)

// ErrUsage is returned when the command line cannot be understood.
var ErrUsage = errors.New("usage: anlan-cloud run | enrol | openapi | version (-h tells more)")

// Main runs one command of anlan-cloud.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return ErrUsage
	}
	switch args[0] {
	case "run":
		return runCommand(ctx, args[1:], stderr)
	case "enrol":
		return enrolCommand(ctx, args[1:], stderr)
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

// enrolCommand makes an edge's password; it works beside a running server too.
func enrolCommand(ctx context.Context, args []string, stderr io.Writer) error {
	s := newSettings("enrol", stderr)
	edge := s.set.String("edge", "", "edge `id`")
	file := s.set.String("password-file", "", "`file` to write the password to (0600)")
	cfg, err := s.load(args)
	if err != nil {
		return err
	}
	if *edge == "" || *file == "" {
		return errors.New("enrol: -edge and -password-file are required")
	}
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	d, err := db.Open(ctx, cfg.DSN())
	if err != nil {
		return err
	}
	err = enrol(ctx, d, contract.EdgeID(*edge), *file)
	return errors.Join(err, d.Close())
}

func enrol(ctx context.Context, d *db.DB, e contract.EdgeID, file string) error {
	alarms := alarm.NewStore(d, slog.New(slog.DiscardHandler), nil, time.Now)
	fl, err := fleet.New(ctx, d, alarms, slog.New(slog.DiscardHandler), nil, time.Now)
	if err != nil {
		return err
	}
	if err := fl.Enrol(ctx, e, contract.Text{ZH: string(e)}); err != nil {
		return err
	}
	password, err := broker.Enrol(ctx, d, e, time.Now())
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".password-*") // made 0600
	if err != nil {
		return fmt.Errorf("enrol: write password: %w", err)
	}
	_, err = tmp.WriteString(password + "\n")
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("enrol: write password: %w", errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}
