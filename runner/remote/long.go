package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Bounds of answers that are fetched in parts. A configuration has what a job made of its templates in it, and there may be many files; it is
// the same for all machines, and another when a file changes.
const (
	mostLong      = 4        // that are kept
	mostLongBytes = 64 << 20 // that an agent takes
)

// long are the answers that were too long for a message, the last ones.
type long struct {
	mu   sync.Mutex
	kept []longAnswer
}

type longAnswer struct {
	sum  string
	body []byte
}

// shorten is an answer, or if it is too long, one that says by which sum it is to be fetched.
func (l *long) shorten(body []byte) []byte {
	if len(body) <= PartBytes {
		return body
	}
	h := sha256.Sum256(body)
	sum := hex.EncodeToString(h[:])
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = slices.DeleteFunc(l.kept, func(a longAnswer) bool { return a.sum == sum })
	l.kept = append(l.kept, longAnswer{sum, body})
	l.kept = l.kept[max(0, len(l.kept)-mostLong):]
	return encode(Welcome{Long: &File{Sum: sum, Size: int64(len(body))}})
}

// part is a part of one that is kept; nil: there is none of that sum.
func (l *long) part(p *Part) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.kept {
		if a.sum == p.Sum && p.From >= 0 && p.From < int64(len(a.body)) {
			return a.body[p.From:min(p.From+PartBytes, int64(len(a.body)))]
		}
	}
	return nil
}

// ReadWelcome reads an answer, and fetches it, if it is too long for a message, by asking for its parts.
func ReadWelcome(body []byte, ask func(body []byte) ([]byte, error)) (*Welcome, error) {
	w := &Welcome{}
	if err := json.Unmarshal(body, w); err != nil {
		return nil, fmt.Errorf("the coordinator's answer makes no sense: %w", err)
	}
	f := w.Long
	if f == nil {
		return w, nil
	}
	if f.Size <= 0 || f.Size > mostLongBytes {
		return nil, fmt.Errorf("the coordinator's answer has %d bytes, and %d at most are taken", f.Size, mostLongBytes)
	}
	var whole []byte
	for int64(len(whole)) < f.Size {
		b, err := ask(encode(Question{Part: &Part{Sum: f.Sum, From: int64(len(whole))}}))
		if err != nil {
			return nil, err
		}
		if len(b) == 0 || int64(len(whole)+len(b)) > f.Size {
			return nil, fmt.Errorf("the coordinator's answer makes no sense: a part of %d bytes", len(b))
		}
		whole = append(whole, b...)
	}
	if h := sha256.Sum256(whole); hex.EncodeToString(h[:]) != f.Sum {
		return nil, errors.New("the coordinator's answer is not what it said it is")
	}
	*w = Welcome{}
	err := json.Unmarshal(whole, w)
	if err == nil && w.Long != nil {
		err = errMessage
	}
	if err != nil {
		return nil, fmt.Errorf("the coordinator's answer makes no sense: %w", err)
	}
	return w, nil
}
