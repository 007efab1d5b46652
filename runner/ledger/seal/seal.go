// Package seal knows, independently of the ledger, how far the ledger had come and what
// each of its pages holds: so a ledger that has lost its newest part, or in which a bit
// has flipped, is told from one that is whole. SQLite itself has checksums in its
// write-ahead log alone, takes a log that is gone, or cut off, for one that never was, and
// believes whatever stands in the database file.
//
// The seal is a file beside the database. It is written after each transaction, by the
// process that made it, and not synced until Close: it is made against the death of
// processes and against what people and backups do to files. After a power failure it may
// be older than the ledger, and its sums a mixture; then only the number counts, which
// can never be ahead of a ledger that is whole.
//
// The file holds, in little-endian order:
//
//	offset  size  meaning
//	0       8     "broodsl" and the version of the format, "2"
//	8       16    the run's identity, as in the ledger
//	24      4     CRC-32C of the 24 bytes before
//	64      64    a state, see below; written for transactions with an even number
//	128     64    a state, for those with an odd one
//	512     4     CRC-32C of page 1 of the database as it was after the last
//	              transaction that changed it, 0 if none has; then of page 2, …
//
// and a state:
//
//	0       8     number of the transaction
//	8       8     records before this one may have been sent out
//	16      8     how many pages the database has
//	24      8     salt of the write-ahead log that the transaction is in
//	32      8     its last frame there, from 1; frames after it are of later ones
//	40      8     hash of the boot's identity
//	48      8     1: the sums are complete and on the disk, whatever happens; 2: they are if
//	              they have the checksum at 60
//	56      4     CRC-32C of the 56 bytes before, after those of the run's identity
//	60      4     CRC-32C of the sums of so many pages
//
// In version 1, which is read and kept up to date, the checksums of pages begin at 4096.
//
// The state with the highest number that is whole counts. A transaction that was made but
// not sealed, as the process died in between, stands in the log after the frame of the
// state; a page of such a frame is vouched for by the log's own checksums.
package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"os"

	"golang.org/x/sys/unix"
)

// FileName is the seal's name beside the ledger.
const FileName = "ledger.seal"

var (
	// ErrNone is wrapped by errors about a seal that is not there.
	ErrNone = os.ErrNotExist
	// ErrBroken is wrapped by errors about a seal that is damaged itself.
	ErrBroken = errors.New("the seal of the ledger is damaged")
	// ErrDamaged is wrapped by errors about a database that differs from its seal.
	ErrDamaged = errors.New("it is damaged")
)

// ID is a run's identity.
type ID [16]byte

// Seal is an open seal.
type Seal struct {
	f    *os.File
	log  *os.File // the write-ahead log, once it was read
	path string
	id   ID
	at   State
	sums []uint32
	wal  position // of the last transaction that is sealed
	size int      // of a page, in bytes
	from int64    // where the sums are in the file
}

// State is how far the ledger had come.
type State struct {
	// Number counts the transactions of the ledger, from 1.
	Number uint64
	// Issued bounds which records may have been sent out: all of them are before it.
	Issued uint64
	pages  uint64
	salt   uint64
	frame  uint64
	boot   uint64
	solid  solidity
}

// solidity is what is known of the sums after a power failure.
type solidity uint64

const (
	loose  solidity = iota // nothing
	solid                  // they are on the disk
	summed                 // they are if they have the sum that stands behind the state
)

const (
	magic     = "broodsl2"
	oldMagic  = "broodsl1"
	headSize  = 28
	stateAt   = 64
	stateSize = 64
	sumsAt    = 512
	oldSumsAt = 4096
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a page, which is never 0.
func sum(page []byte) uint32 { return max(crc32.Checksum(page, castagnoli), 1) }

func bootHash(boot string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(boot))
	return h.Sum64()
}

