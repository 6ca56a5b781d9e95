package edge

import (
	"cmp"
	"fmt"
	"strings"

	"anlan/edge/config"
	"anlan/edge/identity"
	"anlan/edge/uplink"
)

// door is where the cloud is and how this edge shows itself there; it is read anew for
// every connection, so that a renewed certificate is used at the next one.
func door(cfg *config.Config) (uplink.Door, error) {
	id, err := identity.Load(cfg.IdentityDir())
	if err != nil {
		return uplink.Door{}, err
	}
	if id.Edge != cfg.Edge.ID {
		return uplink.Door{}, fmt.Errorf("edge: the identity in %s is of %s, the configuration of %s", cfg.IdentityDir(), id.Edge, cfg.Edge.ID)
	}
	broker := cmp.Or(cfg.Uplink.Broker, id.Broker)
	if broker == "" {
		return uplink.Door{}, fmt.Errorf("edge: neither uplink.broker nor the enrolment says where the broker is")
	}
	if !strings.Contains(broker, "://") {
		broker = "ssl://" + broker
	}
	return uplink.Door{Broker: broker, TLS: id.TLS()}, nil
}
