package cond

// word is the kind's name for people.
func (k Kind) word(lang string) string {
	zh, en := "", ""
	switch k {
	case Text:
		zh, en = "文字", "text"
	case Number:
		zh, en = "数字", "a number"
	case Money:
		zh, en = "金额", "money (at most two decimals)"
	case Date, Instant:
		zh, en = "日期或时间", "a date or time"
	case Bool:
		zh, en = "是非", "yes or no"
	case Option, Options:
		zh, en = "选项", "an option"
	case User, Users:
		zh, en = "人员", "a person"
	case Dept, Depts:
		zh, en = "部门", "a department"
	case Place:
		zh, en = "位置", "a place"
	case File:
		zh, en = "附件", "a file"
	case Rows:
		zh, en = "明细", "a sub-form"
	}
	if lang == "en" {
		return en
	}
	return zh
}
