package beanstalk

import (
	"brood/runner/queue"
	"context"
	"strconv"
)

// stray is a job to be answered that no connection of this client holds.
type stray struct {
	answer *queue.Answer
	out    *error
	id     string
	facts  facts
}

// answerByID answers jobs whose connection or lease is gone: an earlier session's, or lost ones. Nothing is changed
// before the body is seen to be the one that is meant. Each step says what came of some, and leaves the others to the next.
func (c *client) answerByID(ctx context.Context, answers []queue.Answer, which []int, out []error) {
	strays := make([]stray, 0, len(which))
	for _, i := range which {
		id, isNumber := number([]byte(answers[i].ID))
		if !isNumber { // what was stored is no ID of this server
			out[i] = queue.ErrGone
			continue
		}
		strays = append(strays, stray{answer: &answers[i], out: &out[i], id: strconv.FormatUint(id, 10)})
	}
	k, err := c.use(ctx)
	if err == nil {
		defer c.release(k)
		for _, step := range []func(*conn, []stray) ([]stray, error){c.recognize, c.locate, c.deleteByID, c.takeAgain, c.answerAgain} {
			if strays, err = step(k, strays); err != nil {
				break
			}
		}
	}
	for _, s := range strays {
		*s.out = err
	}
	for _, i := range which {
		if h := heldOf(answers[i].Job); h != nil && err == nil {
			c.letGo(h)
		}
	}
}

// sift runs a command about each stray, and keeps those of which nothing is said yet.
func (c *client) sift(k *conn, strays []stray, write func(s *stray), each func(s *stray, r reply) (said bool, what, err error)) ([]stray, error) {
	var left []stray
	err := c.batch(k, len(strays), func(i int) { write(&strays[i]) }, func(i int, r reply) error {
		said, what, err := each(&strays[i], r)
		if said {
			*strays[i].out = what
		} else {
			left = append(left, strays[i])
		}
		return err
	})
	if err != nil {
		return strays, err // those that were answered are answered again
	}
	return left, nil
}

// recognize keeps those whose body is the one that is meant.
func (c *client) recognize(k *conn, strays []stray) ([]stray, error) {
	return c.sift(k, strays, func(s *stray) { k.about("peek ", s.id) }, func(s *stray, r reply) (bool, error, error) {
		switch {
		case r.word == found && queue.Sum(r.body) == s.answer.Sum:
			return false, nil, nil
		case r.word == found, r.word == notFound:
			return true, queue.ErrGone, nil
		}
		return false, nil, r.odd("peek")
	})
}

// locate asks where they are; some are where they should be.
func (c *client) locate(k *conn, strays []stray) ([]stray, error) {
	return c.sift(k, strays, func(s *stray) { k.about("stats-job ", s.id) }, func(s *stray, r reply) (bool, error, error) {
		switch r.word {
		case okay:
			s.facts = factsOf(r.body)
			said, what := s.settled()
			return said, what, nil
		case notFound:
			return true, queue.ErrGone, nil
		default:
			return false, nil, r.odd("stats-job")
		}
	})
}

// settled says what has come of an answer already, by where the job is.
func (s *stray) settled() (said bool, what error) {
	switch s.facts.state {
	case stateReserved: // another's, as of this client's nothing is asked here
		return true, queue.ErrLost
	case stateBuried:
		switch s.answer.Verb {
		case queue.Failed, queue.Park:
			return true, nil
		case queue.Done: // whoever has put it aside: it is done
		case queue.Later: // who had it in the meantime has put it aside, which may be this run
			return true, queue.ErrLost
		}
	case stateDelayed:
		return s.answer.Verb == queue.Later, nil
	case stateReady:
		return s.answer.Verb == queue.Later && s.answer.After <= 0, nil
	}
	return false, nil
}

