package sample

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// spot is a kind of place within or around a tower.
type spot string

// Spots. Those of rooms are also what a [Room] is.
const (
	lobby       spot = "lobby"
	corridor    spot = "corridor"
	stair       spot = "stair"
	flat        spot = "flat"
	shaft       spot = "shaft"
	roof        spot = "roof"
	garage      spot = "garage"
	yard        spot = "yard"
	liftRoom    spot = "lift"
	weakRoom    spot = "weak"
	powerRoom   spot = "power"
	pumpRoom    spot = "pump"
	tankRoom    spot = "tank"
	controlRoom spot = "control"
)

// kind is something that goes wrong in a community again and again.
type kind struct {
	category, level string
	spot            spot
	post            string // of who puts it right
	weight          int
	months          []time.Month // when it is likely; nil: always
	cost            int          // yuan, about
	what            string       // with {楼}, {层}, {单元}, {户}, {n} to be filled in
	demand, done    string
}

// parseKinds reads the tables below: a mistake in them is a mistake of the program.
func parseKinds(table string) []kind {
	var out []kind
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		cells := strings.Split(line, "|")
		head := strings.Fields(cells[0])
		if len(cells) != 4 || len(head) != 7 {
			panic("sample: bad line: " + line)
		}
		k := kind{category: head[0], level: head[1], spot: spot(head[2]), post: head[3], what: cells[1], demand: cells[2], done: cells[3]}
		k.weight, k.cost = number(head[4]), number(head[6])
		if head[5] != "-" {
			for _, m := range strings.Split(head[5], ",") {
				k.months = append(k.months, time.Month(number(m)))
			}
		}
		out = append(out, k)
	}
	return out
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("sample: bad number %q", s))
	}
	return n
}

var kinds = append(parseKinds(fireKinds+bikeKinds+liftKinds), parseKinds(houseKinds+plantKinds)...)
