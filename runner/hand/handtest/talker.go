package handtest

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/worker/wire"
	"errors"
	"io"
	"slices"
	"testing"
	"time"
)

// talker talks to one hand.
type talker struct {
	t       *testing.T
	hand    hand.Hand
	answers chan answer // closed when no more will come
	ended   error       // why, after that
}

type answer struct {
	seq jobs.Seq
	res jobs.Result
}

func begin(t *testing.T, h hand.Hand) *talker {
	k := &talker{t: t, hand: h, answers: make(chan answer, 1024)}
	h.Begin()
	go k.listen()
	return k
}

func (k *talker) listen() {
	defer close(k.answers)
	for {
		p, err := k.hand.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			k.ended = err
			return
		}
		r, err := wire.ReadAnswers(p)
		seq := r.First
		for more := err == nil; more; seq++ {
			var res jobs.Result
			if more, err = r.Next(&res); more {
				res.Text = slices.Clone(res.Text)
				k.answers <- answer{seq, res}
			}
		}
		if err != nil {
			k.ended = err
			k.hand.Kill()
			return
		}
	}
}

// give gives a batch of lines, from record seq on.
func (k *talker) give(seq jobs.Seq, lines ...string) {
	k.t.Helper()
	if err := k.hand.Give(Frame(seq, lines...), len(lines)); err != nil {
		k.t.Fatal(err)
	}
}

// Frame is a batch of lines, from record seq on.
func Frame(seq jobs.Seq, lines ...string) []byte {
	f := wire.Begin(nil, wire.TypeBatch)
	f = wire.AppendBatchHead(f, seq, len(lines))
	for _, l := range lines {
		f = wire.AppendRecordHead(f, 0, 1)
		f = wire.AppendBody(f, &jobs.Shape{}, []byte(l), nil, false)
	}
	if err := wire.End(f, 0); err != nil {
		panic(err)
	}
	return f
}

// next is the next answer.
func (k *talker) next() (answer, bool) {
	k.t.Helper()
	select {
	case a, ok := <-k.answers:
		return a, ok
	case <-time.After(patience):
		k.t.Fatal("no answer, and no end of answers")
		return answer{}, false
	}
}

// all are the answers until their end.
func (k *talker) all() []answer {
	k.t.Helper()
	var out []answer
	for {
		a, ok := k.next()
		if !ok {
			return out
		}
		out = append(out, a)
	}
}

// leave lets the hand go.
func (k *talker) leave() hand.Exit {
	k.t.Helper()
	exit, err := k.hand.Leave()
	if err != nil {
		k.t.Fatal(err)
	}
	return exit
}

func (k *talker) remains() hand.Remains {
	k.t.Helper()
	rest, err := k.hand.Remains(k.ended)
	if err != nil {
		k.t.Fatal(err)
	}
	return rest
}

// nothing checks that nothing remains.
func (k *talker) nothing() {
	k.t.Helper()
	if rest := k.remains(); len(rest.Dropped) > 0 || len(rest.Left) > 0 {
		k.t.Errorf("in hand %v, answers left %v", rest.Dropped, rest.Left)
	}
}
