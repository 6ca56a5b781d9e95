package contract

import "strconv"

// Place says where something is, from building to room. Floor is the number on the
// lift button: 1 is the ground floor, -1 the first basement, 0 means "no floor"
// (outdoors or the whole building).
type Place struct {
	Building     string `json:"building" yaml:"building"`                               // building id
	UnitEntrance string `json:"unit_entrance,omitempty" yaml:"unit_entrance,omitempty"` // 单元, "2"
	Floor        int    `json:"floor,omitempty" yaml:"floor,omitempty"`                 //
	Room         Text   `json:"room,omitzero" yaml:"room,omitempty"`                    // 东走廊, 302 厨房
	Zone         string `json:"zone,omitempty" yaml:"zone,omitempty"`                   // interlock zone id
}

// Describe writes the place as people say it: "3号楼·2单元·12层·东走廊". building is
// the building's name.
func (p Place) Describe(lang, building string) string {
	sep, out := "·", building
	if lang == "en" {
		sep = ", "
	}
	add := func(s string) {
		if out != "" {
			out += sep
		}
		out += s
	}
	if p.UnitEntrance != "" {
		if lang == "en" {
			add("Entrance " + p.UnitEntrance)
		} else {
			add(p.UnitEntrance + "单元")
		}
	}
	if p.Floor != 0 {
		add(FloorName(p.Floor, lang))
	}
	if r := p.Room.In(lang); r != "" {
		add(r)
	}
	return out
}

// FloorName writes a floor number: 12 as "12层" or "12F", -1 as "地下1层" or "B1".
func FloorName(n int, lang string) string {
	switch {
	case lang == "en" && n < 0:
		return "B" + strconv.Itoa(-n)
	case lang == "en":
		return strconv.Itoa(n) + "F"
	case n < 0:
		return "地下" + strconv.Itoa(-n) + "层"
	}
	return strconv.Itoa(n) + "层"
}
