package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
)

// errNoRoom is the server's refusal of what goes beyond the bounds of the stream.
var errNoRoom = errors.New("the stream is full")

// The server's codes for that: JSStreamStoreFailedF of the stream's bounds, the others of what an account or a server may
// keep in memory.
const (
	storeFailed     = 10077
	accountExceeded = 10002
	scarce          = 10023
	memoryExceeded  = 10028
)

func isNoRoom(code int) bool {
	return code == storeFailed || code == accountExceeded || code == scarce || code == memoryExceeded
}

// parseConfirmation reads a stream's answer to a message, and returns its sequence in the stream.
func parseConfirmation(m *nats.Msg) (uint64, error) {
	if len(m.Data) == 0 {
		return 0, fmt.Errorf("nobody answers for it (%s)", m.Header.Get("Status")) // 503: it is gone, or looks for a leader
	}
	if n, ok := plainConfirmation(m.Data); ok {
		return n, nil
	}
	var a struct {
		Sequence uint64 `json:"seq"`
		Error    *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(m.Data, &a); {
	case err != nil:
		return 0, fmt.Errorf("it answers what makes no sense: %w", err)
	case a.Error != nil && isNoRoom(a.Error.Code):
		return 0, fmt.Errorf("%w: %s", errNoRoom, a.Error.Description)
	case a.Error != nil:
		return 0, fmt.Errorf("%s (NATS error %d)", a.Error.Description, a.Error.Code)
	case a.Sequence == 0:
		return 0, errors.New("it answers without a sequence")
	}
	return a.Sequence, nil
}

// plainConfirmation reads the usual form, {"stream":"NAME","seq":1}, without the cost of reading any.
func plainConfirmation(b []byte) (uint64, bool) {
	const begins, middle = `{"stream":"`, `","seq":`
	if !bytes.HasPrefix(b, []byte(begins)) {
		return 0, false
	}
	b = b[len(begins):]
	at := bytes.IndexByte(b, '"')
	if at < 0 || !bytes.HasPrefix(b[at:], []byte(middle)) {
		return 0, false
	}
	b = b[at+len(middle):]
	var n uint64
	for i, c := range b {
		switch {
		case c == '}' && i > 0 && i == len(b)-1 && n > 0:
			return n, true
		case c < '0' || c > '9' || i >= 18:
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return 0, false
}

// recent keeps the last subjects that were acknowledged to.
type recent struct {
	ring [1024]string
	next int
}

func (r *recent) add(s string) {
	r.ring[r.next%len(r.ring)] = s
	r.next++
}

func (r *recent) all() []string {
	n := min(r.next, len(r.ring))
	out := make([]string, 0, n)
	for i := r.next - n; i < r.next; i++ {
		out = append(out, r.ring[i%len(r.ring)])
	}
	return out
}
