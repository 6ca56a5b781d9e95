package sample

import (
	"slices"

	"anlan/cloud/org"
	"anlan/contract"
)

// Unit is one unit of the property's organisation; Key is its name in the plan, Parent that
// of the unit above.
type Unit struct {
	Key, Parent string
	Kind        org.UnitKind
	Name        contract.Text
	Lead        bool
}

// Person is one of the property's people. They have no password: nobody signs in as one.
type Person struct {
	Key  string // also the user name
	Name string
	Role org.Role
	Post string // key of a unit
	Dept string // key of the unit above it
}

// Departments, by their keys.
const (
	safety  = "safety"
	repairs = "repairs"
	service = "service"
	clean   = "clean"
	watch   = "watch"
)

var unitPlan = []Unit{
	{"company", "", org.Company, contract.Text{ZH: "演示物业服务公司", EN: "Demo property company"}, false},
	{"site", "company", org.UCommunity, contract.Text{ZH: "演示小区服务中心", EN: "Demo community service centre"}, false},
	{"chief", "site", org.Post, contract.Text{ZH: "项目经理", EN: "Property manager"}, true},
	{safety, "site", org.Department, contract.Text{ZH: "秩序维护部", EN: "Order and safety"}, false},
	{"safety-head", safety, org.Post, contract.Text{ZH: "安全主管", EN: "Safety supervisor"}, true},
	{"guard", safety, org.Post, contract.Text{ZH: "秩序维护员", EN: "Guard"}, false},
	{repairs, "site", org.Department, contract.Text{ZH: "工程维修部", EN: "Engineering"}, false},
	{"repairs-head", repairs, org.Post, contract.Text{ZH: "工程主管", EN: "Chief engineer"}, true},
	{"electrician", repairs, org.Post, contract.Text{ZH: "强弱电工", EN: "Electrician"}, false},
	{"fitter", repairs, org.Post, contract.Text{ZH: "综合维修工", EN: "Fitter"}, false},
	{service, "site", org.Department, contract.Text{ZH: "客户服务部", EN: "Residents' service"}, false},
	{"steward", service, org.Post, contract.Text{ZH: "楼栋管家", EN: "Tower steward"}, false},
	{clean, "site", org.Department, contract.Text{ZH: "环境绿化部", EN: "Cleaning and gardens"}, false},
	{"clean-head", clean, org.Post, contract.Text{ZH: "环境主管", EN: "Head of cleaning"}, true},
	{"cleaner", clean, org.Post, contract.Text{ZH: "保洁领班", EN: "Cleaning foreman"}, false},
	{watch, "site", org.Department, contract.Text{ZH: "消防控制室", EN: "Fire control room"}, false},
	{"operator", watch, org.Post, contract.Text{ZH: "消控值班员", EN: "Control room operator"}, false},
}

var staffPlan = slices.Concat(
	staffOf(org.Manager, "chief", "site", "沈国栋"),
	staffOf(org.Supervisor, "safety-head", safety, "吴建军", "郑海涛", "冯丽娟"),
	staffOf(org.Guard, "guard", safety, "陈志强", "刘大勇", "孙永福", "马长河", "朱立新", "胡金水", "郭宝山", "何继红", "高永亮", "罗文斌", "梁小军", "宋建民"),
	staffOf(org.Engineer, "repairs-head", repairs, "谢明远"),
	staffOf(org.Engineer, "electrician", repairs, "韩志刚", "唐光明", "邓少华", "许云飞"),
	staffOf(org.Engineer, "fitter", repairs, "曹德旺", "彭铁柱", "曾庆林", "萧振业", "田广才"),
	staffOf(org.Guard, "steward", service, "董晓梅", "袁静怡", "潘雅琴", "于佳慧", "蒋梦婷", "蔡思雨"),
	staffOf(org.Guard, "clean-head", clean, "余秀兰"),
	staffOf(org.Guard, "cleaner", clean, "杜桂芳", "叶春生", "程来喜"),
	staffOf(org.Operator, "operator", watch, "苏振华", "魏东升", "吕红梅", "丁一鸣"),
)

func staffOf(role org.Role, post, dept string, names ...string) []Person {
	var out []Person
	for _, n := range names {
		out = append(out, Person{Key: "demo-" + post + string(rune('a'+len(out))), Name: n, Role: role, Post: post, Dept: dept})
	}
	return out
}

// Me is the key of whoever puts the demo in: a few to-dos are theirs.
const Me = "me"

// holders lists the keys of who holds a post.
func holders(posts ...string) []string {
	var out []string
	for _, p := range staffPlan {
		if slices.Contains(posts, p.Post) {
			out = append(out, p.Key)
		}
	}
	return out
}

func deptOf(person string) string {
	for _, p := range staffPlan {
		if p.Key == person {
			return p.Dept
		}
	}
	return ""
}
