package edge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"anlan/configs"
	"anlan/contract"
	"anlan/edge/config"
	"anlan/edge/deadline"
)

// BusReport is what is proved of one bus, for people and machines. Times are in
// milliseconds, rounded up.
type BusReport struct {
	ID        contract.BusID      `json:"id"`
	Name      contract.Text       `json:"name"`
	Kind      string              `json:"kind"`
	Line      string              `json:"line"` // "9600 8N1", or the address
	Dead      int                 `json:"dead_devices"`
	Load      float64             `json:"load"`       // share of the line's time for polls, every device well
	WriteLoad float64             `json:"write_load"` // the same set aside for writes
	FloorMS   int64               `json:"floor_ms"`   // one pass over every group on an ideal machine
	Fits      bool                `json:"fits"`
	Over      string              `json:"over,omitempty"`     // group that breaks its promise
	Offender  string              `json:"offender,omitempty"` // device for which promising less changes least
	Remedies  []RemedyReport      `json:"remedies,omitempty"` // any one of them makes it fit
	Assumed   []contract.DeviceID `json:"assumed,omitempty"`  // slowest answer assumed, not documented
	AssumedMS int64               `json:"assumed_ms,omitempty"`
	Groups    []GroupReport       `json:"groups"`
}

// RemedyReport is one change that makes a bus fit; Key is what WithinMS is written under.
type RemedyReport struct {
	Kind     deadline.Kind `json:"kind"`
	Devices  []string      `json:"devices,omitempty"`
	Key      string        `json:"key,omitempty"`
	WithinMS int64         `json:"within_ms,omitempty"`
	Baud     int           `json:"baud,omitempty"`

	remedy deadline.Remedy
}

// GroupReport is one transaction of the scan plan and what it promises for its points.
type GroupReport struct {
	Device     contract.DeviceID  `json:"device"`
	Table      string             `json:"table"`
	Address    uint16             `json:"address"`
	Count      int                `json:"count"`
	Alarm      bool               `json:"alarm"`
	Points     []contract.PointID `json:"points"`
	WithinMS   int64              `json:"within_ms"`   // promised
	EveryMS    int64              `json:"every_ms"`    // asked every
	CostMS     int64              `json:"cost_ms"`     // its transaction at worst
	ResponseMS int64              `json:"response_ms"` // from its turn to its decoded answer at worst
	HealthyMS  int64              `json:"healthy_ms"`  // worst detection, every device well
	DetectMS   int64              `json:"detect_ms"`   // worst detection, with dead_devices others dead
	SilenceMS  int64              `json:"silence_ms"`  // until its own silence is seen at worst
	Fits       bool               `json:"fits"`
}

func reports(c *config.Config, proofs []busProof) []BusReport {
	var out []BusReport
	for i := range proofs {
		if p := &proofs[i]; len(p.groups) > 0 {
			out = append(out, p.report(c))
		}
	}
	return out
}

func (p *busProof) report(c *config.Config) BusReport {
	r := BusReport{ID: p.bus.ID, Name: p.bus.Name, Kind: p.bus.Kind, Line: lineWords(&p.bus), Dead: p.bus.Dead(), Load: share(p.result.Load),
		WriteLoad: share(p.result.Writes), FloorMS: millis(p.result.Floor), Fits: p.result.Fits(), Assumed: p.assumed, Groups: make([]GroupReport, len(p.groups))}
	if len(p.assumed) > 0 {
		r.AssumedMS = millis(deadline.AssumedReaction)
	}
	for i := range p.groups {
		g, t, b := &p.groups[i], &p.model.Tasks[i], &p.result.Bounds[i]
		r.Groups[b.Rank] = GroupReport{Device: g.device.ID, Table: string(g.Table), Address: g.Address, Count: g.Count, Alarm: g.Alarm, Points: g.points(),
			WithinMS: millis(t.Within), EveryMS: millis(b.Every), CostMS: millis(t.Cost), ResponseMS: millis(b.Response), HealthyMS: millis(b.Healthy),
			DetectMS: millis(b.Detect), SilenceMS: millis(b.Silence), Fits: b.Fits}
	}
	if over := p.result.Over; over >= 0 {
		r.Over = p.model.Tasks[over].Device + " " + p.model.Tasks[over].Name
		var remedies []deadline.Remedy
		r.Offender, remedies = deadline.Remedies(p.model, over, p.faster(c))
		for _, m := range remedies {
			out := RemedyReport{Kind: m.Kind, Devices: m.Devices, WithinMS: millis(m.Within), Baud: m.Baud, remedy: m}
			if m.Within > 0 {
				out.Key = remedyKey(m)
			}
			r.Remedies = append(r.Remedies, out)
		}
	}
	return r
}

