// Package schema holds the JSON Schemas (draft 2020-12) of files that people write, for
// their editors and for the loaders, which hold every file against them.
package schema

import _ "embed"

// Profile is the schema of a device profile.
//
//go:embed profile.schema.json
var Profile []byte
