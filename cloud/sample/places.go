package sample

import "fmt"

// Tower is one building.
type Tower struct {
	ID        string
	No        int
	Top       int // highest floor
	Bottom    int // lowest, below ground
	Entrances int
	Doors     int // of a floor of one entrance
	Rooms     []Room
}

// Room is an equipment room; Key is its name in the plan.
type Room struct {
	Key   string
	Floor int
	Kind  spot
	ZH    string
	EN    string
}

// shapes are the kinds of towers: floors, basements, entrances, doors.
var shapes = [][4]int{{33, -2, 2, 4}, {26, -2, 2, 4}, {18, -1, 2, 4}, {11, -1, 3, 2}}

// order says which shape each tower of the community has, along its roads.
const order = "001012012301230122310120312012"

func towers(n int) []Tower {
	var out []Tower
	for i := range n {
		s := shapes[order[i]-'0']
		t := Tower{ID: fmt.Sprintf("demo-b%02d", i+1), No: i + 1, Top: s[0], Bottom: s[1], Entrances: s[2], Doors: s[3]}
		t.Rooms = rooms(t)
		out = append(out, t)
	}
	return out
}

// rooms are the equipment rooms: some in every tower, some in one for all.
func rooms(t Tower) []Room {
	add := func(kind spot, floor int, zh, en string) Room {
		return Room{fmt.Sprintf("%s/%s", t.ID, kind), floor, kind, zh, en}
	}
	out := []Room{
		add(liftRoom, t.Top, "电梯机房", "Lift machine room"),
		add(weakRoom, -1, "弱电间", "Low-voltage room"),
	}
	if t.No%3 == 1 {
		out = append(out, add(powerRoom, t.Bottom, "配电房", "Power distribution room"))
	}
	if t.No%10 == 1 {
		out = append(out, add(pumpRoom, t.Bottom, "消防水泵房", "Fire pump room"), add(tankRoom, t.Top, "高位水箱间", "Roof tank room"))
	}
	if t.No == 1 {
		out = append(out, add(controlRoom, 1, "消防控制室", "Fire control room"))
	}
	return out
}

// Flats is how many there are.
func (t Tower) Flats() int { return t.Top * t.Entrances * t.Doors }

// Name is what the tower is called.
func (t Tower) Name() (zh, en string) {
	return fmt.Sprintf("%d号楼", t.No), fmt.Sprintf("Tower %d", t.No)
}

// Place is the path of a floor, or of the tower for 0.
func (t Tower) Place(floor int) string {
	if floor == 0 {
		return Community + "/" + t.ID
	}
	return fmt.Sprintf("%s/%s/%d", Community, t.ID, floor)
}

func fullDoors() int {
	n := 0
	for _, t := range towers(MaxTowers) {
		n += t.Flats()
	}
	return n
}

// households is how many live in the first n towers.
func households(n int) int {
	doors := 0
	for _, t := range towers(n) {
		doors += t.Flats()
	}
	return doors * fullHouseholds / fullDoors()
}
