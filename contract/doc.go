// Package contract is what an edge and the cloud say to each other: the nouns,
// their JSON and protobuf forms, the MQTT topics, and the version. It does no I/O
// and imports nothing of Anlan, so either side can be read against it alone.
//
// # Glossary (UI word · code word)
//
//	小区 community · 楼栋 building · 单元 unit-entrance · 楼层 floor · 房间 room
//	网关 edge · 总线 bus · 设备 device · 点位 point
//	读数 reading (edge) · 样本 sample (stored) · 品质 quality
//	报警 alarm · 状态 condition · 确认 acknowledge · 消音 mute · 复位 reset
//	联动 action · 打卡 check-in · 预案 emergency plan · 事件 incident
//
// # Two axes
//
// The edge owns the [Condition] of an alarm (normal, active, unknown). People own
// the response (acknowledge, mute, reset), through the cloud or the edge's local
// page. Neither side ever overwrites the other's axis.
//
// # Reading order
//
// name.go and place.go (how things are called and where they are), quality.go,
// reading.go, alarm.go, record.go (what is durable and how it is acknowledged),
// telemetry.go, command.go, manifest.go, topic.go, version.go.
package contract
