package alarm

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// maxExpr bounds the source of a condition, in bytes.
const maxExpr = 1000

// Program is a compiled condition over the points of one device.
type Program struct {
	Source string
	Names  []string // points used, in the order of the inputs
	code   *vm.Program
}

// Compile checks and compiles source. known lists the points it may name; every one is
// a number. Functions, loops and everything else that is not a comparison is refused.
func Compile(source string, known []string) (*Program, error) {
	if len(source) > maxExpr {
		return nil, fmt.Errorf("alarm: compile condition: %d bytes, at most %d", len(source), maxExpr)
	}
	env := make(map[string]any, len(known))
	for _, n := range known {
		env[n] = float64(0)
	}
	names := &nameVisitor{known: known}
	code, err := expr.Compile(source, expr.Env(env), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(200))
	if err != nil {
		return nil, fmt.Errorf("alarm: compile condition: %w", err)
	}
	root := code.Node()
	ast.Walk(&root, names)
	if names.refused != "" {
		return nil, errors.New("alarm: compile condition: " + names.refused + " is not allowed in a condition")
	}
	if len(names.used) == 0 {
		return nil, errors.New("alarm: compile condition: it names no point")
	}
	return &Program{Source: source, Names: names.used, code: code}, nil
}

type nameVisitor struct {
	known, used []string
	refused     string
}

func (v *nameVisitor) Visit(n *ast.Node) {
	switch (*n).(type) {
	case *ast.BuiltinNode, *ast.CallNode, *ast.PredicateNode, *ast.PointerNode:
		v.refused = "a function"
	}
	if id, ok := (*n).(*ast.IdentifierNode); ok && slices.Contains(v.known, id.Value) && !slices.Contains(v.used, id.Value) {
		v.used = append(v.used, id.Value)
	}
}

func (p *Program) run(seen []Seen) (bool, error) {
	env := make(map[string]any, len(p.Names))
	for i, n := range p.Names {
		env[n] = seen[i].Usable.Value
	}
	out, err := expr.Run(p.code, env)
	if err != nil {
		return false, fmt.Errorf("alarm: run condition: %w", err)
	}
	hit, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("alarm: run condition: %T instead of true or false", out)
	}
	return hit, nil
}

func voteWords(need, of int) string {
	return "voting degraded to " + strconv.Itoa(need) + " of " + strconv.Itoa(of)
}
