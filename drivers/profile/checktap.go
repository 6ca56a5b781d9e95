package profile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	readers   = []string{ProtocolPN532, ProtocolRDM6300, ProtocolYHY522}
	tapWords  = []string{"normal", "fire", "fault", "feedback", "started", "stopped", "disabled", "reset"}
	nodeWords = tapWords[:len(tapWords)-1]
)

// tap checks how a fire panel that is only listened to is understood.
func (c *checker) tap() {
	t, printer := c.p.Tap, c.p.Protocol == ProtocolPanelPrinter
	if !c.p.Tapped() && slices.Contains(protocols, c.p.Protocol) {
		if t.OfflineAfter != 0 || t.Encoding != "" || t.End != "" || t.Pattern != "" || len(t.Words) > 0 {
			c.add("tap", "a word about listening", "left out for "+c.p.Protocol)
		}
		return
	}
	if t.OfflineAfter < 0 || t.OfflineAfter > time.Hour {
		c.add("tap.offline_after", t.OfflineAfter.String(), "0s to 1h")
	}
	if c.p.Tapped() {
		c.nodes()
	}
	if !printer {
		for key, said := range map[string]bool{"encoding": t.Encoding != "", "end": t.End != "", "pattern": t.Pattern != "", "words": len(t.Words) > 0} {
			if said {
				c.add("tap."+key, "a word about a printer", "left out for "+c.p.Protocol)
			}
		}
		return
	}
	if t.Encoding != "" && t.Encoding != "gb18030" && t.Encoding != "utf-8" {
		c.add("tap.encoding", strconv.Quote(t.Encoding), "gb18030 or utf-8")
	}
	if re, err := regexp.Compile(t.Pattern); err != nil {
		c.add("tap.pattern", err.Error(), "a regular expression")
	} else if re.SubexpIndex("word") < 0 || re.SubexpIndex("node") < 0 {
		c.add("tap.pattern", strconv.Quote(t.Pattern), "groups (?P<word>…) and (?P<node>…)")
	}
	if len(t.Words) == 0 {
		c.add("tap.words", "no words", "the panel's words and what each means")
	}
	for text, means := range t.Words {
		if !slices.Contains(tapWords, means) {
			c.add("tap.words."+text, strconv.Quote(means), listed(tapWords))
		}
	}
}

// nodes checks that each point says which node of the panel it is.
func (c *checker) nodes() {
	for i := range c.p.Points {
		doc, path := c.p.Points[i].Doc, c.paths[i]+".doc"
		if doc == "" {
			c.add(path, "no doc", "the node as the panel writes it, or count:fire")
		}
		if word, counts := strings.CutPrefix(doc, "count:"); counts && !slices.Contains(nodeWords, word) {
			c.add(path, strconv.Quote(doc), "count: with "+listed(nodeWords))
		}
	}
}
