package wire

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Heard says how many notes of each slot the parent has seen, for whoever takes over: a page
// and notes that end before that are an older copy of what there was, made since the last
// commit, of which the ledger cannot know. It is a file of the parent's alone, and not beside
// the pages, so that who puts those back does not put back this as well. Like them it is made
// against the death of processes.
//
// It is words, each sealed as those of a Page are: the first is the session, and that at offset
// 8n, of slot n, the number of the last note that was seen. There are words for as many slots
// as the run began with, and more, up to a multiple of 4,096 bytes.
type Heard struct {
	f   *os.File
	mem atomic.Pointer[[]byte] // see Map; what was mapped before stays so: somebody may be writing there
	mu  sync.Mutex             // of who has it grow
}

// heardStep is by how much the file grows, in words.
const heardStep = PageSize / 8

// NewHeard fills f, which is empty, for a session with so many slots. The file is Heard's from
// then on, if there is no error.
func NewHeard(f *os.File, session int64, slots int) (*Heard, error) {
	h := &Heard{f: f}
	if err := h.grow(0, slots); err != nil {
		return nil, err
	}
	return h, h.put(0, uint64(session))
}

// Map has the file mapped from now on, for a run whose slots each bring one record at a time from elsewhere. Like the notes of a worker it is then
// the end of the process if somebody cuts it off.
func (h *Heard) Map() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.remap()
}

func (h *Heard) remap() error {
	st, err := h.f.Stat()
	if err != nil {
		return fmt.Errorf("map %s: %w", h.f.Name(), err)
	}
	mem, err := unix.Mmap(int(h.f.Fd()), 0, int(st.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map %s: %w", h.f.Name(), err)
	}
	h.mem.Store(&mem)
	return nil
}

// Close closes the file, if there is one.
func (h *Heard) Close() error {
	if h == nil {
		return nil
	}
	return h.f.Close()
}

// Saw says that the notes of a slot up to a number were seen. That it could not be written is
// no error: then an older copy would not be told from what there was, and nothing else is lost.
// Of no Heard it does nothing.
func (h *Heard) Saw(slot int, number uint64) {
	if h == nil {
		return
	}
	if mem := h.mem.Load(); mem != nil {
		if 8*slot < len(*mem) || h.growMapped(slot) == nil {
			atomic.StoreUint64((*uint64)(unsafe.Pointer(&(*h.mem.Load())[8*slot])), sealWord(number))
		}
		return
	}
	if st, err := h.f.Stat(); err == nil && int64(8*slot) >= st.Size() && h.grow(int(st.Size()/8), slot) != nil {
		return
	}
	_ = h.put(slot, number)
}

func (h *Heard) growMapped(slot int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(*h.mem.Load()) / 8; slot >= n { // nobody else has done it
		if err := h.grow(n, slot); err != nil {
			return err
		}
		return h.remap()
	}
	return nil
}

func (h *Heard) put(word int, v uint64) error {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], sealWord(v))
	if _, err := h.f.WriteAt(b[:], int64(8*word)); err != nil {
		return fmt.Errorf("write %s: %w", h.f.Name(), err)
	}
	return nil
}

// grow adds words from one on, up to that of a slot.
func (h *Heard) grow(from, slot int) error {
	var b []byte
	for n := from; n%heardStep != 0 || n <= slot; n++ {
		b = binary.NativeEndian.AppendUint64(b, sealWord(0))
	}
	if _, err := h.f.WriteAt(b, int64(8*from)); err != nil {
		return fmt.Errorf("write %s: %w", h.f.Name(), err)
	}
	return nil
}

// ReadHeard returns what was seen of each of so many slots, the first of them first, in a
// session. If the file is not what was written in that session, the error wraps ErrPage.
func ReadHeard(f *os.File, session int64, slots int) ([]uint64, error) {
	b := make([]byte, 8*(slots+1))
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", ErrPage, f.Name(), err)
	}
	seen := make([]uint64, slots+1)
	for n := range seen {
		v, whole := openWord(binary.NativeEndian.Uint64(b[8*n:]))
		if !whole {
			return nil, fmt.Errorf("%w: word %d of %s is not what was written", ErrPage, n, f.Name())
		}
		seen[n] = v
	}
	if seen[0] != uint64(session) {
		return nil, fmt.Errorf("%w: %s is of session %d", ErrPage, f.Name(), seen[0])
	}
	return seen[1:], nil
}
