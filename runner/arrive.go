package runner

import (
	"brood/runner/spec"
	"context"
)

// arrive opens the desk of a run that works off a queue, or asks the database of one that has its dataset from there.
func (s *Setting) arrive(ctx context.Context, cfg *spec.Config) error {
	var err error
	if cfg.Query != nil {
		s.Producer, err = s.Ask(ctx, cfg)
		return err
	}
	if cfg.Queue == nil {
		return nil
	}
	if s.arrived, err = s.Arrive(ctx, cfg); err != nil {
		return err
	}
	s.Producer = s.arrived
	return nil
}

// leave lets go of what the queue has given, where no session came of it: the jobs are given back, as nobody has begun them.
func (s *Setting) leave() error {
	if s.arrived == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), hurryTime)
	defer cancel()
	s.arrived.Finish(ctx)
	s.arrived = nil
	return nil
}