// share rounds a share of time to a tenth of a percent.
func share(x float64) float64 { return math.Round(1000*x) / 1000 }

// faster are the same bus at the usual higher rates.
func (p *busProof) faster(c *config.Config) (out []deadline.Variant) {
	if !p.bus.Serial() {
		return nil
	}
	for _, baud := range []int{19200, 38400, 57600, 115200} {
		if baud > p.bus.Baud {
			out = append(out, deadline.Variant{Baud: baud, Bus: proveBus(c, p.index, baud).model})
		}
	}
	return out
}

// sound are the proofs of the buses that have no mistakes of their own; of another one
// nothing can be proved.
func sound(c *config.Config, ps configs.Problems) []busProof {
	return slices.DeleteFunc(prove(c), func(p busProof) bool {
		at := "buses[" + strconv.Itoa(p.index) + "]"
		unknown := slices.ContainsFunc(p.bus.Devices, func(d config.Device) bool { return c.Profiles[d.Profile] == nil })
		return unknown || slices.ContainsFunc(ps, func(q configs.Problem) bool {
			return q.File == c.File && strings.HasPrefix(q.Path, at) && !strings.HasPrefix(q.Found, overcommittedBus)
		})
	})
}

const overcommittedBus = "an over-committed bus"

// overcommitted makes a problem of each bus that can not keep its promises.
func overcommitted(c *config.Config, proofs []busProof) (ps configs.Problems) {
	for i := range proofs {
		p := &proofs[i]
		if p.result.Fits() {
			continue
		}
		r := p.report(c)
		t, b := &p.model.Tasks[p.result.Over], &p.result.Bounds[p.result.Over]
		found := fmt.Sprintf(overcommittedBus+": a change in %s would be seen after %s at worst (%d dead), and %s is promised; %s asks too much of the line",
			r.Over, seconds(millis(b.Detect)), r.Dead, seconds(millis(t.Within)), r.Offender)
		want := "promises that one line can keep"
		if len(r.Remedies) > 0 {
			var any []string
			for _, m := range r.Remedies {
				any = append(any, remedyWords(english, m.remedy))
			}
			want = "any one of: " + strings.Join(any, "; ")
		}
		ps = append(ps, c.Problem("buses["+strconv.Itoa(p.index)+"]", found, want))
	}
	return ps
}

func lineWords(b *config.Bus) string {
	mode := fmt.Sprintf("%d %d%s%d", b.Baud, b.DataBits, strings.ToUpper(cmp.Or(b.Parity, "none")[:1]), b.StopBits)
	switch {
	case b.Kind != config.KindTCP:
		return mode
	case b.Serial():
		return b.Address + " → " + mode
	}
	return b.Address
}

// millis rounds up, so that no bound is shown shorter than it is.
func millis(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }

// seconds writes milliseconds for people.
func seconds(ms int64) string {
	if ms < 1000 {
		return strconv.FormatInt(ms, 10) + " ms"
	}
	s := strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + " s"
}

// names joins device ids.
func names(ids []contract.DeviceID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return strings.Join(out, ", ")
}

// shortPoints names a group's points without the device; a run of numbered ones is
// "input1…input8".
func shortPoints(ids []contract.PointID) string {
	var out []string
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && follows(ids[j-1].Name(), ids[j].Name()) {
			j++
		}
		if j-i > 2 {
			out = append(out, ids[i].Name()+"…"+ids[j-1].Name())
		} else {
			for _, p := range ids[i:j] {
				out = append(out, p.Name())
			}
		}
		i = j
	}
	return strings.Join(out, ", ")
}

func follows(a, b string) bool {
	digits := func(s string) (string, int) {
		cut := strings.TrimRight(s, "0123456789")
		n, err := strconv.Atoi(s[len(cut):])
		if err != nil {
			return s, -1 << 30
		}
		return cut, n
	}
	stem, n := digits(a)
	other, m := digits(b)
	return stem == other && m == n+1
}

// wide reports runes that take two columns of a terminal.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 ||
		r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60 || r >= 0xFFE0 && r <= 0xFFE6
}

func columns(s string) (n int) {
	for _, r := range s {
		if n++; wide(r) {
			n++
		}
	}
	return n
}

// table aligns rows; columns named in right are set flush right, the last is not padded.
func table(rows [][]string, right ...int) string {
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], columns(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-columns(cell))
			if slices.Contains(right, i) {
				line += " " + pad + cell + " "
			} else {
				line += " " + cell + pad + " "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
