package handtest

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Slot is a place for hands within this process, one after the other. Like the page and
// the notes of a process it outlives them.
type Slot struct {
	// WornAfter is after how many records a hand is worn out; 0: never.
	WornAfter uint64
	// Do is what is done with a record of Shape; nil: the job of this package, with records of its shape. Its error, and a panic, is
	// the death of the worker.
	Do    func(ctx context.Context, rec *jobs.Record, res *jobs.Result) error
	Shape *jobs.Shape

	mu      sync.Mutex
	noted   uint64 // notes there are
	settled uint64 // of these, those that were taken in
	acked   uint64
	notes   []wire.Note // those that are not acknowledged
	inHand  *hand.InHand
	losses  []NotedLoss // of which NoteLoss was told
}

// NotedLoss is what a hand keeps of what NoteLoss was told: how many workers have died
// only where the record is blamed.
type NotedLoss struct {
	InHand  hand.InHand
	Loss    hand.Loss // Took in whole milliseconds
	Crashes int
}

// Slot is its number.
func (s *Slot) Slot() int { return 1 }

// Ack is told how many notes are in the ledger.
func (s *Slot) Ack(upTo uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = max(s.acked, upTo)
}

// Acked is what Ack was told, and Noted how many notes there are.
func (s *Slot) Acked() (acked, noted uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked, s.noted
}

// Losses are the losses that were noted.
func (s *Slot) Losses() []NotedLoss {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]NotedLoss(nil), s.losses...)
}

// Start brings a hand. When run ends, it is told to end at once.
func (s *Slot) Start(run context.Context) hand.Hand {
	ctx, cancel := context.WithCancel(run)
	f := &fake{slot: s, run: run, ctx: ctx, cancel: cancel, work: make(chan []byte, 64), answers: make(chan []byte, 64), gone: make(chan struct{})}
	go f.serve()
	return f
}

// fake is a hand whose worker is a goroutine.
type fake struct {
	slot    *Slot
	run     context.Context //nolint:containedctx // of what ends it at once
	ctx     context.Context //nolint:containedctx // of the goroutine
	cancel  context.CancelFunc
	work    chan []byte
	answers chan []byte
	gone    chan struct{}
	leave   sync.Once
	given   uint64
	first   uint64 // notes before this hand
	died    string // why it ended early; read after gone
}

func (f *fake) serve() {
	defer close(f.gone)
	defer close(f.answers)
	do, shape := f.slot.Do, f.slot.Shape
	if do == nil {
		do, shape = (&job{}).Do, &Shape
	}
	for {
		select {
		case <-f.ctx.Done():
			f.died = "killed"
			return
		case frame, ok := <-f.work:
			if !ok {
				return
			}
			if f.died = f.batch(do, shape, frame); f.died != "" {
				return
			}
		}
	}
}

// work is what a worker does with a record.
type work = func(ctx context.Context, rec *jobs.Record, res *jobs.Result) error

// batch works on a batch, and says why the worker died, if it did.
func (f *fake) batch(do work, shape *jobs.Shape, frame []byte) string {
	b, err := wire.ReadBatch(frame[5:], shape, false)
	if err != nil {
		return err.Error()
	}
	var rec jobs.Record
	for {
		more, err := b.Next(&rec)
		if err != nil {
			return err.Error()
		}
		if !more {
			return ""
		}
		if f.ctx.Err() != nil {
			return "killed"
		}
		f.slot.start(rec.Seq, rec.Attempt)
		var res jobs.Result
		if died := f.do(do, &rec, &res); died != "" {
			return died
		}
		answer := wire.AppendAnswer(nil, &res)
		f.slot.finish(rec.Seq, rec.Attempt, answer)
		p := wire.AppendAnswersHead(nil, rec.Seq, 1, res.Elapsed)
		select {
		case f.answers <- append(p, answer...):
		case <-f.ctx.Done():
			return "killed"
		}
	}
}

func (f *fake) do(do work, rec *jobs.Record, res *jobs.Result) (died string) {
	defer func() {
		if p := recover(); p != nil {
			died = fmt.Sprint("panic: ", p)
		}
	}()
	begun := time.Now()
	if err := do(f.ctx, rec, res); err != nil {
		return err.Error()
	}
	res.Elapsed = time.Since(begun)
	return ""
}

