package workbook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"anlan/cloud/fleet"
	"anlan/cloud/fleet/places"
	"anlan/contract"
)

// Problem is one cell that cannot be taken, or (as a notice) one that is passed over.
type Problem struct {
	Sheet string        `json:"sheet"`
	Cell  string        `json:"cell"` // "D17", "" for the sheet as a whole
	Found string        `json:"found"`
	Text  contract.Text `json:"text"`
}

// Count is what an import does with one sheet.
type Count struct {
	Sheet     string `json:"sheet"`
	New       int    `json:"new"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
}

// Report is the outcome of a check. An import is done only if there is no problem.
type Report struct {
	Rev      int64     `json:"rev"` // of the tree it was checked against
	Counts   []Count   `json:"counts"`
	Problems []Problem `json:"problems"`
	Notices  []Problem `json:"notices"`
	More     int       `json:"more"` // problems that are not listed
	Objects  []string  `json:"-"`    // what changes, for the audit log
}

// Changes is how many rows an import would write.
func (r Report) Changes() int {
	n := 0
	for _, c := range r.Counts {
		n += c.New + c.Changed
	}
	return n
}

// Target is what a file is checked against.
type Target struct {
	Draft   *places.Draft
	Devices []fleet.DeviceRow           // within reach
	Known   func(places.DeviceKey) bool // reported by an edge, within reach or not
	May     func(building string) bool  // "" stands for what belongs to no building
}

// Check makes the file's changes in the draft and reports what they are. With a problem
// in it, the draft is worth nothing.
func Check(f *File, t Target) Report {
	im := &importer{file: f, Target: t, devices: map[places.DeviceKey]fleet.DeviceRow{}}
	im.Rev, im.Counts, im.Problems, im.Notices = t.Draft.Rev-1, []Count{}, []Problem{}, []Problem{}
	for _, d := range t.Devices {
		im.devices[places.DeviceKey{Edge: d.Edge, ID: d.ID}] = d
	}
	seen := map[string]bool{guideSheet: true}
	for _, s := range sheets() {
		for _, tb := range f.tables {
			if strings.TrimSpace(tb.name) == s.name || strings.EqualFold(strings.TrimSpace(tb.name), s.en) {
				seen[tb.name] = true
				im.sheet(s, tb)
				break
			}
		}
	}
	for _, tb := range f.tables {
		if !seen[tb.name] && len(tb.rows) > 0 {
			im.notice(tb.name, "", tb.name, "不认识的表，未导入", "Unknown sheet; not imported")
		}
	}
	if len(im.Counts) == 0 {
		im.problem("", "", "", "没有认识的表：请用本系统导出的表", "No known sheet: use a workbook exported here")
	}
	return im.Report
}

type importer struct {
	file *File
	Target
	Report
	devices map[places.DeviceKey]fleet.DeviceRow
	table   string
	count   *Count
}

func (im *importer) problem(sheet, cell, found, zh, en string) {
	if len(im.Problems) >= maxProblems {
		im.More++
		return
	}
	im.Problems = append(im.Problems, Problem{sheet, cell, found, contract.Text{ZH: zh, EN: en}})
}

func (im *importer) notice(sheet, cell, found, zh, en string) {
	if len(im.Notices) < maxProblems {
		im.Notices = append(im.Notices, Problem{sheet, cell, found, contract.Text{ZH: zh, EN: en}})
	}
}

// line is one row, its cells found by the position of their column in the sheet.
type line struct {
	im    *importer
	sheet sheet
	row   int
	cells []*cell // nil: the file has no such column, the row keeps what it has
	bad   bool
}

func (im *importer) sheet(s sheet, tb table) {
	im.Counts = append(im.Counts, Count{Sheet: s.name})
	im.count, im.table = &im.Counts[len(im.Counts)-1], tb.name
	if len(tb.rows) == 0 {
		return
	}
	if tb.over {
		im.problem(tb.name, "", strconv.Itoa(MaxRows), "行太多，一张表至多 20000 行", "Too many rows: at most 20 000 in a sheet")
		return
	}
	at, ok := im.header(s, tb.rows[0])
	if !ok || s.name == pointSheet {
		return
	}
	seen := map[string]string{}
	for i, cells := range tb.rows[1:] {
		l := &line{im: im, sheet: s, row: i, cells: make([]*cell, len(s.columns))}
		for c, col := range at {
			if col >= 0 && col < len(cells) {
				l.cells[c] = &cells[col]
			} else if col >= 0 {
				l.cells[c] = &cell{ref: beside(cells, col)}
			}
		}
		l.flaws()
		if l.twice(seen) || l.bad {
			im.count.Refused++
			continue
		}
		im.take(l)
	}
}

// beside names a cell right of the last one that the file holds of a row.
func beside(cells []cell, col int) string {
	if len(cells) == 0 {
		return ""
	}
	digits := strings.TrimLeft(cells[0].ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return columnName(col) + digits
}

func columnName(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnName(i/26-1) + string(rune('A'+i%26))
}

// header finds where each column stands; those that name a row have to be there.
func (im *importer) header(s sheet, head []cell) ([]int, bool) {
	at := make([]int, len(s.columns))
	used := map[int]bool{}
	for i, c := range s.columns {
		at[i] = slices.IndexFunc(head, func(h cell) bool { return titled(h.text, c) })
		if at[i] >= 0 {
			used[at[i]] = true
		}
	}
	for i, h := range head {
		if h.text != "" && !used[i] {
			im.notice(im.table, h.ref, h.text, "不认识的列，未导入", "Unknown column; not imported")
		}
	}
	ok := true
	for i, c := range s.columns {
		if at[i] < 0 && i < s.key && s.name != pointSheet {
			im.problem(im.table, "", "", "缺少列："+c.zh, "Column missing: "+c.en)
			ok = false
		}
		if c.readOnly {
			at[i] = -1
		}
	}
	return at, ok
}

func titled(text string, c column) bool {
	zh, en, _ := strings.Cut(strings.ReplaceAll(text, "\r", ""), "\n")
	zh, en = strings.TrimSpace(zh), strings.TrimSpace(en)
	return zh == c.zh || strings.EqualFold(zh, c.en) || en != "" && strings.EqualFold(en, c.en)
}

// flaws refuses cells that do not hold a plain value.
func (l *line) flaws() {
	for i, c := range l.cells {
		if c == nil {
			continue
		}
		switch c.why {
		case formula:
			l.refuse(i, "是公式，请改为数值（复制后“选择性粘贴—数值”）", "A formula; paste its value instead")
		case merged:
			l.refuse(i, "是合并单元格，请取消合并", "A merged cell; unmerge it")
		case date:
			l.refuse(i, "是日期，请设为文本格式后重新输入", "A date; format the cell as text and write it again")
		case tooLong:
			l.refuse(i, "太长，至多 1000 字", "Too long: at most 1000 characters")
		case errorValue:
			l.refuse(i, "是错误值", "An error value")
		}
	}
}

// refuse notes a problem at a column of the row.
func (l *line) refuse(col int, zh, en string) {
	l.bad = true
	if c := l.cells[col]; c != nil {
		l.im.problem(l.im.table, c.ref, c.text, zh, en)
		return
	}
	l.im.problem(l.im.table, "", "", l.sheet.columns[col].zh+"："+zh, l.sheet.columns[col].en+": "+en)
}

// text is a cell's text, or old if the file has no such column.
func (l *line) text(col int, old string) string {
	if c := l.cells[col]; c != nil {
		return c.text
	}
	return old
}

// whole is a cell's number; an empty one is none.
func (l *line) whole(col, old, none int) int {
	c := l.cells[col]
	if c == nil {
		return old
	}
	if c.text == "" {
		return none
	}
	n, ok := ParseWhole(c.text)
	if !ok {
		l.refuse(col, "须为整数，如 12 或 -1", "A whole number, such as 12 or -1")
	}
	return n
}

// name reads the two columns of a name, from col.
func (l *line) name(col int, old contract.Text) contract.Text {
	return contract.Text{ZH: l.text(col, old.ZH), EN: l.text(col+1, old.EN)}
}

// twice refuses a second row with the same key.
func (l *line) twice(seen map[string]string) bool {
	var key []string
	for i := range l.sheet.key {
		k := l.text(i, "")
		if n, ok := ParseWhole(k); ok && l.sheet.columns[i].whole {
			k = strconv.Itoa(n)
		}
		key = append(key, k)
	}
	k := strings.Join(key, "\x00")
	if strings.Trim(k, "\x00") == "" { // a new room
		return false
	}
	if first, ok := seen[k]; ok {
		l.refuse(l.sheet.key-1, "与第 "+first+" 行重复", "The same as row "+first)
		return true
	}
	if l.cells[0] != nil {
		seen[k] = strings.TrimLeft(l.cells[0].ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	return false
}

// outcome counts a row by what became of it.
func (l *line) outcome(there, same bool, stamp places.Stamp, object string, apply func() error) {
	im := l.im
	switch {
	case l.bad:
		im.count.Refused++
		return
	case there && same:
		im.count.Unchanged++
		return
	case there && im.file.Revision >= 0 && stamp.Rev > im.file.Revision:
		who := cmp.Or(stamp.ChangedBy, "网关")
		l.refuse(0, "导出之后被 "+who+" 修改过，请重新导出再改", "Changed by "+cmp.Or(stamp.ChangedBy, "its edge")+" after the export; export again")
		im.count.Refused++
		return
	}
	if err := apply(); err != nil {
		l.blame(err)
		im.count.Refused++
		return
	}
	im.Objects = append(im.Objects, object)
	if there {
		im.count.Changed++
	} else {
		im.count.New++
	}
}

// blame finds the cell an error of places is about.
func (l *line) blame(err error) {
	e, ok := errors.AsType[*places.InvalidError](err)
	if !ok {
		l.refuse(0, "不能写入："+err.Error(), "Cannot be written: "+err.Error())
		return
	}
	field := strings.TrimPrefix(e.Field, "spot.")
	col := slices.IndexFunc(l.sheet.columns, func(c column) bool { return strings.TrimPrefix(c.field, "spot.") == field })
	l.refuse(max(col, 0), e.Text.ZH, e.Text.EN)
}

// reachable refuses rows of buildings outside the caller's reach.
func (l *line) reachable(col int, building string) bool {
	if l.im.May(building) {
		return true
	}
	if building == "" {
		l.refuse(col, "您的权限只限部分楼栋，不能改这一项", "Your rights are bound to some buildings; this cannot be changed")
	} else {
		l.refuse(col, "没有这个楼栋，或不在您的权限内", "No such building, or not within your rights")
	}
	return false
}

func (im *importer) take(l *line) {
	switch l.sheet.name {
	case communitySheet:
		im.community(l)
	case buildingSheet:
		im.building(l)
	case entranceSheet:
		im.entrance(l)
	case floorSheet:
		im.floor(l)
	case roomSheet:
		im.room(l)
	case deviceSheet:
		im.device(l)
	}
}

func (im *importer) community(l *line) {
	d := im.Draft
	old, there := d.Communities[l.text(0, "")]
	c := old
	c.ID, c.Name, c.TimeZone, c.Address, c.Pos = l.text(0, ""), l.name(1, old.Name), l.text(3, old.TimeZone), l.text(4, old.Address), l.whole(5, old.Pos, 0)
	same := c.Name == old.Name && c.TimeZone == old.TimeZone && c.Address == old.Address && c.Pos == old.Pos
	if !l.bad && !(there && same) {
		l.reachable(0, "")
	}
	l.outcome(there, same, old.Stamp, "community:"+c.ID, func() error { return d.SetCommunity(c) })
}

func (im *importer) building(l *line) {
	d := im.Draft
	old, there := d.Buildings[l.text(0, "")]
	b := old
	b.ID, b.Community, b.Name, b.Address, b.Pos = l.text(0, ""), l.text(1, old.Community), l.name(2, old.Name), l.text(4, old.Address), l.whole(5, old.Pos, 0)
	b.Contacts, b.Cameras = splitContacts(l.text(6, joinContacts(old.Contacts))), splitCameras(l.text(7, joinCameras(old.Cameras)))
	same := b.Community == old.Community && b.Name == old.Name && b.Address == old.Address && b.Pos == old.Pos && slices.Equal(b.Contacts, old.Contacts) && slices.Equal(b.Cameras, old.Cameras)
	if !l.bad && l.reachable(0, b.ID) && (!there || b.Community != old.Community) {
		l.reachable(0, "")
	}
	l.outcome(there, same, old.Stamp, "building:"+b.ID, func() error { return d.SetBuilding(b) })
}

func (im *importer) entrance(l *line) {
	d := im.Draft
	k := places.EntranceKey{Building: l.text(0, ""), ID: l.text(1, "")}
	old, there := d.Entrances[k]
	e := old
	e.Building, e.ID, e.Name, e.Pos = k.Building, k.ID, l.name(2, old.Name), l.whole(4, old.Pos, 0)
	if !l.bad {
		l.reachable(0, k.Building)
	}
	l.outcome(there, e.Name == old.Name && e.Pos == old.Pos, old.Stamp, "entrance:"+k.Building+"/"+k.ID, func() error { return d.SetEntrance(e) })
}

func (im *importer) floor(l *line) {
	d := im.Draft
	k := places.FloorKey{Building: l.text(0, ""), Number: l.whole(1, 0, 0)}
	old, there := d.Floors[k]
	f := old
	f.Building, f.Number, f.Name, f.Pos = k.Building, k.Number, l.name(2, old.Name), l.whole(4, old.Pos, k.Number)
	if !there && l.cells[4] == nil {
		f.Pos = k.Number
	}
	f.Contacts, f.Cameras = splitContacts(l.text(5, joinContacts(old.Contacts))), splitCameras(l.text(6, joinCameras(old.Cameras)))
	same := f.Name == old.Name && f.Pos == old.Pos && slices.Equal(f.Contacts, old.Contacts) && slices.Equal(f.Cameras, old.Cameras)
	if !l.bad {
		l.reachable(0, k.Building)
	}
	l.outcome(there, same, old.Stamp, fmt.Sprintf("floor:%s/%d", k.Building, k.Number), func() error { return d.SetFloor(f) })
}

func (im *importer) room(l *line) {
	d := im.Draft
	id := l.text(0, "")
	old, there := d.Rooms[id]
	if id != "" && (!there || !im.May(old.Building)) {
		l.refuse(0, "没有这个房间；新房间的编号请留空", "No such room; leave the id of a new one empty")
	}
	r := old
	r.ID, r.Building, r.Floor, r.UnitEntrance, r.Name, r.Pos = id, l.text(1, old.Building), l.whole(2, old.Floor, 0), l.text(3, old.UnitEntrance), l.name(4, old.Name), l.whole(6, old.Pos, 0)
	if !l.bad && l.reachable(1, r.Building) && !there && im.roomNamed(r.Building, r.Floor, r.UnitEntrance, r.Name.ZH) != "" {
		l.refuse(4, "这一层已有同名房间", "The floor has a room of that name")
	}
	same := r.Building == old.Building && r.Floor == old.Floor && r.UnitEntrance == old.UnitEntrance && r.Name == old.Name && r.Pos == old.Pos
	l.outcome(there, same, old.Stamp, "room:"+cmp.Or(id, r.Building+"/"+r.Name.ZH), func() error {
		_, err := d.SetRoom(r)
		return err
	})
}

func (im *importer) roomNamed(building string, floor int, entrance, name string) string {
	for _, r := range im.Draft.RoomsOf(building, floor) {
		if r.UnitEntrance == entrance && r.Name.ZH == name {
			return r.ID
		}
	}
	return ""
}

func (im *importer) device(l *line) {
	k := places.DeviceKey{Edge: contract.EdgeID(l.text(0, "")), ID: contract.DeviceID(l.text(1, ""))}
	row, there := im.devices[k]
	if !there && im.Known(k) {
		l.refuse(1, "没有这个设备，或不在您的权限内", "No such device, or not within your rights")
	}
	site := im.Draft.Sites[k]
	site.Edge, site.ID = k.Edge, k.ID
	name := l.name(2, row.Name)
	at := row.Place
	at.Building, at.Floor, at.UnitEntrance, at.Zone = l.text(4, at.Building), l.whole(5, at.Floor, 0), l.text(6, at.UnitEntrance), l.text(8, at.Zone)
	room := l.text(7, at.Room.ZH)
	moved := at != row.Place || room != row.Place.Room.ZH
	if name != row.Name {
		site.Name = name
	}
	note, model := l.text(9, site.Note), site.Model
	if row.Reported == nil {
		model = l.text(10, site.Model)
	}
	same := name == row.Name && !moved && note == site.Note && model == site.Model
	site.Note, site.Model = note, model
	if !l.bad && !same && l.reachable(4, at.Building) && moved {
		site.Spot = im.spot(l, at, room)
	}
	l.outcome(there, same, site.Stamp, "device:"+string(k.Edge)+"/"+string(k.ID), func() error { return im.Draft.SetSite(site, row.Reported != nil) })
}

// spot finds the room by its name.
func (im *importer) spot(l *line, at contract.Place, room string) *places.Spot {
	s := &places.Spot{Building: at.Building, UnitEntrance: at.UnitEntrance, Floor: at.Floor, Zone: at.Zone}
	if _, ok := im.Draft.Buildings[at.Building]; !ok {
		l.refuse(4, "没有这个楼栋", "No such building")
		return s
	}
	if room == "" {
		return s
	}
	if s.Room = im.roomNamed(at.Building, at.Floor, at.UnitEntrance, room); s.Room == "" {
		l.refuse(7, "这一层没有这个房间，请先在“房间”表里加上", "The floor has no such room; add it in the sheet of rooms first")
	}
	return s
}
