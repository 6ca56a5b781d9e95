// Package disk supervises the free space of the folder the cloud keeps its data in, and
// raises the cloud's own alarm before nothing can be written any more.
package disk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/db"
	"anlan/contract"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// RuleDisk is the rule of the alarm; its edge is [Edge].
const RuleDisk contract.RuleID = "cloud-disk"

// Edge stands where an edge would: the alarm comes from the cloud itself.
const Edge contract.EdgeID = "cloud"

const (
	gib   = 1 << 30
	every = 30 * time.Second
)

// Space is what a file system has, in bytes. Free is what this program may still use.
type Space struct {
	Free  uint64 `json:"free"`
	Total uint64 `json:"total"`
}

// Limit is below how many free bytes the alarm comes: 1 GiB or 5 %, whichever is more.
func (s Space) Limit() uint64 { return max(gib, s.Total/20) }

// Low decides; was is what was decided before. The alarm ends at one and a half times
// its limit, so that it does not come and go.
func (s Space) Low(was bool) bool {
	if was {
		return s.Free < s.Limit()/2*3
	}
	return s.Free < s.Limit()
}

// Of asks the file system of a folder.
func Of(folder string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return Space{}, fmt.Errorf("disk: ask about %s: %w", folder, err)
	}
	size := uint64(st.Bsize) //nolint:gosec // never negative
	return Space{Free: st.Bavail * size, Total: st.Blocks * size}, nil
}

// Alarms takes the alarm.
type Alarms interface {
	Apply(ctx context.Context, tx *sql.Tx, in alarm.ReportInput) ([]alarm.Change, error)
	Publish(ctx context.Context, changes []alarm.Change)
}

// Deps is what the watch stands on.
type Deps struct {
	DB       *db.DB
	Alarms   Alarms
	Space    func() (Space, error)
	Log      *slog.Logger
	Registry prometheus.Registerer
	Now      func() time.Time
}

// Look is the newest look at the disk.
type Look struct {
	Space
	Low bool      `json:"low"`
	OK  bool      `json:"ok"` // false: it could not be asked, or was not yet
	At  time.Time `json:"at"`
}

// Watch looks at the disk every half minute.
type Watch struct {
	Deps
	free prometheus.Gauge

	mu   sync.Mutex
	last Look

	told bool // the condition was told since the start; only Run's goroutine uses it
	low  bool
}

// New reads what was decided before the program ended.
func New(ctx context.Context, d Deps) (*Watch, error) {
	w := &Watch{Deps: d, free: prometheus.NewGauge(prometheus.GaugeOpts{Name: "cloud_disk_free_bytes", Help: "Free space where the cloud keeps its data."})}
	d.Registry.MustRegister(w.free)
	var state string
	err := d.DB.Read().QueryRowContext(ctx, `SELECT state FROM alarm_condition WHERE edge = $1 AND point = '' AND rule = $2`, string(Edge), string(RuleDisk)).Scan(&state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("disk: read condition: %w", err)
	}
	w.low = state == string(contract.Active)
	return w, nil
}

// Last is the newest look.
func (w *Watch) Last() Look {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// Run looks now and every half minute until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := w.LookOnce(ctx, w.Now().UTC()); err != nil && ctx.Err() == nil {
			w.Log.Error("look at the disk", "err", err) // tried again at the next tick
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// LookOnce looks once. What cannot be asked changes nothing: an alarm that stands stays.
// Only Run's goroutine calls it.
func (w *Watch) LookOnce(ctx context.Context, now time.Time) error {
	space, err := w.Space()
	if err != nil {
		w.note(Look{Low: w.low, At: now})
		return err
	}
	w.free.Set(float64(space.Free))
	low := space.Low(w.low)
	w.note(Look{Space: space, Low: low, OK: true, At: now})
	if w.told && low == w.low {
		return nil
	}
	if err := w.tell(ctx, space, low, now); err != nil {
		return err
	}
	w.told, w.low = true, low
	return nil
}

func (w *Watch) note(l Look) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = l
}

func (w *Watch) tell(ctx context.Context, space Space, low bool, now time.Time) error {
	c := contract.ConditionChange{Rule: RuleDisk, Condition: contract.Normal, Previous: contract.Active, Severity: contract.Major, Hazard: contract.Self,
		Title: contract.Text{ZH: "平台磁盘空间不足", EN: "The server's disk is nearly full"},
		Do: contract.Text{ZH: "清理数据盘上与本系统无关的文件，或扩容；不要删除数据文件夹里的文件",
			EN: "Remove files that are not this system's from the data disk, or make it larger; delete nothing in the data folder"},
		Value: float64(space.Free) / gib, Unit: "GiB", Quality: contract.Good, SensedAt: now, DecidedAt: now,
		Reason: fmt.Sprintf("%d of %d bytes are free, the limit is %d", space.Free, space.Total, space.Limit())}
	if low {
		c.Condition, c.Previous = contract.Active, contract.Normal
	}
	var changes []alarm.Change
	err := w.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		changes, err = w.Alarms.Apply(ctx, tx, alarm.ReportInput{Edge: Edge, Received: now, Spooled: now, Change: c})
		return err
	})
	if err != nil {
		return fmt.Errorf("disk: tell %s: %w", RuleDisk, err)
	}
	w.Alarms.Publish(ctx, changes)
	return nil
}
