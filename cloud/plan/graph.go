package plan

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// before lists what has to happen before a task's end has a meaning: its dependencies,
// and the task that starts its clock.
func before(t Task) []string {
	out := slices.Clone(t.Deps)
	if t.Deadline != nil {
		if key, ok := strings.CutPrefix(t.Deadline.After, afterTask); ok {
			out = append(out, key)
		}
	}
	return out
}

// graph finds unknown dependencies and cycles. A task on a cycle, or behind one, could
// never become ready, so acyclic means that every task is reachable.
func (c *checker) graph() {
	index := map[string]int{}
	for i, t := range c.p.Tasks {
		index[t.Key] = i
	}
	for i, t := range c.p.Tasks {
		for j, d := range t.Deps {
			if _, ok := index[d]; !ok {
				c.bad(at(at("tasks", i)+".deps", j), strconv.Quote(d), "a key of tasks")
			}
		}
	}
	for _, i := range stuck(c.p.Tasks, index) {
		t := c.p.Tasks[i]
		c.bad(at("tasks", i), strconv.Quote(t.Key)+" on or behind a cycle ("+strings.Join(before(t), ", ")+")", "dependencies and clocks without a cycle")
	}
}

// stuck returns the tasks that never become ready, by index.
func stuck(tasks []Task, index map[string]int) []int {
	done := map[string]bool{}
	for range tasks {
		moved := false
		for _, t := range tasks {
			free := !slices.ContainsFunc(before(t), func(k string) bool { _, known := index[k]; return known && !done[k] })
			if free && !done[t.Key] {
				done[t.Key], moved = true, true
			}
		}
		if !moved {
			break
		}
	}
	var out []int
	for i, t := range tasks {
		if !done[t.Key] {
			out = append(out, i)
		}
	}
	return out
}

// Step is one task on the critical path with the time from launch by which it must be
// done at the latest.
type Step struct {
	Task string
	By   time.Duration
}

// CriticalPath is the chain of tasks that takes longest if each deadline is used up,
// and when it ends. A task without a deadline is taken to add nothing.
func (p Plan) CriticalPath() (path []Step, total time.Duration) {
	by, via := map[string]time.Duration{}, map[string]string{}
	var end func(key string) time.Duration
	end = func(key string) time.Duration {
		if d, ok := by[key]; ok {
			return d
		}
		t, _ := p.Task(key)
		var start time.Duration
		for _, d := range t.Deps {
			if e := end(d); e > start || via[key] == "" {
				start, via[key] = e, d
			}
		}
		by[key] = start
		if t.Deadline != nil {
			due := t.Deadline.Within
			if k, ok := strings.CutPrefix(t.Deadline.After, afterTask); ok {
				due += end(k)
				if due > start {
					via[key] = k
				}
			} else if due > start {
				via[key] = ""
			}
			by[key] = max(start, due)
		}
		return by[key]
	}
	last := ""
	for _, t := range p.Tasks {
		if e := end(t.Key); last == "" || e > by[last] {
			last = t.Key
		}
	}
	for k := last; k != ""; k = via[k] {
		path = append(path, Step{k, by[k]})
	}
	slices.Reverse(path)
	return path, by[last]
}
