// Package drivers turns bytes on a field bus into readings, or back. Each protocol
// is a package below this one; this file holds the few words they share with the
// edge. A driver never decides, schedules or retries: it asks once, believes only
// what is proved to answer that question, and says how it went.
//
// Concurrency: one goroutine owns a [Bus] and everything opened on it. Every method
// that can touch a wire takes ctx first and returns when ctx ends.
package drivers

import (
	"context"
	"errors"
	"time"

	"anlan/contract"
)

// Bus is one line or connection, owned by one goroutine.
type Bus interface {
	// Device binds a configured device to this bus. It does not touch the wire.
	Device(spec DeviceSpec) (Device, error)
	// Close releases the port or connection.
	Close() error
}

// DeviceSpec is what a bus needs to know of one device.
type DeviceSpec struct {
	ID      contract.DeviceID
	Unit    uint8  // unit id on the bus, where the protocol has one
	Profile string // profile id
}

// Device reads (and may write) one device.
type Device interface {
	// Groups lists what one Read can fetch, alarm groups first. Each group is one
	// transaction on the wire.
	Groups() []Group
	// Read fetches one group. Points of the group that the device reported as faulty
	// come back with their own bad quality and a nil error; when nothing could be
	// believed, err is set (see [QualityOf]) and readings is nil.
	Read(ctx context.Context, group int) ([]contract.Reading, error)
}

// Group is one transaction's worth of points.
type Group struct {
	Points []contract.PointID
	Alarm  bool          // holds a point that alarms depend on
	Cost   time.Duration // wire floor of the transaction: request, turnaround, reply, silences
	// Detail, if set, is a summary point: the group is worth asking at once when that
	// point's value has changed, and seldom otherwise.
	Detail contract.PointID
}

// Writer is a Device that can be driven.
type Writer interface {
	// Write sets a point that the profile declares writable and returns once the
	// device has echoed it. Value is in the point's unit.
	Write(ctx context.Context, point contract.PointID, value float64) error
}

// Listener is a Device that speaks by itself or by being asked in a tight loop, such
// as a tag reader. Listen returns when ctx ends or the line fails.
type Listener interface {
	Listen(ctx context.Context, tap func(Tap)) error
}

// Tap is a tag held to a reader.
type Tap struct {
	UID   []byte    // whole, as the tag gives it
	Texts []string  // the texts and links on the tag; none where it has none or can not be read
	At    time.Time //
}

// Source is a Device that speaks by itself and tells readings, such as a panel that is
// only listened to. Listen returns when ctx ends or the line fails.
type Source interface {
	Listen(ctx context.Context, heard func([]contract.Reading)) error
}

// Replanner is a Device that learns what it may ask together, so that its groups change.
type Replanner interface {
	// Plan counts the changes; after one, Groups answers anew.
	Plan() uint64
}

// Batch is a Device that can have several groups on the way at once.
type Batch interface {
	// Depth is how many, at least 1.
	Depth() int
	// ReadAll fetches groups and calls each as its answer comes, in any order. An error
	// is one that no group can be blamed for.
	ReadAll(ctx context.Context, groups []int, each func(group int, readings []contract.Reading, err error)) error
}

type hurry struct{}

// Hurry lets a caller with something more urgent (a write that waits) cut short what
// takes a driver more than one frame: it then returns [ErrYielded] and is asked again.
func Hurry(ctx context.Context, urgent func() bool) context.Context {
	return context.WithValue(ctx, hurry{}, urgent)
}

// Hurried asks what the caller told [Hurry].
func Hurried(ctx context.Context) bool {
	urgent, ok := ctx.Value(hurry{}).(func() bool)
	return ok && urgent()
}

// Errors a driver returns, matched with errors.Is.
var (
	ErrTimeout     = errors.New("timeout")
	ErrException   = errors.New("exception")    // the device refused
	ErrCorrupt     = errors.New("corrupt")      // bytes came that can not be believed
	ErrQuarantined = errors.New("quarantined")  // asked too early after a timeout
	ErrYielded     = errors.New("yielded")      // gave way, see [Hurry]; to be asked again at once
	ErrLinkDown    = errors.New("link down")    // port or connection is gone
	ErrNotWritable = errors.New("not writable") // the profile does not allow this write
	ErrNoPoint     = errors.New("no such point")
)

// QualityOf says what an error means for the readings it stands in for.
func QualityOf(err error) contract.Quality {
	switch {
	case err == nil:
		return contract.Good
	case errors.Is(err, ErrQuarantined), errors.Is(err, ErrYielded):
		return contract.Quarantined
	case errors.Is(err, ErrException) && errors.Is(err, ErrTimeout):
		return contract.Timeout // a gateway says that its device is silent
	case errors.Is(err, ErrException):
		return contract.Exception
	case errors.Is(err, ErrCorrupt):
		return contract.Corrupt
	case errors.Is(err, ErrLinkDown):
		return contract.LinkDown
	}
	return contract.Timeout
}
