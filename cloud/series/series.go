// Package series keeps every sample of every point: column chunks with quality in one
// SQLite file per UTC day, behind four calls.
//
// Append is durable on return: samples are in the day's log table, committed with
// fsync, and in memory. From time to time memory is merged into hourly chunks (one row
// per point and hour) and the log rows are deleted. Equal (point, time) is one sample
// however often it comes; the last one written wins. A process killed at any moment
// finds its samples again in the log.
package series

import (
	"time"

	"anlan/contract"
)

// Key names one series.
type Key struct {
	Edge  contract.EdgeID
	Point contract.PointID
}

// Column is samples of one series in any order.
type Column struct {
	Key
	Samples []contract.Sample
}

// Bucket is the summary of one stretch of time. Min, Max, Mean and Last are over the
// samples that may be believed; if none may, they are the last value known and Quality
// is bad. A stretch without samples has no bucket: gaps are gaps.
type Bucket struct {
	T       time.Time        `json:"t"` // start
	Min     float64          `json:"min"`
	Max     float64          `json:"max"`
	Mean    float64          `json:"mean"`
	Last    float64          `json:"last"`
	N       int64            `json:"n"`
	Quality contract.Quality `json:"quality"` // the worst in it
}
