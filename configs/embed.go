// Package configs is the data people edit (device profiles, alarm rules, emergency
// plans, app templates, examples), shipped inside the binaries, and the one strict
// way such files are read: every mistake is reported at once, each with its file and
// line, what was found and what would be right (see [Decode]).
package configs

import "embed"

// Files holds the shipped data by folder: profiles, rules, plans, definitions, hazards, apps, templates, demo, examples.
//
//go:embed all:profiles all:rules all:plans all:examples all:definitions all:hazards all:apps all:templates all:demo
var Files embed.FS
