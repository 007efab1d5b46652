package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/runner/ledger"
	"brood/worker/wire"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// scripted is a hand that does what a test says. It answers as it is given something.
type scripted struct {
	// do is told of each record, and answers it, or dies.
	do func(h *scripted, rec *jobs.Record)
	// rest is what it leaves, if it dies.
	rest hand.Remains

	s      *script
	number int
	frames chan []byte // more than it is ever given before it has answered
	gone   chan struct{}
	once   sync.Once
	dead   bool // it left by itself
}

// script brings hands, one after the other, and remembers what they were told.
type script struct {
	mu     sync.Mutex
	hands  []*scripted
	begun  int
	events []string
}

// follows makes a run of one slot have these hands, and after them honest ones.
func (f *fakeRun) follows(hands ...*scripted) *script {
	s := &script{hands: hands}
	f.cfg.Slots = 1
	f.set.NewHand = func(ctx, kill context.Context, slot int) (hand.Hand, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.begun++; s.begun > len(s.hands) {
			return f.newHand(ctx, kill, slot)
		}
		h := s.hands[s.begun-1]
		h.s, h.number, h.frames, h.gone = s, s.begun, make(chan []byte, 1024), make(chan struct{})
		context.AfterFunc(kill, h.Kill)
		return h, nil
	}
	return s
}

func (s *script) event(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, fmt.Sprintf(format, args...))
}

func (s *script) want(t *testing.T, events ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.events, events) {
		t.Errorf("the hands were told %q\nwant %q", s.events, events)
	}
}

// answer answers a record.
func (h *scripted) answer(seq jobs.Seq, v jobs.Verdict) {
	p := wire.AppendAnswersHead(nil, seq, 1, time.Millisecond)
	h.frames <- append(p, answerOf(v)...)
}

func answerOf(v jobs.Verdict) []byte {
	res := &jobs.Result{}
	if v != jobs.VerdictOK {
		res.Fail(v, "scripted", "%s", v)
	}
	return wire.AppendAnswer(nil, res)
}

// note is an answer that a hand leaves.
func note(seq jobs.Seq, try int, v jobs.Verdict) *wire.Note {
	return &wire.Note{Seq: seq, Try: try, Kind: wire.NoteAnswer, Payload: answerOf(v)}
}

// die ends a hand, with one try in hand; 0: none.
func (h *scripted) die(seq jobs.Seq, try int) {
	if try > 0 {
		h.rest.Dropped = []hand.Dropped{{InHand: hand.InHand{Seq: seq, Try: try}}}
	}
	h.dead = true
	h.Kill()
}

func (h *scripted) Begin() { h.s.event("begin %d", h.number) }

func (h *scripted) Give(frame []byte, _ int) error {
	b, err := wire.ReadBatch(frame[5:], &handtest.Shape, false)
	if err != nil {
		return err
	}
	var rec jobs.Record
	for !h.dead {
		more, err := b.Next(&rec)
		if err != nil || !more {
			return err
		}
		h.do(h, &rec)
	}
	return nil
}

func (h *scripted) Next() ([]byte, error) {
	select {
	case p := <-h.frames:
		return p, nil
	case <-h.gone:
	}
	select { // what it answered before it went
	case p := <-h.frames:
		return p, nil
	default:
		return nil, io.EOF
	}
}

func (h *scripted) Taken(int) (hand.Ack, uint64)      { return nil, 0 }
func (h *scripted) Stopped(jobs.Seq, int) *hand.Limit { return nil }
func (h *scripted) Worn() float64                     { return 0 }
func (h *scripted) Allowance() uint64                 { return hand.Unlimited }
func (h *scripted) Kill()                             { h.once.Do(func() { close(h.gone) }) }
func (h *scripted) Clear()                            { h.s.event("clear %d", h.number) }

func (h *scripted) Leave() (hand.Exit, error) {
	h.Kill()
	return hand.Exit{Clean: !h.dead, Text: "it ended", Name: "a scripted hand"}, nil
}

func (h *scripted) Remains(broken error) (hand.Remains, error) {
	h.rest.How = "died"
	if broken != nil {
		h.rest.How = broken.Error()
	}
	h.rest.Loss = hand.Loss{Class: jobs.ClassCrash, Text: "it died", Blamed: true}
	for i := range h.rest.Dropped {
		h.rest.Dropped[i].Loss = h.rest.Loss
	}
	return h.rest, nil
}

func (h *scripted) NoteLoss(in hand.InHand, _ *hand.Loss, crashes int) (hand.Ack, uint64, error) {
	h.s.event("loss %d of record %d, try %d, death %d", h.number, in.Seq, in.Try, crashes)
	return nil, 0, nil
}

// ledger are the rows of the ledger about records that wait, and what became of each try.
func (f *fakeRun) ledger() (retries []ledger.Retry, tries []string) {
	f.t.Helper()
	l, err := ledger.OpenReader(f.t.Context(), filepath.Join(f.set.Dir.Path, ledger.FileName))
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	retries, err = l.Retries(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	sum, err := l.Summary(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for seq := range jobs.Seq(sum.Totals.Input) {
		events, err := l.Events(f.t.Context(), seq)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, e := range events {
			if e.What != "intent" && e.What != "worker died" {
				tries = append(tries, fmt.Sprintf("%d %s %d", seq, e.What, e.Attempt))
			}
		}
	}
	return retries, tries
}
