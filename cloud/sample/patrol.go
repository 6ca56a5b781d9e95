package sample

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Patrol is one patrol record.
type Patrol struct {
	At    time.Time
	By    string
	Place string
	Point string
	Items []Check
	Text  string
}

// Check is one line of a patrol record; Note says what is wrong, "" for nothing.
type Check struct{ Item, Note string }

// round is a point that patrols come past.
type round struct {
	spot  spot
	point string
	items []string
	wrong []string // what may be wrong, by item
}

var rounds = []round{
	{lobby, "单元门厅", []string{"门禁完好", "消防通道畅通", "电梯运行正常", "无电动自行车停放", "信报箱、公告栏完好"}, []string{"门禁反应慢", "门口临时停放快递车", "客梯关门有轻微响声", "发现一辆电动自行车，已劝离", "公告栏玻璃松动"}},
	{corridor, "标准层走道", []string{"疏散通道无堆物", "应急照明、指示标志完好", "灭火器压力正常", "消火栓箱完好", "防火门常闭"}, []string{"有住户临时放置纸箱，已通知", "指示标志一处不亮，已报修", "灭火器压力偏低，已登记", "箱门封条脱落，已补贴", "防火门被顶开，已关闭"}},
	{roof, "屋面", []string{"屋面门上锁且可开启", "排水口无堵塞", "避雷带完好", "无杂物堆放"}, []string{"门锁锈涩，已加油", "排水口有落叶，已清理", "避雷带一处支架松动，已报修", "有住户晾晒物品，已通知"}},
	{garage, "地下车库", []string{"照明正常", "防火卷帘下无堆物", "排水沟无积水", "喷淋头完好", "车辆停放有序"}, []string{"两盏灯不亮，已报修", "卷帘下有推车，已移走", "低处有少量积水，已清扫", "喷淋头防护罩缺失，已登记", "一辆车占消防通道，已联系"}},
	{yard, "消防车通道", []string{"车道无占用", "消防登高场地无障碍", "室外消火栓完好", "道路照明正常"}, []string{"有车辆占道，已联系挪车", "登高场地有锥桶，已移开", "闷盖丢失，已登记", "一盏路灯不亮，已报修"}},
	{liftRoom, "电梯机房", []string{"门窗完好上锁", "温度正常", "无异响异味", "盘车工具齐全"}, []string{"窗户未关，已关闭", "温度三十四度，已开空调", "曳引机有轻微异响，已通知维保", "松闸扳手未归位，已归位"}},
	{powerRoom, "配电房", []string{"仪表指示正常", "无异味异响", "绝缘用具在有效期", "挡鼠板完好", "灭火器正常"}, []string{"三相电流不平衡，已记录", "风机声音偏大，已报修", "绝缘手套临近到期，已送检", "挡鼠板移位，已复位", "灭火器压力偏低，已更换"}},
	{pumpRoom, "消防水泵房", []string{"控制柜在自动位", "阀门启闭状态正确", "压力表正常", "无渗漏积水", "应急照明正常"}, []string{"控制柜在手动位，已恢复", "一只阀门标识脱落，已补", "稳压压力偏低，已通知维保", "水泵轴封滴水，已报修", "应急灯不亮，已更换"}},
	{controlRoom, "消防控制室", []string{"双人持证在岗", "主机无火警、故障", "消防电话畅通", "值班记录完整"}, []string{"一人临时离岗，十分钟后返回", "一个烟感故障，已通知维保", "分机一处杂音，已报修", "记录漏填一项，已补填"}},
}

// makePatrols spreads patrols over the days and nights of the history.
func (p Plan) makePatrols(r *rand.Rand) []Patrol {
	begin := p.Begin().UTC()
	span := p.Now.Sub(begin) - time.Hour
	var out []Patrol
	guards := holders("guard")
	for range p.Scale.of(fullPatrols) {
		t := begin.Add(time.Duration(r.Float64() * float64(span))).Truncate(time.Second)
		tower := pick(r, p.Towers)
		q := pick(r, rounds)
		place, ok := tower.spot(r, q.spot)
		for !ok {
			q = rounds[r.IntN(5)]
			place, ok = tower.spot(r, q.spot)
		}
		zh, _ := tower.Name()
		x := Patrol{At: t, By: guards[(tower.No+t.In(p.Zone).YearDay())%len(guards)], Place: place, Point: zh + q.point}
		for i, item := range q.items {
			c := Check{Item: item}
			if r.IntN(100) < 3 {
				c.Note = q.wrong[i]
				x.Text = "异常：" + c.Note
			}
			x.Items = append(x.Items, c)
		}
		if !slices.ContainsFunc(x.Items, func(c Check) bool { return c.Note != "" }) && r.IntN(100) < 8 {
			x.Text = pick(r, []string{"夜间巡查，一切正常", "雨后加巡，无积水", "大风预警，重点看了窗户和广告牌", "陪同维保一起检查", "节前重点检查"})
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b Patrol) int { return a.At.Compare(b.At) })
	return out
}

// spot is where in a tower a kind of place is, if it has one.
func (t Tower) spot(r *rand.Rand, k spot) (path string, ok bool) {
	switch k {
	case lobby:
		return t.Place(1), true
	case corridor:
		return t.Place(2 + r.IntN(t.Top-1)), true
	case roof:
		return t.Place(t.Top), true
	case garage:
		return t.Place(-1), true
	case yard:
		return t.Place(0), true
	}
	room, ok := t.room(k)
	return t.Place(room.Floor) + "/{room:" + room.Key + "}", ok
}
