// Package config is what a person may set about the cloud: a short YAML file, and the
// flags that go before it.
package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a bare machine may have no zones

	"anlan/configs"
)

// Config of one cloud process.
type Config struct {
	Data     string   `yaml:"data_dir"` // folder of everything it keeps
	HTTP     HTTP     `yaml:"http"`
	MQTT     MQTT     `yaml:"mqtt"`
	Database Database `yaml:"database"`
	Series   Series   `yaml:"series"`
	Push     Push     `yaml:"push"`
	TimeZone string   `yaml:"time_zone"` // IANA; the year in incident numbers is this zone's
	Demo     bool     `yaml:"demo"`      // put the demo community in at the first start, unless it ever was

	DemoUsers bool // by flag only: also make the people of the demonstration
}

// HTTP is the listener of people and their tools.
type HTTP struct {
	Address string `yaml:"listen"` // "127.0.0.1:8080"; port 0 picks one
	URL     string `yaml:"url"`    // how others reach it, "https://anlan.example.com"; empty is the address
}

// MQTT is the listener of edges; it speaks TLS only.
type MQTT struct {
	Address string   `yaml:"listen"` // "0.0.0.0:8883"; port 0 picks one
	URL     string   `yaml:"url"`    // how edges reach it, "ssl://anlan.example.com:8883"; empty is the address
	Names   []string `yaml:"names"`  // further host names and addresses its certificate is for
}

// Database says where the SQL tables are.
type Database struct {
	DSN string `yaml:"dsn"` // "postgres://…"; empty is the SQLite file in the data folder
}

// Push says how notices reach browsers that are not open. It asks the browsers' makers'
// services outside, so it is off until a contact is given.
type Push struct {
	Contact string   `yaml:"contact"` // who the services may write to: "mailto:duty@example.com" or an https address
	Hosts   []string `yaml:"hosts"`   // further push services, by host name or its end
}

// Series says how long samples are kept.
type Series struct {
	RetentionDays int `yaml:"retention_days"`
}

// Default is what holds without a file.
func Default() Config {
	return Config{Data: "data", HTTP: HTTP{Address: "127.0.0.1:8080"}, MQTT: MQTT{Address: "127.0.0.1:8883"}, Series: Series{RetentionDays: 30}, TimeZone: "Asia/Shanghai"}
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
	for path, want := range map[string]struct{ url, schemes, example string }{
		"http.url": {c.HTTP.URL, "http https", `"https://anlan.example.com"`}, "mqtt.url": {c.MQTT.URL, "ssl", `"ssl://anlan.example.com:8883"`}} {
		u, err := url.Parse(want.url)
		if want.url != "" && (err != nil || u.Host == "" || !slices.Contains(strings.Fields(want.schemes), u.Scheme)) {
			problems = append(problems, doc.Problem(path, strconv.Quote(want.url), "an address such as "+want.example))
		}
	}
	if u, err := url.Parse(c.Push.Contact); c.Push.Contact != "" && (err != nil || u.Scheme != "mailto" && (u.Scheme != "https" || u.Host == "")) {
		problems = append(problems, doc.Problem("push.contact", strconv.Quote(c.Push.Contact), `an address such as "mailto:duty@example.com"`))
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

// BrokerNames are the host names and addresses that the broker's certificate is for.
func (c Config) BrokerNames() []string {
	names := append([]string{"localhost", "127.0.0.1", "::1"}, c.MQTT.Names...)
	if u, err := url.Parse(c.MQTT.URL); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	if host, _, err := net.SplitHostPort(c.MQTT.Address); err == nil && host != "" {
		names = append(names, host)
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
