package runner

import (
	"brood/jobs"
	"brood/runner/book"
	"brood/runner/desk"
	"brood/runner/hand"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/remote"
	"brood/runner/spec"
	"brood/worker/wire"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// The words about records that were lost sight of.
const (
	lostWithTree    = "brood and its worker were killed with this record in hand"
	lostWithMachine = "the machine went down, and this record may have been sent out before"
	lostWithPages   = "brood was killed, and what its workers had noted is gone; this record may have been sent out before"
)

// takeOver reads what the last session has left beside the ledger, and says of
// which records something is known, or has become unknown. If only the parent
// was killed, its workers have left notes of all they did; if they were killed
// as well, the pages say what each had in hand; after another boot neither means
// anything, and every intent without an outcome is unknown. The same goes for
// pages that are gone, by whatever hand.
//
// If a page, or the results, show that there was a newer ledger, the error wraps
// ledger.ErrDamaged.
func takeOver(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, far *recollection, told func()) ([]ledger.Note, error) {
	epoch, last, err := l.LastSession(ctx)
	if err == nil && cfg.Effect != jobs.EffectNone {
		err = checkPages(dir, epoch)
	}
	if err == nil {
		err = desk.CheckNewest(ctx, l, cfg)
	}
	if err != nil || epoch == 0 || last.Clean {
		return nil, err
	}
	past, err := book.LoadPast(ctx, l)
	if err != nil {
		return nil, err
	}
	t := &takeover{past: past, found: make(map[jobs.Seq]*found), told: told, old: l.Migrated()}
	if t.acked, err = l.Acked(ctx); err != nil {
		return nil, err
	}
	whole, why := false, lostWithMachine
	if boot := ledger.BootID(); boot != "" && boot == last.BootID {
		why = lostWithPages
		if whole, err = t.readPages(ctx, dir, epoch, last.Slots); err != nil {
			return nil, err
		}
	}
	if err := t.takeReports(far, epoch); err != nil {
		return nil, err
	}
	err = l.OpenIntents(ctx, epoch, func(seq jobs.Seq, attempt int, sent time.Time) {
		f := t.found[seq]
		switch {
		case f != nil:
			if f.First.IsZero() || sent.Before(f.First) {
				f.First = sent
			}
		case !whole && !past.IsFinal(seq):
			t.found[seq] = &found{Note: ledger.Note{Seq: seq, Attempt: attempt, Kind: ledger.NoteUnknown, Payload: []byte(why), First: sent}}
		}
	})
	if err != nil {
		return nil, err
	}
	return t.notes(), nil
}

// checkPages looks for a page of a later session than the last one that the ledger knows:
// pages are made when a session is in the ledger.
func checkPages(dir *home.Dir, epoch int64) error {
	for slot := 1; ; slot++ {
		f, err := os.OpenFile(dir.NotesPath(slot, 0), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil //nolint:nilerr // there are no more, or it is no page; readPage says so
		}
		page := wire.FilePage(f, 0)
		session := page.Session()
		whole := page.Err() == nil
		_ = f.Close()
		if whole && session > epoch {
			return fmt.Errorf("%w: it knows of %d sessions, and page %d is of session %d", ledger.ErrDamaged, epoch, slot, session)
		}
	}
}

type takeover struct {
	past  *book.Past
	found map[jobs.Seq]*found
	acked []uint64 // of each slot, from 0, the last note that the ledger has
	heard []uint64 // the same, that the parent has seen; nil: that is not known
	old   bool     // pages and notes are in the format of before
	told  func()   // says that a worker is waited for
}

// found is what is known of one record.
type found struct {
	ledger.Note
	at     time.Duration // by the clock of the boot
	inHand bool
	slot   int // on whose page it was in hand; 0: on none
}

// readPages reads the pages and notes of all slots of a session. It reports
// whether all are there; where repeating costs nothing they are only made as
// slots come to work.
func (t *takeover) readPages(ctx context.Context, dir *home.Dir, epoch int64, slots int) (whole bool, err error) {
	whole = true
	t.heard = readHeard(dir, epoch, slots)
	for slot := 1; slot <= slots; slot++ {
		ok, err := t.readPage(ctx, dir, slot, epoch)
		if errors.Is(err, ledger.ErrDamaged) {
			return false, err
		}
		if err != nil {
			return false, &spec.WriteError{Err: fmt.Errorf("take over from the last session: %w", err)}
		}
		whole = whole && ok
	}
	return whole, nil
}

func (t *takeover) readPage(ctx context.Context, d *home.Dir, slot int, epoch int64) (ok bool, err error) {
	var files [3]*os.File
	for i := range files {
		f, err := os.OpenFile(d.NotesPath(slot, i), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
			return false, nil // it is gone, or is no file of ours any more
		}
		if err != nil {
			return false, err
		}
		defer func() { _ = f.Close() }()
		files[i] = f
	}
	// A worker that still finishes what it has in hand also holds workers.lock, unless
	// somebody has removed that.
	if err := home.AwaitLock(ctx, files[1], t.told); err != nil {
		return false, err
	}
	left, err := t.readLeft(files, slot)
	if isDamage(err) {
		return false, nil
	}
	if err != nil || left.Session != epoch {
		return false, err
	}
	if acked := t.ackedOf(slot); !t.old && left.Acked > acked {
		return false, fmt.Errorf("%w: it is older than page %d, which says that note %d of it was in the ledger, and that ends at %d", ledger.ErrDamaged, slot, left.Acked, acked)
	}
	inHand := make(map[jobs.Seq]wire.Held, len(left.InHand))
	for _, h := range left.InHand {
		inHand[h.Seq] = h
	}
	for i := range left.Notes {
		n := &left.Notes[i]
		if h, ok := inHand[n.Seq]; ok && n.Time >= h.Begun && n.Try == h.Try {
			delete(inHand, n.Seq) // it was killed between the note and the mark
		}
		if err := t.take(n); err != nil {
			return false, err
		}
	}
	for _, h := range inHand {
		if !t.past.IsFinal(h.Seq) {
			t.found[h.Seq] = &found{inHand: true, slot: slot, Note: ledger.Note{
				Seq: h.Seq, Attempt: h.Try, Kind: ledger.NoteUnknown, Payload: []byte(lostWithTree),
			}}
		}
	}
	return true, nil
}

// readLeft reads what a slot has left. An error by isDamage means that it is not what was
// written, or is an older copy.
func (t *takeover) readLeft(files [3]*os.File, slot int) (*wire.Left, error) {
	if t.old {
		return wire.ReadOld(files)
	}
	left, last, err := wire.ReadLeft(files)
	switch {
	case err != nil:
	case last < t.ackedOf(slot):
		err = fmt.Errorf("%w: it ends before what the ledger has of it", wire.ErrPage)
	case left.Heard && len(t.heard) < slot:
		err = fmt.Errorf("%w: nobody knows whether it is an older copy", wire.ErrPage)
	case left.Heard && last < t.heard[slot-1]:
		err = fmt.Errorf("%w: it ends before what brood had of it", wire.ErrPage)
	}
	return left, err
}

// readHeard reads what was seen of the notes of each slot; nil if that cannot be known, or was
// not kept, as by older versions: the pages say whether it was.
func readHeard(d *home.Dir, epoch int64, slots int) []uint64 {
	f, err := os.OpenFile(d.File(home.HeardName), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	heard, err := wire.ReadHeard(f, epoch, slots)
	if err != nil {
		return nil
	}
	return heard
}

// ackedOf is the last note of a slot that the ledger has.
func (t *takeover) ackedOf(slot int) uint64 {
	if slot > len(t.acked) {
		return 0
	}
	return t.acked[slot-1]
}

// take takes a note over, unless the ledger has it.
func (t *takeover) take(n *wire.Note) error {
	known := t.past.Retries[n.Seq]
	if t.past.IsFinal(n.Seq) {
		return nil
	}
	kind := ledger.NoteAnswer
	switch n.Kind {
	case wire.NoteLoss:
		kind = ledger.NoteLoss
		var l wire.Loss
		if err := json.Unmarshal(n.Payload, &l); err != nil {
			return fmt.Errorf("%w: note %d: %w", wire.ErrFrame, n.Number, err)
		}
		if known.Attempts >= n.Try || (l.Blamed && known.Crashes >= l.Crashes) {
			return nil
		}
	default:
		if known.Attempts >= n.Try {
			return nil
		}
	}
	// A record may have been tried in several slots: the last word counts, and
	// a record in hand is in hand after all that was noted of it.
	if f := t.found[n.Seq]; f != nil && (f.inHand || f.at > n.Time) {
		return nil
	}
	t.found[n.Seq] = &found{at: n.Time, Note: ledger.Note{Seq: n.Seq, Attempt: n.Try, Kind: kind, Payload: bytes.Clone(n.Payload)}}
	return nil
}

// takeReports takes over what machines have said of what their workers had noted in the last session. That they answered counts more than
// that this process had the record out when it ended; and what they had been sent and know nothing of was not begun.
func (t *takeover) takeReports(far *recollection, epoch int64) error {
	if far == nil {
		return nil
	}
	spoken := make(map[jobs.Seq]bool)
	for _, r := range far.all() {
		if r.Epoch != epoch {
			continue
		}
		far.taken[r] = true
		for i := range r.Notes {
			n := &r.Notes[i]
			spoken[n.Seq] = true
			if err := t.takeFar(n); err != nil {
				return err
			}
		}
	}
	for seq, f := range t.found {
		if f.inHand && f.slot > 0 && !spoken[seq] && far.knows(f.slot, epoch) {
			delete(t.found, seq)
		}
	}
	return nil
}

func (t *takeover) takeFar(n *remote.Note) error {
	known := t.past.Retries[n.Seq]
	if t.past.IsFinal(n.Seq) || known.Attempts >= n.Try {
		return nil
	}
	f := t.found[n.Seq]
	if f != nil && (f.Attempt > n.Try || f.Attempt == n.Try && f.Kind == ledger.NoteAnswer) {
		return nil
	}
	x := &found{Note: ledger.Note{Seq: n.Seq, Attempt: n.Try, Kind: ledger.NoteAnswer, Payload: n.Payload}}
	switch {
	case n.InHand:
		x.Kind, x.Payload, x.inHand = ledger.NoteUnknown, []byte(lostWithTree), true
	case n.Kind == wire.NoteLoss:
		x.Kind = ledger.NoteLoss
		var l wire.Loss
		if err := json.Unmarshal(n.Payload, &l); err != nil {
			return fmt.Errorf("%w: a note of record %d: %w", wire.ErrFrame, n.Seq, err)
		}
	default:
		var res jobs.Result
		if err := wire.ReadAnswer(n.Payload, &res); err != nil {
			return err
		}
	}
	t.found[n.Seq] = x
	return nil
}

// notes are the rows for the ledger.
func (t *takeover) notes() []ledger.Note {
	out := make([]ledger.Note, 0, len(t.found))
	for seq, f := range t.found {
		if known, ok := t.past.Retries[seq]; ok && (f.First.IsZero() || known.First.Before(f.First)) {
			f.First = known.First
		}
		if f.First.IsZero() {
			f.First = time.Now()
		}
		out = append(out, f.Note)
	}
	return out
}

// settleNote settles a record of which an earlier session has left something.
func (s *settler) settleNote(u *settlement, t *try, n *ledger.Note) error {
	u.SettledNotes = append(u.SettledNotes, t.Seq)
	switch n.Kind {
	case ledger.NoteAnswer:
		var res jobs.Result
		if err := wire.ReadAnswer(n.Payload, &res); err != nil {
			return err
		}
		s.hear(&res)
		s.settle(u, t, &res)
	case ledger.NoteLoss:
		var l wire.Loss
		if err := json.Unmarshal(n.Payload, &l); err != nil {
			return fmt.Errorf("read the note of record %d: %w", t.Seq, err)
		}
		if l.Blamed {
			s.feed.SetCrashes(t.Seq, l.Crashes-1)
		}
		s.lose(u, t, hand.Loss{Class: l.Class, Text: s.hide(l.Error), Blamed: l.Blamed, Took: time.Duration(l.TookMS) * time.Millisecond})
	default:
		s.lose(u, t, hand.Loss{Class: jobs.ClassInterrupted, Text: string(n.Payload)})
	}
	return nil
}
