package contract

import "strings"

// Topics, all below "anlan/v1/<edge>/". An edge may publish the first four and
// subscribe the last two of its own id, and nothing else.
//
//	alarm      edge → cloud  QoS 1  [Record], JSON
//	telemetry  edge → cloud  QoS 1  compression byte + protobuf Batch
//	manifest   edge → cloud  QoS 1  [Manifest], JSON
//	status     edge → cloud  QoS 1  [Hello], JSON; each connect, every 10 s, and the will
//	ack        cloud → edge  QoS 1  [Ack], JSON
//	command    cloud → edge  QoS 1  [Command], JSON
const topicRoot = "anlan/v1/"

// Leaf is the last level of a topic.
type Leaf string

// Leaves.
const (
	LeafAlarm     Leaf = "alarm"
	LeafTelemetry Leaf = "telemetry"
	LeafManifest  Leaf = "manifest"
	LeafStatus    Leaf = "status"
	LeafAck       Leaf = "ack"
	LeafCommand   Leaf = "command"
)

// Topic builds the topic of one edge.
func Topic(e EdgeID, l Leaf) string { return topicRoot + string(e) + "/" + string(l) }

// Filter builds the cloud's subscription to one leaf of every edge.
func Filter(l Leaf) string { return topicRoot + "+/" + string(l) }

// ParseTopic takes a topic apart; ok is false if it is not one of ours.
func ParseTopic(topic string) (e EdgeID, l Leaf, ok bool) {
	rest, found := strings.CutPrefix(topic, topicRoot)
	if !found {
		return "", "", false
	}
	id, leaf, found := strings.Cut(rest, "/")
	if !found || !ValidID(id) {
		return "", "", false
	}
	switch l := Leaf(leaf); l {
	case LeafAlarm, LeafTelemetry, LeafManifest, LeafStatus, LeafAck, LeafCommand:
		return EdgeID(id), l, true
	}
	return "", "", false
}

// MayPublish reports whether an edge may publish to topic.
func MayPublish(e EdgeID, topic string) bool {
	id, l, ok := ParseTopic(topic)
	return ok && id == e && l != LeafAck && l != LeafCommand
}

// MaySubscribe reports whether an edge may subscribe to filter (no wildcards).
func MaySubscribe(e EdgeID, filter string) bool {
	id, l, ok := ParseTopic(filter)
	return ok && id == e && (l == LeafAck || l == LeafCommand)
}
