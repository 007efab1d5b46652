package command

import (
	"brood/runner/arrivals"
	"brood/runner/dataset"
	"brood/runner/intake"
	"brood/runner/queue"
	"brood/runner/spec"
	"context"
	"errors"
)

// peek looks at the next jobs of a queue, for a dry run, which takes none.
func (e *env) peek(ctx context.Context, cfg *spec.Config) (_ intake.Producer, err error) {
	hidePassword()
	client, err := openQueue(ctx, cfg.Queue, "brood", false)
	if err != nil {
		return nil, queueError(err)
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	peeker, ok := client.(queue.Peeker)
	if !ok {
		return nil, usage("Put some of its jobs into a queue of their own, and work that off; or try the job on a file of such jobs.",
			"--dry-run: %s cannot be looked at without taking jobs from it", cfg.Queue.URL)
	}
	n := previewRecords
	if limit := cfg.Queue.Limit; limit > 0 {
		n = int(min(limit, 1000)) //nolint:gosec // it is small
	}
	list, err := peeker.Peek(ctx, n)
	if err != nil {
		return nil, queueError(err)
	}
	if len(list) == 0 {
		return nil, usage("Put one there with: brood queue put, or name the members with --fields, and begin the run.", "--dry-run: no job is ready in %s, so there is nothing to show", cfg.Queue.URL)
	}
	takeColumns(cfg, client.Traits())
	return peeked(arrivals.Lines(list)), nil
}

// peeked is what a dry run has seen of a queue, as lines of a spool.
type peeked []byte

func (p peeked) Fill(_ context.Context, spool *dataset.Spool) error { return spool.Append(p) }
func (peeked) Durable(int64)                                        {}
