package stack

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"anlan/contract"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Speaker is an edge that is only a program: it is enrolled and shows its building, its
// heart beats, its detectors are read, and it says by MQTT whatever alarm it is told to
// say. Its methods may be called at once.
type Speaker struct {
	id       contract.EdgeID
	building string
	name     contract.Text
	floors   []int
	client   mqtt.Client

	mu    sync.Mutex
	seq   uint64
	epoch string
}

const (
	devicesPerFloor = 2
	speakerFloors   = 33
	exampleBuilding = 3 // is the example's own edge's
)

// StartSpeakers enrols n edges at a running cloud, each with a building of its own beside
// the example's, and keeps them alive until ctx ends.
func StartSpeakers(ctx context.Context, s *Stack, n int) ([]*Speaker, error) {
	out := make([]*Speaker, n)
	for i := range out {
		no := i + 1
		if no >= exampleBuilding {
			no++
		}
		e := &Speaker{id: contract.EdgeID(fmt.Sprintf("edge-l%02d", no)), building: fmt.Sprintf("b%02d", no), epoch: "load",
			name: contract.Text{ZH: fmt.Sprintf("%d号楼", no), EN: fmt.Sprintf("Building %d", no)}}
		for f := range speakerFloors {
			e.floors = append(e.floors, f+1)
		}
		show, err := EdgeTLS(ctx, s.Bin, s.path("cloud"), e.id)
		if err != nil {
			return nil, err
		}
		if err := e.connect(ctx, s.CloudAddr.MQTT, show); err != nil {
			return nil, err
		}
		out[i] = e
	}
	return out, nil
}

func (e *Speaker) connect(ctx context.Context, addr string, show *tls.Config) error {
	e.client = mqtt.NewClient(mqtt.NewClientOptions().AddBroker("ssl://" + addr).SetClientID(string(e.id)).SetUsername(string(e.id)).
		SetTLSConfig(show).SetAutoReconnect(true).SetMaxReconnectInterval(2 * time.Second).SetProtocolVersion(4).
		SetOnConnectHandler(func(mqtt.Client) { e.hello() }))
	if err := settled(ctx, e.client.Connect()); err != nil {
		return fmt.Errorf("stack: connect %s: %w", e.id, err)
	}
	if err := e.publish(ctx, contract.LeafManifest, e.manifest()); err != nil {
		return err
	}
	if err := e.say(ctx, contract.KindBoot, contract.Boot{Software: "speaker", Config: "load", At: time.Now()}); err != nil {
		return err
	}
	go e.live(ctx)
	return nil
}

// live is the heart of the edge, and its detectors' values, until ctx ends.
func (e *Speaker) live(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for seq := uint64(1); ; seq++ {
		e.values(seq)
		select {
		case <-ctx.Done():
			e.client.Disconnect(100)
			return
		case <-tick.C:
			e.hello()
		}
	}
}

// values says that every detector was read just now.
func (e *Speaker) values(seq uint64) {
	now := time.Now()
	b := contract.Batch{Record: contract.Record{V: contract.Version, Edge: e.id, Stream: contract.StreamTelemetry,
		Position: contract.Position{Epoch: e.epoch, Seq: seq, Prev: seq - 1}, Kind: contract.KindSamples, BootID: "load", SpooledAt: now, Synced: true}}
	for _, f := range e.floors {
		for u := range devicesPerFloor {
			b.Columns = append(b.Columns, contract.Column{Point: e.point(f, u), Samples: []contract.Sample{{UnixMS: now.UnixMilli(), Quality: contract.Good}}})
		}
	}
	if raw, err := contract.EncodeBatch(b); err == nil {
		e.client.Publish(contract.Topic(e.id, contract.LeafTelemetry), 1, false, raw)
	}
}

func (e *Speaker) hello() {
	e.mu.Lock()
	newest := e.seq
	e.mu.Unlock()
	raw, err := json.Marshal(contract.Hello{V: contract.Version, Edge: e.id, BootID: "load", Online: true, At: time.Now(), Epoch: e.epoch,
		Newest: map[contract.Stream]uint64{contract.StreamAlarm: newest}})
	if err == nil {
		e.client.Publish(contract.Topic(e.id, contract.LeafStatus), 1, false, raw)
	}
}

