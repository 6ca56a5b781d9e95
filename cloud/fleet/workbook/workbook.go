// Package workbook writes the places and devices as an Excel workbook and reads it back:
// what people change there is checked cell by cell against the tree and becomes a draft.
package workbook

import (
	"errors"
	"strconv"
	"strings"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
)

// Errors of a file as a whole.
var (
	ErrType     = errors.New("workbook: not an .xlsx workbook")
	ErrLocked   = errors.New("workbook: encrypted, or the old .xls format")
	ErrTooLarge = errors.New("workbook: too large")
	ErrBroken   = errors.New("workbook: damaged")
)

// Limits of a file.
const (
	MaxUnzipped = 64 << 20 // bytes of all parts
	MaxRows     = 20_000   // of one sheet
	maxText     = 1000     // runes of one cell
	maxProblems = 500
)

// Names of sheets.
const (
	guideSheet     = "说明"
	communitySheet = "小区"
	buildingSheet  = "楼栋"
	entranceSheet  = "单元"
	floorSheet     = "楼层"
	roomSheet      = "房间"
	deviceSheet    = "设备"
	pointSheet     = "点位"
)

// revisionCell of the guide sheet holds the revision of the tree that was exported.
const revisionCell = "B3"

// column is one column of a sheet.
type column struct {
	field    string // as errors of places name it
	zh, en   string
	width    float64
	readOnly bool
	whole    bool // a whole number
	from     string
}

// title is what stands in the header.
func (c column) title() string { return c.zh + "\n" + c.en }

type sheet struct {
	name    string
	en      string
	columns []column
	key     int // how many columns, from the first, name a row
}

func sheets() []sheet {
	name, english := column{field: "name", zh: "名称", en: "Name", width: 22}, column{field: "name", zh: "英文名", en: "English name", width: 22}
	order := column{field: "pos", zh: "顺序", en: "Order", width: 8, whole: true}
	building := column{field: "building", zh: "楼栋编号", en: "Building id", width: 14, from: buildingSheet}
	floor := column{field: "floor", zh: "层号", en: "Floor", width: 8, whole: true}
	entrance := column{field: "unit_entrance", zh: "单元号", en: "Entrance", width: 10}
	address := column{field: "address", zh: "地址", en: "Address", width: 30}
	contacts := column{field: "contacts", zh: "联系人（每行：姓名|电话|时段）", en: "Contacts (a line each: name|phone|hours)", width: 36}
	cameras := column{field: "cameras", zh: "摄像头（每行：名称|地址）", en: "Cameras (a line each: name|address)", width: 36}
	reported := func(zh, en string, width float64) column {
		return column{zh: zh, en: en, width: width, readOnly: true}
	}
	return []sheet{
		{communitySheet, "Communities", []column{{field: "id", zh: "编号", en: "Id", width: 18}, name, english, {field: "time_zone", zh: "时区", en: "Time zone", width: 18}, address, order}, 1},
		{buildingSheet, "Buildings", []column{{field: "id", zh: "编号", en: "Id", width: 14}, {field: "community", zh: "小区编号", en: "Community id", width: 18, from: communitySheet}, name, english, address, order, contacts, cameras}, 1},
		{entranceSheet, "Entrances", []column{building, {field: "id", zh: "单元号", en: "Entrance", width: 10}, name, english, order}, 2},
		{floorSheet, "Floors", []column{building, {field: "number", zh: "层号", en: "Floor", width: 8, whole: true}, name, english, order, contacts, cameras}, 2},
		{roomSheet, "Rooms", []column{{field: "id", zh: "编号（新房间留空）", en: "Id (empty for a new room)", width: 20}, building, floor, entrance, name, english, order}, 1},
		{deviceSheet, "Devices", []column{{field: "edge", zh: "网关编号", en: "Edge id", width: 16}, {field: "id", zh: "设备编号", en: "Device id", width: 20}, name, english, building, floor, entrance,
			{field: "spot.room", zh: "房间", en: "Room", width: 16}, {field: "spot.zone", zh: "联动分区", en: "Zone", width: 12}, {field: "note", zh: "备注", en: "Note", width: 28}, {field: "model", zh: "型号（待接入）", en: "Model (planned)", width: 18},
			reported("状态", "State", 10), reported("网关上报名称", "Name reported", 22), reported("网关上报位置", "Place reported", 30)}, 2},
		{pointSheet, "Points", []column{reported("网关编号", "Edge id", 16), reported("点位编号", "Point id", 30), reported("名称", "Name", 22), reported("英文名", "English name", 22), reported("单位", "Unit", 10),
			reported("报警点", "Alarm point", 10), reported("设备名称", "Device", 22), reported("位置", "Place", 34)}, 2},
	}
}

// Contents is what an export writes.
type Contents struct {
	View    places.View
	Devices []fleet.DeviceRow
	Points  []fleet.PointRow
}

// guard keeps a text from being taken for a formula by a program that the sheet is saved
// to as CSV later; unguard undoes it.
func guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r'", rune(s[0])) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r'", rune(s[1])) {
		return s[1:]
	}
	return s
}

func joinContacts(cs []places.Contact) string {
	lines := make([]string, 0, len(cs))
	for _, c := range cs {
		line := c.Name + "|" + c.Phone
		if c.Hours != "" {
			line += "|" + c.Hours
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func splitContacts(s string) []places.Contact {
	out := []places.Contact{}
	for _, f := range fields(s, 3) {
		out = append(out, places.Contact{Name: f[0], Phone: f[1], Hours: f[2]})
	}
	return out
}

func joinCameras(cs []places.Camera) string {
	lines := make([]string, 0, len(cs))
	for _, c := range cs {
		lines = append(lines, c.Name+"|"+c.URL)
	}
	return strings.Join(lines, "\n")
}

func splitCameras(s string) []places.Camera {
	out := []places.Camera{}
	for _, f := range fields(s, 2) {
		out = append(out, places.Camera{Name: f[0], URL: f[1]})
	}
	return out
}

// fields splits a cell into lines and those at | into n parts; what is missing is "".
func fields(s string, n int) [][]string {
	var out [][]string
	for line := range strings.Lines(strings.ReplaceAll(s, "\r\n", "\n")) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		parts := strings.SplitN(strings.ReplaceAll(line, "｜", "|"), "|", n)
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		for len(parts) < n {
			parts = append(parts, "")
		}
		out = append(out, parts)
	}
	return out
}

// ParseWhole reads a whole number as spreadsheets may hold it: "12", " 12 ", "12.0",
// "1.2E1", or in full-width digits.
func ParseWhole(s string) (int, bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return '0' + r - '０'
		case r == '－' || r == '−':
			return '-'
		}
		return r
	}, strings.TrimSpace(s))
	if s == "" || len(s) > 24 {
		return 0, false
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n, n >= -1_000_000 && n <= 1_000_000
	}
	if strings.ContainsAny(s, "xXpP_nN") { // hexadecimal, NaN and Inf are no numbers of people
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < -1e6 || f > 1e6 || f != float64(int(f)) {
		return 0, false
	}
	return int(f), true
}
