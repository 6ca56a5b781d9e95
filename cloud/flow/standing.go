package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"anlan/contract"
)

// Standing is where an open flow stands and with whom.
type Standing struct {
	Nodes    []StandingNode `json:"nodes"`
	Handlers []Person       `json:"handlers"`

	flow    string
	version int64
}

// StandingNode is a node as it was called when it was reached.
type StandingNode struct {
	ID   string        `json:"id"`
	Name contract.Text `json:"name"`
}

// Standings says of open instances where they stand, all with one query. A node where
// nobody has to act is called what def calls it.
func (s *Store) Standings(ctx context.Context, instances []string, def func(flow string, version int64) (*Def, error)) (map[string]Standing, error) {
	out := map[string]Standing{}
	if len(instances) == 0 {
		return out, nil
	}
	in, args := make([]string, len(instances)), make([]any, len(instances))
	for i, id := range instances {
		in[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT i.id, i.flow, i.version, i.at_nodes, i.handlers, COALESCE(t.node, ''), COALESCE(t.node_name, '{}') FROM flow_instance i
		LEFT JOIN flow_task t ON t.instance = i.id AND t.state IN ('open', 'waiting') AND t.kind <> 'cc'
		WHERE i.ended_at = 0 AND i.id IN (`+strings.Join(in, ", ")+`) ORDER BY i.id, t.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("flow: read standings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, nodes, handlers, node, name string
		var x Standing
		if err := rows.Scan(&id, &x.flow, &x.version, &nodes, &handlers, &node, &name); err != nil {
			return nil, fmt.Errorf("flow: read standings: %w", err)
		}
		var at []string
		var called contract.Text
		if err := errors.Join(json.Unmarshal([]byte(nodes), &at), json.Unmarshal([]byte(handlers), &x.Handlers), json.Unmarshal([]byte(name), &called)); err != nil {
			return nil, fmt.Errorf("flow: read standing of %s: %w", id, err)
		}
		if known, ok := out[id]; ok {
			x = known
		} else {
			x.Nodes = []StandingNode{}
			for _, n := range at {
				x.Nodes = append(x.Nodes, StandingNode{ID: n})
			}
		}
		for i := range x.Nodes {
			if x.Nodes[i].ID == node {
				x.Nodes[i].Name = called
			}
		}
		out[id] = x
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("flow: read standings: %w", err)
	}
	return out, name(out, def)
}

// name gives nodes without tasks, as delays, the name their definition has.
func name(of map[string]Standing, def func(string, int64) (*Def, error)) error {
	for _, x := range of {
		for i, n := range x.Nodes {
			if n.Name != (contract.Text{}) {
				continue
			}
			d, err := def(x.flow, x.version)
			if err != nil {
				return err
			}
			if found, ok := d.Node(n.ID); ok {
				x.Nodes[i].Name = found.Name
			}
		}
	}
	return nil
}

// StandsAt is a predicate on an expression that holds an instance's id: it is at a node, or
// waits for a person, or for them there. "" is any; arg adds an argument.
func StandsAt(instance, node, person string) func(arg func(any) string) string {
	if node == "" && person == "" {
		return nil
	}
	return func(arg func(any) string) string {
		if person == "" {
			return `EXISTS (SELECT 1 FROM flow_run x WHERE x.instance = ` + instance + ` AND x.state = 'active' AND x.node = ` + arg(node) + `)`
		}
		in := instance + ` IN (SELECT x.instance FROM flow_task x WHERE x.assignee = ` + arg(person) + ` AND x.state IN ('open', 'waiting') AND x.kind <> 'cc'`
		if node != "" {
			in += ` AND x.node = ` + arg(node)
		}
		return in + `)`
	}
}

// Human says if people have something to do at the node that others wait for.
func (n *Node) Human() bool { return n.Type.human() }

// HumanNodes lists the nodes where people act, in the order of reading.
func (d *Def) HumanNodes() []*Node {
	var out []*Node
	for _, id := range d.ids() {
		if n, ok := d.Node(id); ok && n.Human() {
			out = append(out, n)
		}
	}
	return out
}
