// Package form is the forms engine: it reads form definitions, checks and merges documents
// by them, keeps each form's records in a table of its own with a hash-chained log, and
// lets people see and change only what their grants allow.
package form

import (
	"slices"

	"anlan/cloud/cond"
)

// Type is a control of a form.
type Type string

// Controls.
const (
	Text        Type = "text"
	Multiline   Type = "multiline"
	Opinion     Type = "opinion" // multi-line, stamped with author and time
	Number      Type = "number"
	Money       Type = "money"
	Date        Type = "date"
	DateTime    Type = "datetime"
	Time        Type = "time"
	Option      Type = "option"
	Options     Type = "options"
	Switch      Type = "switch"
	Rating      Type = "rating"
	Person      Type = "person"
	Persons     Type = "persons"
	Department  Type = "department"
	Departments Type = "departments"
	Post        Type = "post"
	Place       Type = "place"  // "community/building/floor/room", or the first parts of it
	Device      Type = "device" // "edge/device"
	Location    Type = "location"
	Photo       Type = "photo"
	Video       Type = "video"
	Media       Type = "media" // photos and videos
	File        Type = "file"
	Signature   Type = "signature"
	Serial      Type = "serial"
	Rows        Type = "rows"
	Link        Type = "link"
	Formula     Type = "formula"
	Cascade     Type = "cascade" // "a/b/c" of a dictionary
	Description Type = "description"
	Divider     Type = "divider"
	Section     Type = "section"
)

// Types lists every control, in the order of the palette.
func Types() []Type {
	return []Type{Text, Multiline, Opinion, Number, Money, Date, DateTime, Time, Option, Options, Switch, Rating, Person, Persons, Department,
		Departments, Post, Place, Device, Location, Photo, Video, Media, File, Signature, Serial, Rows, Link, Formula, Cascade, Description, Divider, Section}
}

func (t Type) known() bool { return slices.Contains(Types(), t) }

// Data says if the control holds a value.
func (t Type) Data() bool { return t != Description && t != Divider && t != Section }

// files says if the control holds attachments.
func (t Type) files() bool {
	return t == Photo || t == Video || t == Media || t == File || t == Signature
}

// given says if the value is the server's and never taken from a client.
func (t Type) given() bool { return t == Serial || t == Formula }

// Given says if the field's value is the server's: by its type, or because it is derived.
func (f *Field) Given() bool { return f.Type.given() || f.Derive != "" && !f.Propose }

// properties lists what a field of a type may have beside what every field may.
func properties(t Type) []string {
	switch t {
	case Text:
		return []string{"min_length", "max_length", "pattern", "pattern_text", "unique", "scan", "placeholder", "derive", "propose"}
	case Multiline, Opinion:
		return []string{"min_length", "max_length", "phrases", "placeholder"}
	case Number:
		return []string{"unit", "min", "max", "decimals", "unique", "placeholder", "derive", "propose"}
	case Money:
		return []string{"min", "max", "placeholder"}
	case Date, DateTime:
		return []string{"earliest", "latest", "server_time"}
	case Time:
		return []string{"placeholder"}
	case Option:
		return []string{"options", "dict", "other", "style", "derive", "propose"}
	case Options:
		return []string{"options", "dict", "other", "style", "min_count", "max_count"}
	case Rating:
		return []string{"max"}
	case Person:
		return []string{"in_departments", "in_roles"}
	case Persons:
		return []string{"in_departments", "in_roles", "min_count", "max_count"}
	case Departments:
		return []string{"min_count", "max_count"}
	case Location:
		return []string{"system", "max_accuracy", "gps_only"}
	case Photo, Video, Media, File:
		return []string{"min_count", "max_count", "max_bytes", "max_seconds", "accept", "camera_only", "watermark"}
	case Serial:
		return []string{"serial", "prefix"}
	case Rows:
		return []string{"fields", "min_count", "max_count", "checklist"}
	case Link:
		return []string{"form", "mode", "show", "fill", "many", "min_count", "max_count"}
	case Formula:
		return []string{"formula", "result", "decimals", "unit"}
	case Cascade:
		return []string{"dict", "leaf"}
	case Description:
		return []string{"text"}
	}
	return nil
}

// column is one typed column of a field, under the name conditions know it by.
type column struct {
	name string
	kind cond.Kind
}

// kind is what conditions know the field's value as; "" if they do not.
func (f *Field) kind() cond.Kind {
	switch f.Type {
	case Text, Multiline, Opinion, Serial, Time:
		return cond.Text
	case Number, Rating:
		return cond.Number
	case Money:
		return cond.Money
	case Date:
		return cond.Date
	case DateTime:
		return cond.Instant
	case Switch:
		return cond.Bool
	case Option, Post, Device:
		return cond.Option
	case Options:
		return cond.Options
	case Person:
		return cond.User
	case Persons:
		return cond.Users
	case Department:
		return cond.Dept
	case Departments:
		return cond.Depts
	case Place, Cascade:
		return cond.Place
	case Photo, Video, Media, File, Signature:
		return cond.File
	case Rows:
		return cond.Rows
	case Link:
		if f.Many {
			return cond.Options
		}
		return cond.Option
	case Formula:
		if f.Result == Money {
			return cond.Money
		}
		return cond.Number
	}
	return ""
}

// columns are the typed columns of a field. A date-time also has the local day, a location
// its parts.
func (f *Field) columns() []column {
	switch f.Type {
	case DateTime:
		return []column{{f.Key, cond.Instant}, {f.Key + "__day", cond.Date}}
	case Location:
		return []column{{f.Key + "__lat", cond.Number}, {f.Key + "__lng", cond.Number}, {f.Key + "__accuracy", cond.Number}}
	case Rows:
		return nil
	}
	if k := f.kind(); k != "" {
		return []column{{f.Key, k}}
	}
	return nil
}