// deleteByID deletes what is done: anybody may delete a job that is not reserved.
func (c *client) deleteByID(k *conn, strays []stray) ([]stray, error) {
	var done, rest []stray
	for _, s := range strays {
		if s.answer.Verb == queue.Done {
			done = append(done, s)
		} else {
			rest = append(rest, s)
		}
	}
	left, err := c.sift(k, done, func(s *stray) { k.about("delete ", s.id) }, func(_ *stray, r reply) (bool, error, error) {
		switch r.word {
		case deleted:
			return true, nil, nil
		case notFound: // since it was asked where it is, somebody has taken it
			return true, queue.ErrLost, nil
		default:
			return false, nil, r.odd("delete")
		}
	})
	return append(left, rest...), err
}

// takeAgain reserves the others by their IDs, to answer them as one that holds them.
func (c *client) takeAgain(k *conn, strays []stray) ([]stray, error) {
	return c.sift(k, strays, func(s *stray) { k.about("reserve-job ", s.id) }, func(_ *stray, r reply) (bool, error, error) {
		switch r.word {
		case reserved:
			return false, nil, nil
		case notFound, unknownCommand: // the latter before 1.12: it will be delivered, and then be answered
			return true, queue.ErrLost, nil
		default:
			return false, nil, r.odd("reserve-job")
		}
	})
}

// answerAgain answers those that were taken again.
func (c *client) answerAgain(k *conn, strays []stray) ([]stray, error) {
	return c.sift(k, strays, func(s *stray) { k.answer(s.answer, s.id, s.facts.pri) }, func(s *stray, r reply) (bool, error, error) {
		done, err := verdict(s.answer.Verb, r)
		if done || err != nil {
			return done, nil, err
		}
		return true, queue.ErrLost, nil
	})
}

// regain reserves jobs anew that this client has lost, if nobody else has had them since: they are ready, and the same. Reserve-job
// takes those, too, that somebody puts aside just then: they are given back as they were. Its caller holds regains.
func (c *client) regain(k *conn, jobs []*queue.Job) ([]*queue.Job, error) {
	keep := func(from []*queue.Job, command string, holds func(j *queue.Job, r reply) bool) (left []*queue.Job, err error) {
		err = c.batch(k, len(from), func(i int) { k.about(command, from[i].ID) }, func(i int, r reply) error {
			switch {
			case r.word == notFound, r.word == unknownCommand:
			case r.word != found && r.word != okay && r.word != reserved:
				return r.odd(command)
			case holds(from[i], r):
				left = append(left, from[i])
			}
			return nil
		})
		return left, err
	}
	was := make(map[*queue.Job]facts, len(jobs))
	var spoiled []facts
	var theirs []*queue.Job
	for _, step := range []struct {
		command string
		holds   func(j *queue.Job, r reply) bool
	}{
		{"peek ", func(j *queue.Job, r reply) bool { return queue.Sum(r.body) == heldOf(j).sum }},
		{"stats-job ", func(j *queue.Job, r reply) bool {
			was[j] = factsOf(r.body)
			return was[j].state == stateReady
		}},
		{"reserve-job ", func(*queue.Job, reply) bool { return true }},
		{"stats-job ", func(j *queue.Job, r reply) bool {
			now := factsOf(r.body)
			if now.reserves == was[j].reserves+1 {
				c.hold(heldOf(j), k)
				return true
			}
			now.buries -= was[j].buries
			theirs, spoiled = append(theirs, j), append(spoiled, now)
			return false
		}},
	} {
		var err error
		if jobs, err = keep(jobs, step.command, step.holds); err != nil {
			return nil, err
		}
	}
	return jobs, c.batch(k, len(theirs), func(i int) {
		if spoiled[i].buries > 0 {
			k.bury(theirs[i].ID, spoiled[i].pri)
		} else {
			k.back(theirs[i].ID, spoiled[i].pri, 0)
		}
	}, func(_ int, r reply) error {
		if r.word == buried || r.word == released || r.word == notFound {
			return nil
		}
		return r.odd("bury and release")
	})
}
