//go:build hold

// Package hold keeps dependencies in go.mod while rooms are being built.
package hold

import (
	_ "github.com/danielgtaylor/huma/v2"
	_ "github.com/danielgtaylor/huma/v2/adapters/humago"
	_ "github.com/eclipse/paho.mqtt.golang"
	_ "github.com/expr-lang/expr"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/mochi-mqtt/server/v2"
	_ "github.com/mochi-mqtt/server/v2/listeners"
	_ "github.com/pressly/goose/v3"
	_ "github.com/prometheus/client_golang/prometheus"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/tarm/serial"
	_ "go.bug.st/serial"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/sys/unix"
	_ "modernc.org/sqlite"
)
