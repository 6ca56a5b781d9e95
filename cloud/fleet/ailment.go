package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"

	"anlan/cloud/alarm"
	"anlan/contract"
)

// Rules of the alarms the cloud raises about an edge that is heard but not well.
const (
	RuleEdgeClock       contract.RuleID = "edge-clock"
	RuleEdgeBacklog     contract.RuleID = "edge-backlog"
	RuleEdgeCertificate contract.RuleID = "edge-certificate"
)

// Limits of an edge's health.
const (
	clockOn         = 5 * time.Second // drift beyond this is an alarm
	clockOff        = 2 * time.Second
	clockHellos     = 3                // in a row: one late message is not a wrong clock
	backlogAfter    = 60 * time.Second // an alarm record that waits so long is not being delivered
	telemetryAfter  = 30 * time.Minute
	certificateLeft = 60 * 24 * time.Hour // renewal begins at 120 days left; something stops it
)

// vitals is what an edge's messages say about its own health; times are ours.
type vitals struct {
	offsets     []time.Duration // of the newest hellos, edge clock minus ours
	alarm       queue
	telemetry   queue
	certificate time.Time // end of its newest certificate; zero: not known
}

// queue is one stream of the edge's spool as it was told.
type queue struct {
	pending int64
	oldest  uint64
	since   time.Time // since when the oldest record has been the same
	moves   bool      // it was seen to be delivered, or empty
}

// heard takes what a hello says about a stream.
func (q queue) heard(pending int64, oldest uint64, at time.Time) queue {
	switch {
	case pending == 0:
		return queue{moves: true}
	case q.pending == 0 || oldest != q.oldest:
		return queue{pending, oldest, at, q.moves || q.pending > 0}
	}
	return queue{pending, oldest, q.since, q.moves}
}

// age is how long the oldest record has been known to wait.
func (q queue) age(now time.Time) time.Duration {
	if q.since.IsZero() {
		return 0
	}
	return now.Sub(q.since)
}

// hello takes a message sent at sent and received at at.
func (v vitals) hello(h contract.Hello, at time.Time) vitals {
	v.offsets = append(v.offsets[max(0, len(v.offsets)-clockHellos+1):len(v.offsets):len(v.offsets)], h.At.Sub(at))
	v.alarm = v.alarm.heard(h.Pending[contract.StreamAlarm], h.Oldest[contract.StreamAlarm], at)
	v.telemetry = v.telemetry.heard(h.Pending[contract.StreamTelemetry], h.Oldest[contract.StreamTelemetry], at)
	return v
}

// drift is the smallest offset of the newest hellos, so that a message that was held up
// on the way does not look like a wrong clock; 0 until there are enough of them, or
// when they disagree about its sign.
func (v vitals) drift() time.Duration {
	if len(v.offsets) < clockHellos {
		return 0
	}
	least := v.offsets[0]
	for _, o := range v.offsets[1:] {
		switch {
		case (o < 0) != (least < 0):
			return 0
		case o.Abs() < least.Abs():
			least = o
		}
	}
	return least
}

// ailments decides which of an edge's own alarms are active; what cannot be said yet is
// not in the answer. was is what was decided before; the clock has a hysteresis.
func (v vitals) ailments(was map[contract.RuleID]bool, now time.Time) map[contract.RuleID]bool {
	is := map[contract.RuleID]bool{}
	if len(v.offsets) >= clockHellos {
		limit := clockOn
		if was[RuleEdgeClock] {
			limit = clockOff
		}
		is[RuleEdgeClock] = v.drift().Abs() > limit
	}
	late := v.alarm.age(now) >= backlogAfter || v.telemetry.age(now) >= telemetryAfter
	if late || v.alarm.moves && v.telemetry.moves {
		is[RuleEdgeBacklog] = late
	}
	if !v.certificate.IsZero() {
		is[RuleEdgeCertificate] = v.certificate.Sub(now) < certificateLeft
	}
	return is
}

