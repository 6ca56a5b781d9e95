package contract

// Version of the contract. Its history:
//
//	1  2026-11-22  first: alarm and telemetry streams, acknowledgement by cursor,
//	               commands reset, mute and drive, manifest.
const Version = 1

// Heartbeats. An edge says Hello every HelloEvery; the cloud calls it degraded after
// DegradedAfter and lost after LostAfter of silence.
const (
	HelloEverySeconds    = 10
	DegradedAfterSeconds = 30
	LostAfterSeconds     = 75
)
