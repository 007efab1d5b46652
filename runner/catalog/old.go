package catalog

import (
	"brood/runner/home"
	"brood/runner/ledger"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Rule says which runs are old.
type Rule struct {
	// OlderThan is how long ago they ended, at least; 0: that does not matter.
	OlderThan time.Duration
	// KeepLast is how many of the newest stay, whatever their age.
	KeepLast int
	// States are the states that they are in; nil: any but running.
	States []ledger.State
}

// Empty reports whether it says nothing: then runs are old when what they themselves ask
// for with --keep has passed.
func (r *Rule) Empty() bool { return r.OlderThan == 0 && r.KeepLast == 0 && len(r.States) == 0 }

// Choose returns those of the runs, newest first, that are old. A run with a --keep is old
// when that has passed, and not before.
func (r *Rule) Choose(all []Listed, now time.Time) []Listed {
	var old []Listed
	newest := 0
	for _, l := range all {
		if l.Err != nil || !r.wants(l.State) {
			continue
		}
		if newest++; newest <= r.KeepLast && !l.Expired(now) {
			continue
		}
		if r.Old(l.Entry, now) {
			old = append(old, l)
		}
	}
	return old
}

// Old reports whether a run is old, going by itself alone.
func (r *Rule) Old(e *Entry, now time.Time) bool {
	switch {
	case !r.wants(e.State):
		return false
	case e.Keep > 0 && e.State == ledger.StateDone:
		return e.Expired(now)
	case r.Empty():
		return false
	}
	return r.OlderThan == 0 || now.Sub(e.Ended()) >= r.OlderThan
}

func (r *Rule) wants(state ledger.State) bool {
	if state == ledger.StateRunning {
		return false
	}
	for _, s := range r.States {
		if s == state {
			return true
		}
	}
	return len(r.States) == 0
}

// Ended is when a run was worked on last.
func (e *Entry) Ended() time.Time {
	for _, at := range []string{e.FinishedAt, e.StartedAt} {
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			return t
		}
	}
	return time.Now() // nobody knows: it is not old
}

// Expired reports whether a run is done and has been for as long as it was to be kept.
func (e *Entry) Expired(now time.Time) bool {
	return e.Keep > 0 && e.State == ledger.StateDone && now.Sub(e.Ended()) >= e.Keep
}

// When a run with a --keep is done, a file in the state directory says until when it is kept,
// in keep, by its name: the time, in full seconds since 1970, a dash and the run. So a run that
// begins knows whether there is anything to remove without looking at all of them.

func wishes(state string) string { return filepath.Join(state, "keep") }

// wish notes until when the run is kept.
func (e *Entry) wish(dir *home.Dir) error {
	if e.Keep <= 0 || e.State != ledger.StateDone {
		return nil
	}
	if err := os.MkdirAll(wishes(dir.State()), 0o700); err != nil {
		return err
	}
	name := fmt.Sprintf("%012d-%s", e.Ended().Add(e.Keep+time.Second-1).Unix(), e.Name)
	f, err := os.OpenFile(filepath.Join(wishes(dir.State()), name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// expireMost is how many runs Expire removes at a time: a run is about to begin.
const expireMost = 100

// Expire removes the runs whose --keep has passed, a hundred at most, and what was left of
// others. One that is needed still stays until somebody prunes.
func Expire(ctx context.Context, state string, now time.Time) error {
	entries, err := os.ReadDir(wishes(state)) // by name, which is by time
	if err != nil {
		return nil //nolint:nilerr // no run was ever to be kept for some time
	}
	r := &Removal{State: state, Still: func(e *Entry) bool { return e.Expired(now) }}
	for n, entry := range entries {
		at, name, _ := strings.Cut(entry.Name(), "-")
		due, err := strconv.ParseInt(at, 10, 64)
		if err != nil || home.CheckName(name) != nil {
			continue
		}
		if due > now.Unix() || n >= expireMost {
			break
		}
		if e := Read(state, name); e != nil && e.Expired(now) {
			_, kept, err := r.Remove(ctx, []string{name})
			if err != nil {
				return err
			}
			if len(kept) > 0 {
				continue
			}
		}
		// It is gone, or has gone on, and then has said anew until when.
		if err := os.Remove(filepath.Join(wishes(state), entry.Name())); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("remove an old run: %w", err)
		}
	}
	return Sweep(state)
}
