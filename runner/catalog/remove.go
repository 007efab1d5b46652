package catalog

import (
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// NeededError says why a run is not removed unless somebody insists.
type NeededError struct {
	Name string
	Why  string
	Hint string // what can be done about it
}

func (e *NeededError) Error() string { return fmt.Sprintf("run %s stays: %s", e.Name, e.Why) }

// Removed is a run that was removed, or would be.
type Removed struct {
	Name string
	Disk int64 // bytes that it took on the disk
}

// Kept is a run that was not, and why: a NeededError, a home.LockedError, or that there is
// none.
type Kept struct {
	Name string
	Err  error
}

// Removal is how runs are removed.
type Removal struct {
	State string // the state directory
	Force bool   // also those that are needed; never one that is running
	Dry   bool   // none: only say which
	// Still is asked about a run once it is locked; nil: it goes. It may have gone on since
	// it was listed.
	Still func(*Entry) bool
}

// Remove removes runs: their directories, with all that is known of them. What they have
// written stays. A directory gets a name that no run has before anything in it is removed,
// durably, so that no run is ever left in part; what is left of it then is removed by the
// next one, see Sweep. The error says that something could not be written.
func (r *Removal) Remove(ctx context.Context, names []string) (removed []Removed, kept []Kept, err error) {
	var gone []string
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return removed, kept, err
		}
		disk, aside, err := r.putAside(ctx, name)
		var we *spec.WriteError
		switch {
		case errors.As(err, &we):
			return removed, kept, errors.Join(err, r.clear(gone))
		case err != nil:
			kept = append(kept, Kept{name, err})
		case disk >= 0:
			removed = append(removed, Removed{name, disk})
			gone = append(gone, aside)
		}
	}
	return removed, kept, r.clear(gone)
}

// putAside locks a run and gives its directory another name. Disk is -1 if it is not to go
// after all.
func (r *Removal) putAside(ctx context.Context, name string) (disk int64, aside string, err error) {
	dir, err := home.Hold(ctx, r.State, name)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, dir.Release()) }()
	e := Read(r.State, name)
	if e == nil {
		if e, err = examine(ctx, r.State, name, false); err != nil && !r.Force {
			return 0, "", unreadable(name, err)
		}
	}
	if e != nil && r.Still != nil && !r.Still(e) {
		return -1, "", nil
	}
	if e != nil && !r.Force {
		if err := r.needed(ctx, e); err != nil {
			return 0, "", err
		}
	}
	disk = diskOf(dir.Path)
	if r.Dry {
		return disk, "", nil
	}
	if e != nil {
		e.release(r.State)
	}
	aside, err = dir.PutAside()
	return disk, aside, err
}

func unreadable(name string, err error) error {
	if errors.Is(err, ledger.ErrNone) || errors.Is(err, ledger.ErrNotBegun) {
		return &NeededError{Name: name, Why: "it has not begun, or its ledger is gone", Hint: "To remove it all the same, add --force."}
	}
	return &NeededError{Name: name, Why: "its ledger cannot be read: " + err.Error(), Hint: "See what is left of it: brood verify " + name + ". To remove it all the same, add --force."}
}

// needed says why a run is needed still, or nil.
func (r *Removal) needed(ctx context.Context, e *Entry) error {
	switch {
	case e.State == ledger.StateRunning:
		return &NeededError{e.Name, e.Reason, "If that machine has gone for good, add --force."}
	case e.Unknown > 0:
		return &NeededError{
			e.Name, fmt.Sprintf("nobody can tell whether %d of its records were done, and only the run says which", e.Unknown),
			"Find out, and say so with brood resolve " + e.Name + ". To remove it all the same, add --force.",
		}
	case e.Unclear:
		return &NeededError{
			e.Name, "what it had in hand when it ended is not settled, and may have been done",
			"Settle it with brood resume " + e.Name + ". To remove it all the same, add --force.",
		}
	}
	switch owed, err := owedOf(ctx, r.State, e); {
	case err != nil:
		return &NeededError{e.Name, fmt.Sprintf("what its queue is owed cannot be counted: %v", err), "To remove it all the same, add --force."}
	case owed > 0:
		return &NeededError{
			e.Name, fmt.Sprintf("its queue is owed %d answers, and without them gives those jobs out again", owed),
			"Give them with brood resume " + e.Name + " --drain-queue. To remove it all the same, add --force.",
		}
	}
	n, err := keysOf(ctx, r.State, e)
	if err != nil {
		return &NeededError{e.Name, fmt.Sprintf("the keys that it holds in scope %s cannot be counted: %v", e.Scope, err), "To remove it all the same, add --force."}
	}
	if n > 0 {
		return &NeededError{
			e.Name, fmt.Sprintf("it holds %d keys of scope %s, and they stay taken without the run that says how its records ended", n, e.Scope),
			"To remove it and leave the keys as they are, add --force. To give them back first: brood keys " + e.Scope + " forget --run " + e.Name,
		}
	}
	return nil
}

// owedOf counts the answers that the queue of a run has not confirmed.
func owedOf(ctx context.Context, state string, e *Entry) (n uint64, err error) {
	if len(e.Dataset) != 1 || !strings.Contains(e.Dataset[0], ":") { // it has no URL
		return 0, nil
	}
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, e.Name))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if has, err := r.HasDeliveries(ctx); err != nil || !has {
		return 0, err
	}
	all, err := r.Replies(ctx)
	return all[ledger.ReplyOwed], err
}

// keysOf counts the keys that a run holds in its scope.
func keysOf(ctx context.Context, state string, e *Entry) (n int, err error) {
	if e.Scope == "" {
		return 0, nil
	}
	path := keys.ScopePath(state, e.Scope)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	err = keys.List(ctx, path, keys.Filter{Run: e.Name}, func(keys.Taken) error { n++; return nil })
	return n, err
}

// clear removes directories that were put aside, once that is durable.
func (r *Removal) clear(gone []string) error {
	if len(gone) == 0 || r.Dry {
		return nil
	}
	err := home.SyncDir(filepath.Join(r.State, "runs"))
	if err != nil {
		return err // they are swept when it can be
	}
	for _, dir := range gone {
		if rmErr := os.RemoveAll(dir); rmErr != nil && err == nil {
			err = &spec.WriteError{Err: fmt.Errorf("remove what is left of a run: %w", rmErr)}
		}
	}
	return err
}

// Sweep removes what is left of runs whose removal was cut off.
func Sweep(state string) error {
	left, err := home.PutAside(state)
	if err != nil {
		return err
	}
	return (&Removal{State: state}).clear(left)
}
