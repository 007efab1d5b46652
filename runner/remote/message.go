package remote

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// kind says what a message is.
type kind byte

// Those of the coordinator.
const (
	kindBeat    kind = iota + 1 // of either: I am there. It has no number.
	kindBegin                   // a hand is to begin: conv, slot
	kindGive                    // a bundle of batches: conv, how many records, frame
	kindLeave                   // a hand is to finish what it has and leave: conv
	kindKill                    // it is to end at once: conv
	kindLoss                    // it is to note a loss: JSON, loss
	kindClear                   // it is to forget what was in hand: conv
	kindAsk                     // it is to say everything that is left of a hand that has ended: conv, why
	kindAcks                    // the ledger has what these slots have said: pairs of slot and ordinal
	kindSettled                 // the ledger has a report: its ID
	kindEnd                     // nothing more comes: JSON, end
	kindLost                    // this instance was taken for dead. It has no number.
	kindForget                  // nobody will ask what a hand that has ended has left: conv
)

// Those of an agent.
const (
	kindReady   kind = iota + 64 // a hand has begun, or cannot: JSON, ready
	kindAnswers                  // a bundle of answers: conv, how worn it is, allowance, limits, payload of the frame
	kindGone                     // a hand has ended: JSON, gone
	kindReport                   // what an earlier instance has left: JSON, Report
	kindLeaving                  // it wants nothing more: it is to end
	kindNoted                    // a loss was noted: conv
	kindRemains                  // the answer to kindAsk: JSON, gone
)

// kindMore is of either: the beginning of a message that goes in pieces, see cut.
const kindMore kind = 128

// headBytes are what stands before each message: the instance of the agent, the number of the message, up to which number the sender
// has those of the other end, and the kind; the first three are 8 bytes each, big-endian.
const headBytes = 8 + 8 + 8 + 1

// errMessage is that a message makes no sense.
var errMessage = errors.New("a message makes no sense")

type head struct {
	instance, number, got uint64
	kind                  kind
}

// pack puts a head before a payload of some parts.
func pack(h head, parts ...[]byte) []byte {
	n := headBytes
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n)
	b = binary.BigEndian.AppendUint64(b, h.instance)
	b = binary.BigEndian.AppendUint64(b, h.number)
	b = binary.BigEndian.AppendUint64(b, h.got)
	b = append(b, byte(h.kind))
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// unpack reads a head.
func unpack(b []byte) (h head, payload []byte, err error) {
	if len(b) < headBytes {
		return h, nil, fmt.Errorf("%w: %d bytes", errMessage, len(b))
	}
	h.instance, h.number, h.got = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	h.kind = kind(b[24])
	if h.instance == 0 {
		return h, nil, fmt.Errorf("%w: no instance", errMessage)
	}
	return h, b[headBytes:], nil
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// readNumber takes a number off the front of a payload.
func readNumber(b []byte) (n uint64, rest []byte, err error) {
	if len(b) < 8 {
		return 0, nil, fmt.Errorf("%w: it ends early", errMessage)
	}
	return binary.BigEndian.Uint64(b), b[8:], nil
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("remote: encode %T: %v", v, err)) // all of them can be
	}
	return b
}

func decode[T any](b []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(b, v); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	return v, nil
}

// answers is a frame of answers, with what the hand says of itself beside it.
type answers struct {
	conv      uint64
	worn      float64
	allowance uint64
	limits    []limited
	frame     []byte // the payload of the frame
	ordinal   uint64 // of the slot's, for who takes it in
}

func (a *answers) head() []byte {
	var limits []byte
	if len(a.limits) > 0 {
		limits = encode(a.limits)
	}
	b := make([]byte, 0, 28+len(limits))
	b = binary.BigEndian.AppendUint64(b, a.conv)
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(a.worn))
	b = binary.BigEndian.AppendUint64(b, a.allowance)
	b = binary.BigEndian.AppendUint32(b, uint32(len(limits))) //nolint:gosec // they are few
	return append(b, limits...)
}

func readAnswers(b []byte) (a answers, err error) {
	if len(b) < 28 {
		return a, fmt.Errorf("%w: answers", errMessage)
	}
	a.conv, a.worn, a.allowance = binary.BigEndian.Uint64(b), math.Float64frombits(binary.BigEndian.Uint64(b[8:])), binary.BigEndian.Uint64(b[16:])
	n := int(binary.BigEndian.Uint32(b[24:]))
	if b = b[28:]; n > len(b) {
		return a, fmt.Errorf("%w: limits", errMessage)
	}
	if n > 0 {
		l, err := decode[[]limited](b[:n])
		if err != nil {
			return a, err
		}
		a.limits = *l
	}
	if math.IsNaN(a.worn) || a.worn < 0 {
		return a, fmt.Errorf("%w: worn", errMessage)
	}
	a.frame = b[n:]
	return a, nil
}

// beat is what an agent says of itself from time to time.
type beat struct {
	Load  float64 `json:"load"`
	Slots int     `json:"slots"`
	// Held says why it begins nothing at the moment, as its load is too high; empty: it does.
	Held string `json:"held,omitempty"`
}
