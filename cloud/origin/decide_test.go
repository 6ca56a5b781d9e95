package origin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anlan/cloud/alarm"
	"anlan/cloud/fleet/places"
	"anlan/configs"
	"anlan/contract"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func shipped(t testing.TB) Rules {
	t.Helper()
	r, err := Load(configs.Files, filepath.Join(t.TempDir(), OwnFile))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const day = 24 * time.Hour

func standingAlarm(id string, since time.Duration) alarm.Alarm {
	return alarm.Alarm{ID: id, Edge: "e", Point: "d.p", Rule: "device-offline", Hazard: contract.Comms, State: alarm.Acked, Condition: contract.Active, Group: id, Count: 1, RaisedAt: ago(since), Stamps: alarm.Stamps{Received: ago(since)}}
}

func times(hazard contract.Hazard, at ...time.Duration) []Occurrence {
	var out []Occurrence
	for i, d := range at {
		out = append(out, Occurrence{Alarm: alarm.Alarm{ID: fmt.Sprintf("a%d", i), Edge: "e", Point: "d.p", Hazard: hazard}, N: 1, At: ago(d), Sensed: ago(d)})
	}
	return out
}

func TestH19_WhatOpensAHazard(t *testing.T) {
	point, group, device := "point:e/d.p", "group:s", "device:e/d"
	is := func(a alarm.Alarm, change func(*alarm.Alarm)) []alarm.Alarm { change(&a); return []alarm.Alarm{a} }
	plain := func(*alarm.Alarm) {}
	tested := func(last, since time.Duration) []Device {
		d := Device{Edge: "e", ID: "d", Profile: "calectro-ug3", Since: ago(since)}
		if last > 0 {
			d.Tested = ago(last)
		}
		return []Device{d}
	}
	pastOf := func(rule, subject string, opened, closed time.Duration) map[string]Origin {
		o := Origin{Rule: rule, Subject: subject, Episode: 1, Opened: ago(opened)}
		if closed > 0 {
			o.Closed = ago(closed)
		}
		return map[string]Origin{key(rule, subject): o}
	}
	said := func(closed time.Duration) map[string]Origin {
		o := Origin{Rule: "person", Record: "r"}
		if closed > 0 {
			o.Closed = ago(closed)
		}
		return map[string]Origin{"s": o}
	}
	three := map[string][]Occurrence{"e/d.p": times(contract.Equipment, time.Hour, day, 2*day)}
	for name, c := range map[string]struct {
		f    Facts
		want string // rule subject episode n
	}{
		"nothing":                                {Facts{}, ""},
		"three faults in a week":                 {Facts{Points: three}, "repeated-fault point:e/d.p 1 3"},
		"two are not enough":                     {Facts{Points: map[string][]Occurrence{"e/d.p": times(contract.Equipment, time.Hour, day)}}, ""},
		"the third is too old":                   {Facts{Points: map[string][]Occurrence{"e/d.p": times(contract.Equipment, time.Hour, day, 8*day)}}, ""},
		"fires have a rule of their own":         {Facts{Points: map[string][]Occurrence{"e/d.p": times(contract.Fire, 0, day, 7*day)}}, "repeated-alarm point:e/d.p 1 3"},
		"one is open":                            {Facts{Points: three, Past: pastOf("repeated-fault", point, 3*day, 0)}, ""},
		"closed, and nothing since":              {Facts{Points: three, Past: pastOf("repeated-fault", point, 3*day, time.Minute)}, ""},
		"closed, and too few since":              {Facts{Points: three, Past: pastOf("repeated-fault", point, 3*day, 30*time.Hour)}, ""},
		"closed long ago, three since":           {Facts{Points: three, Past: pastOf("repeated-fault", point, 9*day, 3*day)}, "repeated-fault point:e/d.p 2 3"},
		"a person has one open about them":       {Facts{Points: three, Spoken: map[string]Origin{"a1": {Rule: "person"}}}, ""},
		"stands for a day":                       {Facts{Standing: is(standingAlarm("s", day), plain)}, "standing-alarm group:s 1 1"},
		"stands for less":                        {Facts{Standing: is(standingAlarm("s", day-time.Second), plain)}, ""},
		"shelved":                                {Facts{Standing: is(standingAlarm("s", 9*day), func(a *alarm.Alarm) { a.State = alarm.Shelved })}, ""},
		"out of service":                         {Facts{Standing: is(standingAlarm("s", 9*day), func(a *alarm.Alarm) { a.State = alarm.OutOfService })}, ""},
		"a drill":                                {Facts{Standing: is(standingAlarm("s", 9*day), func(a *alarm.Alarm) { a.Drill = true })}, ""},
		"unknown is not normal":                  {Facts{Standing: is(standingAlarm("s", day), func(a *alarm.Alarm) { a.Condition = contract.Unknown })}, "standing-alarm group:s 1 1"},
		"normal but latched":                     {Facts{Standing: is(standingAlarm("s", day), func(a *alarm.Alarm) { a.Condition, a.Latched = contract.Normal, true })}, "standing-alarm group:s 1 1"},
		"nobody answers":                         {Facts{Standing: is(standingAlarm("s", 8*time.Hour), func(a *alarm.Alarm) { a.State = alarm.Unacked })}, "unanswered-alarm group:s 1 1"},
		"nobody answers, though it is over":      {Facts{Standing: is(standingAlarm("s", 8*time.Hour), func(a *alarm.Alarm) { a.State, a.Condition = alarm.RTNUnacked, contract.Normal })}, "unanswered-alarm group:s 1 1"},
		"nobody answers a gas alarm":             {Facts{Standing: is(standingAlarm("s", 30*time.Minute), func(a *alarm.Alarm) { a.State, a.Hazard = alarm.Unacked, contract.Gas })}, "slow-response group:s 1 1"},
		"both rules are one hazard":              {Facts{Standing: is(standingAlarm("s", 2*day), func(a *alarm.Alarm) { a.State = alarm.Unacked })}, "standing-alarm group:s 1 1"},
		"an hour by our clock, a year by its":    {Facts{Standing: is(standingAlarm("s", time.Hour), func(a *alarm.Alarm) { a.RaisedAt = ago(365 * day) })}, ""},
		"a person has opened one":                {Facts{Standing: is(standingAlarm("s", 9*day), plain), Spoken: said(0)}, ""},
		"closed, and it still stands":            {Facts{Standing: is(standingAlarm("s", 9*day), plain), Spoken: said(day)}, ""},
		"closed a month ago, and it stands":      {Facts{Standing: is(standingAlarm("s", 60*day), plain), Spoken: said(30 * day)}, "standing-alarm group:s 1 1"},
		"it came anew after that":                {Facts{Standing: is(standingAlarm("s", 2*day), plain), Spoken: said(3 * day), Past: pastOf("standing-alarm", group, 9*day, 3*day)}, "standing-alarm group:s 2 1"},
		"those that came together are one":       {Facts{Standing: []alarm.Alarm{standingAlarm("s", 2*day), is(standingAlarm("s2", day), func(a *alarm.Alarm) { a.Group = "s" })[0]}}, "standing-alarm group:s 1 2"},
		"tested in time":                         {Facts{Devices: tested(394*day, 900*day)}, ""},
		"tested too long ago":                    {Facts{Devices: tested(395*day, 900*day)}, "proof-test device:e/d 1 0"},
		"never tested, known for long":           {Facts{Devices: tested(0, 400*day)}, "proof-test device:e/d 1 0"},
		"never tested, new":                      {Facts{Devices: tested(0, 20*day)}, ""},
		"its hazard is open":                     {Facts{Devices: tested(0, 400*day), Past: pastOf("proof-test", device, 3*day, 0)}, ""},
		"its hazard was closed without a test":   {Facts{Devices: tested(0, 400*day), Past: pastOf("proof-test", device, 9*day, 3*day)}, ""},
		"and again after a month":                {Facts{Devices: tested(0, 500*day), Past: pastOf("proof-test", device, 60*day, 31*day)}, "proof-test device:e/d 2 0"},
		"tested since, and again late":           {Facts{Devices: tested(400*day, 900*day), Past: pastOf("proof-test", device, 401*day, 399*day)}, "proof-test device:e/d 2 0"},
		"a device that is not to be tested":      {Facts{Devices: []Device{{Edge: "e", ID: "d", Profile: "pn532", Since: ago(900 * day)}}}, ""},
		"what came is not from the time to come": {Facts{Points: map[string][]Occurrence{"e/d.p": times(contract.Equipment, -time.Hour, day, 2*day)}}, ""},
	} {
		var got []string
		for _, o := range Decide(c.f, shipped(t).Rules, noon) {
			got = append(got, fmt.Sprintf("%s %s %d %d", o.Rule.ID, o.Subject, o.Episode, o.N))
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
}

// TestH19_TheFourScenes: what the shipped rules of an edge raise in the four scenes becomes
// a hazard of its category, with the alarm as its evidence.
func TestH19_TheFourScenes(t *testing.T) {
	rules := shipped(t)
	for _, c := range []struct {
		alarm    contract.RuleID
		hazard   contract.Hazard
		state    alarm.State
		stands   time.Duration
		rule     string
		category string
		file     string
	}{
		{"fire-lane-blocked", contract.Order, alarm.Acked, 10 * time.Minute, "fire-lane", "fire", "public-order"},
		{"thrown-object", contract.Order, alarm.Unacked, time.Second, "thrown-object", "falling-objects", "public-order"},
		{"elevator-fault", contract.Equipment, alarm.Acked, 2 * time.Hour, "lift-fault", "elevator", "elevator"},
		{"gas", contract.Gas, alarm.Unacked, 30 * time.Minute, "slow-response", "gas", "gas"},
	} {
		edge, err := configs.Files.ReadFile("rules/" + c.file + ".yaml")
		if err != nil || !strings.Contains(string(edge), "- id: "+string(c.alarm)+"\n") {
			t.Errorf("no edge has a rule %s: %v", c.alarm, err)
		}
		at := func(d time.Duration) []Opening {
			a := standingAlarm("s", d)
			a.Rule, a.Hazard, a.State = c.alarm, c.hazard, c.state
			return Decide(Facts{Standing: []alarm.Alarm{a}}, rules.Rules, noon)
		}
		if early := at(c.stands - time.Millisecond); len(early) != 0 {
			t.Errorf("%s: opened too early: %+v", c.alarm, early)
		}
		got := at(c.stands)
		if len(got) != 1 || got[0].Rule.ID != c.rule || len(got[0].Alarms) != 1 {
			t.Errorf("%s: %+v", c.alarm, got)
		}
		if category := rules.Category("", c.alarm, c.hazard); category != c.category {
			t.Errorf("%s: category %s, want %s", c.alarm, category, c.category)
		}
	}
}

// TestH19_DecidingTwiceOpensNothingMore: what was opened, as facts, opens nothing again.
func TestH19_DecidingTwiceOpensNothingMore(t *testing.T) {
	f := Facts{Points: map[string][]Occurrence{"e/d.p": times(contract.Fire, 0, day, 2*day), "e/d.q": times(contract.Water, 0, day, 2*day, 3*day)},
		Standing: []alarm.Alarm{standingAlarm("s", 2*day), standingAlarm("s3", 40*day)}, Devices: []Device{{Edge: "e", ID: "d", Profile: "gst200-panel", Since: ago(900 * day)}},
		Past: map[string]Origin{}, Spoken: map[string]Origin{}}
	rules := shipped(t).Rules
	first := Decide(f, rules, noon)
	if len(first) != 4 { // d.q's alarms have the ids of d.p's: they are spoken of
		t.Fatalf("%+v", first)
	}
	for _, o := range first {
		x := Origin{Rule: o.Rule.ID, Subject: o.Subject, Episode: o.Episode, Opened: noon}
		f.Past[key(x.Rule, x.Subject)] = x
		for _, a := range o.Alarms {
			f.Spoken[a.ID] = x
		}
	}
	for i := range 100 {
		if more := Decide(f, rules, noon.Add(time.Duration(i)*time.Hour)); len(more) != 0 {
			t.Fatalf("after %d hours: %+v", i, more)
		}
	}
}

func TestRules_EveryMistakeIsNamed(t *testing.T) {
	_, err := Parse([]byte(`{"form":"","rules":[{"id":"a","kind":"repeated","name":{"zh":"甲","en":"A"},"count":1,"what":{"zh":"甲","en":"A"}},{"id":"a","kind":"standing","hazards":["war"],"while":"asleep","for":"1h","name":{"zh":"甲"},"what":{"zh":"甲"}}],"categories":[{"rules":["["],"category":"x"}]}`))
	for _, want := range []string{"form: none", "rules[0]: repeated needs", "rules[1].id", `"war"`, "zh and en", "rules[1]: repeated needs", `categories[0]: "["`, "match everything"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	for _, d := range []string{"7x", "-1d", "x", "1.5d", "-3h", ""} {
		var v Duration
		if v.UnmarshalText([]byte(d)) == nil {
			t.Errorf("%q is %v", d, time.Duration(v))
		}
	}
}

func TestRules_CategoriesOfDevices(t *testing.T) {
	r := shipped(t)
	for _, c := range []struct {
		profile string
		rule    contract.RuleID
		hazard  contract.Hazard
		want    string
	}{
		{"monarch-nice3000", "device-offline", contract.Comms, "elevator"}, {"", "elevator-fault", contract.Equipment, "elevator"}, {"", "", contract.Entrapment, "elevator"},
		{"evikon-e2638", "device-offline", contract.Comms, "gas"}, {"calectro-ug3", "smoke-service", contract.Equipment, "fire"}, {"gst200-panel", "panel-mains", contract.Equipment, "control-room"},
		{"firetrol-mark3plus", "", "", "pump-room"}, {"", "edge-lost", contract.Comms, "other"}, {"", "leak", contract.Water, "other"},
	} {
		if got := r.Category(c.profile, c.rule, c.hazard); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestWords_AsAPersonWouldWriteThem(t *testing.T) {
	tree := places.Empty()
	tree.Communities["c1"] = places.Community{ID: "c1"}
	tree.Buildings["b1"] = places.Building{ID: "b1", Community: "c1", Name: contract.Text{ZH: "1号楼", EN: "Building 1"}}
	now := func() *places.Tree { return tree }
	zh, en := Writer{"zh-CN", time.FixedZone("CST", 8*3600), now}, Writer{"en", time.FixedZone("CST", 8*3600), now}
	a := alarm.Alarm{ID: "alm-1", Building: "b1", Place: contract.Place{Building: "b1", Floor: 12, Room: contract.Text{ZH: "东走廊", EN: "East hall"}}, DeviceName: contract.Text{ZH: "东走廊烟感", EN: "East smoke detector"},
		Title: contract.Text{ZH: "设备离线", EN: "Device offline"}, RaisedAt: ago(0), Value: 3.0038, Unit: "V", Count: 2}
	r := shipped(t).Rules
	o := Opening{Rule: r[0], Alarms: []alarm.Alarm{a, a}, N: 3, Times: []time.Time{ago(0), ago(day), ago(2 * day)}, Last: ago(0), Since: ago(2 * day)}
	for _, c := range []struct{ got, want string }{
		{zh.What(o, noon), "1号楼·12层·东走廊“东走廊烟感”7天内发生3次报警（设备离线），最近一次2026-03-02 12:00，请查明原因并检修。"},
		{en.What(o, noon), "“East smoke detector”, Building 1, 12F, East hall: 3 alarms within 7 days (Device offline), the last at 2026-03-02 12:00. Find the cause and repair it."},
		{zh.Evidence(o), "规则：反复故障\n共3次：2026-03-02 12:00、2026-03-01 12:00、2026-02-28 12:00\n" + strings.Repeat("\n2026-03-02 12:00，设备离线，东走廊烟感，1号楼·12层·东走廊，3 V，2次，alm-1", 2)[1:]},
		{zh.What(Opening{Rule: r[2], Alarms: []alarm.Alarm{a}, Since: ago(25 * time.Hour)}, noon), "1号楼·12层·东走廊“东走廊烟感”报警（设备离线）自2026-03-01 11:00起已持续25小时未恢复，请处理。"},
		{zh.What(Opening{Rule: r[4], Due: ago(40 * day), Device: Device{ID: "d", Place: contract.Place{Building: "b1"}}}, noon), "1号楼“d”应每365天做一次功能测试，应于2026-01-21前完成，已超期40天（上次：从未），请安排测试。"},
		{zh.OfAlarm(a), "1号楼·12层·东走廊“东走廊烟感”报警：设备离线，测值 3 V，发生于2026-03-02 12:00，共2次。"},
		{en.OfAlarm(a), "Building 1, 12F, East hall “East smoke detector”: Device offline, value 3 V, raised at 2026-03-02 12:00, 2 times in all."},
		{Path(tree, a.Place, "b1", ""), "c1/b1"}, {Path(tree, contract.Place{}, "", ""), "c1"}, {Path(places.Empty(), a.Place, "b1", ""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q\nwant %q", c.got, c.want)
		}
	}
	for _, r := range r { // no word of a template is left
		x := Opening{Rule: r, Alarms: []alarm.Alarm{a}, N: 1, Since: ago(day), Due: ago(day)}
		if s := zh.What(x, noon) + en.What(x, noon); strings.ContainsAny(s, "{}") {
			t.Error(s)
		}
	}
}

func TestRules_ASitesOwnHoldUnlessTheyAreBroken(t *testing.T) {
	own := filepath.Join(t.TempDir(), OwnFile)
	for raw, form := range map[string]string{`{"form":"fault","rules":[],"categories":[{"category":"x"}]}`: "fault", `{"form":"fault"}`: "hazard", `nonsense`: "hazard"} {
		if err := os.WriteFile(own, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Load(configs.Files, own)
		if r.Form != form || (err == nil) != (form == "fault") {
			t.Errorf("%s: %s, %v", raw, r.Form, err)
		}
	}
}
