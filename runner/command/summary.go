package command

import (
	"brood/runner"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

func exitCode(r *runner.Report) int {
	switch {
	case r.Signal != 0:
		return exitSignal + r.Signal
	case r.Totals.Unknown > 0:
		return exitUnknown
	case r.Totals.Failed > 0:
		return exitFailed
	}
	return exitOK
}

func (e *env) summarise(dir *home.Dir, cfg *spec.Config, r *runner.Report) {
	t := e.terminal
	rate := float64(r.Worked) / max(r.Elapsed.Seconds(), 1e-9)
	t.Logf("%s: %s, %s, %s records/s", cfg.Name, r.Totals, showTime(r.Elapsed), showRate(rate))
	for _, line := range r.Trouble {
		t.Logf("%s", line)
	}
	if bad := r.Totals.Failed + r.Totals.Unknown; len(r.Trouble) > 0 && bad > uint64(len(r.Trouble)) {
		var views []string
		if r.Totals.Failed > 0 {
			views = append(views, "SELECT * FROM failures")
		}
		if r.Totals.Unknown > 0 {
			views = append(views, "SELECT * FROM unknowns")
		}
		t.Logf("… and more; all reasons: sqlite3 %s '%s'", filepath.Join(dir.Path, ledger.FileName), strings.Join(views, "; "))
	}
	switch {
	case r.State == ledger.StateInterrupted || r.State == ledger.StateAborted:
		t.Logf("continue with: brood resume %s", cfg.Name)
		if def, err := e.registry.Lookup(cfg.Job); err == nil && r.State == ledger.StateAborted && len(def.Resumable) > 0 {
			t.Logf("or, to change what it stopped at, with the whole line again and: --run %s --resume", cfg.Name)
		}
	case r.Totals.Unknown > 0:
		e.adviseUnknown(cfg.Name)
	case r.Totals.Failed > 0:
		t.Logf("see the failed records with: brood export %s --status failed", cfg.Name)
	}
}

// adviseUnknown says what can be done about unknown records.
func (e *env) adviseUnknown(name string) {
	e.terminal.Logf("nobody can tell whether the unknown records were done; list them with: brood export %s --status unknown", name)
	e.terminal.Logf("find out, then say so: brood resolve %s --as ok|failed|retry --seq RECORD --reason TEXT", name)
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
