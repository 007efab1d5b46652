package runner

import (
	"brood/jobs"
	"brood/runner/catalog"
	"brood/runner/desk"
	"brood/runner/form"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"slices"
)

// Resumption is what may be different when a run goes on.
type Resumption struct {
	// TakeOver says that no other machine works on the run, whatever the ledger says.
	TakeOver bool
	// AcceptAppend takes rows that were added at the end of the dataset.
	AcceptAppend bool
	// WholeLines leaves a last row without its line end for another time, if rows are taken.
	WholeLines bool
	// Tune changes the configuration that the run was begun with, as far as a resume
	// may. It is called before anything else happens to the run.
	Tune func(*spec.Config) error
	// Replan changes the plan, now that the shape of the records is known, and reports
	// whether it has; nil: nothing is said of the job anew.
	Replan func(*spec.Config, *jobs.Shape) (changed bool, err error)
}

// Resume goes on with a run, with the configuration it was begun with, until it is
// done, is stopped or fails. If it was done already, the report says so.
func Resume(ctx context.Context, set *Setting, how *Resumption) (Report, error) {
	cfg, rep, err := resume(ctx, set, how)
	return follow(ctx, set, cfg, rep, err)
}

// resume goes on for one session, with the configuration that it returns.
func resume(ctx context.Context, set *Setting, how *Resumption) (*spec.Config, Report, error) {
	l, cfg, sum, err := desk.Open(ctx, set.Dir, how.TakeOver)
	if err != nil {
		return nil, Report{}, err
	}
	was := cfg.Effect
	in, rep, err := goOn(ctx, set, l, cfg, &sum, how)
	if err != nil || in == nil {
		return cfg, rep, errors.Join(err, set.leave(), catalog.Close(set.Dir, l))
	}
	rep, err = sit(ctx, set, cfg, was, l, in)
	return cfg, rep, err
}

// goOn brings the dataset, and the configuration to what it is from now on. If there is
// nothing to do, there is a report in place of a dataset.
func goOn(ctx context.Context, set *Setting, l *ledger.Ledger, cfg *spec.Config, sum *ledger.Summary, how *Resumption) (*intake.Input, Report, error) {
	if err := how.Tune(cfg); err != nil {
		return nil, Report{}, err
	}
	if err := desk.Amend(ctx, l, cfg, set.Term.Logf); err != nil {
		return nil, Report{}, err
	}
	found, err := desk.FindInputs(ctx, l.Reader())
	if err != nil {
		return nil, Report{}, err
	}
	grown := slices.ContainsFunc(found, func(f desk.Found) bool { return f.Grown() })
	goesOn := how.AcceptAppend && (grown || otherwise(found))
	asks := cfg.ResolveWith != "" && sum.Totals.Unknown > 0
	hears := cfg.Machines != nil && sum.Totals.Unknown > 0 && set.anybodyOut()
	if sum.State == ledger.StateDone && !goesOn && !asks && !hears && cfg.Queue == nil {
		altered := desk.CheckResults(ctx, l.Reader())
		if altered != nil {
			// They were there, and are the user's: he may have taken them away.
			set.Term.Logf("%v", altered)
		} else if err := form.Make(cfg, set.Term.Logf); err != nil {
			return nil, Report{}, err
		}
		return nil, Report{State: sum.State, Totals: sum.Totals, Before: sum.Totals, Already: true, Altered: altered != nil, Inputs: found}, nil
	}
	if err := desk.CheckInputs(ctx, l.Reader(), how.AcceptAppend); err != nil {
		return nil, Report{}, err
	}
	spooled, err := l.Reader().Spooled(ctx)
	if err != nil {
		return nil, Report{}, err
	}
	cfg.Dataset.Grows, cfg.Dataset.WholeLines = how.AcceptAppend, how.WholeLines
	if cfg.Queue != nil && sum.Totals.OK > 0 {
		cfg.NoGuard = true // it has worked
	}
	if err := set.arrive(ctx, cfg); err != nil {
		return nil, Report{}, err
	}
	in, err := intake.Open(ctx, cfg.Dataset, set.Producer, set.Dir.StdinPath(), spooled)
	if err != nil {
		return nil, Report{}, err
	}
	// What changes from here on is noticed as it is read; this is for what has changed
	// between the two lines above.
	if err := desk.CheckInputs(ctx, l.Reader(), how.AcceptAppend); err != nil {
		return nil, Report{}, errors.Join(err, in.Close())
	}
	// Those of the first session, unless they are gone.
	if err := in.Gather(ctx, cfg, set.Dir.GroupsPath(), true); err != nil {
		return nil, Report{}, errors.Join(err, in.Close())
	}
	if how.Replan == nil {
		return in, Report{}, nil
	}
	changed, err := how.Replan(cfg, in.Reader.Shape())
	if err == nil && changed {
		err = keepJobConfig(ctx, l, sum.Config, cfg.Plan.Config)
	}
	if err != nil {
		return nil, Report{}, errors.Join(err, in.Close())
	}
	return in, Report{}, nil
}

// otherwise reports whether a file has changed in a way that is never accepted.
func otherwise(found []desk.Found) bool {
	return slices.ContainsFunc(found, func(f desk.Found) bool { return f.Other != nil })
}

// keepJobConfig keeps another configuration of the job for those who continue the
// run.
func keepJobConfig(ctx context.Context, l *ledger.Ledger, stored, config []byte) error {
	text, err := spec.WithJobConfig(stored, config)
	if err == nil {
		text, err = spec.WithoutArgs(text)
	}
	if err != nil {
		return err
	}
	if err := l.SetConfig(ctx, text); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}
