package profile

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"anlan/configs"
	"anlan/configs/schema"
)

// compiled is the published schema; it is part of the binary and can not be wrong there.
var compiled = sync.OnceValue(func() *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.Profile))
	if err != nil {
		panic(fmt.Sprintf("profile: published schema: %v", err))
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.schema.json", doc); err != nil {
		panic(fmt.Sprintf("profile: published schema: %v", err))
	}
	return c.MustCompile("profile.schema.json")
})

// beyond holds the file against the published schema and returns what the loader itself
// has not found: a mistake that both see is told once, in the loader's words.
func (c *checker) beyond(src []byte) configs.Problems {
	var root yaml.Node
	if yaml.Unmarshal(src, &root) != nil || len(root.Content) == 0 {
		return nil // already told
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](compiled().Validate(value(root.Content[0])))
	if !ok {
		return nil
	}
	var out configs.Problems
	for _, leaf := range leaves(failed, nil) {
		for _, pr := range finding(c.doc, leaf) {
			// What is said of a point as a whole is about others that it refers to.
			told := func(k configs.Problem) bool {
				return within(k.Path, pr.Path) || within(pr.Path, k.Path) && !slices.Contains(c.paths, k.Path)
			}
			if !c.told(pr.Path) && !slices.ContainsFunc(c.problems, told) && !slices.Contains(out, pr) {
				out = append(out, pr)
			}
		}
	}
	return out
}

// within reports whether path is outer or stands below it; nothing is below the whole
// document, or one mistake in it would hide every other.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || outer != "" && (rest[0] == '.' || rest[0] == '['))
}

// value is what a schema sees of a YAML node.
func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			list[i] = value(e)
		}
		return list
	case yaml.ScalarNode:
		return scalar(n)
	}
	return nil // an alias, which the loader refuses
}

func scalar(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && f-f == 0 {
			return f
		}
	}
	return n.Value
}

// leaves are the failures that have no cause below them. Of several ways that a value
// could have been right, none of which it is, the value as a whole is the failure.
func leaves(e *jsonschema.ValidationError, out []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	if _, choice := e.ErrorKind.(*kind.OneOf); choice || len(e.Causes) == 0 {
		return append(out, e)
	}
	for _, c := range e.Causes {
		out = leaves(c, out)
	}
	return out
}

// finding puts one failure in the loader's words.
func finding(doc *configs.Document, e *jsonschema.ValidationError) (out configs.Problems) {
	at := ""
	for _, token := range e.InstanceLocation {
		switch _, err := strconv.Atoi(token); {
		case err == nil && isList(at):
			at += "[" + token + "]"
		case at == "":
			at = token
		default:
			at += "." + token
		}
	}
	add := func(path, found, want string) { out = append(out, doc.Problem(path, found, want)) }
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, key := range k.Missing {
			add(strings.TrimPrefix(at+"."+key, "."), "no such key", "the key "+key)
		}
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			add(strings.TrimPrefix(at+"."+key, "."), "unknown key "+strconv.Quote(key), "a key that the schema has")
		}
	case *kind.Type:
		add(at, "a "+k.Got, strings.Join(k.Want, " or "))
	case *kind.Enum:
		add(at, fmt.Sprintf("%#v", k.Got), "one of "+strings.Trim(fmt.Sprint(k.Want), "[]"))
	case *kind.Minimum:
		add(at, number(k.Got), number(k.Want)+" or more")
	case *kind.Maximum:
		add(at, number(k.Got), number(k.Want)+" or less")
	case *kind.Pattern:
		add(at, strconv.Quote(k.Got), "what matches "+k.Want)
	case *kind.OneOf:
		add(at, "none, or more than one, of its forms", "one of them")
	default:
		add(at, e.ErrorKind.LocalizedString(message.NewPrinter(language.English)), "what the schema asks for")
	}
	return out
}

func number(r *big.Rat) string { return strings.TrimSuffix(r.FloatString(3), ".000") }

// isList tells whether what stands at a path of a profile is a list: a number below it is
// an index there, and a key of a mapping elsewhere.
func isList(path string) bool {
	last := path[strings.LastIndexByte(path, '.')+1:]
	return slices.Contains([]string{"points", "forbidden", "notes", "private_functions", "bad_when", "equals", "not", "unless", "when", "write_before", "write_after"}, last)
}
