package broker

import "sync/atomic"

// Sessions is how many edges are connected now.
func (b *Broker) Sessions() int64 { return atomic.LoadInt64(&b.server.Info.ClientsConnected) }
