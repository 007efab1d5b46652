package command

import (
	"brood/runner/catalog"
	"brood/runner/control"
	"brood/runner/ledger"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

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
	// Task is the command, or what else says what the job does.
	Task       string   `json:"command,omitempty"`
	Dataset    []string `json:"dataset"`
	Scope      string   `json:"once_per,omitempty"`
	Keep       string   `json:"keep,omitempty"`
	DurationMS int64    `json:"duration_ms"` // that it was worked on, in all sessions
	// DiskBytes is what the run takes on the disk, without its results; of brood runs.
	DiskBytes *int64 `json:"disk_bytes,omitempty"`
	// Results is what has become of the results: ok, gone, changed, or touched, which is that
	// they were not compared; of brood status, and empty where there is no file.
	Results catalog.Condition `json:"results,omitempty"`
	results string            // in words
	// Quarantined is how many of the failed and unknown records were given up
	// because their workers died.
	Quarantined uint64 `json:"quarantined"`
	// Queue is how a run stands with the queue that it works off; of brood status.
	Queue *queueStatus `json:"queue,omitempty"`
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
			if s.results != "" {
				_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: run "+s.Name+": "+s.results))
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

// readStatus reads what the ledger of a run says, and asks the run itself if it is alive.
func readStatus(ctx context.Context, state, name string) (*status, error) {
	entry, err := catalog.Examine(ctx, state, name)
	if err != nil {
		return nil, err
	}
	st := statusOfEntry(entry)
	if entry.State == ledger.StateRunning {
		st.askLive(ctx, state)
	}
	st.Results, st.results = entry.Condition(ctx, state)
	if st.Queue, err = readQueueStatus(ctx, state, name); err != nil {
		return nil, err
	}
	return st, nil
}

func statusOfEntry(e *catalog.Entry) *status {
	s := &status{
		Name: e.Name, Job: e.Job, Task: e.Task, Dataset: e.Dataset, Effect: e.Effect, State: string(e.State), Reason: e.Reason,
		Input: e.Input, OK: e.OK, Failed: e.Failed, Skipped: e.Skipped, Unknown: e.Unknown, Pending: e.Pending(), Quarantined: e.Quarantined,
		StartedAt: e.StartedAt, Output: cmp.Or(e.Target, e.Results.Path), Scope: e.Scope, DurationMS: workedOn(e, time.Now()).Milliseconds(),
	}
	if e.FinishedAt != "" {
		s.FinishedAt = &e.FinishedAt
	}
	if e.Keep > 0 {
		s.Keep = e.Keep.String()
	}
	return s
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
	case l.Fewer != "" && l.Adaptive != nil:
		s.Reason = fmt.Sprintf("%d of %d at work, as the far side takes no more at a time: %s", *l.Adaptive, l.Jobs, l.Fewer)
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
	rows := [][2]any{
		{"name", s.Name},
		{"job", s.Job},
		{"command", s.Task},
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
	}
	if s.Live != nil && len(s.Live.Machines) > 0 {
		rows = append(rows, [2]any{"machines", machinesInWords(s.Live.Machines)})
	}
	for _, row := range append(rows, s.Queue.rows()...) {
		if row[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%v\t%v\n", row[0], e.stdout.Line(fmt.Sprint(row[1]))); err != nil {
			return err
		}
	}
	return w.Flush()
}
