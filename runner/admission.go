package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/feed"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/spec"
	"context"
	"errors"
	"time"
)

// admission decides by their keys which records are to be done at all. A nil
// *admission stands for a run without --key.
type admission struct {
	spec  jobs.KeySpec
	seen  *keys.Seen
	scope *keys.Scope // of --once-per, or nil
	key   [16]byte    // of the record seen last
	open  bool        // keys are taken and not flushed
	since time.Time   // when the first of them was
}

// takeTime is how long a run may keep the others of a scope from taking keys.
const takeTime = 50 * time.Millisecond

// newAdmission opens what is needed to decide. Began is when the run began, as
// the ledger has it, and reading that it has read records since.
func newAdmission(ctx context.Context, dir *home.Dir, cfg *spec.Config, began string, reading bool) (*admission, error) {
	if len(cfg.Key.Columns) == 0 {
		return nil, nil
	}
	a := &admission{spec: cfg.Key}
	if cfg.Queue == nil { // of one the ledger knows what it has delivered
		a.seen = keys.NewSeen(dir.Path)
	}
	if cfg.OncePer == "" {
		return a, nil
	}
	var err error
	if a.scope, err = keys.OpenScope(ctx, dir.State(), cfg.OncePer, cfg.Name, began, reading); err != nil {
		return nil, &spec.WriteError{Err: err}
	}
	return a, nil
}

// see takes in the key of a record. It reports whether the record has one, and
// where the first record with that key stands if this is another.
func (a *admission) see(rec *jobs.Record, at dataset.Position) (ok bool, first *dataset.Position, err error) {
	if a.key, ok = a.spec.Sum(rec); !ok {
		return false, nil, nil
	}
	if a.seen == nil {
		return true, nil, nil
	}
	const fileShift = 40 // a trillion lines, 16 million files
	place, again, err := a.seen.Add(a.key, uint64(at.File)<<fileShift|uint64(at.Line))
	if err != nil || !again {
		return true, nil, err
	}
	return true, &dataset.Position{File: int(place >> fileShift), Line: int64(place & (1<<fileShift - 1))}, nil
}

// take takes the key of a record for this run. It returns who has it otherwise.
func (a *admission) take(rec *jobs.Record, it *feed.Item) (*keys.Taken, error) {
	if a == nil || a.scope == nil {
		return nil, nil
	}
	if !a.open {
		a.open, a.since = true, time.Now()
	}
	// Not to be cut off by a drain: half of it would be taken.
	taken, err := a.scope.Take(context.Background(), a.spec.Text(rec), it.Seq, it.Line)
	if err != nil {
		return nil, &spec.WriteError{Err: err}
	}
	return taken, nil
}

// flush makes durable what was taken, before any of these records goes on, and
// lets other runs take theirs.
func (a *admission) flush() error {
	if a == nil || !a.open {
		return nil
	}
	a.open = false
	if err := a.scope.Flush(context.Background()); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// flushOld does so if others have waited for long enough.
func (a *admission) flushOld() error {
	if a == nil || !a.open || time.Since(a.since) < takeTime {
		return nil
	}
	return a.flush()
}

// giveBack gives up the keys of records that certainly had no effect.
func (a *admission) giveBack(ctx context.Context, texts []string) error {
	if a == nil || a.scope == nil {
		return nil
	}
	return a.scope.GiveBack(ctx, texts)
}

func (a *admission) close() error {
	if a == nil {
		return nil
	}
	var err error
	if a.seen != nil {
		err = a.seen.Close()
	}
	if a.scope != nil {
		err = errors.Join(err, a.scope.Close())
	}
	return err
}
