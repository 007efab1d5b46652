package paytest

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Fault is what goes wrong with a request.
type Fault string

// The faults.
const (
	FaultNone        Fault = ""
	FaultReset       Fault = "reset"       // the connection is reset before the request is read
	FaultDrop        Fault = "drop"        // it is done, and the connection is reset without an answer
	FaultVanish      Fault = "vanish"      // the connection is reset at once, and it is done later: until then its key is in use
	FaultLate        Fault = "late"        // the answer comes late
	FaultHalf        Fault = "half"        // half of the answer comes
	FaultErrorDone   Fault = "errordone"   // it is done, and the answer that is kept is 500
	FaultErrorUndone Fault = "errorundone" // it is not done, and the answer that is kept is 500
	FaultErrorBegun  Fault = "errorbegun"  // it is begun and not carried out, and the answer that is kept is 500
	FaultBusy        Fault = "busy"        // 503, and nothing is done or kept
	FaultLimit       Fault = "limit"       // 429
	FaultLock        Fault = "lock"        // 429 lock_timeout
)

// Faults are all that can be asked for.
func Faults() []Fault {
	return []Fault{FaultReset, FaultDrop, FaultVanish, FaultLate, FaultHalf, FaultErrorDone, FaultErrorUndone, FaultErrorBegun, FaultBusy, FaultLimit, FaultLock}
}

// ParseFaults reads drop=0.02,errordone=0.01.
func ParseFaults(text string) (map[Fault]float64, error) {
	out := make(map[Fault]float64)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p, err := strconv.ParseFloat(value, 64)
		if err != nil || p < 0 || p > 1 || !slices.Contains(Faults(), Fault(name)) {
			return nil, fmt.Errorf("%q is no fault with how likely it is; there are %v, as in drop=0.02", part, Faults())
		}
		out[Fault(name)] = p
	}
	return out, nil
}

// chance is the fault of the nth request of a name.
func (o *Options) chance(name string, n int) Fault {
	if len(o.Faults) == 0 {
		return FaultNone
	}
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], o.Seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(n)) //nolint:gosec // it counts
	_, _ = h.Write(b[:])
	_, _ = h.Write([]byte(name))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd // FNV leaves its high bits alike: spread them
	x ^= x >> 33
	at := float64(x>>11) / (1 << 53)
	for _, f := range Faults() {
		if at -= o.Faults[f]; at < 0 {
			return f
		}
	}
	return FaultNone
}

// faultIn is the fault that an id names, as in pm_fault_drop_17.
func faultIn(id string) Fault {
	_, rest, ok := strings.Cut(id, "fault_")
	if !ok {
		return FaultNone
	}
	name, _, _ := strings.Cut(rest, "_")
	if f := Fault(name); slices.Contains(Faults(), f) {
		return f
	}
	return FaultNone
}

// reset ends the connection so that the client sees it reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // a recorder, or HTTP/2
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
