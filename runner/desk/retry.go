package desk

import (
	"brood/jobs"
	"brood/runner/home"
	"brood/runner/ledger"
	"brood/runner/spec"
	"brood/runner/where"
	"context"
	"fmt"
	"path"
	"slices"
)

// Choice says which of the records that have failed or are unknown are meant.
type Choice struct {
	Statuses []jobs.Status
	// Classes are classes, or patterns such as exit:*; none: all.
	Classes []string
	// Where is a condition, see package where; empty: there is none.
	Where string
}

// matches reports whether a record that has ended so is meant, apart from the condition.
func (c *Choice) matches(o *ledger.Outcome) bool {
	if !slices.Contains(c.Statuses, o.Status) {
		return false
	}
	return len(c.Classes) == 0 || InClasses(c.Classes, o.Class)
}

// InClasses reports whether a class is one of several, or fits a pattern such as exit:*.
func InClasses(patterns []string, class jobs.Class) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		is, err := path.Match(pattern, string(class))
		return is && err == nil
	})
}

// CheckClasses says which pattern is none.
func CheckClasses(patterns []string) error {
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("--class %q: %w", pattern, err)
		}
	}
	return nil
}

// WhereError is what is wrong with a condition.
type WhereError struct{ Err error }

func (e *WhereError) Error() string { return "--where: " + e.Err.Error() }
func (e *WhereError) Unwrap() error { return e.Err }

// forgotten are the records whose data was taken out of the run: nothing more is done with them.
func forgotten(ctx context.Context, l *ledger.Reader) (map[jobs.Seq]bool, error) {
	list, err := l.Forgotten(ctx)
	gone := make(map[jobs.Seq]bool, len(list))
	for i := range list {
		gone[list[i].Seq] = true
	}
	return gone, err
}

// Chosen returns the records of a run that are meant, in the order of the dataset.
func Chosen(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, c *Choice) ([]ledger.Outcome, error) {
	if err := CheckClasses(c.Classes); err != nil {
		return nil, err
	}
	ended, err := l.Ended(ctx)
	if err != nil {
		return nil, err
	}
	gone, err := forgotten(ctx, l)
	if err != nil {
		return nil, err
	}
	ended = slices.DeleteFunc(ended, func(o ledger.Outcome) bool { return !c.matches(&o) || gone[o.Seq] })
	if c.Where == "" {
		return ended, nil
	}
	return chosenWhere(ctx, dir, l, cfg, c.Where, ended)
}

// chosenWhere leaves those of some records for which a condition holds. It holds for none
// that cannot be read.
func chosenWhere(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, text string, ended []ledger.Outcome) ([]ledger.Outcome, error) {
	in, err := openCopy(ctx, dir, l, cfg)
	if err != nil {
		return nil, err
	}
	condition, err := where.Parse(text, in.Reader.Shape())
	_ = in.Close()
	if err != nil {
		return nil, &WhereError{err}
	}
	bySeq := make(map[jobs.Seq]*ledger.Outcome, len(ended))
	var which []jobs.Seq
	for i := range ended {
		bySeq[ended[i].Seq] = &ended[i]
		which = append(which, ended[i].Seq)
	}
	var out []ledger.Outcome
	err = visitRecords(ctx, dir, l, cfg, which, func(rec *jobs.Record) error {
		o := bySeq[rec.Seq]
		yes, err := condition.Match(&where.Record{Record: rec, Status: o.Status, Class: o.Class, Error: o.Error, Attempts: o.Attempts})
		if err != nil {
			return &WhereError{err}
		}
		if yes {
			out = append(out, *o)
		}
		return nil
	})
	return out, err
}
