package desk

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/spec"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

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
		end, err := ReadUpTo(ctx, l, cfg)
		if err != nil {
			return 0, err
		}
		for seq := range jobs.Seq(end) {
			if k, _ := cfg.Key.Sum(&jobs.Record{Seq: seq}); k == sum && cfg.Deal().Owns(&jobs.Record{Seq: seq}, true) {
				return seq, nil
			}
		}
		return 0, noKey(cfg, key)
	}
	in, err := openCopy(ctx, dir, l, cfg)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	deal := cfg.Deal()
	corrections, err := readCorrections(ctx, l)
	if err != nil {
		return 0, err
	}
	var rec dataset.Record
	for seq := jobs.Seq(0); ; seq++ {
		if err := in.Reader.Next(&rec); errors.Is(err, io.EOF) {
			return 0, noKey(cfg, key)
		} else if err != nil {
			return 0, intake.ReadError(err)
		}
		if !deal.Owns(&jobs.Record{Seq: seq, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()}, rec.Err == nil) {
			continue
		}
		corrections.Apply(in.Reader, seq, &rec)
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