func encodeState(id ID, s *State) []byte {
	b := make([]byte, stateSize)
	for i, v := range []uint64{s.Number, s.Issued, s.pages, s.salt, s.frame, s.boot, uint64(s.solid)} {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	binary.LittleEndian.PutUint32(b[56:], stateSum(id, b))
	return b
}

func stateSum(id ID, b []byte) uint32 {
	return crc32.Update(crc32.Checksum(id[:], castagnoli), castagnoli, b[:56])
}

func decodeState(id ID, b []byte) (s State, ok bool) {
	v := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	s = State{Number: v(0), Issued: v(1), pages: v(2), salt: v(3), frame: v(4), boot: v(5), solid: solidity(v(6))}
	return s, stateSum(id, b) == binary.LittleEndian.Uint32(b[56:])
}

// begins says where the sums begin in a seal that begins with b.
func begins(b []byte) int64 {
	if string(b[:min(len(b), len(oldMagic))]) == oldMagic {
		return oldSumsAt
	}
	return sumsAt
}

// parse reads the head of a seal, and the state that counts.
func parse(b []byte) (id ID, s State, err error) {
	from := begins(b)
	if int64(len(b)) < from {
		return id, s, fmt.Errorf("%w: it is cut off", ErrBroken)
	}
	if (from == sumsAt && string(b[:len(magic)]) != magic) || crc32.Checksum(b[:headSize-4], castagnoli) != binary.LittleEndian.Uint32(b[headSize-4:]) {
		return id, s, fmt.Errorf("%w: its first bytes are not those of a seal", ErrBroken)
	}
	copy(id[:], b[len(magic):])
	found := false
	for i := range 2 {
		x, ok := decodeState(id, b[stateAt+i*stateSize:][:stateSize])
		if ok && x.Number%2 == uint64(i) && (!found || x.Number > s.Number) {
			s, found = x, true
		}
	}
	if !found {
		return id, s, fmt.Errorf("%w: it does not say how far the ledger had come", ErrBroken)
	}
	return id, s, nil
}

// Peek reads how far the ledger had come, and whose it is.
func Peek(path string) (ID, State, error) {
	f, err := os.Open(path)
	if err != nil {
		return ID{}, State{}, fmt.Errorf("read seal: %w", err)
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, oldSumsAt)
	n, err := f.ReadAt(b, 0)
	if n < len(b) && !isEnd(err) {
		return ID{}, State{}, fmt.Errorf("read seal: %w", err)
	}
	id, s, err := parse(b[:n])
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return id, s, err
}

// Create makes the seal of a database that Advance has not been told of yet: all that it
// holds stands in its write-ahead log, or in base, which may be nil.
func Create(path string, id ID, base *Sums) (*Seal, error) {
	s := &Seal{path: path, id: id, from: sumsAt}
	if base != nil {
		s.sums, s.at.pages, s.wal, s.size = base.sums, uint64(len(base.sums)), base.wal, base.size
	}
	return made(s)
}

// Found makes the seal of a database that is on the disk, in pages of size bytes, and of which
// nothing stands in a log: its first transaction has made it. The database is the image.
func Found(path string, id ID, image []byte, size int, boot string) (*Seal, error) {
	s := &Seal{path: path, id: id, from: sumsAt, size: size}
	for ; len(image) >= size; image = image[size:] {
		s.sums = append(s.sums, sum(image[:size]))
	}
	s.at = State{Number: 1, pages: uint64(len(s.sums)), boot: bootHash(boot)}
	return made(s)
}

func made(s *Seal) (*Seal, error) {
	if err := s.make(); err != nil {
		return nil, err
	}
	return s, nil
}

// make makes the file, durably but for its name.
func (s *Seal) make() (err error) {
	if s.f, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600); err != nil {
		return fmt.Errorf("make seal: %w", err)
	}
	b := make([]byte, sumsAt, sumsAt+4*len(s.sums))
	copy(b, magic)
	copy(b[len(magic):], s.id[:])
	binary.LittleEndian.PutUint32(b[headSize-4:], crc32.Checksum(b[:headSize-4], castagnoli))
	copy(b[stateAt:], encodeState(s.id, &State{})) // which vouches for nothing
	if s.at.Number > 0 {
		copy(b[stateAt+stateSize*(s.at.Number%2):], encodeState(s.id, &s.at))
	}
	b = append(b, encodeSums(s.sums)...)
	if _, err = s.f.WriteAt(b, 0); err == nil {
		err = s.f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write seal: %w", err), s.f.Close())
	}
	return nil
}

