package term

// What is held back for who wants to hear only of what went wrong: the beginning, and as
// much as fits of the end, where the reasons are.
const (
	heldFirst = 64 << 10
	heldLast  = 192 << 10
)

type held struct {
	first, last         []string
	firstSize, lastSize int
	dropped             int // between the two
}

func (h *held) add(line string) {
	if len(h.last) == 0 && h.firstSize+len(line) <= heldFirst {
		h.first = append(h.first, line)
		h.firstSize += len(line)
		return
	}
	h.last = append(h.last, line)
	h.lastSize += len(line)
	for h.lastSize > heldLast && len(h.last) > 1 {
		h.lastSize -= len(h.last[0])
		h.last = h.last[1:]
		h.dropped++
	}
}

// Release writes what was held back: something has gone wrong. From now on nothing is
// held back.
func (t *Term) Release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.held
	if h == nil {
		return
	}
	t.held = nil
	for _, line := range h.first {
		t.others(line)
	}
	if h.dropped > 0 {
		t.own(t.line(entry{Msg: "… " + Count(uint64(h.dropped)) + " lines left out"}))
	}
	for _, line := range h.last {
		t.others(line)
	}
}
