package blueprint

import (
	"fmt"
	"strconv"

	"anlan/drivers"
)

// A message is a line of capital letters and digits, its checksum, and a carriage
// return. Framing is a matter of bytes alone: functions that can be tried on any input.
const (
	end     = '\r'
	longest = 64 // characters of an answer; more is noise
)

// appendMessage frames text.
func appendMessage(b []byte, text string) []byte {
	return append(fmt.Appendf(append(b, text...), "%02X", sum(text)), end)
}

// parseMessage takes a whole line without its end apart. The error wraps
// [drivers.ErrCorrupt].
func parseMessage(line []byte) (string, error) {
	if len(line) < 3 {
		return "", fmt.Errorf("%q is no message: %w", line, drivers.ErrCorrupt)
	}
	text, check := string(line[:len(line)-2]), string(line[len(line)-2:])
	if want := fmt.Sprintf("%02X", sum(text)); check != want {
		return "", fmt.Errorf("%q has checksum %s, want %s: %w", text, check, want, drivers.ErrCorrupt)
	}
	return text, nil
}

// sum is the sum of the characters.
func sum[T string | []byte](text T) (s byte) {
	for i := range len(text) {
		s += text[i]
	}
	return s
}

// parseState reads the answer to "$AA6": eight outputs, eight inputs, and 00.
func parseState(text string) (state, error) {
	if len(text) != 7 || text[0] != '!' || text[5:] != "00" {
		return state{}, fmt.Errorf("%q is no state of eight outputs and eight inputs: %w", text, drivers.ErrCorrupt)
	}
	out, errOut := strconv.ParseUint(text[1:3], 16, 8)
	in, errIn := strconv.ParseUint(text[3:5], 16, 8)
	if errOut != nil || errIn != nil {
		return state{}, fmt.Errorf("%q: %w", text, drivers.ErrCorrupt)
	}
	return state{out: byte(out), in: byte(in)}, nil
}

// state is what a module has on its terminals, one bit a channel.
type state struct{ out, in byte }
