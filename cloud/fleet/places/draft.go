package places

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"anlan/contract"
)

// Author is who changes places, and when.
type Author struct {
	Name string
	At   time.Time
}

// Note is one line for the audit log.
type Note struct {
	Action string // "place.building.change"
	Object string // "building:b03"
	Data   any
}

// Draft is a set of changes to a tree that all happen or none. It is not safe for use
// by several goroutines.
type Draft struct {
	*Tree
	By    Author
	Notes []Note // what people changed

	dirty map[any]bool // keys of rows to write or, if they are no longer there, to delete
}

type (
	communityKey string
	buildingKey  string
	roomKey      string
	edgeKey      contract.EdgeID
)

// NewDraft starts on a copy of t.
func NewDraft(t *Tree, by Author) *Draft {
	d := &Draft{Tree: t.clone(), By: by, dirty: map[any]bool{}}
	d.Rev++
	return d
}

// Changed reports whether anything is different from the tree it began with.
func (d *Draft) Changed() bool { return len(d.dirty) > 0 }

// stamped checks the version the caller saw against the row's, and makes the next stamp.
func (d *Draft) stamped(what string, old Stamp, seen int64) (Stamp, error) {
	if old.Version != seen {
		return old, &ConflictError{what, old}
	}
	return Stamp{Version: old.Version + 1, Rev: d.Rev, ChangedBy: d.By.Name, ChangedAt: d.By.At, Archived: old.Archived}, nil
}

func (d *Draft) note(action, object string, data any) {
	d.Notes = append(d.Notes, Note{action, object, data})
}

func verb(there bool) string {
	if there {
		return "change"
	}
	return "add"
}

