package command

import (
	"brood/runner"
	"brood/runner/ledger"
	"brood/runner/spec"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

func exitCode(r *runner.Report) int {
	if r.Signal != 0 {
		return exitSignal + r.Signal
	}
	t := r.Counted()
	return statusOfTotals(&t)
}

func (e *env) summarise(cfg *spec.Config, r *runner.Report) {
	t := e.terminal
	rate := float64(r.Worked) / max(r.Elapsed.Seconds(), 1e-9)
	t.Logf("%s: %s, %s, %s records/s", cfg.Name, wordedBooks(r), showTime(r.Elapsed), showRate(rate))
	e.giveReasons(cfg.Name, r)
	e.tellEarlier(cfg.Name, r)
	counts := r.Counted()
	switch {
	case (r.State == ledger.StateInterrupted || r.State == ledger.StateAborted) && (cfg.Queue == nil || !r.TimeIsOver):
		t.Logf("continue with: brood resume %s", cfg.Name)
		if def, err := e.registry.Lookup(cfg.Job); err == nil && r.State == ledger.StateAborted && len(def.Resumable) > 0 {
			t.Logf("or, to change what it stopped at, with the whole line again and: --run %s --resume", cfg.Name)
		}
		e.tellUnformed(cfg)
	case counts.Unknown > 0:
		e.adviseUnknown(cfg.Name)
	case r.Totals.Input == 0:
		t.Logf("%s", e.emptiness(cfg))
	case counts.Failed > 0:
		hint := "try them again with: brood retry {run}"
		if def, err := e.registry.Lookup(cfg.Job); err == nil && def.FailedHint != "" {
			hint = def.FailedHint
		}
		t.Logf("see the failed records with: brood export %s --status failed; %s", cfg.Name, strings.ReplaceAll(hint, "{run}", cfg.Name))
	}
	if s := cfg.Shard; s != nil && cfg.Form != nil && r.State == ledger.StateDone {
		t.Logf("its results stay in %s; when all %d shards are done: brood merge DIR… -o %s", dirOf(cfg), s.Of, filepath.Base(cfg.Form.Path))
	}
}

// reasonsShown is how many reasons the summary gives.
const reasonsShown = 10

// giveReasons says why records failed or are unknown: the first reasons, in the order of
// the input.
func (e *env) giveReasons(name string, r *runner.Report) {
	left := r.OtherReasons
	for i := range r.Reasons {
		if i < reasonsShown {
			e.terminal.Logf("%s", r.Reasons[i].String())
		} else {
			left += r.Reasons[i].Records
		}
	}
	if left > 0 {
		e.terminal.Logf("… and %d more, for other reasons; all of them: brood failures %s", left, name)
	}
}

// adviseUnknown says what can be done about unknown records.
func (e *env) adviseUnknown(name string) {
	e.terminal.Logf("nobody can tell whether the unknown records were done; list them with: brood export %s --status unknown", name)
	e.terminal.Logf("find out, then say so: brood resolve %s --as ok|failed|retry --seq RECORD --reason TEXT", name)
	e.terminal.Logf("or, if repeating them does no harm: brood retry %s --status unknown --effect none --yes", name)
}

func showTime(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.2fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func showRate(r float64) string {
	if r < 10 {
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}
