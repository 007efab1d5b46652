package sink

// shelf is the memory of what waits for its turn. Bytes that come one after the other share
// boards of one size, which are used again when all on them has gone; so however much comes
// early in a run, the collector of garbage has next to nothing of it, and what is in memory
// is what boards are in use.
type shelf struct {
	open   *board   // the one that is filled, or nil
	spare  []*board // empty ones, to be used again
	memory int      // bytes of the boards that have something on them, and of what names the pieces
}

// board is one piece of a shelf.
type board struct {
	bytes []byte
	parts int // how many that are on it have not gone
}

const (
	// boardSize holds several pieces of what one update brings at the most, mostly.
	boardSize = 1 << 20
	// spareBoards is how many empty ones are kept.
	spareBoards = 4
	// pieceCost is about what it takes to know of a piece: results of single records may be
	// smaller than that.
	pieceCost = 128
)

// put copies b onto the shelf, and says on which board it is.
func (s *shelf) put(b []byte) ([]byte, *board) {
	on := s.open
	if on == nil || cap(on.bytes)-len(on.bytes) < len(b) {
		on = s.fresh(len(b))
	}
	at := len(on.bytes)
	on.bytes = append(on.bytes, b...)
	on.parts++
	s.memory += pieceCost
	return on.bytes[at:len(on.bytes):len(on.bytes)], on
}

// fresh is an empty board for n bytes. What is larger than a board gets one to measure.
func (s *shelf) fresh(n int) *board {
	if n > boardSize {
		s.memory += n
		return &board{bytes: make([]byte, 0, n)}
	}
	on := &board{}
	if last := len(s.spare) - 1; last >= 0 {
		on, s.spare[last] = s.spare[last], nil
		s.spare = s.spare[:last]
	} else {
		on.bytes = make([]byte, 0, boardSize)
	}
	s.memory += boardSize
	s.open = on
	return on
}

// take takes one piece off its board.
func (s *shelf) take(on *board) {
	s.memory -= pieceCost
	if on.parts--; on.parts > 0 {
		return
	}
	s.memory -= cap(on.bytes)
	if s.open == on {
		s.open = nil
	}
	if cap(on.bytes) == boardSize && len(s.spare) < spareBoards {
		on.bytes = on.bytes[:0]
		s.spare = append(s.spare, on)
	}
}
