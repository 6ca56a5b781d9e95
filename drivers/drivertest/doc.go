// Package drivertest is what every field bus driver has to survive: a scripted peer
// that answers late, twice, cut, merged, for another unit or not at all, and a suite
// that asks the same of each driver whatever the peer does: no wrong value, no hang,
// and life afterwards. It has its own codec, so that a mistake in a driver's is not
// mirrored here.
package drivertest