func encodeSums(sums []uint32) []byte {
	b := make([]byte, 0, 4*len(sums))
	for _, v := range sums {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// sumOfSums is the checksum of those of the pages that the database has; ok: all are known.
func (s *Seal) sumOfSums() (sum uint32, ok bool) {
	if uint64(len(s.sums)) < s.at.pages {
		return 0, false
	}
	return crc32.Checksum(encodeSums(s.sums[:s.at.pages]), castagnoli), true
}

// Open opens the seal of a database, and compares the two: the database at db and the log
// behind it, which nobody has open. Boot is the identity of this boot.
func Open(path, db, boot string) (*Seal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open seal: %w", err)
	}
	s := &Seal{f: f, path: path}
	err = s.load()
	var now *Sums
	if err == nil {
		now, err = s.compare(db, boot)
	}
	if err == nil {
		err = s.adopt(now)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

func (s *Seal) load() error {
	st, err := s.f.Stat()
	if err != nil {
		return fmt.Errorf("read seal: %w", err)
	}
	if st.Size() > 1<<32 { // of a database of 4 TiB
		return fmt.Errorf("%s: %w: it has %d bytes", s.path, ErrBroken, st.Size())
	}
	b := make([]byte, st.Size())
	if n, err := s.f.ReadAt(b, 0); n < len(b) && !isEnd(err) {
		return fmt.Errorf("read seal: %w", err)
	}
	if s.id, s.at, err = parse(b); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.from = begins(b)
	state := b[stateAt+stateSize*(s.at.Number%2):][:stateSize]
	for b = b[s.from:]; len(b) >= 4; b = b[4:] {
		s.sums = append(s.sums, binary.LittleEndian.Uint32(b))
	}
	if s.at.solid == summed {
		s.at.solid = loose
		if x, ok := s.sumOfSums(); ok && x == binary.LittleEndian.Uint32(state[60:]) {
			s.at.solid = solid
		}
	}
	return nil
}

// ID is the identity of the run that the seal belongs to.
func (s *Seal) ID() ID { return s.id }

// State is how far the ledger had come when it was sealed last.
func (s *Seal) State() State { return s.at }

// Advance seals the transaction that was made last, which has that number. Log is the
// path of the write-ahead log.
func (s *Seal) Advance(log string, number, issued uint64, boot string) error {
	fresh, err := s.follow(log)
	if err != nil {
		return err
	}
	if err := s.writeSums(fresh); err != nil {
		return err
	}
	s.at = State{Number: number, Issued: max(issued, s.at.Issued), pages: max(s.wal.pages, s.at.pages), salt: s.wal.salt, frame: s.wal.frame, boot: bootHash(boot)}
	return s.writeState(int64(number % 2))
}

func (s *Seal) writeState(i int64) error {
	b := encodeState(s.id, &s.at)
	if x, ok := s.sumOfSums(); ok && s.at.solid == summed {
		binary.LittleEndian.PutUint32(b[60:], x)
	}
	if _, err := s.f.WriteAt(b, stateAt+i*stateSize); err != nil {
		return fmt.Errorf("write seal: %w", err)
	}
	return nil
}

// Sync makes the seal durable. The state that vouches for the sums reaches the disk with them:
// it has their checksum, by which one sees whether all of them have. When they have, it says
// so; then a sum that is not right is damage, and no sign of a power failure.
func (s *Seal) Sync() error {
	if _, ok := s.sumOfSums(); ok {
		s.at.solid = summed
		if err := s.writeState(int64(s.at.Number % 2)); err != nil {
			return err
		}
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("sync seal: %w", err)
	}
	was := s.at.solid
	s.at.solid = solid
	if err := s.writeState(int64(s.at.Number % 2)); err != nil || was == summed {
		return err
	}
	if err := s.f.Sync(); err != nil { // the sums are not at hand, see Shared
		return fmt.Errorf("sync seal: %w", err)
	}
	return nil
}

// SyncLog makes the write-ahead log durable.
func (s *Seal) SyncLog(path string) error {
	if _, err := s.readLogOf(path); err != nil {
		return err
	}
	if s.log == nil {
		return fmt.Errorf("%s: %w: the log that the last transaction went to is gone", path, ErrDamaged)
	}
	if err := s.log.Sync(); err != nil {
		return fmt.Errorf("sync write-ahead log: %w", err)
	}
	return nil
}

// Close closes the seal.
func (s *Seal) Close() error {
	if s.log != nil {
		_ = s.log.Close() // it was only read
	}
	return s.f.Close()
}

// InPlace reports whether the file is still the one of its name.
func (s *Seal) InPlace() bool {
	here, err := s.f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(s.path)
	return err == nil && os.SameFile(here, there)
}
