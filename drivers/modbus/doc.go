// Package modbus is the Modbus client of the edge: RTU and ASCII on a serial line or
// behind a gateway, dialects of RTU, and TCP, with methods of the shape Go's Modbus
// libraries share, ctx first, and with the proof that an answer belongs to its question.
//
// # Why a late answer is never taken for another
//
// Modbus TCP numbers its transactions; an answer must carry the number, protocol, unit,
// function and size that were asked. Modbus RTU has no number, so any two reads of one
// unit that have the same function and size look alike in the answer. This client
// therefore keeps these rules on RTU, and on ASCII alike:
//
//  1. The line is emptied before each request. What was there is a stray: counted,
//     never used.
//  2. After a request without its answer (time-out, damaged answer, ctx ended) the unit
//     is quarantined for max(2 × its slowest reaction, the profile's max_latency).
//     Asking it earlier is [drivers.ErrQuarantined]. Other units go on; frames of the
//     quarantined one are recognised, discarded, and their delay is learnt.
//  3. The first request after that must differ in function or size from every request
//     still unaccounted for. If the caller's does not, a read is first proved with a
//     shorter read of the same addresses whose data is thrown away; where none is
//     possible the line must first prove quiet. A frame of the old shape is discarded.
//  4. An answer is taken only if unit, function, byte count and CRC are right; a write
//     must be echoed with the address and value that were sent.
//  5. Bytes that arrive before the wire can have carried the request and one character
//     are not an answer to it. After an answer the line is heard for t3.5, which has to
//     pass before the next request anyhow; further bytes spoil the answer.
//  6. Time-outs are adaptive per unit, in milliseconds: wire time plus three times the
//     slowest reaction seen, doubled after each miss, never above the profile's timeout.
//  7. A reading is only ever made from an answer accepted by these rules.
//
// What remains: an answer later than max_latency that also has the shape of the request
// then open, and a duplicate that arrives only after the next request of the same shape
// was sent. Set max_latency from the manual.
//
// An end of frame is found by its expected length, never by silence, since the kernel
// and USB adapters do not pass silences on.
package modbus
