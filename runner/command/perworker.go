package command

import (
	"brood/runner/spec"

	"github.com/urfave/cli/v2"
)

const perWorkerFlag = "per-worker"

// readPerWorker reads --per-worker.
func readPerWorker(c *cli.Context, cfg *spec.Config) error {
	if !c.IsSet(perWorkerFlag) {
		return nil
	}
	n := c.Int(perWorkerFlag)
	if n < 1 || n > spec.MaxPerWorker {
		return usage("", "--per-worker %d: from 1 to %d", n, spec.MaxPerWorker)
	}
	cfg.PerWorker = n
	return nil
}

// fillWorkers makes of a worker for each processor, which is what there is without -j, as many records
// as these can have in hand.
func fillWorkers(cfg *spec.Config) {
	if cfg.PerWorker > 1 && !cfg.CountsWorkers() {
		cfg.Slots = min(cfg.Slots*cfg.PerWorker, spec.MaxSlots)
	}
}

// checkPerWorker refuses what the job cannot, when its plan is known.
func checkPerWorker(cfg *spec.Config) error {
	n, most := cfg.PerWorker, max(cfg.Plan.InHand, 1)
	switch {
	case n > most && most == 1:
		return usage("Use -j N for more workers.", "--per-worker %d: a worker of the job %s has one record in hand at a time", n, cfg.Job)
	case n > most:
		return usage("", "--per-worker %d: a worker of the job %s can have up to %d records in hand", n, cfg.Job, most)
	case n > 1 && cfg.Limits.CPU > 0:
		return usage("", "--limit-cpu-time is for one record at a time, and nobody can tell whose the time is with --per-worker %d", n)
	}
	return nil
}
