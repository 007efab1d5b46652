package bus

import "encoding/binary"

const (
	workHead   = 1 + 8
	letterHead = 1 + 8 + 8
)

func workFrame(number uint64, body []byte) []byte {
	b := make([]byte, workHead, workHead+len(body))
	b[0] = frameVersion
	binary.BigEndian.PutUint64(b[1:], number)
	return append(b, body...)
}

func parseWork(b []byte) (number uint64, body []byte, ok bool) {
	if len(b) < workHead || b[0] != frameVersion {
		return 0, nil, false
	}
	return binary.BigEndian.Uint64(b[1:]), b[workHead:], true
}

func letterFrame(port, count uint64, body []byte) []byte {
	b := make([]byte, letterHead, letterHead+len(body))
	b[0] = frameVersion
	binary.BigEndian.PutUint64(b[1:], port)
	binary.BigEndian.PutUint64(b[9:], count)
	return append(b, body...)
}

func parseLetter(b []byte) (port, count uint64, body []byte, ok bool) {
	if len(b) < letterHead || b[0] != frameVersion {
		return 0, 0, nil, false
	}
	return binary.BigEndian.Uint64(b[1:]), binary.BigEndian.Uint64(b[9:]), b[letterHead:], true
}

// reply is how a question was answered.
type reply byte

const (
	answered reply = 0
	busy     reply = 1
	refused  reply = 2
)

func replyFrame(r reply, body []byte) []byte {
	return append(append(make([]byte, 0, 1+len(body)), byte(r)), body...)
}

// heard is what a machine's letters have said of the ports they came from: a count that is not higher than the last of its
// port is of a letter that was heard before.
type heard struct {
	ports [4]struct{ port, count uint64 } // the last one that said something first
}

// new notes a letter, and says whether it is a new one.
func (h *heard) new(port, count uint64) bool {
	at := len(h.ports) - 1
	for i := range h.ports {
		if h.ports[i].port == port && h.ports[i].count > 0 {
			if count <= h.ports[i].count {
				return false
			}
			at = i
			break
		}
	}
	if count == 0 {
		return false
	}
	copy(h.ports[1:at+1], h.ports[:at])
	h.ports[0].port, h.ports[0].count = port, count
	return true
}
