package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DocBase is how a document counts addresses: what it calls the first address of a
// table. Under 0 and 1 every table counts from that number. Under the others, written as
// the first holding register is, a leading digit says the table: 0 coils, 1 discrete
// inputs, 3 input registers, 4 holding registers; "4x0001" is understood as well.
type DocBase string

// Bases. "" leaves doc as a remark that nothing is held against.
const (
	DocUnsaid   DocBase = ""
	DocZero     DocBase = "0"
	DocOne      DocBase = "1"
	DocModicon  DocBase = "40001"
	DocModicon6 DocBase = "400001"
	DocFlat     DocBase = "40000" // as 40001, by people who counted from 0
	DocFlat6    DocBase = "400000"
)

var docBases = []DocBase{DocZero, DocOne, DocModicon, DocModicon6, DocFlat, DocFlat6}

// address is where on the wire the text of a document points. Only its first word counts:
// "40011 bit 3" is 40011.
func (b DocBase) address(doc string, t Table) (int, error) {
	word := doc
	if i := strings.IndexAny(doc, " ,;(."); i >= 0 {
		word = doc[:i]
	}
	var n int64
	var err error
	if digits := len(b); digits >= 5 {
		n, err = modicon(word, t, digits)
	} else {
		n, err = strconv.ParseInt(word, 0, 32)
	}
	if err != nil {
		return 0, err
	}
	if b == DocOne || b == DocModicon || b == DocModicon6 {
		n--
	}
	if n < 0 || n > 65535 {
		return 0, fmt.Errorf("%d is no address", n)
	}
	return int(n), nil
}

// modicon strips the digit of the table.
func modicon(word string, t Table, digits int) (int64, error) {
	lead := map[Table]string{Coil: "0", Discrete: "1", Input: "3", Holding: "4"}[t]
	rest, cut := strings.CutPrefix(strings.ToLower(word), lead+"x")
	switch {
	case cut:
	case t == Coil: // whose leading 0 is often left away
		rest = word
	case len(word) == digits && strings.HasPrefix(word, lead):
		rest = word[1:]
	default:
		return 0, fmt.Errorf("%q is not %d digits from %s on", word, digits, lead)
	}
	return strconv.ParseInt(rest, 10, 32)
}

// document holds the document's address against the one on the wire: the mistake of one
// address too far is the commonest there is.
func (c *checker) document(path string, pt *Point) {
	base := c.p.DocBase
	if base == DocUnsaid || pt.Doc == "" || !slices.Contains(docBases, base) || !slices.Contains(tables, pt.Table) {
		return
	}
	want, err := base.address(pt.Doc, pt.Table)
	switch {
	case err != nil:
		c.add(path+".doc", strconv.Quote(pt.Doc)+" ("+err.Error()+")", "a number as the document writes it, counted from "+string(base))
	case want != int(pt.Address):
		c.add(path+".address", fmt.Sprintf("%d, but the document's %s counted from %s is %d", pt.Address, pt.Doc, base, want), fmt.Sprintf("%d, or another doc or doc_base", want))
	}
}
