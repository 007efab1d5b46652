package runner

import (
	"brood/jobs/quickio"
	"errors"
	"io"
	"os"
	"syscall"
)

// printed reads one of the standard streams of a worker, and knows which record was in hand when
// that was printed. The worker puts a mark behind what a record has printed, before the page says
// that it is over, unless all of that was read by then. So it must be seen that there is something
// to read, then which record is in hand, and then all must be read that is there: if the record is
// over by then its mark is among it, and if not it is the one. To look only when it was read would
// name a record that was begun meanwhile.
type printed struct {
	conn syscall.RawConn
	look func() int64 // the record that was begun last, or -1
	call func(fd uintptr) bool
	to   []byte
	n    int
	seq  int64
	err  error
}

func newPrinted(f *os.File, look func() int64) (*printed, error) {
	conn, err := f.SyscallConn()
	p := &printed{conn: conn, look: look}
	p.call = p.try
	return p, err
}

// read reads what there is, and returns the record whose it is.
func (p *printed) read(b []byte) (n int, seq int64, err error) {
	p.to, p.n, p.seq, p.err = b, 0, -1, nil
	if err := p.conn.Read(p.call); err != nil {
		return 0, -1, err
	}
	if p.n == 0 && p.err == nil {
		p.err = io.EOF
	}
	return p.n, p.seq, p.err
}

// try reads, and reports false if there is nothing yet.
func (p *printed) try(fd uintptr) bool {
	there := quickio.Pending(int(fd)) > 0
	if there {
		p.seq = p.look()
	}
	for {
		if p.n, p.err = quickio.Read(int(fd), p.to); !errors.Is(p.err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(p.err, syscall.EAGAIN) {
		return false
	}
	if !there { // it came only now, or is the end
		p.seq = p.look()
	}
	return true
}
