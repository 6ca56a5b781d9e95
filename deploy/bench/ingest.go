package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"anlan/contract"
	"anlan/deploy/stack"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	benchEdge  = "edge-bench"
	points     = 40
	perPoint   = 12 // samples of a point in one batch
	sampleStep = 5 * time.Second
	window     = 32               // batches sent and not yet acknowledged, as an edge keeps it
	silence    = 20 * time.Second // without any acknowledgement the cloud is taken for stuck
)

func ingestRows(ctx context.Context, o options, dir string) (rows []row, err error) {
	payloads, err := batches(o.batches, time.Now())
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "ingest")
	st := &stack.Stack{Options: stack.Loopback(o.bin, data, "")}
	if err := os.MkdirAll(filepath.Join(data, "log"), 0o700); err != nil {
		return nil, err
	}
	if err := st.StartCloud(ctx); err != nil {
		return nil, errors.Join(err, st.Stop())
	}
	show, err := stack.EdgeTLS(ctx, o.bin, filepath.Join(data, "cloud"), benchEdge)
	if err != nil {
		return nil, errors.Join(err, st.Stop())
	}
	// The folder is measured with the cloud stopped, before and after: nothing is left
	// in logs that a stop would fold away.
	if err := st.Stop(); err != nil {
		return nil, err
	}
	before, err := folderBytes(filepath.Join(data, "cloud"))
	if err != nil {
		return nil, err
	}
	if err := st.StartCloud(ctx); err != nil {
		return nil, errors.Join(err, st.Stop())
	}
	took, err := sendAll(ctx, st.CloudAddr.MQTT, show, payloads)
	if err = errors.Join(err, st.Stop()); err != nil {
		return nil, err
	}
	after, err := folderBytes(filepath.Join(data, "cloud"))
	if err != nil {
		return nil, err
	}
	rawTook, n, err := rawAppends(ctx, dir, 0, payloads)
	if err != nil {
		return nil, err
	}
	perBatch := float64(points * perPoint)
	samples, wire := perBatch*float64(len(payloads)), 0.0
	for _, p := range payloads {
		wire += float64(len(p))
	}
	speed, raw := samples/took.Seconds(), perBatch*float64(n)/rawTook.Seconds()
	disk := float64(after-before) / samples
	return []row{
		{fmt.Sprintf("ingest, MQTT to committed, %d batches of %d, window %d", len(payloads), points*perPoint, window),
			thousands(speed) + " samples/s", thousands(raw) + " samples/s, raw file write + fsync of the same payloads", ratio(speed, raw) + " of the peer"},
		plainRow("ingest, on the wire", wire/samples),
		plainRow("ingest, growth of the cloud's folder", disk),
	}, nil
}

func plainRow(what string, perSample float64) row {
	return row{what, fmt.Sprintf("%.2f B/sample", perSample), fmt.Sprintf("%.0f B/sample, two 64-bit words", plainSample),
		ratio(perSample, plainSample) + " of the peer"}
}

// batches makes n telemetry messages as an edge with 40 points sends them each minute:
// slow curves with a noisy last digit, the last sample of all at now.
func batches(n int, now time.Time) ([][]byte, error) {
	out := make([][]byte, n)
	start := now.Add(-time.Duration(n*perPoint) * sampleStep)
	for i := range out {
		b := contract.Batch{Record: contract.Record{V: contract.Version, Edge: benchEdge, Stream: contract.StreamTelemetry,
			Position: contract.Position{Epoch: "bench", Seq: uint64(i + 1), Prev: uint64(i)}, Kind: contract.KindSamples,
			BootID: "bench", SpooledAt: now, Synced: true}}
		for p := range points {
			c := contract.Column{Point: contract.PointID(fmt.Sprintf("device-%02d.value", p)), Samples: make([]contract.Sample, perPoint)}
			for j := range c.Samples {
				x := i*perPoint + j
				at := start.Add(time.Duration(x) * sampleStep).Add(time.Duration(p) * time.Millisecond)
				c.Samples[j] = contract.Sample{UnixMS: at.UnixMilli(), Value: reading(p, x), Quality: contract.Good}
			}
			b.Columns = append(b.Columns, c)
		}
		raw, err := contract.EncodeBatch(b)
		if err != nil {
			return nil, err
		}
		out[i] = raw
	}
	return out, nil
}

// reading is a point's x-th value, one digit after the point: a slow wave and noise of
// up to 7 in the last digit.
func reading(p, x int) float64 {
	h := (uint64(x)*points + uint64(p)) * 0x9E3779B97F4A7C15
	h ^= h >> 29
	noise := float64(h * 0xBF58476D1CE4E5B9 >> 61)
	return math.Round(10*(20+5*math.Sin(float64(x)/200+float64(p)))+noise) / 10
}

// sendAll publishes the payloads in order, at most a window ahead of the cloud's
// acknowledgements, and returns how long it took until the last was committed.
func sendAll(ctx context.Context, addr string, show *tls.Config, payloads [][]byte) (time.Duration, error) {
	acks := make(chan contract.Ack, len(payloads)+window) // more than can come: the client never waits here
	lost := make(chan error, 1)
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("ssl://" + addr).SetClientID(benchEdge).SetUsername(benchEdge).
		SetTLSConfig(show).SetCleanSession(true).SetAutoReconnect(false).SetProtocolVersion(4).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { lost <- err }))
	if err := settled(ctx, c.Connect()); err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer c.Disconnect(200)
	sub := c.Subscribe(contract.Topic(benchEdge, contract.LeafAck), 1, func(_ mqtt.Client, m mqtt.Message) {
		var a contract.Ack
		if json.Unmarshal(m.Payload(), &a) == nil && a.Stream == contract.StreamTelemetry {
			acks <- a
		}
	})
	if err := settled(ctx, sub); err != nil {
		return 0, fmt.Errorf("subscribe: %w", err)
	}
	began := time.Now()
	sent, acked := 0, 0
	for acked < len(payloads) {
		for ; sent < len(payloads) && sent-acked < window; sent++ {
			c.Publish(contract.Topic(benchEdge, contract.LeafTelemetry), 1, false, payloads[sent])
		}
		select {
		case a := <-acks:
			if a.Want != 0 {
				return 0, fmt.Errorf("cloud asks for %d again after %d: the order was lost", a.Want, a.Seq)
			}
			acked = max(acked, int(a.Seq))
		case err := <-lost:
			return 0, fmt.Errorf("connection lost: %w", err)
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(silence):
			return 0, fmt.Errorf("no acknowledgement for %v: %d of %d committed", silence, acked, len(payloads))
		}
	}
	return time.Since(began), nil
}

func settled(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// folderBytes is the length of all files of a folder.
func folderBytes(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure folder: %w", err)
	}
	return total, nil
}
