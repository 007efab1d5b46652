package command

import (
	"brood/runner"
	"brood/runner/spec"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// tune reads the flags that a resume may change.
func (e *env) tune(c *cli.Context, cfg *spec.Config) error {
	var err error
	if cfg.Machines != nil && cfg.Machines.Away && (cfg.Slots == 0 || c.IsSet("jobs")) {
		cfg.Slots = 1 // as much as if it had one worker: all that it has are elsewhere
	} else if cfg.Slots == 0 || c.IsSet("jobs") {
		if cfg.Slots, err = parseSlots(c.String("jobs")); err != nil {
			return err
		}
	}
	if err := readPerWorker(c, cfg); err != nil {
		return err
	}
	if c.IsSet("retries") {
		if cfg.Retries = c.Int("retries"); cfg.Retries < 0 {
			return usage("", "--retries %d: the number of further tries cannot be negative", cfg.Retries)
		}
	}
	if cfg.BackoffMax == 0 || c.IsSet("backoff") {
		if cfg.BackoffMin, cfg.BackoffMax, err = parseBackoff(c.String("backoff")); err != nil {
			return err
		}
	}
	if c.IsSet("timeout") {
		cfg.Timeout, cfg.TimeoutPercent = 0, 0
		if share, ok := strings.CutSuffix(c.String("timeout"), "%"); ok {
			if cfg.TimeoutPercent, err = strconv.ParseFloat(share, 64); err != nil || !(cfg.TimeoutPercent > 100) {
				return usage("", "--timeout %s: a share of the median must be more than 100%%", c.String("timeout"))
			}
		} else if cfg.Timeout, err = parseTime("timeout", c.String("timeout")); err != nil {
			return err
		}
	}
	if cfg.MaxCrashes == 0 || c.IsSet("max-crashes") {
		if cfg.MaxCrashes = c.Int("max-crashes"); cfg.MaxCrashes < 1 {
			return usage("", "--max-crashes %d: at least one worker must die before a record is given up", cfg.MaxCrashes)
		}
	}
	if err := e.tuneUnknown(c, cfg); err != nil {
		return err
	}
	if err := tunePace(c, cfg); err != nil {
		return err
	}
	for _, step := range []func(*cli.Context, *spec.Config) error{tuneRecycle, tuneLimits, tuneHold, tuneTime} {
		if err := step(c, cfg); err != nil {
			return err
		}
	}
	if c.IsSet("kill-after") {
		if cfg.KillAfter, err = parseTime("kill-after", c.String("kill-after")); err != nil {
			return err
		}
	}
	if c.IsSet("metrics") {
		cfg.Metrics = c.String("metrics")
	}
	if err := runner.CheckMetrics(cfg.Metrics); err != nil {
		return usage("Give the address of this machine and a free port, such as 127.0.0.1:9464.", "%w", err)
	}
	if c.IsSet("drain-timeout") {
		if cfg.DrainTimeout, err = parseDrain(c.String("drain-timeout")); err != nil {
			return err
		}
	}
	if c.IsSet("no-guard") {
		cfg.NoGuard = c.Bool("no-guard")
	}
	if c.IsSet("halt") {
		if cfg.Halt, err = spec.ParseHalt(c.String("halt")); err != nil {
			return usage("", "--halt: %w", err)
		}
	}
	if e.terminal, err = e.term(c); err != nil {
		return err
	}
	return nil
}

// tuneUnknown reads what is to be done about records nobody knows about.
func (e *env) tuneUnknown(c *cli.Context, cfg *spec.Config) error {
	var err error
	if c.IsSet("key-lifetime") {
		if cfg.KeyLifetime, err = parseTime("key-lifetime", c.String("key-lifetime")); err != nil {
			return err
		}
	}
	if c.IsSet("resolve-with") {
		cfg.ResolveWith = c.String("resolve-with")
	}
	if c.IsSet("on-unknown") {
		if cfg.OnUnknown, err = spec.ParseOnUnknown(c.String("on-unknown")); err != nil {
			return usage("", "--on-unknown: %w", err)
		}
	} else if cfg.OnUnknown == "" {
		cfg.OnUnknown = spec.DefaultOnUnknown(cfg.Effect)
	}
	return nil
}
