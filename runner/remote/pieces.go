package remote

import (
	"brood/worker/wire"
	"bytes"
	"fmt"
)

// A message may be longer than the network carries one: a record of some megabytes, its answer, or all that a machine has left. Then it goes
// in pieces, one behind the other in the Line, of which the last has its kind. Any network carries a piece: NATS has a bound of 1 MiB if
// nobody has changed it, see bus.

const (
	// pieceBytes is how long a piece may be.
	pieceBytes = PartBytes
	// wholeBytes is how long a message may be in all: a frame of answers, as it is or as JSON has it.
	wholeBytes = wire.MaxFrame + wire.MaxFrame/2
)

// cut calls number for each piece of a message: for itself alone, unless it is long.
func cut(k kind, parts [][]byte, number func(k kind, parts ...[]byte)) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n <= pieceBytes {
		number(k, parts...)
		return
	}
	b := bytes.Join(parts, nil)
	for len(b) > pieceBytes {
		number(kindMore, b[:pieceBytes])
		b = b[pieceBytes:]
	}
	number(k, b)
}

// pieces are those of a message whose last one has not come.
type pieces struct{ bytes []byte }

// whole takes in a piece. With the last one it returns the whole payload, and true.
func (p *pieces) whole(k kind, payload []byte) ([]byte, bool, error) {
	if len(p.bytes)+len(payload) > wholeBytes {
		p.bytes = nil
		return nil, false, fmt.Errorf("%w: it has more than %d bytes", errMessage, wholeBytes)
	}
	if k == kindMore {
		p.bytes = append(p.bytes, payload...)
		return nil, false, nil
	}
	if len(p.bytes) > 0 {
		payload = append(p.bytes, payload...)
		p.bytes = nil
	}
	return payload, true, nil
}
