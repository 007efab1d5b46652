package command

import (
	"brood/jobs"
	"brood/runner/spec"
	"testing"
)

// TestFillWorkers: without -j each processor has a worker, whose places are filled; of programs with
// windows -j counts the programs.
func TestFillWorkers(t *testing.T) {
	for _, c := range []struct{ slots, perWorker, window, want int }{
		{2, 0, 0, 2}, {2, 1, 0, 2}, {2, 50, 0, 100}, {2, 50, 64, 2}, {64, 1024, 0, spec.MaxSlots},
	} {
		cfg := &spec.Config{Slots: c.slots, PerWorker: c.perWorker, Plan: jobs.Plan{Window: c.window}}
		fillWorkers(cfg)
		if cfg.Slots != c.want {
			t.Errorf("%+v: -j %d", c, cfg.Slots)
		}
	}
}
