package remote

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// What is given to the slots of a machine, and what they answer, goes in bundles: a message costs either end as much as ten records do. Nobody
// waits for a bundle to become full: it is what has come together until its sender has had its turn, behind all that can go on now. So it is
// one record where there is nothing to do, and many where there is no end of it.

// bundleBytes is how long a bundle may become.
const bundleBytes = 256 << 10

// partHead stands before each part of a bundle: 4 bytes, how long it is.
const partHead = 4

func appendPart(b []byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // a message has no more
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// eachPart calls visit for each part of a bundle.
func eachPart(b []byte, visit func(part []byte) error) error {
	for len(b) > 0 {
		if len(b) < partHead {
			return fmt.Errorf("%w: a bundle ends early", errMessage)
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if b = b[partHead:]; n > uint64(len(b)) {
			return fmt.Errorf("%w: a part of %d bytes, and there are %d", errMessage, n, len(b))
		}
		if err := visit(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// bundle is what is about to be sent. Its owner guards it.
type bundle struct {
	bytes  []byte
	parcel *parcel // what of it is work; nil: nothing
	coming bool    // its sender is
}

// take empties it.
func (b *bundle) take() (bytes []byte, p *parcel) {
	bytes, p = b.bytes, b.parcel
	b.bytes, b.parcel = nil, nil
	return bytes, p
}

// yield lets everybody go on who can.
func yield() { runtime.Gosched() }

// parcel is a piece of work as the stream has it: the batches of some hands, each of which is done with for itself.
type parcel struct {
	m      *machine
	mu     sync.Mutex
	number uint64 // of the work; 0: the stream has not got it
	left   int    // batches that are not done with
}

// add says that it has another batch.
func (p *parcel) add() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left++
}

// release says that a batch is done with. The work is taken out of the stream with the last.
func (p *parcel) release() { p.change(-1, 0) }

// sent says by which number the stream has it.
func (p *parcel) sent(number uint64) { p.change(0, number) }

func (p *parcel) change(left int, number uint64) {
	p.mu.Lock()
	p.left += left
	if number != 0 {
		p.number = number
	}
	n := p.number
	over := p.left == 0 && n != 0
	p.mu.Unlock()
	if over {
		p.m.d.post.Done(p.m.name, n)
	}
}

// inStream is its number; 0: it has none yet.
func (p *parcel) inStream() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.number
}

// give puts a batch into the bundle that goes next, and sees to it that this does go.
func (m *machine) give(conv uint64, records int, frame []byte) *parcel {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.out.bytes)+len(frame) > bundleBytes {
		m.dispatch()
	}
	if m.out.parcel == nil {
		m.out.parcel = &parcel{m: m}
	}
	p := m.out.parcel
	p.add()
	m.out.bytes = appendPart(m.out.bytes, number(conv), number(uint64(records)), frame) //nolint:gosec // it is not negative
	if !m.out.coming {
		m.out.coming = true
		go m.deliver()
	}
	return p
}

// deliver sends bundles until there are none.
func (m *machine) deliver() {
	for {
		yield()
		m.mu.Lock()
		if len(m.out.bytes) == 0 {
			m.out.coming = false
			m.mu.Unlock()
			return
		}
		bodies, p := m.seal()
		m.mu.Unlock()
		m.work(bodies, p)
	}
}

// dispatch sends what there is of a bundle by itself, as something else is to come behind it. The caller holds the lock.
func (m *machine) dispatch() {
	if len(m.out.bytes) > 0 {
		bodies, p := m.seal()
		go m.work(bodies, p)
	}
}

// seal makes a message of the bundle. The caller holds the lock.
func (m *machine) seal() (bodies [][]byte, p *parcel) {
	b, p := m.out.take()
	return m.number(kindGive, b), p
}

// work puts a bundle into the stream, when there is room for it: of one in pieces the last, the others are told. What of it is lost on the way
// is told again, as any message is.
func (m *machine) work(bodies [][]byte, p *parcel) {
	last := len(bodies) - 1
	m.tell(bodies[:last])
	wait := time.Millisecond
	for {
		n := m.d.workNumber()
		if m.put(n, bodies[last]) {
			p.sent(n)
			return
		}
		if m.state() == Silent {
			return // nobody waits for it
		}
		time.Sleep(wait)
		if wait < 50*time.Millisecond {
			wait *= 2
		}
	}
}
