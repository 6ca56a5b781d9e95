// Package config is what a person may set about the cloud: a short YAML file, and the
// flags that go before it.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
	_ "time/tzdata" // a bare machine may have no zones

	"anlan/configs"
)

// Config of one cloud process.
type Config struct {
	Data     string   `yaml:"data_dir"` // folder of everything it keeps
	HTTP     Listen   `yaml:"http"`
	MQTT     Listen   `yaml:"mqtt"`
	Database Database `yaml:"database"`
	Series   Series   `yaml:"series"`
	TimeZone string   `yaml:"time_zone"` // IANA; the year in incident numbers is this zone's

	DemoUsers bool // by flag only: also make the people of the demonstration
}

// Listen is one listener.
type Listen struct {
	Address string `yaml:"listen"` // "127.0.0.1:8080"; port 0 picks one
}

// Database says where the SQL tables are.
type Database struct {
	DSN string `yaml:"dsn"` // "postgres://…"; empty is the SQLite file in the data folder
}

// Series says how long samples are kept.
type Series struct {
	RetentionDays int `yaml:"retention_days"`
}

// Default is what holds without a file.
func Default() Config {
	return Config{Data: "data", HTTP: Listen{"127.0.0.1:8080"}, MQTT: Listen{"127.0.0.1:1883"}, Series: Series{RetentionDays: 30}, TimeZone: "Asia/Shanghai"}
}

// Load reads a file over the defaults; the error lists every mistake with its line.
func Load(file string) (Config, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("config: read: %w", err)
	}
	return Parse(file, src)
}

// Parse is [Load] on bytes.
func Parse(file string, src []byte) (Config, error) {
	c := Default()
	doc, problems := configs.Decode(file, src, &c)
	if c.Data == "" {
		problems = append(problems, doc.Problem("data_dir", "nothing", "a folder"))
	}
	for path, a := range map[string]string{"http.listen": c.HTTP.Address, "mqtt.listen": c.MQTT.Address} {
		if a == "" {
			problems = append(problems, doc.Problem(path, "nothing", `an address such as "127.0.0.1:8080"`))
		}
	}
	if c.Series.RetentionDays < 0 || c.Series.RetentionDays > 3650 {
		problems = append(problems, doc.Problem("series.retention_days", fmt.Sprint(c.Series.RetentionDays), "0 (keep everything) to 3650"))
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		problems = append(problems, doc.Problem("time_zone", strconv.Quote(c.TimeZone), `an IANA time zone such as "Asia/Shanghai"`))
	}
	return c, problems.Err()
}

// DSN is the database to open.
func (c Config) DSN() string {
	if c.Database.DSN != "" {
		return c.Database.DSN
	}
	return filepath.Join(c.Data, "cloud.db")
}
