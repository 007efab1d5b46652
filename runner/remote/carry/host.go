package carry

import (
	"brood/jobs"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Host carries files to one machine: a Carrier.
type Host struct {
	name string
	plan *Plan
	pool *pool

	mu   sync.Mutex
	held map[string]int // by how many records a file there is needed
	// leaving are files that are about to be removed, and what is closed when that has been done.
	leaving map[string]chan struct{}
	made    map[string]struct{} // directories there that were made for them
}

var _ Carrier = (*Host)(nil)

// mostConversations is how many there are with a machine at a time: sshd allows ten sessions in one
// connection (MaxSessions), of which the agent needs some.
const mostConversations = 4

// NewHost is the carrier of a machine.
func NewHost(name string, plan *Plan, dial Dial) *Host {
	return &Host{name: name, plan: plan, pool: newPool(name, dial, mostConversations), held: make(map[string]int), leaving: make(map[string]chan struct{}), made: make(map[string]struct{})}
}

// Close ends what goes on with the machine. Nobody may be in the middle of anything.
func (h *Host) Close() { h.pool.close() }

// Before is Carrier's.
func (h *Host) Before(ctx context.Context, rec *jobs.Record) error {
	transfer, back, err := h.plan.Files(rec)
	if err != nil {
		return err
	}
	if err := h.hold(ctx, slices.Concat(transfer, back)); err != nil {
		return err
	}
	if len(transfer) == 0 {
		return nil
	}
	made, err := h.pool.put(ctx, transfer)
	h.mu.Lock()
	for _, dir := range made {
		h.made[dir] = struct{}{}
	}
	h.mu.Unlock()
	if err == nil {
		return nil
	}
	if cleanErr := h.let(ctx, slices.Concat(transfer, back), h.plan.Cleanup && ctx.Err() == nil); cleanErr != nil && ctx.Err() == nil {
		err = errors.Join(err, cleanErr)
	}
	return err
}

// After is Carrier's.
func (h *Host) After(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	transfer, back, err := h.plan.Files(rec)
	if err != nil {
		return err
	}
	var missing []File
	if len(back) > 0 {
		missing, err = h.pool.get(ctx, back)
	}
	if err == nil && len(missing) > 0 && res.Verdict == jobs.VerdictOK {
		err = &FileError{Name: missing[0].There, Host: h.name, Err: errNotMade}
	}
	// What has not come for another reason than that it is not there may be wanted yet.
	var file *FileError
	clean := err == nil || errors.As(err, &file) && errors.Is(err, errNotMade)
	if cleanErr := h.let(ctx, slices.Concat(transfer, back), h.plan.Cleanup && clean); err == nil {
		err = cleanErr
	}
	return err
}

// Drop is Carrier's.
func (h *Host) Drop(rec *jobs.Record) {
	if transfer, back, err := h.plan.Files(rec); err == nil {
		_ = h.let(context.Background(), slices.Concat(transfer, back), false) // nothing is asked of anybody
	}
}

// hold says that a record needs files. If one is being removed, it waits.
func (h *Host) hold(ctx context.Context, files []File) error {
	for {
		var wait chan struct{}
		h.mu.Lock()
		for _, f := range files {
			if c := h.leaving[f.There]; c != nil {
				wait = c
			}
		}
		if wait == nil {
			for _, f := range files {
				h.held[f.There]++
			}
		}
		h.mu.Unlock()
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// let says that it does not any more, and with remove takes away those that nobody needs.
func (h *Host) let(ctx context.Context, files []File, remove bool) error {
	var gone []string
	done := make(chan struct{})
	h.mu.Lock()
	for _, f := range files {
		if h.held[f.There]--; h.held[f.There] > 0 {
			continue
		}
		delete(h.held, f.There)
		if remove {
			gone = append(gone, f.There)
			h.leaving[f.There] = done
		}
	}
	h.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	err := h.pool.remove(ctx, gone, h.dirs(gone))
	h.mu.Lock()
	for _, name := range gone {
		delete(h.leaving, name)
	}
	h.mu.Unlock()
	close(done)
	return err
}

// dirs are the directories above files that were made for them, the deepest first.
func (h *Host) dirs(names []string) (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for dir := range h.made {
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, dir+"/") }) {
			out = append(out, dir)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return out
}
