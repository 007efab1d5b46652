package command

import (
	"brood/jobs"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// previewRecords is how many records a dry run shows.
const previewRecords = 10

// rehearse shows what would be done, instead of a run: for --dry-run, or as the
// job's flags say.
func (e *env) rehearse(ctx context.Context, cfg *spec.Config, plan func(*jobs.Shape) error) error {
	tmp, err := os.MkdirTemp("", "brood-dry-run-")
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	producer := intake.Stdin(e.stdin)
	if cfg.Query != nil {
		hidePassword()
		if producer, err = ask(ctx, cfg); err != nil {
			return err
		}
	}
	if cfg.Queue != nil {
		if producer, err = e.peek(ctx, cfg); err != nil {
			return err
		}
	}
	in, err := intake.Open(ctx, cfg.Dataset, producer, filepath.Join(tmp, "stdin"), ledger.Spooled{})
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	if err := plan(in.Reader.Shape()); err != nil {
		return err
	}
	for _, w := range slices.Concat(in.Reader.Notes(), cfg.Plan.Warnings) {
		_, _ = fmt.Fprintln(e.stderr, e.stderr.Line("brood: "+w))
	}
	in.Reader.RequireText(cfg.Plan.NeedsText)
	if cfg.Dataset.Group != nil {
		in.Reader.Regroup(cfg.Dataset.Group)
	}
	chooser, err := intake.NewChooser(cfg.Where, in.Reader.Shape())
	if err != nil {
		return err
	}
	in.Deal = cfg.Deal()
	if err := in.Gather(ctx, cfg, filepath.Join(tmp, "groups"), true); err != nil {
		return err
	}
	if cfg.Plan.Rehearse != nil {
		records, place := intake.Records(in, cfg.RecordLimit, chooser)
		err := cfg.Plan.Rehearse(&jobs.Rehearsal{
			Context: ctx, Records: records, Place: place, Out: e.stdout, Run: cfg.Name, Key: cfg.Key,
			Slots: cfg.Slots, Limit: cfg.RecordLimit, Estimate: cfg.Pace.Estimate,
		})
		e.tellLeftOut(chooser)
		return err
	}
	n := uint64(previewRecords)
	if cfg.Shard != nil {
		n *= uint64(cfg.Shard.Of)
	}
	if cfg.RecordLimit > 0 {
		n = cfg.RecordLimit
	}
	err = preview(in, cfg.Plan, n, chooser, func(text string) error {
		_, err := fmt.Fprintln(e.stdout, text)
		return err
	})
	e.tellLeftOut(chooser)
	return err
}

// preview shows what the job would do with the first records, up to n.
func preview(in *intake.Input, plan jobs.Plan, n uint64, chooser *intake.Chooser, show func(text string) error) error {
	records, _ := intake.Records(in, n, chooser)
	for r, err := range records {
		var end *jobs.EndError
		if errors.As(err, &end) {
			return end.Err
		}
		text := "# bad input: "
		if err != nil {
			text += err.Error()
		} else {
			text = plan.Preview(r)
		}
		if err := show(text); err != nil {
			return err
		}
	}
	return nil
}
