package org

import (
	"maps"
	"slices"

	"anlan/contract"
)

// Role is the part a person plays.
type Role string

// Roles.
const (
	Operator   Role = "operator"   // 值班员: watches, acknowledges, launches plans
	Supervisor Role = "supervisor" // 班长: also resets, confirms and closes
	Admin      Role = "admin"      // 管理员: everything, and accounts
	Guard      Role = "guard"      // 保安: works incidents on foot
	Viewer     Role = "viewer"     // 只读
	Engineer   Role = "engineer"   // 维保工程师: devices, edges, taking out of service
	Manager    Role = "manager"    // 物业经理: sees everything, reads reports
)

// rights is the whole table: what is not written here is denied.
func rights() map[Role][]Permission {
	viewer := []Permission{AlarmRead, IncidentRead, FleetRead}
	staff := append(slices.Clone(viewer), WorkUse)
	operator := append(slices.Clone(staff), AlarmAck, AlarmMute, AlarmShelve, SeatWatch, IncidentWork, PlanLaunch)
	supervisor := append(slices.Clone(operator), AlarmReset, AlarmConfirm, AlarmOutOfService, AlarmReport, IncidentClose)
	return map[Role][]Permission{
		Operator:   operator,
		Supervisor: supervisor,
		Admin:      append(slices.Clone(supervisor), UserManage, AlarmDefine, FleetEdit, EdgeEnrol, AuditRead, KeyManage, WorkManage, AppDesign),
		Guard:      append(slices.Clone(staff), IncidentWork),
		Viewer:     viewer,
		Engineer:   append(slices.Clone(staff), AlarmOutOfService, FleetEdit, EdgeEnrol),
		Manager:    append(slices.Clone(staff), AlarmReport, WorkManage),
	}
}

// Roles lists every role, in alphabetical order.
func Roles() []Role { return slices.Sorted(maps.Keys(rights())) }

// Known reports whether r is a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Permissions lists what r may do, in alphabetical order; none for an unknown role.
func (r Role) Permissions() []Permission {
	return slices.Sorted(slices.Values(rights()[r]))
}

// May reports whether r may do p.
func (r Role) May(p Permission) bool { return slices.Contains(rights()[r], p) }

// Title is the role's name for people.
func (r Role) Title() contract.Text {
	switch r {
	case Operator:
		return contract.Text{ZH: "值班员", EN: "Operator"}
	case Supervisor:
		return contract.Text{ZH: "班长", EN: "Supervisor"}
	case Admin:
		return contract.Text{ZH: "管理员", EN: "Administrator"}
	case Guard:
		return contract.Text{ZH: "保安", EN: "Guard"}
	case Viewer:
		return contract.Text{ZH: "只读", EN: "Viewer"}
	case Engineer:
		return contract.Text{ZH: "维保工程师", EN: "Maintenance engineer"}
	case Manager:
		return contract.Text{ZH: "物业经理", EN: "Property manager"}
	}
	return contract.Text{ZH: string(r), EN: string(r)}
}
