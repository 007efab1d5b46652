package command

import (
	"brood/runner/control"
	"brood/runner/home"
	"brood/runner/ledger"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// status is what brood status --json prints. Names and meaning are a promise.
type status struct {
	Name       string  `json:"name"`
	Job        string  `json:"job"`
	Effect     string  `json:"effect"`
	State      string  `json:"state"` // running, interrupted, done, aborted
	Reason     string  `json:"reason,omitempty"`
	Input      uint64  `json:"input"`
	OK         uint64  `json:"ok"`
	Failed     uint64  `json:"failed"`
	Skipped    uint64  `json:"skipped"`
	Unknown    uint64  `json:"unknown"`
	Pending    int64   `json:"pending"`
	StartedAt  string  `json:"started_at"`
	FinishedAt *string `json:"finished_at"` // null while it runs, or was cut off
	Output     string  `json:"output"`
	// Quarantined is how many of the failed and unknown records were given up
	// because their workers died.
	Quarantined uint64 `json:"quarantined"`
	// Live is what only the run itself knows; null unless it is running.
	Live *control.Live `json:"live"`
}

func (e *env) statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "show how far a run is",
		ArgsUsage: "[NAME]",
		Description: `Example:
   brood status --json`,
		Flags:        []cli.Flag{stateFlag(), &cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		OnUsageError: usageError,
		Action: func(c *cli.Context) error {
			s, err := e.status(c)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.printJSON(s)
			}
			return e.printStatus(s)
		},
	}
}

func (e *env) status(c *cli.Context) (*status, error) {
	state, name, err := e.whichRun(c, toLook)
	if err != nil {
		return nil, err
	}
	return readStatus(c.Context, state, name)
}

func readStatus(ctx context.Context, state, name string) (*status, error) {
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	s, err := r.Summary(ctx)
	if err != nil {
		return nil, err
	}
	quarantined, err := r.Quarantined(ctx)
	if err != nil {
		return nil, err
	}
	out, err := r.Output(ctx)
	if err != nil {
		return nil, err
	}
	st := &status{
		Name: s.Name, Job: s.Job, Effect: s.Effect, State: string(s.State), Reason: s.Reason,
		Input: s.Totals.Input, OK: s.Totals.OK, Failed: s.Totals.Failed, Skipped: s.Totals.Skipped, Unknown: s.Totals.Unknown,
		Pending: max(s.Totals.Pending(), 0), Quarantined: quarantined, StartedAt: s.StartedAt, Output: out.Path,
	}
	if s.FinishedAt != "" {
		st.FinishedAt = &s.FinishedAt
	}
	if s.State == ledger.StateRunning {
		st.askLive(ctx, state)
	}
	if s.State == ledger.StateRunning && !home.Alive(state, name) {
		st.State, st.Reason = string(ledger.StateInterrupted), "it was killed"
		// From here nobody can tell whether another machine works on it.
		var owned *home.OwnedError
		if err := home.CheckOwner(ctx, r, name); errors.As(err, &owned) {
			st.State, st.Reason = string(ledger.StateRunning), "as far as can be told: "+owned.Error()
		} else if err != nil {
			return nil, err
		}
	}
	return st, nil
}

// askLive asks the run itself, if it can be asked. What it counts may not be in
// the ledger yet, so that is kept apart: the books are what would survive a power
// failure.
func (s *status) askLive(ctx context.Context, state string) {
	b, err := control.Ask(ctx, state, s.Name, control.AskStatus)
	var l control.Live
	var silent *control.SilentError
	if errors.As(err, &silent) {
		s.Reason = "it does not answer; this is what its ledger says"
		if silent.Stopped {
			s.Reason = "its process is stopped and does not answer; this is what its ledger says"
		}
	}
	if err != nil || json.Unmarshal(b, &l) != nil {
		return
	}
	s.Live = &l
	switch {
	case l.Paused && l.Waits != "":
		s.Reason = "paused: " + l.Waits
	case l.Paused:
		s.Reason = "paused"
	case l.Waits != "":
		s.Reason = l.Waits
	}
}

func (e *env) printJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, string(b))
	return err
}

func (e *env) printStatus(s *status) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	finished := "-"
	if s.FinishedAt != nil {
		finished = *s.FinishedAt
	}
	state := s.State
	if s.Reason != "" {
		state += " (" + s.Reason + ")"
	}
	for _, row := range [][2]any{
		{"name", s.Name},
		{"job", s.Job},
		{"state", state},
		{"input", s.Input},
		{"ok", s.OK},
		{"failed", s.Failed},
		{"skipped", s.Skipped},
		{"unknown", s.Unknown},
		{"pending", s.Pending},
		{"quarantined", s.Quarantined},
		{"started", s.StartedAt},
		{"finished", finished},
		{"output", s.Output},
	} {
		if _, err := fmt.Fprintf(w, "%v\t%v\n", row[0], e.stdout.Line(fmt.Sprint(row[1]))); err != nil {
			return err
		}
	}
	return w.Flush()
}

// allRuns reads the status of all runs, oldest first. One that has not begun
// is left out.
func (e *env) allRuns(c *cli.Context) ([]*status, error) {
	state, err := home.State(c.String("state"))
	if err != nil {
		return nil, usage("", "%w", err)
	}
	names, err := home.Names(state)
	if err != nil {
		return nil, err
	}
	var all []*status
	for _, name := range names {
		s, err := readStatus(c.Context, state, name)
		if errors.Is(err, ledger.ErrNotBegun) || errors.Is(err, ledger.ErrNone) {
			continue
		}
		if err != nil {
			s = &status{Name: name, State: "unreadable", Reason: err.Error()}
			// The others are shown all the same.
			if e.code, _ = classify(err); e.code != exitUsage {
				_, _ = fmt.Fprintf(e.stderr, "brood: run %s: %v\n", name, err)
			} else {
				e.code = exitOK
			}
		}
		all = append(all, s)
	}
	sortRuns(all)
	return all, nil
}
