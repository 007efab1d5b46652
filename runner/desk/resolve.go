package desk

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"errors"
	"fmt"
	"time"
)

// Resolve records decisions about unknown or failed records of a run that nobody works on,
// and what stands in their place from now on, and brings the output up to date if the run is done, see Amend.
func Resolve(ctx context.Context, dir *home.Dir, l *ledger.Ledger, cfg *spec.Config, list []ledger.Resolution, warn Logf, corrections ...ledger.Correction) error {
	if err := giveKeysBack(ctx, dir, l, cfg, list); err != nil {
		return err
	}
	if err := l.Resolve(ctx, list, corrections...); err != nil {
		return &spec.WriteError{Err: err}
	}
	return Amend(ctx, l, cfg, warn)
}

// giveKeysBack lets other runs of the scope have the keys of records that
// somebody has found to have failed.
func giveKeysBack(ctx context.Context, dir *home.Dir, l *ledger.Ledger, cfg *spec.Config, list []ledger.Resolution) error {
	var failed []jobs.Seq
	for _, r := range list {
		if r.Decision == ledger.DecideFailed {
			failed = append(failed, r.Seq)
		}
	}
	if cfg.OncePer == "" || len(failed) == 0 {
		return nil
	}
	var texts []string
	err := visitRecords(ctx, dir, l.Reader(), cfg, failed, func(rec *jobs.Record) error {
		texts = append(texts, cfg.Key.Text(rec))
		return nil
	})
	if err != nil {
		return err
	}
	sum, err := l.Reader().Summary(ctx)
	if err != nil {
		return err
	}
	s, err := keys.OpenScope(ctx, dir.State(), cfg.OncePer, cfg.Name, sum.StartedAt, true)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if err := errors.Join(s.GiveBack(ctx, texts), s.Close()); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// OfTool makes resolutions of what a tool has found out. A record that is neither unknown nor failed is an error.
func OfTool(ctx context.Context, r *ledger.Reader, list []jobs.Decided, by string) ([]ledger.Resolution, error) {
	now := time.Now()
	out := make([]ledger.Resolution, 0, len(list))
	for i := range list {
		d := &list[i]
		o, err := r.Outcome(ctx, d.Seq)
		if err != nil {
			return nil, err
		}
		if o == nil || o.Status != jobs.StatusUnknown && o.Status != jobs.StatusFailed {
			return nil, fmt.Errorf("record %d is not unknown any more, and has not failed: somebody else has decided about it", d.Seq)
		}
		decision := ledger.DecideOK
		if d.Status == jobs.StatusFailed {
			decision = ledger.DecideFailed
		}
		out = append(out, ledger.Resolution{Seq: o.Seq, At: now, By: by, Decision: decision, Reason: d.Reason, Was: o.Error, From: o.Status, Values: d.Values})
	}
	return out, nil
}

// Decide makes a resolution for each of some records that are unknown or failed.
func Decide(ended []ledger.Outcome, d ledger.Decision, by, reason string) []ledger.Resolution {
	now := time.Now()
	var out []ledger.Resolution
	for _, o := range ended {
		out = append(out, ledger.Resolution{Seq: o.Seq, At: now, By: by, Decision: d, Reason: reason, Was: o.Error, From: o.Status})
	}
	return out
}
