package runner

import (
	"brood/jobs"
	"brood/runner/feed"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"brood/worker/wire"
	"errors"
	"fmt"
	"time"
)

// settleDead settles what a hand has left behind.
func (k *talk) settleDead(exit hand.Exit) error {
	var writeErr *spec.WriteError
	if errors.As(k.err, &writeErr) {
		return k.err
	}
	rest, err := k.hand.Remains(k.err)
	if err != nil {
		return err
	}
	s := k.slot
	s.r.hearRemains(&rest)
	s.r.usage.add(exit)
	s.deaths++
	if !k.any && !s.r.guarding.works.Load() {
		k.spared = s.r.readDeath(&rest)
	}
	s.lastWords = reasons.Text(rest.Loss.Class, rest.Loss.Text)
	clean := len(k.queue) == 0 && exit.Clean
	if k.any || len(rest.Dropped) > 0 || len(rest.Left) > 0 || clean {
		s.deaths = 0 // it is the record's, see lose
	}
	if clean {
		k.hand.Clear()
		k.settled()
		return nil
	}
	return k.recordDeath(exit, &rest)
}

// settled says that all that the hand had is on its way to the ledger.
func (k *talk) settled() {
	if far, is := k.hand.(*farHand); is {
		far.Settled()
	}
}

// recordDeath records a death, settles the answers that are left, decides about the
// records in hand, and gives the others back.
func (k *talk) recordDeath(exit hand.Exit, rest *hand.Remains) error {
	r := k.slot.r
	u := newSettlement()
	row := ledger.Death{At: time.Now(), Slot: k.slot.number, PID: exit.PID, How: rest.How, CPU: exit.CPU, MaxRSS: exit.MaxRSS, Said: rest.Said}
	if len(rest.Dropped) == 1 {
		row.Seq = &rest.Dropped[0].Seq
	}
	r.metrics.noteDeath(string(rest.Loss.Class))
	if !rest.Ordered {
		r.Term.Logf("slot %d: %s ended: %s%s", k.slot.number, exit.Name, rest.How, k.inHandNote(rest))
	}
	u.Deaths = append(u.Deaths, row)
	for _, b := range k.queue {
		err := r.returnUnanswered(u, b, func(u *settlement, b *feed.Batch, rec *jobs.Record) (bool, error) {
			return k.settleLeft(u, tryOf(b, k.slot.number, rec), rest)
		})
		if err != nil {
			return err
		}
	}
	k.hand.Clear()
	if u.Ack == nil {
		u.Ack, u.AckUpTo = k.hand.Taken(0)
	}
	err := r.send(u)
	k.settled()
	return err
}

// settleLeft settles a record if its answer is left, or if it was in hand, and reports
// whether it has.
func (k *talk) settleLeft(u *settlement, t *try, rest *hand.Remains) (bool, error) {
	r := k.slot.r
	if n := rest.Left[t.Seq]; n != nil && n.Try == t.rec.Attempt {
		var res jobs.Result
		if err := wire.ReadAnswer(n.Payload, &res); err != nil {
			return true, err
		}
		r.hear(&res)
		k.settleOne(u, t, &res)
		return true, nil
	}
	in := hand.InHand{Seq: t.Seq, Try: t.rec.Attempt}
	loss := rest.Loss
	if d := rest.Find(in); d != nil {
		loss = d.Loss
	} else if !rest.Lost {
		return false, nil
	}
	var err error
	if u.Ack, u.AckUpTo, err = k.hand.NoteLoss(in, &loss, r.feed.CrashesOf(t.Seq)+1); err != nil {
		return true, err
	}
	r.observe(t, nil, loss.Class, loss.Took)
	if k.spared {
		t.spared, t.later = true, laterThan(loss.Took)
	}
	r.lose(u, t, loss)
	return true, nil
}

// inHandNote says which records a hand had when it ended.
func (k *talk) inHandNote(rest *hand.Remains) string {
	s, all := k.slot, rest.Dropped
	switch {
	case len(all) == 0 && rest.Lost:
		return ", and it is not known what it had in hand"
	case len(all) == 0:
		return ", with no record in hand"
	}
	note := ", with " + reasons.Where(all[0].Seq, s.placeOf(all[0].Seq))
	if len(all) > 1 {
		note += fmt.Sprintf(" and %d others", len(all)-1)
	}
	return note + " in hand"
}

// returnUnanswered returns what is unanswered of a batch to the feed, except records
// that special deals with. No worker has begun them, so their intents stand.
func (s *settler) returnUnanswered(u *settlement, b *feed.Batch, special func(*settlement, *feed.Batch, *jobs.Record) (bool, error)) error {
	var rec jobs.Record
	for {
		more, err := b.Next(&rec)
		if err != nil || !more {
			return err
		}
		s.feed.EndKey(b.Item())
		dealt, err := special(u, b, &rec)
		if err != nil {
			return err
		}
		if !dealt {
			x := b.Back(&rec)
			s.feed.Undecided(x.Seq)
			x.Suspect = s.feed.AnyCrashes() && s.feed.CrashesOf(rec.Seq) > 0
			u.again = append(u.again, x)
		}
	}
}
