package sample

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// HouseholdForm is the form that the households are kept in; it comes and goes with them.
const HouseholdForm = "demo_household"

// Household is one flat that somebody lives in.
type Household struct {
	At     time.Time // entered into the register
	By     string    // key of a person
	Fields map[string]any
}

var (
	surnames = []string{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "曾", "彭", "萧", "蔡", "潘", "田", "董", "袁", "于", "余", "叶", "蒋", "杜", "苏", "魏", "程", "吕", "丁", "沈", "任", "姚", "卢", "傅", "钟", "姜", "崔", "谭", "廖", "范", "汪", "陆", "金", "石", "戴", "贾", "韦", "夏", "邱", "方", "侯", "邹", "熊", "孟", "秦", "白", "江", "阎", "薛", "尹", "段", "雷", "黎", "史", "龙", "陶", "贺", "顾", "毛", "郝", "龚", "邵", "万", "欧阳", "上官"}
	prefixes = []string{"130", "131", "133", "135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "177", "180", "185", "186", "187", "188", "189", "191"}
	remarks  = []string{"独居，子女在外地，请每周上门看望一次", "家中有行动不便的老人，疏散时需协助", "听力不好，请多按几次门铃", "家有婴儿，上门请提前联系", "长期出差，钥匙存管家处", "养有大型犬，上门请先电话联系", "阳台有花架，台风前请提醒收回", "曾劝阻电动自行车上楼，请留意", "燃气表在厨房吊柜内", "装修中，预计下月完工"}
)

// makeHouseholds fills the flats in the order of doors; about one in eight stands empty.
func (p Plan) makeHouseholds(r *rand.Rand) []Household {
	var out []Household
	stewards := holders("steward")
	want, doors := households(len(p.Towers)), 0
	for _, t := range p.Towers {
		doors += t.Flats()
	}
	for _, t := range p.Towers {
		for floor := 1; floor <= t.Top; floor++ {
			for unit := 1; unit <= t.Entrances; unit++ {
				for door := 1; door <= t.Doors; door++ {
					if left := want - len(out); r.IntN(doors) < left {
						out = append(out, p.household(r, t, floor, unit, door, stewards[(t.No-1)%len(stewards)]))
					}
					doors--
				}
			}
		}
	}
	// They were entered in the first two weeks, in office hours, one after the other.
	begin := p.Begin()
	first := time.Date(begin.Year(), begin.Month(), begin.Day(), 8, 30, 0, 0, p.Zone)
	for i := range out {
		perDay := len(out)/14 + 1
		day, n := i/perDay, i%perDay
		out[i].At = first.AddDate(0, 0, day).Add(9 * time.Hour * time.Duration(n) / time.Duration(perDay))
	}
	return out
}

func (p Plan) household(r *rand.Rand, t Tower, floor, unit, door int, by string) Household {
	f := map[string]any{
		"place": t.Place(floor), "unit": fmt.Sprint(unit), "door": fmt.Sprintf("%d%02d", floor, door),
		"contact": pick(r, surnames) + pick(r, []string{"先生", "先生", "女士", "女士", "阿姨", "师傅"}),
		"phone":   fmt.Sprintf("%s****%04d", pick(r, prefixes), r.IntN(10000)),
		"area":    []float64{143, 118, 96, 89}[(door-1)%4] + float64(r.IntN(9))/10,
		"tenancy": "owner", "moved_in": p.Begin().AddDate(-1-r.IntN(9), -r.IntN(12), -r.IntN(28)).Format(time.DateOnly),
		"members": 1 + r.IntN(3) + r.IntN(3), "elderly_alone": false, "e_bikes": 0, "gas": floor < 30,
	}
	if r.IntN(100) < 27 {
		f["tenancy"], f["members"] = "tenant", 1+r.IntN(4)
		f["moved_in"] = p.Begin().AddDate(0, -r.IntN(24), -r.IntN(28)).Format(time.DateOnly)
	} else if r.IntN(100) < 3 {
		f["tenancy"] = "shared"
	}
	if r.IntN(100) < 6 {
		f["members"], f["elderly_alone"], f["tenancy"] = 1, true, "owner"
		f["remark"] = remarks[r.IntN(3)]
	} else if r.IntN(100) < 9 {
		f["remark"] = pick(r, remarks[3:])
	}
	if r.IntN(100) < 38 {
		f["e_bikes"] = 1 + r.IntN(2)
	}
	return Household{By: by, Fields: f}
}
