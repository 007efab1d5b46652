package queuetest

import (
	"brood/runner/queue"
	"context"
)

// bodiless is a client whose jobs have no bodies any more when it is asked about them: those are the taker's.
type bodiless struct {
	queue.Client
	queue.Putter
	queue.Counter
}

// without does something while jobs have no bodies.
func without(list []*queue.Job, do func()) {
	bodies := make([][]byte, len(list))
	for i, j := range list {
		if j != nil {
			bodies[i], j.Body = j.Body, nil
		}
	}
	do()
	for i, j := range list {
		if j != nil {
			j.Body = bodies[i]
		}
	}
}

func (c bodiless) Renew(ctx context.Context, held []*queue.Job) (errs []error) {
	without(held, func() { errs = c.Client.Renew(ctx, held) })
	return errs
}

func (c bodiless) Answer(ctx context.Context, answers []queue.Answer) (errs []error) {
	list := make([]*queue.Job, len(answers))
	for i := range answers {
		list[i] = answers[i].Job
	}
	without(list, func() { errs = c.Client.Answer(ctx, answers) })
	return errs
}

func (c bodiless) Return(ctx context.Context, unbegun []*queue.Job) (err error) {
	without(unbegun, func() { err = c.Client.Return(ctx, unbegun) })
	return err
}
