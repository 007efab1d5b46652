package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/hand/handtest"
	"brood/runner/spec"
	"brood/worker/wire"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// asked watches which records are in hand at the same time, by what they ask.
type asked struct {
	t  *testing.T
	mu sync.Mutex
	// first is the record of each key that was given before any was answered, and known
	// the keys that have an answer.
	first map[string]jobs.Seq
	known map[string]bool
	keys  map[jobs.Seq]string
	given map[jobs.Seq]int
}

// crashes is after how many deaths a record is given up.
const crashes = 2

// askedHand is a hand that is watched.
type askedHand struct {
	hand.Hand
	a *asked
}

// keyOf is what stands behind the first space of a line.
func keyOf(rec *jobs.Record) []byte {
	_, key, _ := bytes.Cut(rec.Raw, []byte(" "))
	return key
}

func (h askedHand) Give(frame []byte, n int) error {
	b, err := wire.ReadBatch(frame[5:], &handtest.Shape, false)
	if err != nil {
		return err
	}
	h.a.mu.Lock()
	var rec jobs.Record
	for range n {
		if _, err = b.Next(&rec); err != nil {
			break
		}
		key := string(keyOf(&rec))
		h.a.given[rec.Seq]++
		if h.a.keys[rec.Seq] = key; key == "" {
			continue
		}
		first, open := h.a.first[key]
		if gaveUp := h.a.given[first] == crashes; open && first != rec.Seq && !h.a.known[key] && !gaveUp {
			h.a.t.Errorf("record %d was given while %d has no answer to %s yet", rec.Seq, first, key)
		}
		h.a.first[key] = rec.Seq
	}
	h.a.mu.Unlock()
	if err != nil {
		return err
	}
	return h.Hand.Give(frame, n)
}

// Next hears that a record is answered; the hands here answer one at a time.
func (h askedHand) Next() ([]byte, error) {
	p, err := h.Hand.Next()
	if err == nil {
		var res jobs.Result
		answers, err := wire.ReadAnswers(p)
		if err == nil {
			_, err = answers.Next(&res)
		}
		if err != nil {
			return nil, err
		}
		h.a.mu.Lock()
		if res.Verdict != jobs.VerdictRetry {
			h.a.known[h.a.keys[answers.First]] = true
		}
		h.a.mu.Unlock()
	}
	return p, err
}

// Records that ask the same are not in hand before the first has its answer; the results are those
// of any run, in order, whatever becomes of the first.
func TestSessionTogether(t *testing.T) {
	lines := []string{"die crash", "ok crash", "fail wrong", "fail wrong", "ok", "ok"}
	want := []string{"0 failed crash 2", "1 ok  1", "2 failed wrong 1", "3 failed wrong 1", "4 ok  1", "5 ok  1"}
	for i := len(lines); i < 400; i++ {
		verb, row := "ok", "%d ok  1"
		if i%20 == 0 {
			verb, row = "retry", "%d ok  3"
		}
		lines = append(lines, fmt.Sprintf("%s %d", verb, i%30))
		want = append(want, fmt.Sprintf(row, i))
	}
	f := newFakeRun(t, lines...)
	f.cfg.Effect, f.cfg.OnUnknown, f.cfg.Slots = jobs.EffectNone, spec.OnUnknownRetry, 8
	f.cfg.MaxCrashes = crashes
	a := &asked{t: t, first: make(map[string]jobs.Seq), known: make(map[string]bool), keys: make(map[jobs.Seq]string), given: make(map[jobs.Seq]int)}
	plain := f.set.NewHand
	f.set.NewHand = func(ctx, kill context.Context, slot int) (hand.Hand, error) {
		h, err := plain(ctx, kill, slot)
		return askedHand{h, a}, err
	}
	f.set.Same = func(*spec.Config, *jobs.Shape) (func(*jobs.Record) []byte, error) { return keyOf, nil }
	rep, err := f.begin(t.Context())
	if err != nil || rep.Totals.Pending() != 0 || rep.Totals.Input != 400 {
		t.Fatalf("%s, %v", rep.Totals, err)
	}
	if got := f.rows(); !slices.Equal(got, want) {
		t.Errorf("%s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
