package wire

import (
	"brood/jobs"
	"fmt"
	"os"
	"time"
)

// Left is what the workers of a slot have left.
type Left struct {
	Session int64    // of the run
	Seq     jobs.Seq // in hand, if Busy
	Since   time.Duration
	Try     int
	Busy    bool
	Acked   uint64 // the last note that the ledger has, as far as the page says
	Notes   []Note // that are not in the ledger
}

// ReadLeft reads the page and the notes of a slot, when no worker has them any more. Last
// is the number of the last note there ever was. If they are not what was written, the
// error wraps ErrPage or ErrFrame.
func ReadLeft(files [3]*os.File) (left *Left, last uint64, err error) {
	p := FilePage(files[0])
	left = &Left{Session: p.Session(), Try: p.Try(), Acked: p.Acked()}
	left.Seq, left.Since, left.Busy = p.InHand()
	if err := p.Err(); err != nil {
		return nil, 0, err
	}
	if left.Try > maxTry || left.Busy && left.Try < 1 {
		return nil, 0, fmt.Errorf("%w: a record at try %d", ErrPage, left.Try)
	}
	if left.Notes, err = NewNotes(p, [2]*os.File{files[1], files[2]}).After(p.Acked()); err != nil {
		return nil, 0, err
	}
	return left, p.LastNote(), p.Err()
}