// ailmentText is what people read; value is in seconds, or days for the certificate.
func (v vitals) ailmentText(rule contract.RuleID, name contract.Text, now time.Time) (title, do contract.Text, severity contract.Severity, value float64, unit contract.Unit) {
	zh, en := name.In("zh-CN"), name.In("en")
	switch rule {
	case RuleEdgeClock:
		return contract.Text{ZH: "网关时钟偏差：" + zh, EN: "Edge clock is wrong: " + en},
			contract.Text{ZH: "检查网关的校时和时钟电池；期间以平台收到时间为准", EN: "Check the edge's time source and clock battery; until then go by the times of receipt"},
			contract.Minor, v.drift().Seconds(), "s"
	case RuleEdgeBacklog:
		return contract.Text{ZH: "网关数据积压：" + zh, EN: "Edge records are held up: " + en},
			contract.Text{ZH: "报警可能晚到，请派人现场查看，并检查网络质量", EN: "Alarms may come late: have someone look on site, and check the network"},
			contract.Major, max(v.alarm.age(now), v.telemetry.age(now)).Seconds(), "s"
	}
	return contract.Text{ZH: "网关证书即将到期：" + zh, EN: "Edge certificate runs out: " + en},
		contract.Text{ZH: "检查网关能否访问平台网页地址；到期前重新接入", EN: "Check that the edge reaches the server's HTTP address; enrol it again before the end"},
		contract.Minor, v.certificate.Sub(now).Hours() / 24, "d"
}

// SetCertificates sets where the end of an edge's newest certificate is known.
func (s *Service) SetCertificates(f func(ctx context.Context, e contract.EdgeID) (time.Time, error)) {
	s.certificates = f
}

const certificatesEvery = time.Hour

// lookAtCertificates refreshes what is known of the certificates, now and then.
func (s *Service) lookAtCertificates(ctx context.Context, now time.Time) {
	if s.certificates == nil || now.Sub(s.certificatesAt) < certificatesEvery {
		return
	}
	s.certificatesAt = now
	for _, id := range s.edgeIDs() {
		until, err := s.certificates(ctx, id)
		if err != nil {
			s.log.Error("read certificate", "edge", id, "err", err)
			continue
		}
		s.mu.Lock()
		s.edges[id].vitals.certificate = until
		s.mu.Unlock()
	}
}

// examine raises and ends an edge's own alarms. After a restart each is told once
// anew, which changes nothing if it is as it was.
func (s *Service) examine(ctx context.Context, id contract.EdgeID, now time.Time) error {
	s.mu.RLock()
	e := s.edges[id]
	v, was, silent := e.vitals, e.ailing, e.state == Lost || e.state == Never || len(e.vitals.offsets) == 0
	s.mu.RUnlock()
	if silent { // nothing is known of it: what stands stays
		return nil
	}
	is := v.ailments(was, now)
	for _, rule := range []contract.RuleID{RuleEdgeClock, RuleEdgeBacklog, RuleEdgeCertificate} {
		active, known := is[rule]
		before, told := was[rule]
		if !known || told && before == active {
			continue
		}
		if err := s.tellAilment(ctx, id, rule, active, now); err != nil {
			return err
		}
		s.mu.Lock()
		e.ailing = maps.Clone(e.ailing)
		if e.ailing == nil {
			e.ailing = map[contract.RuleID]bool{}
		}
		e.ailing[rule] = active
		s.mu.Unlock()
	}
	return nil
}

func (s *Service) tellAilment(ctx context.Context, id contract.EdgeID, rule contract.RuleID, active bool, now time.Time) error {
	s.mu.RLock()
	e := s.edges[id]
	title, do, severity, value, unit := e.vitals.ailmentText(rule, e.name, now)
	place := contract.Place{Building: e.building}
	s.mu.RUnlock()
	c := contract.ConditionChange{Rule: rule, Condition: contract.Normal, Previous: contract.Active, Severity: severity, Hazard: contract.Self,
		Title: title, Do: do, Place: place, Value: value, Unit: unit, Quality: contract.Good, SensedAt: now.UTC(), DecidedAt: now.UTC()}
	if active {
		c.Condition, c.Previous = contract.Active, contract.Normal
	}
	var changes []alarm.Change
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		var err error
		changes, err = s.alarms.Apply(ctx, tx, alarm.ReportInput{Edge: id, Received: now, Spooled: now, Change: c})
		return err
	})
	if err != nil {
		return fmt.Errorf("fleet: %s of %s: %w", rule, id, err)
	}
	s.alarms.Publish(ctx, changes)
	return nil
}
