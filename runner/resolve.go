package runner

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/keys"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Resolve records decisions about unknown records of a run that nobody works
// on, and brings the output up to date if the run is done, see Amend.
func Resolve(ctx context.Context, dir *home.Dir, l *ledger.Ledger, cfg *spec.Config, list []ledger.Resolution, warn Logf) error {
	if err := giveKeysBack(ctx, dir, l, cfg, list); err != nil {
		return err
	}
	if err := l.Resolve(ctx, list); err != nil {
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
	s, err := keys.OpenScope(ctx, dir.State(), cfg.OncePer, cfg.Name, sum.StartedAt)
	if err != nil {
		return &spec.WriteError{Err: err}
	}
	if err := errors.Join(s.GiveBack(ctx, texts), s.Close()); err != nil {
		return &spec.WriteError{Err: err}
	}
	return nil
}

// visitRecords reads some records of the dataset, in its order.
func visitRecords(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, which []jobs.Seq, visit func(*jobs.Record) error) error {
	in, err := intake.OpenCopy(cfg.Dataset, dir.StdinPath())
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	chunks, err := l.Chunks(ctx, "0")
	if err != nil {
		return err
	}
	starts := make(map[uint64]dataset.Position, len(chunks))
	for _, c := range chunks {
		starts[c.Chunk] = dataset.Position{File: c.File, Offset: c.Offset, Line: c.Line}
	}
	slices.Sort(which)
	var rec dataset.Record
	next := jobs.Seq(0)
	for _, seq := range which {
		chunk := uint64(seq / ledger.ChunkSize)
		if at, ok := starts[chunk]; ok && chunk > uint64(next/ledger.ChunkSize) {
			if err := in.Reader.SeekTo(at); err != nil {
				return intake.ReadError(err)
			}
			next = jobs.Seq(chunk * ledger.ChunkSize)
		}
		for ; next <= seq; next++ {
			if err := in.Reader.Next(&rec); err != nil {
				return &spec.DatasetError{Err: fmt.Errorf("read record %d: %w", seq, err)}
			}
		}
		if rec.Err != nil {
			continue
		}
		if err := visit(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}); err != nil {
			return err
		}
	}
	return nil
}

// FindKey looks for the first record of a run that has a key: an idempotency key
// of 32 hexadecimal digits, as BROOD_KEY, or a business key as a row of CSV.
func FindKey(ctx context.Context, dir *home.Dir, l *ledger.Reader, cfg *spec.Config, key string) (jobs.Seq, error) {
	sum, err := parseKey(cfg.Key, key)
	if err != nil {
		return 0, err
	}
	seq, found, err := l.FindKey(ctx, sum)
	if err != nil || found {
		return seq, err
	}
	if len(cfg.Key.Columns) == 0 {
		s, err := l.Summary(ctx)
		if err != nil {
			return 0, err
		}
		for seq := range jobs.Seq(s.Totals.Input) {
			if k, _ := cfg.Key.Sum(&jobs.Record{Seq: seq}); k == sum {
				return seq, nil
			}
		}
		return 0, noKey(cfg, key)
	}
	in, err := intake.OpenCopy(cfg.Dataset, dir.StdinPath())
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	var rec dataset.Record
	for seq := jobs.Seq(0); ; seq++ {
		if err := in.Reader.Next(&rec); errors.Is(err, io.EOF) {
			return 0, noKey(cfg, key)
		} else if err != nil {
			return 0, intake.ReadError(err)
		}
		if rec.Err != nil {
			continue
		}
		if k, _ := cfg.Key.Sum(&jobs.Record{Seq: seq, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}); k == sum {
			return seq, nil
		}
	}
}

func noKey(cfg *spec.Config, key string) error {
	return fmt.Errorf("no record of run %s has the key %s", cfg.Name, key)
}

func parseKey(spec jobs.KeySpec, key string) (sum [ledger.KeySize]byte, err error) {
	if b, err := hex.DecodeString(key); err == nil && len(b) == ledger.KeySize {
		return [ledger.KeySize]byte(b), nil
	}
	if len(spec.Columns) == 0 {
		return sum, fmt.Errorf("%q is not a key: the run has no --key, so a key is 32 hexadecimal digits", key)
	}
	values, err := csv.NewReader(strings.NewReader(key)).Read()
	if err != nil {
		return sum, fmt.Errorf("read key %q: %w", key, err)
	}
	return spec.SumOf(values)
}

// Decide makes a resolution for each of some unknown records.
func Decide(unknown []ledger.Outcome, d ledger.Decision, by, reason string) []ledger.Resolution {
	now := time.Now()
	var out []ledger.Resolution
	for _, o := range unknown {
		out = append(out, ledger.Resolution{Seq: o.Seq, At: now, By: by, Decision: d, Reason: reason, Was: o.Error})
	}
	return out
}
