package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Bygone is the beginning of a spool whose records are settled, and were let go: so many bytes, and records, one a line.
// They keep their numbers, and are read as bad ones.
type Bygone struct {
	Bytes   int64
	Records int64
}

// passBygone stands in for the records that are gone, at a position that is among them. It returns where those that are
// there begin.
func (r *Reader) passBygone(p Position) Position {
	b := r.spec.Bygone
	if p.File >= len(r.spec.Paths) || r.spec.Paths[p.File] != Stdin || p.Offset >= b.Bytes {
		r.gone = 0
		return p
	}
	r.gone = b.Records + 1 - p.Line
	return Position{File: p.File, Offset: b.Bytes, Line: b.Records + 1}
}

// nextGone reads a record that is gone.
func (r *Reader) nextGone(rec *Record) {
	line := r.spec.Bygone.Records + 1 - r.gone
	r.gone--
	*rec = Record{Pos: Position{File: r.file, Line: line}, Values: rec.Values[:0]}
	rec.Err = &InputError{File: r.name(), Line: line, Reason: "it was settled and let go of (--forget)"}
}

// Lines reads n lines from an offset on, of those that are on the disk, and returns where they end and their CRC-32C.
func (s *Spool) Lines(from int64, n int64) (to int64, sum uint32, err error) {
	buf := make([]byte, 256<<10)
	for n > 0 {
		m, err := s.file.ReadAt(buf, from)
		if m == 0 {
			return 0, 0, fmt.Errorf("copy of standard input: %w", err)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("copy of standard input: %w", err)
		}
		end := 0
		for end < m && n > 0 {
			if buf[end] == '\n' {
				n--
			}
			end++
		}
		sum = crcAdd(sum, buf[:end])
		from += int64(end)
	}
	return from, sum, nil
}

// Rebase begins the checksum of the spool at an offset: what is before it, from where it began until now, has the checksum
// sum. Those bytes need not be there any more when that is durable: see LetGo.
func (s *Spool) Rebase(offset int64, sum uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum ^= crcShift(sum, s.written-offset)
	s.base = offset
}

// LetGo gives the disk back what stands before an offset.
func (s *Spool) LetGo(offset int64) error {
	f, err := os.OpenFile(s.file.Name(), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("copy of standard input: %w", err)
	}
	if err := punch(f, offset); err != nil {
		return errors.Join(&WriteError{fmt.Errorf("copy of standard input: let go of %d bytes: %w", offset, err)}, f.Close())
	}
	return f.Close()
}

// crcShift is what a checksum contributes to that of the bytes it is of with n more behind them, of which it knows nothing:
// the CRC of A and B together is crcShift(CRC of A, length of B) xor CRC of B. It multiplies by x^(8n) modulo the polynomial.
func crcShift(sum uint32, n int64) uint32 {
	const reversed = 0x82f63b78    // Castagnoli, RFC 3720, appendix B.4, lowest bit first
	power := uint32(1) << (31 - 8) // x^8
	factor := uint32(1) << 31      // 1
	times := func(a, b uint32) (p uint32) {
		for ; a != 0; a <<= 1 {
			if a>>31 != 0 {
				p ^= b
			}
			b = b>>1 ^ -(b&1)&reversed
		}
		return p
	}
	for n := uint64(max(n, 0)); n != 0; n >>= 1 { //nolint:gosec // it is a length
		if n&1 != 0 {
			factor = times(factor, power)
		}
		power = times(power, power)
	}
	return times(sum, factor)
}
