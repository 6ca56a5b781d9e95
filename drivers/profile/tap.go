package profile

import "time"

// Protocols of tag readers that are no Modbus, and of fire panels that are only listened
// to.
const (
	ProtocolRDM6300      = "rdm6300"
	ProtocolYHY522       = "yhy522"
	ProtocolPanelCRT     = "panel-crt"
	ProtocolPanelPrinter = "panel-printer"
)

// Tapped reports whether the device is a fire panel that is only listened to. Its points
// stand for nodes: doc is the node as the panel writes it, or count:fire and the like.
func (p *Profile) Tapped() bool {
	return p.Protocol == ProtocolPanelCRT || p.Protocol == ProtocolPanelPrinter
}

// Tap says how to understand a fire panel that is only listened to.
type Tap struct {
	OfflineAfter time.Duration     `yaml:"offline_after"` // silence that proves the panel or line is gone; 0: the protocol's own, or none
	Encoding     string            `yaml:"encoding"`      // of a printer: gb18030 (default) or utf-8
	End          string            `yaml:"end"`           // what ends a printer's line; default a line feed
	Pattern      string            `yaml:"pattern"`       // regular expression with groups word and node
	Words        map[string]string `yaml:"words"`         // text in the group word → normal, fire, fault, feedback, started, stopped, disabled or reset
}
