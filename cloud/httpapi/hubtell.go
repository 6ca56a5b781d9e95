package httpapi

import (
	"anlan/cloud/alarm"
	"anlan/cloud/org"
)

// Load tells those who see every building how much there is to follow.
func (h *Hub) Load(l alarm.Load) { h.publish("load", "", org.AlarmRead, l) }
