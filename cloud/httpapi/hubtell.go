package httpapi

import (
	"anlan/cloud/alarm"
	"anlan/cloud/notify"
	"anlan/cloud/org"
)

// Load tells those who see every building how much there is to follow.
func (h *Hub) Load(l alarm.Load) { h.publish("load", "", org.AlarmRead, l) }

// Override tells that something was asked for, approved, changed or ended.
func (h *Hub) Override(o alarm.Override) {
	h.publish("override", o.Building, org.AlarmRead, map[string]any{"id": o.ID, "status": o.Status})
}

// Notice tells one person's open pages what their bell shows.
func (h *Hub) Notice(person string, c notify.Count) {
	h.put("notice", frame{person: person}, c)
}
