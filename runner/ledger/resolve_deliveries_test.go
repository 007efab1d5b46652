package ledger

import (
	"brood/jobs"
	"testing"
)

// TestResolveDeliveries: what somebody decides about a job of a queue is owed to the queue, also if it had heard otherwise; of what is
// tried again it hears when that has ended.
func TestResolveDeliveries(t *testing.T) {
	l := unknowns(t, 1, 2, 3, 4)
	ctx := t.Context()
	if err := l.KeepDeliveries(ctx); err != nil {
		t.Fatal(err)
	}
	c := &Commit{}
	for seq := jobs.Seq(1); seq <= 4; seq++ {
		c.Owed = append(c.Owed, Owed{Seq: seq, Known: "k", ID: "7", Sum: 5, Verb: "park", Status: jobs.StatusUnknown, Error: "gone", At: noon})
		c.Replied = append(c.Replied, Replied{Seq: seq, Reply: ReplyConfirmed})
	}
	commit(t, l, c)
	resolve(t, l, decided(1, DecideOK), decided(2, DecideFailed), decided(3, DecideRetry))
	type answer struct {
		seq    jobs.Seq
		verb   string
		status jobs.Status
		error  string
	}
	var got []answer
	for _, o := range must[[]Owed](t)(l.Reader().Owed(ctx)) {
		got = append(got, answer{o.Seq, o.Verb, o.Status, o.Error})
	}
	same(t, "owed", got, []answer{{1, "done", jobs.StatusOK, ""}, {2, "failed", jobs.StatusFailed, "I looked"}})
}