// edited adds to the fields that manifests no longer change.
func edited(fields []string, reported bool, changes map[string]bool) []string {
	out := slices.Clone(fields)
	for field, changed := range changes {
		if changed && reported && !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// SetCommunity makes or changes a community. c.Version is the one the caller saw.
func (d *Draft) SetCommunity(c Community) error {
	old, there := d.Communities[c.ID]
	if err := d.checkCommunity(c); err != nil {
		return err
	}
	stamp, err := d.stamped("community "+c.ID, old.Stamp, c.Version)
	if err != nil {
		return err
	}
	c.Stamp, c.Reported = stamp, old.Reported
	c.Edited = edited(old.Edited, old.Reported != nil, map[string]bool{"name": c.Name != old.Name, "time_zone": c.TimeZone != old.TimeZone})
	d.Communities[c.ID] = c
	d.dirty[communityKey(c.ID)] = true
	d.note("place.community."+verb(there), "community:"+c.ID, map[string]any{"name": c.Name.ZH, "time_zone": c.TimeZone, "address": c.Address})
	return nil
}

func (d *Draft) checkCommunity(c Community) error {
	if _, there := d.Communities[c.ID]; !there {
		if err := checkID(c.ID); err != nil {
			return err
		}
	}
	if err := checkName("name", c.Name, true); err != nil {
		return err
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" || c.TimeZone == "Local" {
		return invalid("time_zone", "没有这个时区，须如 Asia/Shanghai", "No such time zone; write one like Asia/Shanghai")
	}
	return checkLine("address", c.Address, 200)
}

// SetBuilding makes or changes a building.
func (d *Draft) SetBuilding(b Building) error {
	old, there := d.Buildings[b.ID]
	b.Contacts, b.Cameras = orEmpty(b.Contacts), orEmpty(b.Cameras)
	if err := d.checkBuilding(b); err != nil {
		return err
	}
	stamp, err := d.stamped("building "+b.ID, old.Stamp, b.Version)
	if err != nil {
		return err
	}
	b.Stamp, b.Reported = stamp, old.Reported
	b.Edited = edited(old.Edited, old.Reported != nil, map[string]bool{"name": b.Name != old.Name, "community": b.Community != old.Community})
	d.Buildings[b.ID] = b
	d.dirty[buildingKey(b.ID)] = true
	d.note("place.building."+verb(there), "building:"+b.ID, map[string]any{"name": b.Name.ZH, "community": b.Community, "contacts": len(b.Contacts), "cameras": len(b.Cameras)})
	return nil
}

func (d *Draft) checkBuilding(b Building) error {
	if _, there := d.Buildings[b.ID]; !there {
		if err := checkID(b.ID); err != nil {
			return err
		}
	}
	if c, ok := d.Communities[b.Community]; !ok || c.Archived {
		return invalid("community", "没有这个小区："+b.Community, "No such community: "+b.Community)
	}
	if err := checkName("name", b.Name, true); err != nil {
		return err
	}
	if err := checkLine("address", b.Address, 200); err != nil {
		return err
	}
	return checkHelp(b.Contacts, b.Cameras)
}

// keepStructure notes that people, not manifests, say which floors and entrances a
// building has.
func (d *Draft) keepStructure(building, field string) {
	b := d.Buildings[building]
	if b.Reported == nil || slices.Contains(b.Edited, field) {
		return
	}
	b.Edited = edited(b.Edited, true, map[string]bool{field: true})
	d.Buildings[building] = b
	d.dirty[buildingKey(building)] = true
}

// checkID allows what can also be the scope of a right.
func checkID(id string) error {
	if !contract.ValidID(id) || strings.Contains(id, "_") {
		return invalid("id", "编号须以小写字母开头，只含小写字母、数字和横线，最长 48 位", "An id starts with a lower-case letter and has only lower-case letters, digits and -; at most 48")
	}
	return nil
}

func checkName(field string, t contract.Text, needed bool) error {
	n := utf8.RuneCountInString(strings.TrimSpace(t.ZH))
	if needed && n == 0 || n > 40 || utf8.RuneCountInString(t.EN) > 80 || n == 0 && t.EN != "" {
		return invalid(field, "名称须为 1 至 40 个字，英文至多 80 个字符", "A name has 1 to 40 characters, in English at most 80")
	}
	if err := checkLine(field, t.ZH, 40); err != nil {
		return err
	}
	return checkLine(field, t.EN, 80)
}

// checkLine allows one line of printable text.
func checkLine(field, s string, limit int) error {
	if utf8.RuneCountInString(s) > limit {
		return invalid(field, "太长", "Too long")
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return invalid(field, "不能含换行或控制字符", "No line breaks or control characters")
	}
	if strings.TrimSpace(s) != s {
		return invalid(field, "首尾不能有空格", "No spaces at the ends")
	}
	return nil
}

func checkHelp(contacts []Contact, cameras []Camera) error {
	if len(contacts) > 20 || len(cameras) > 50 {
		return invalid("contacts", "联系人至多 20 个，摄像头至多 50 个", "At most 20 contacts and 50 cameras")
	}
	for _, c := range contacts {
		if strings.TrimSpace(c.Name) == "" || checkLine("contacts", c.Name, 40) != nil || checkLine("contacts", c.Hours, 40) != nil {
			return invalid("contacts", "联系人须有姓名", "A contact needs a name")
		}
		if !phone(c.Phone) {
			return invalid("contacts", "电话须为 3 至 24 位数字、空格、+、-、()", "A telephone number has 3 to 24 digits, spaces, +, - and ()")
		}
	}
	for _, c := range cameras {
		u, err := url.Parse(c.URL)
		if strings.TrimSpace(c.Name) == "" || checkLine("cameras", c.Name, 60) != nil {
			return invalid("cameras", "摄像头须有名称", "A camera needs a name")
		}
		if err != nil || u.Host == "" || u.User != nil || !slices.Contains([]string{"http", "https", "rtsp"}, u.Scheme) || len(c.URL) > 400 {
			return invalid("cameras", "摄像头地址须以 http、https 或 rtsp 开头，且不含密码", "A camera's address starts with http, https or rtsp and holds no password")
		}
	}
	return nil
}

func phone(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			n++
		case !strings.ContainsRune("+-() ", r):
			return false
		}
	}
	return n >= 3 && len(s) <= 24
}
