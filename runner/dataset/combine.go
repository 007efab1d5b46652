package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// mixed is what a mixer makes, as a stream. A piece that was taken moves pending on.
type mixed struct {
	m    *mixer
	s    *stream // counts the bytes
	left []byte  // of what is pending
}

func (x *mixed) Read(p []byte) (int, error) {
	if len(x.left) == 0 {
		if x.m.err != nil {
			return 0, x.m.err
		}
		if x.m.fill(); len(x.m.pending) == 0 {
			if x.m.err != nil {
				return 0, x.m.err
			}
			return 0, io.EOF
		}
		x.left = x.m.pending
	}
	n := copy(p, x.left)
	x.left = x.left[n:]
	x.s.at.Add(int64(n))
	return n, nil
}

// openSources begins to read the combinations at a position, whose line is the number of
// one, from 1.
func (r *Reader) openSources(p Position) error {
	if err := r.mix.seek(p.Line - 1); err != nil {
		return fmt.Errorf("read dataset: %w", err)
	}
	s := &stream{}
	s.at.Store(p.Offset)
	s.Reader = &mixed{m: r.mix, s: s}
	r.src = s
	r.consumed.current.Store(s)
	r.win = newWindow(s, p, r.spec.MaxRecord)
	r.cut.reset()
	return nil
}

// nextCombination reads one value of each source.
func (r *Reader) nextCombination(rec *Record) error {
	w := r.win
	r.begin(rec)
	n, whole := 0, true
	for range r.spec.Sources {
		i := w.find(0, n)
		if i < 0 {
			whole = false
			break
		}
		n = i + 1
	}
	u := w.unread()
	switch {
	case !whole && w.err != nil:
		return w.err
	case !whole && len(u) == 0:
		return io.EOF
	case !whole && w.eof:
		return errors.New("a combination of the sources was cut off")
	case !whole || n-1 > r.spec.MaxRecord:
		return r.skipCombination(rec)
	}
	r.scratch = append(r.scratch[:0], u[:n-1]...)
	for at := 0; at < n; {
		end := at
		for u[end] != 0 {
			end++
		}
		rec.Values = append(rec.Values, u[at:end:end])
		if at = end + 1; at < n {
			r.scratch[end] = ' '
		}
	}
	rec.Raw, rec.Size = r.scratch, int64(n)
	w.take(n, 1)
	return nil
}

// skipCombination passes over one that is too large.
func (r *Reader) skipCombination(rec *Record) error {
	w := r.win
	rec.Raw, rec.Size = nil, 0
	for range r.spec.Sources {
		rec.Size += w.skipPast(0)
	}
	if w.err != nil {
		return w.err
	}
	w.line = rec.Pos.Line + 1
	rec.Err = r.tooLong(rec.Pos.Line, rec.Size)
	return nil
}

// total is how many bytes a mixer makes in all; -1: that is not known without reading
// files.
func (s *Spec) total() int64 {
	// Of wheels: how many turns, and how many bytes all of them together.
	var turns, bytes []int64
	for i := 0; i < len(s.Sources); {
		j := i + 1
		for j < len(s.Sources) && s.Sources[j].Link != LinkNone {
			j++
		}
		n, size := s.ofWheel(s.Sources[i:j])
		if n < 0 {
			return -1
		}
		turns, bytes = append(turns, n), append(bytes, size)
		i = j
	}
	all := float64(0)
	for i := range turns {
		of := float64(bytes[i])
		for j, n := range turns {
			if j != i {
				of *= float64(n)
			}
		}
		all += of
	}
	if all > math.MaxInt64/2 {
		return -1
	}
	return int64(all)
}

func (s *Spec) ofWheel(sources []Source) (n, size int64) {
	for i, src := range sources {
		if src.File > 0 {
			return -1, -1
		}
		values := src.Values
		if s.Named && len(s.Sources) > 1 {
			values = values[min(1, len(values)):]
		}
		switch k := int64(len(values)); {
		case k == 0:
			return 0, 0
		case i == 0, src.Link == LinkWrap && k > n, src.Link == LinkShort && k < n:
			n = k
		}
	}
	for _, src := range sources {
		values := src.Values
		if s.Named && len(s.Sources) > 1 {
			values = values[1:]
		}
		for i := range n {
			size += int64(len(values[i%int64(len(values))])) + 1
		}
	}
	return n, size
}
