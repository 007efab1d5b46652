package forget

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/spec"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
)

// mostNamed is how many records are named.
const mostNamed = 20

// Verify says what was forgotten of a run, and compares what is left of its rows with what was left then. Nil: nobody was.
func Verify(ctx context.Context, l *ledger.Reader, cfg *spec.Config) []jobs.Finding {
	list, err := l.Forgotten(ctx)
	if err != nil {
		return []jobs.Finding{{What: "forgotten", Text: err.Error()}}
	}
	if len(list) == 0 {
		return nil
	}
	_, left, err := l.Unforgotten(ctx)
	if err == nil && left {
		err = fmt.Errorf("a brood forget was cut off: brood forget %s ends it", cfg.Name)
	}
	if err == nil {
		err = compare(list, cfg)
	}
	if err != nil {
		return []jobs.Finding{{What: "forgotten", Text: err.Error()}}
	}
	text := fmt.Sprintf("%d records; what is left of their rows is what was left then", len(list))
	if len(list) == 1 {
		text = "1 record; what is left of its row is what was left then"
	}
	return []jobs.Finding{{What: "forgotten", OK: true, Text: text}}
}

// compare names the records whose rows were altered since they were forgotten.
func compare(list []ledger.Forgotten, cfg *spec.Config) error {
	w := &work{Run: &Run{Config: cfg}}
	for i := range list {
		if len(list[i].Row) > 0 {
			w.which = append(w.which, list[i].Seq)
		}
	}
	slices.Sort(w.which)
	if len(w.which) == 0 {
		return nil
	}
	if !w.hasTable() {
		return fmt.Errorf("the results are not there, or are empty: %s", cfg.Output)
	}
	now := make(map[jobs.Seq][]byte)
	err := w.eachResult(func(rec *jobs.Record) error {
		if w.has(rec.Seq) {
			now[rec.Seq] = addRow(now[rec.Seq], append(bytes.Clone(rec.Raw), '\n'))
		}
		return nil
	})
	if err != nil {
		return err
	}
	var altered []string
	n := 0
	for i := range list {
		if x := &list[i]; len(x.Row) > 0 && !bytes.Equal(now[x.Seq], x.Row) {
			if n++; n <= mostNamed {
				altered = append(altered, fmt.Sprint(x.Seq))
			}
		}
	}
	if n == 0 {
		return nil
	}
	if n > len(altered) {
		altered = append(altered, fmt.Sprintf("and %d more", n-len(altered)))
	}
	return fmt.Errorf("altered or taken away since they were forgotten: records %s", strings.Join(altered, ", "))
}
