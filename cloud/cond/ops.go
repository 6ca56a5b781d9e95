package cond

// Op is an operator.
type Op string

// The operators.
const (
	OpAnd        Op = "and"
	OpOr         Op = "or"
	OpNot        Op = "not"
	OpEq         Op = "eq"
	OpNe         Op = "ne"
	OpLt         Op = "lt"
	OpLe         Op = "le"
	OpGt         Op = "gt"
	OpGe         Op = "ge"
	OpBetween    Op = "between"
	OpIn         Op = "in"
	OpNotIn      Op = "not_in"
	OpContains   Op = "contains"
	OpStartsWith Op = "starts_with"
	OpEmpty      Op = "empty"
	OpNotEmpty   Op = "not_empty"
	OpBefore     Op = "before"
	OpAfter      Op = "after"
	OpSameDay    Op = "same_day"
	OpWithinLast Op = "within_last"
	OpWithinNext Op = "within_next"
	OpSelfOrSub  Op = "self_or_sub"
	OpHasAny     Op = "has_any"
	OpHasAll     Op = "has_all"
	OpHasNone    Op = "has_none"
	OpAnyRow     Op = "any_row"
	OpAllRows    Op = "all_rows"
	OpNoRow      Op = "no_row"
)

// Kind is the kind of a field.
type Kind string

// The kinds of fields.
const (
	Text    Kind = "text"
	Number  Kind = "number"
	Money   Kind = "money"
	Date    Kind = "date"
	Instant Kind = "instant"
	Bool    Kind = "bool"
	Option  Kind = "option"
	Options Kind = "options"
	User    Kind = "user"
	Users   Kind = "users"
	Dept    Kind = "dept"
	Depts   Kind = "depts"
	Place   Kind = "place"
	File    Kind = "file"
	Rows    Kind = "rows"
)

// Kinds are all kinds, in the order they are shown.
func Kinds() []Kind {
	return []Kind{Text, Number, Money, Date, Instant, Bool, Option, Options, User, Users, Dept, Depts, Place, File, Rows}
}

// Ops are the operators a field of this kind may stand on the left of, in the order they
// are shown.
func (k Kind) Ops() []Op {
	switch k {
	case Text:
		return []Op{OpEq, OpNe, OpContains, OpStartsWith, OpIn, OpNotIn, OpEmpty, OpNotEmpty}
	case Number, Money:
		return []Op{OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpBetween, OpIn, OpNotIn, OpEmpty, OpNotEmpty}
	case Date, Instant:
		return []Op{OpBefore, OpAfter, OpSameDay, OpBetween, OpWithinLast, OpWithinNext,
			OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpEmpty, OpNotEmpty}
	case Bool:
		return []Op{OpEq, OpNe, OpEmpty, OpNotEmpty}
	case Option, User:
		return []Op{OpEq, OpNe, OpIn, OpNotIn, OpEmpty, OpNotEmpty}
	case Dept, Place:
		return []Op{OpSelfOrSub, OpEq, OpNe, OpIn, OpNotIn, OpEmpty, OpNotEmpty}
	case Options, Users, Depts:
		return []Op{OpHasAny, OpHasAll, OpHasNone, OpEmpty, OpNotEmpty}
	case File:
		return []Op{OpEmpty, OpNotEmpty}
	case Rows:
		return []Op{OpAnyRow, OpAllRows, OpNoRow, OpEmpty, OpNotEmpty}
	}
	return nil
}

// has says if op is one of Ops, without making the list: it is asked at each comparison.
func (k Kind) has(op Op) bool {
	switch op {
	case OpEmpty, OpNotEmpty:
		return k != ""
	case OpEq, OpNe:
		return !k.list() && k != Rows && k != ""
	case OpLt, OpLe, OpGt, OpGe, OpBetween:
		return k == Number || k == Money || k.when()
	case OpIn, OpNotIn:
		return k.id() || k == Number || k == Money
	case OpContains, OpStartsWith:
		return k == Text
	case OpBefore, OpAfter, OpSameDay, OpWithinLast, OpWithinNext:
		return k.when()
	case OpSelfOrSub:
		return k == Dept || k == Place
	case OpHasAny, OpHasAll, OpHasNone:
		return k.list() && k != File
	case OpAnyRow, OpAllRows, OpNoRow:
		return k == Rows
	}
	return false
}

// list says if values of this kind are lists of ids.
func (k Kind) list() bool { return k == Options || k == Users || k == Depts || k == File }

// id says if values of this kind are one text.
func (k Kind) id() bool {
	return k == Text || k == Option || k == User || k == Dept || k == Place
}

func (k Kind) when() bool { return k == Date || k == Instant }

// single is the kind of one member of a list kind.
func (k Kind) single() Kind {
	switch k {
	case Options:
		return Option
	case Users:
		return User
	case Depts:
		return Dept
	}
	return k
}

// shape is what an operator has besides its left side.
type shape uint8

const (
	shapeGroup shape = iota + 1
	shapeNot
	shapeOne   // l, r: one value
	shapeMany  // l, r: a list
	shapeRange // l, lo, hi
	shapeNone  // l
	shapeFor   // l, r: a duration
	shapeRows  // rows, where
)

func (op Op) shape() shape {
	switch op {
	case OpAnd, OpOr:
		return shapeGroup
	case OpNot:
		return shapeNot
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpContains, OpStartsWith, OpBefore, OpAfter, OpSameDay:
		return shapeOne
	case OpIn, OpNotIn, OpHasAny, OpHasAll, OpHasNone, OpSelfOrSub:
		return shapeMany
	case OpBetween:
		return shapeRange
	case OpEmpty, OpNotEmpty:
		return shapeNone
	case OpWithinLast, OpWithinNext:
		return shapeFor
	case OpAnyRow, OpAllRows, OpNoRow:
		return shapeRows
	}
	return 0
}