func (e *Speaker) publish(ctx context.Context, leaf contract.Leaf, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("stack: encode: %w", err)
	}
	return settled(ctx, e.client.Publish(contract.Topic(e.id, leaf), 1, false, raw))
}

func (e *Speaker) manifest() contract.Manifest {
	m := contract.Manifest{V: contract.Version, Edge: e.id, Name: contract.Text{ZH: e.name.ZH + "网关", EN: e.name.EN + " edge"}, Config: "load",
		Building: contract.ManifestBuilding{Community: "anlan-garden", CommunityName: contract.Text{ZH: "安澜花园", EN: "Anlan Garden"}, TimeZone: "Asia/Shanghai",
			ID: e.building, Name: e.name, Floors: e.floors, UnitEntrances: []string{"1", "2"}},
		Buses: []contract.ManifestBus{{ID: "rs485-1", Kind: "modbus-rtu", Name: contract.Text{ZH: "总线", EN: "Bus"}}}}
	for _, f := range e.floors {
		for u := range devicesPerFloor {
			m.Devices = append(m.Devices, contract.ManifestDevice{ID: e.device(f, u), Bus: "rs485-1", Profile: "p", Model: "m",
				Name: contract.Text{ZH: "水浸探测器", EN: "Leak detector"}, Place: e.place(f, u),
				Points: []contract.ManifestPoint{{ID: e.point(f, u), Name: contract.Text{ZH: "水浸", EN: "Leak"}, Alarm: true}}})
		}
	}
	return m
}

func (e *Speaker) device(floor, u int) contract.DeviceID {
	return contract.DeviceID(fmt.Sprintf("f%02d-leak-%d", floor, u+1))
}

func (e *Speaker) point(floor, u int) contract.PointID {
	return contract.PointID(string(e.device(floor, u)) + ".leak")
}

func (e *Speaker) place(floor, u int) contract.Place {
	return contract.Place{Building: e.building, UnitEntrance: fmt.Sprint(u + 1), Floor: floor, Room: contract.Text{ZH: "水表间", EN: "Meter room"}}
}

// say sends one record of the alarm stream.
func (e *Speaker) say(ctx context.Context, kind contract.Kind, payload any) error {
	doc, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("stack: encode: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq++
	raw, err := contract.EncodeRecord(contract.Record{V: contract.Version, Edge: e.id, Stream: contract.StreamAlarm,
		Position: contract.Position{Epoch: e.epoch, Seq: e.seq, Prev: e.seq - 1}, Kind: kind, BootID: "load", SpooledAt: time.Now(), Synced: true, Payload: doc})
	if err != nil {
		return err
	}
	return settled(ctx, e.client.Publish(contract.Topic(e.id, contract.LeafAlarm), 1, false, raw))
}

// Alarm says that the n-th detector of the building has tripped, or is normal again; it
// returns when the broker has it. Beyond the last detector the same ones trip by further
// rules. One in twenty is a fire: it must never be lost in a group.
func (e *Speaker) Alarm(ctx context.Context, n int, active bool) error {
	floor, u := e.floors[n/devicesPerFloor%len(e.floors)], n%devicesPerFloor
	c, previous := contract.Normal, contract.Active
	if active {
		c, previous = previous, c
	}
	now := time.Now()
	x := contract.ConditionChange{Point: e.point(floor, u), Rule: contract.RuleID(fmt.Sprintf("leak-%d", n/(devicesPerFloor*len(e.floors)))), Condition: c, Previous: previous,
		Severity: contract.Minor, Hazard: contract.Water, Title: contract.Text{ZH: "水浸", EN: "Water leak"}, Do: contract.Text{ZH: "派人关总阀", EN: "Send someone to close the valve"},
		Place: e.place(floor, u), Quality: contract.Good, SensedAt: now, DecidedAt: now}
	if n%20 == 19 {
		x.Severity, x.Hazard, x.Channel = contract.Critical, contract.Fire, "A"
		x.Title, x.Do = contract.Text{ZH: "烟感火警", EN: "Smoke alarm"}, contract.Text{ZH: "通知就近人员 1 分钟内到场确认", EN: "Send the nearest person to look within a minute"}
	}
	return e.say(ctx, contract.KindCondition, x)
}

func settled(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	}
}
