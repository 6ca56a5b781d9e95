package org

import (
	"slices"

	"anlan/contract"
)

// Permission is one thing that can be allowed.
type Permission string

// Permissions.
const (
	AlarmRead     Permission = "alarm.read"
	AlarmAck      Permission = "alarm.ack"
	AlarmMute     Permission = "alarm.mute"
	AlarmReset    Permission = "alarm.reset"
	AlarmConfirm  Permission = "alarm.confirm"
	IncidentRead  Permission = "incident.read"
	IncidentWork  Permission = "incident.work"
	IncidentClose Permission = "incident.close"
	PlanLaunch    Permission = "plan.launch"
	UserManage    Permission = "user.manage"

	AlarmShelve       Permission = "alarm.shelve"         // set aside for a time, within the policy
	AlarmOutOfService Permission = "alarm.out_of_service" // take a point out of service for work on it
	AlarmDefine       Permission = "alarm.define"         // definitions, policy, suppression
	AlarmReport       Permission = "alarm.report"         // KPI report, exports
	FleetRead         Permission = "fleet.read"
	FleetEdit         Permission = "fleet.edit" // places, names, floor plans, import
	EdgeEnrol         Permission = "edge.enrol" // tokens, certificates, revocation
	SeatWatch         Permission = "seat.watch" // keeps a console seat
	AuditRead         Permission = "audit.read"
	KeyManage         Permission = "key.manage" // API keys

	WorkUse    Permission = "work.use"    // forms and to-dos; what of them is for grants and tasks
	WorkManage Permission = "work.manage" // suspend, end, hand over what others have started
	AppDesign  Permission = "app.design"  // forms, flows, dictionaries and their grants
)

// Permissions lists every permission, in the order people are shown them.
func Permissions() []Permission {
	return []Permission{AlarmRead, AlarmAck, AlarmMute, AlarmReset, AlarmConfirm, AlarmShelve, AlarmOutOfService, AlarmDefine, AlarmReport,
		IncidentRead, IncidentWork, IncidentClose, PlanLaunch, SeatWatch, FleetRead, FleetEdit, EdgeEnrol, WorkUse, WorkManage, AppDesign, UserManage, KeyManage, AuditRead}
}

// Known reports whether p is a permission.
func (p Permission) Known() bool { return slices.Contains(Permissions(), p) }

// Title says in words what the permission allows.
func (p Permission) Title() contract.Text {
	t := map[Permission]contract.Text{
		AlarmRead: {ZH: "查看报警", EN: "See alarms"}, AlarmAck: {ZH: "确认报警", EN: "Acknowledge alarms"}, AlarmMute: {ZH: "消音", EN: "Silence sounders"},
		AlarmReset: {ZH: "复位", EN: "Reset latched alarms"}, AlarmConfirm: {ZH: "核实真假火警", EN: "Judge an alarm real or false"},
		AlarmShelve: {ZH: "暂时搁置", EN: "Shelve for a time"}, AlarmOutOfService: {ZH: "停用点位", EN: "Take a point out of service"},
		AlarmDefine: {ZH: "报警定义与策略", EN: "Alarm definitions and policy"}, AlarmReport: {ZH: "报警统计与导出", EN: "Alarm reports and exports"},
		IncidentRead: {ZH: "查看事件", EN: "See incidents"}, IncidentWork: {ZH: "处置事件", EN: "Work incidents"}, IncidentClose: {ZH: "结束事件", EN: "Close incidents"},
		PlanLaunch: {ZH: "启动预案", EN: "Launch emergency plans"}, SeatWatch: {ZH: "值守席位", EN: "Keep a console seat"},
		FleetRead: {ZH: "查看设备", EN: "See devices and places"}, FleetEdit: {ZH: "维护场所与设备", EN: "Edit places and devices"},
		EdgeEnrol: {ZH: "接入与吊销网关", EN: "Enrol and revoke edges"}, UserManage: {ZH: "管理人员与权限", EN: "Manage people and rights"},
		WorkUse: {ZH: "表单与待办", EN: "Forms and to-dos"}, WorkManage: {ZH: "管理流程", EN: "Manage running flows"}, AppDesign: {ZH: "设计表单与流程", EN: "Design forms and flows"},
		KeyManage: {ZH: "管理接口密钥", EN: "Manage API keys"}, AuditRead: {ZH: "查看审计日志", EN: "Read the audit log"},
	}[p]
	if t.ZH == "" {
		t = contract.Text{ZH: string(p), EN: string(p)}
	}
	return t
}
