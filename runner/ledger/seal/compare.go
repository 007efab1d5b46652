package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
)

// writeSums writes the sums of pages, those that follow one another at once.
func (s *Seal) writeSums(fresh map[uint32]logged) error {
	numbers := make([]uint32, 0, len(fresh))
	for n := range fresh {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	if n := len(numbers); n > 0 && int(numbers[n-1]) > len(s.sums) {
		s.sums = append(s.sums, make([]uint32, int(numbers[n-1])-len(s.sums))...)
	}
	var b []byte
	for i := 0; i < len(numbers); {
		first := numbers[i]
		b = b[:0]
		for ; i < len(numbers) && numbers[i] == first+uint32(len(b)/4); i++ {
			v := fresh[numbers[i]].sum
			s.sums[numbers[i]-1] = v
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		if _, err := s.f.WriteAt(b, s.from+4*int64(first-1)); err != nil {
			return fmt.Errorf("write seal: %w", err)
		}
	}
	return nil
}

// Sums are the checksums of the pages of a database as it stands.
type Sums struct {
	sums  []uint32
	fresh map[uint32]logged // of the pages that stand in the log
	wal   position
	size  int
}

// Scan reads a database and its log, which nobody has open in this process: closing a
// descriptor of the file would take away the locks of SQLite.
func Scan(db string) (*Sums, error) {
	out := &Sums{fresh: make(map[uint32]logged)}
	log, err := openLog(db + "-wal")
	if err != nil {
		return nil, err
	}
	if log != nil {
		defer log.close()
		out.size = log.size
		err := log.read(func(changed map[uint32]logged) {
			for n, l := range changed {
				out.fresh[n] = l
			}
		})
		if err != nil {
			return nil, err
		}
		out.wal = log.at
	}
	if err := out.scanFile(db); err != nil {
		return nil, err
	}
	if out.wal.pages > 0 {
		out.resize(int(out.wal.pages))
	}
	for n, l := range out.fresh {
		if int(n) <= len(out.sums) {
			out.sums[n-1] = l.sum
		}
	}
	return out, nil
}

func (s *Sums) resize(pages int) {
	if pages > len(s.sums) {
		s.sums = append(s.sums, make([]uint32, pages-len(s.sums))...)
	}
	s.sums = s.sums[:pages]
}

// scanFile reads the pages of the database file itself.
func (s *Sums) scanFile(db string) error {
	f, err := os.Open(db)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	defer func() { _ = f.Close() }()
	var h [100]byte
	if n, err := f.ReadAt(h[:], 0); n < len(h) {
		if isEnd(err) {
			return nil // it is empty, or as good as that
		}
		return fmt.Errorf("read ledger %s: %w", db, err)
	}
	// https://sqlite.org/fileformat2.html#page_size
	size := int(binary.BigEndian.Uint16(h[16:]))
	if size == 1 {
		size = 1 << 16
	}
	if size < 512 || size&(size-1) != 0 || (s.size > 0 && s.size != size) {
		return fmt.Errorf("%s: %w: its first page is no longer what it was", db, ErrDamaged)
	}
	s.size = size
	buf := make([]byte, max(1<<20, size))
	for at := int64(0); ; {
		n, err := f.ReadAt(buf, at)
		for b := buf[:n]; len(b) >= size; b = b[size:] {
			s.sums = append(s.sums, sum(b[:size]))
		}
		at += int64(n)
		if isEnd(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read ledger %s: %w", db, err)
		}
	}
}

// compare compares a database with the seal, and returns the sums that it has now. After a
// power failure the seal's sums may not be what they should, so nothing is said of pages
// then; see Solid.
func (s *Seal) compare(db, boot string) (*Sums, error) {
	now, err := Scan(db)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: it is gone", db, ErrDamaged)
	}
	if err != nil || !s.Solid(boot) {
		return now, err
	}
	if uint64(len(s.sums)) < s.at.pages {
		return nil, fmt.Errorf("%s: %w: it is cut off", s.path, ErrBroken)
	}
	if uint64(len(now.sums)) < s.at.pages {
		return nil, fmt.Errorf("%s: %w: it has %d pages, and had %d", db, ErrDamaged, len(now.sums), s.at.pages)
	}
	for i, v := range now.sums {
		number := uint32(i + 1)
		if l, ok := now.fresh[number]; ok && (now.wal.salt != s.at.salt || l.frame > s.at.frame) {
			continue // made after it was sealed; the log's own checksums are right
		}
		if uint64(i) >= s.at.pages || i >= len(s.sums) || s.sums[i] == 0 {
			continue
		}
		if s.sums[i] != v {
			return nil, fmt.Errorf("%s: %w: page %d is not what was written", db, ErrDamaged, number)
		}
	}
	return now, nil
}

// Compare compares a database, which nobody writes to, with its seal, and changes neither.
func Compare(path, db, boot string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open seal: %w", err)
	}
	s := &Seal{f: f, path: path}
	if err = s.load(); err == nil {
		_, err = s.compare(db, boot)
	}
	return errors.Join(err, f.Close())
}

// adopt takes the sums of the database for those of the pages that the seal lags behind.
func (s *Seal) adopt(now *Sums) error {
	s.wal, s.size = now.wal, now.size
	fresh := make(map[uint32]logged)
	for i, v := range now.sums {
		if i >= len(s.sums) || s.sums[i] != v {
			fresh[uint32(i+1)] = logged{sum: v}
		}
	}
	return s.writeSums(fresh)
}

// Solid reports whether the sums must be right: they were made durable, or the machine has
// not gone down since.
func (s *Seal) Solid(boot string) bool {
	return s.at.solid == solid || (boot != "" && s.at.boot == bootHash(boot))
}
