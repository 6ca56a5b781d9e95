package httpapi

import (
	"anlan/cloud/alarm"
	"anlan/cloud/org"
)

// Load tells those who see every building how much there is to follow.
func (h *Hub) Load(l alarm.Load) { h.publish("load", "", org.AlarmRead, l) }

// Override tells that something was asked for, approved, changed or ended.
func (h *Hub) Override(o alarm.Override) {
	h.publish("override", o.Building, org.AlarmRead, map[string]any{"id": o.ID, "status": o.Status})
}
