package paneltap

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"anlan/drivers/profile"
)

// printer hears a panel's line printer: text, one event a line or a few.
type printer struct {
	pattern *regexp.Regexp
	words   []word
	end     []byte
	gb      bool
	have    []byte
	noise   uint64
}

type word struct {
	text  string
	state State
	reset bool
}

// longestLine is where a line without an end is given up.
const longestLine = 1024

// NewPrinter makes the decoder of a printer port from a profile's tap section. The error
// says what is wrong with it.
func NewPrinter(t profile.Tap) (Decoder, error) {
	d := &printer{end: []byte("\n"), gb: true}
	var err error
	if d.pattern, err = regexp.Compile(t.Pattern); err != nil {
		return nil, fmt.Errorf("paneltap: pattern: %w", err)
	}
	if d.pattern.SubexpIndex("word") < 0 || d.pattern.SubexpIndex("node") < 0 {
		return nil, fmt.Errorf("paneltap: pattern %q has no groups (?P<word>…) and (?P<node>…)", t.Pattern)
	}
	switch t.Encoding {
	case "", "gb18030":
	case "utf-8":
		d.gb = false
	default:
		return nil, fmt.Errorf("paneltap: encoding %q, want gb18030 or utf-8", t.Encoding)
	}
	if t.End != "" {
		d.end = []byte(t.End)
	}
	for text, name := range t.Words {
		s, ok := stateWords[name]
		if !ok && name != "reset" {
			return nil, fmt.Errorf("paneltap: word %q means %q, want %s or reset", text, name, strings.Join(Words(), ", "))
		}
		d.words = append(d.words, word{text, s, name == "reset"})
	}
	if len(d.words) == 0 {
		return nil, fmt.Errorf("paneltap: no words")
	}
	return d, nil
}

func (d *printer) Noise() uint64 { return d.noise }

// Feed implements [Decoder].
func (d *printer) Feed(b []byte) (out []Event) {
	d.have = append(d.have, b...)
	for {
		i := bytes.Index(d.have, d.end)
		if i < 0 {
			break
		}
		out = append(out, d.line(d.have[:i])...)
		d.have = d.have[i+len(d.end):]
	}
	if len(d.have) > longestLine {
		d.noise += uint64(len(d.have))
		d.have = nil
	}
	d.have = append([]byte(nil), d.have...) // not the whole history
	return out
}

// line reads one line. The longest word that is in it counts: 火警恢复 is no 火警.
func (d *printer) line(b []byte) []Event {
	text := string(b)
	if d.gb {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b); err == nil {
			text = string(decoded)
		}
	}
	m := d.pattern.FindStringSubmatch(text)
	if m == nil {
		if len(bytes.TrimSpace(b)) > 0 {
			d.noise += uint64(len(b))
		}
		return nil
	}
	said, node := m[d.pattern.SubexpIndex("word")], strings.TrimSpace(m[d.pattern.SubexpIndex("node")])
	best := -1
	for i, w := range d.words {
		if strings.Contains(said, w.text) && (best < 0 || len(w.text) > len(d.words[best].text)) {
			best = i
		}
	}
	switch {
	case best < 0:
		d.noise += uint64(len(b))
		return nil
	case d.words[best].reset:
		return []Event{{Reset: true}}
	case node == "":
		d.noise += uint64(len(b))
		return nil
	}
	return []Event{{Node: node, State: d.words[best].state}}
}
