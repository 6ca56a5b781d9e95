package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Stream is one ordered lane from an edge. Each has its own numbering, its own
// in-flight window and its own acknowledgement, so alarms never wait for telemetry.
type Stream string

// Streams.
const (
	StreamAlarm     Stream = "alarm"
	StreamTelemetry Stream = "telemetry"
)

// Kind names the payload of a record.
type Kind string

// Kinds on the alarm stream (JSON payloads) and the telemetry stream (protobuf).
const (
	KindBoot      Kind = "boot"      // [Boot]
	KindCondition Kind = "condition" // [ConditionChange]
	KindAction    Kind = "action"    // [ActionReport]
	KindCheckIn   Kind = "checkin"   // [CheckIn]
	KindResult    Kind = "result"    // [CommandResult]
	KindSamples   Kind = "samples"   // [Batch]
)

// Position is where a record stands: (edge, stream, epoch, seq) is its identity for
// ever. Epoch is a random id made when the spool is created, so a replaced disk never
// uses a key twice. Seq counts from 1 without reuse. Prev is the record before it in
// the spool (Seq-1 unless older telemetry was evicted; 0 for the first): the cloud
// takes a record only if it already has Prev, so a gap is never passed over unseen.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
	Prev  uint64 `json:"prev"`
}

// Record is the envelope of everything durable an edge says. On the alarm stream one
// MQTT message is one Record as JSON; on the telemetry stream the same header
// travels in front of a [Batch] (see telemetry.go).
type Record struct {
	V         int             `json:"v"` // [Version]
	Edge      EdgeID          `json:"edge"`
	Stream    Stream          `json:"stream"`
	Position                  //
	Kind      Kind            `json:"kind"`
	BootID    string          `json:"boot"`               // changes at each start of the edge
	MonoNS    int64           `json:"mono_ns"`            // monotonic nanoseconds since that start
	SpooledAt time.Time       `json:"spooled_at"`         // wall clock of the edge when it became durable
	Synced    bool            `json:"synced"`             // the edge believed its clock to be synchronised
	Replayed  bool            `json:"replayed,omitempty"` // sent again or later than live
	Config    string          `json:"config,omitempty"`   // configuration revision in force
	Payload   json.RawMessage `json:"payload,omitempty"`
}

// Boot opens an edge's alarm stream after each start.
type Boot struct {
	Software string    `json:"software"`
	Config   string    `json:"config"`
	At       time.Time `json:"at"`
}

// Ack is the cloud's answer: everything of this epoch up to and including Seq is
// committed. It is sent only after the commit. Want asks the edge to go back to that
// record (a gap was seen); 0 means go on. An MQTT PUBACK is not an Ack.
type Ack struct {
	V      int    `json:"v"`
	Stream Stream `json:"stream"`
	Epoch  string `json:"epoch"`
	Seq    uint64 `json:"seq"`
	Want   uint64 `json:"want,omitempty"`
}

// Hello is what an edge publishes (QoS 1, not retained) each time it connects, on its
// status topic. The cloud answers with an Ack per stream, so that both sides agree on
// the cursors before anything is sent again.
type Hello struct {
	V        int               `json:"v"`
	Edge     EdgeID            `json:"edge"`
	BootID   string            `json:"boot"`
	Online   bool              `json:"online"` // false in the will
	At       time.Time         `json:"at"`
	MonoNS   int64             `json:"mono_ns"`
	Epoch    string            `json:"epoch,omitempty"`
	Oldest   map[Stream]uint64 `json:"oldest,omitempty"`    // first record still in the spool
	Newest   map[Stream]uint64 `json:"newest,omitempty"`    //
	Pending  map[Stream]int64  `json:"pending,omitempty"`   // records not yet acknowledged
	DiskFree int64             `json:"disk_free,omitempty"` // bytes
}

// ErrMalformed marks a message that can never be taken, however often it is sent.
var ErrMalformed = errors.New("malformed")

// EncodeRecord writes an alarm-stream record.
func EncodeRecord(r Record) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// DecodeRecord reads an alarm-stream record and checks its header. Unknown fields are
// ignored (a newer edge may send more); an unknown kind is left to the caller.
func DecodeRecord(b []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(b, &r); err != nil {
		return Record{}, fmt.Errorf("contract: record: %w: %w", ErrMalformed, err)
	}
	if err := r.check(); err != nil {
		return Record{}, err
	}
	return r, nil
}

func (r Record) check() error {
	switch {
	case r.V < 1 || r.V > Version:
		return fmt.Errorf("contract: record: version %d, this side speaks 1 to %d: %w", r.V, Version, ErrMalformed)
	case !ValidID(string(r.Edge)):
		return fmt.Errorf("contract: record: edge %q is not an id: %w", r.Edge, ErrMalformed)
	case r.Stream != StreamAlarm && r.Stream != StreamTelemetry:
		return fmt.Errorf("contract: record: unknown stream %q: %w", r.Stream, ErrMalformed)
	case r.Epoch == "" || len(r.Epoch) > 64:
		return fmt.Errorf("contract: record: epoch of %d bytes, want 1 to 64: %w", len(r.Epoch), ErrMalformed)
	case r.Seq == 0 || r.Prev >= r.Seq:
		return fmt.Errorf("contract: record: seq %d after %d: %w", r.Seq, r.Prev, ErrMalformed)
	}
	return nil
}
