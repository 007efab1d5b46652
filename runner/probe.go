package runner

import (
	"brood/runner/home"
	"context"
	"errors"
	"fmt"
	"os"
)

// probeSlot is the number of the slot in which it is tried whether a worker starts: none that
// works, so that nobody looks there for what became of a record.
const probeSlot = 0

// tryWorker starts a worker, shakes hands, and lets it go: then it is known that one starts, and
// takes the configuration. It gets no record. With is what it is started with.
func (r *session) tryWorker(ctx context.Context, with *setup) (err error) {
	r.reloads.trying.Lock()
	defer r.reloads.trying.Unlock()
	s := &slot{r: r, number: probeSlot, setup: with}
	defer func() {
		err = errors.Join(err, s.pad.close())
		if s.pad != nil {
			err = errors.Join(err, removePad(r.Dir))
		}
	}()
	c, err := s.tryChild(ctx)
	if err != nil {
		return err
	}
	s.replace(newTalk(s, c))
	s.leaving.Wait()
	return s.leaveErr
}

// removePad removes the files that a worker of the probe had.
func removePad(d *home.Dir) error {
	var errs []error
	for i := range 3 {
		if err := os.Remove(d.NotesPath(probeSlot, i)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("tidy up after a worker that was tried: %w", err))
		}
	}
	return errors.Join(errs...)
}