func (s *Slot) start(seq jobs.Seq, try int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inHand = &hand.InHand{Seq: seq, Try: try}
}

// finish notes an answer before it is sent.
func (s *Slot) finish(seq jobs.Seq, try int, answer []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noted++
	s.notes = append(s.notes, wire.Note{Number: s.noted, Seq: seq, Try: try, Kind: wire.NoteAnswer, Payload: answer})
	s.inHand = nil
}

// Begin forgets the notes that nobody asks for any more: those that were acknowledged before.
func (f *fake) Begin() {
	s := f.slot
	s.mu.Lock()
	defer s.mu.Unlock()
	f.first = s.noted
	s.notes = slices.DeleteFunc(s.notes, func(n wire.Note) bool { return n.Number <= s.acked })
}

func (f *fake) Give(frame []byte, records int) error {
	f.given += uint64(records)
	select {
	case f.work <- append([]byte(nil), frame...):
	case <-f.gone:
	}
	return nil
}

func (f *fake) Next() ([]byte, error) {
	p, ok := <-f.answers
	if !ok {
		return nil, io.EOF
	}
	return p, nil
}

func (f *fake) Taken(records int) (hand.Ack, uint64) {
	s := f.slot
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled = min(s.settled+uint64(records), s.noted)
	if s.settled == 0 {
		return nil, 0
	}
	return s, s.settled
}

func (f *fake) Stopped(jobs.Seq, int) *hand.Limit { return nil }

func (f *fake) Worn() float64 {
	if f.slot.WornAfter == 0 {
		return 0
	}
	return float64(f.given) / float64(f.slot.WornAfter)
}

func (f *fake) Allowance() uint64 {
	if f.slot.WornAfter == 0 {
		return hand.Unlimited
	}
	return f.slot.WornAfter - min(f.given, f.slot.WornAfter)
}

func (f *fake) Leave() (hand.Exit, error) {
	f.leave.Do(func() { close(f.work) })
	<-f.gone
	text := "exit status 0"
	if f.died != "" {
		text = f.died
	}
	return hand.Exit{Clean: f.died == "", Text: text, Name: "a hand", CPU: time.Millisecond}, nil
}

func (f *fake) Kill() { f.cancel() }

func (f *fake) Remains(broken error) (hand.Remains, error) {
	s := f.slot
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.settled
	if broken != nil {
		from = f.first
	}
	rest := hand.Remains{How: f.died, Ordered: f.run.Err() != nil, Left: make(map[jobs.Seq]*wire.Note)}
	if broken != nil {
		rest.How += ", " + broken.Error()
	}
	for i := range s.notes {
		if n := &s.notes[i]; n.Number > from {
			rest.Left[n.Seq] = n
		}
	}
	s.settled = s.noted
	rest.Loss = hand.Loss{Class: jobs.ClassCrash, Text: "the worker died with this record in hand", Blamed: true}
	if rest.Ordered {
		rest.Loss = hand.Loss{Class: jobs.ClassKilled, Text: "it was killed"}
	}
	if s.inHand != nil {
		rest.Dropped = []hand.Dropped{{InHand: *s.inHand, Loss: rest.Loss}}
	}
	return rest, nil
}

func (f *fake) NoteLoss(in hand.InHand, l *hand.Loss, crashes int) (hand.Ack, uint64, error) {
	s := f.slot
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := NotedLoss{InHand: in, Loss: *l}
	noted.Loss.Took = l.Took.Truncate(time.Millisecond)
	if l.Blamed {
		noted.Crashes = crashes
	}
	s.losses = append(s.losses, noted)
	s.noted++
	s.settled = s.noted
	return s, s.settled, nil
}

func (f *fake) Clear() {
	f.slot.mu.Lock()
	defer f.slot.mu.Unlock()
	f.slot.inHand = nil
}

// InHand is what a hand has in hand now, or nil.
func (s *Slot) InHand() *hand.InHand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inHand
}
