package forget

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/form"
	"brood/runner/intake"
	"brood/runner/where"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Choice says which records are meant: those with a key, with a value in a column, or at a position, and of these, or of
// all if none is named, those for which a condition holds.
type Choice struct {
	Key     string // a row of CSV, with the values of the run's key
	Columns map[string][]string
	Seqs    []jobs.Seq
	Where   string
}

// ChoiceError is what is wrong with a choice.
type ChoiceError struct{ Reason string }

func (e *ChoiceError) Error() string { return e.Reason }

func wrong(format string, args ...any) error { return &ChoiceError{fmt.Sprintf(format, args...)} }

func (c *Choice) named() bool { return c.Key != "" || len(c.Columns) > 0 || len(c.Seqs) > 0 }

// chooser is a choice among records of one shape.
type chooser struct {
	of    *Choice
	key   *jobs.KeySpec // nil: no key is asked for, or these records do not have all of it
	sum   [16]byte
	where *where.Expr
	cells *jobs.Cells
	at    map[string]int
}

// among makes a choice among records of a shape; nil: it can name none of them, and why.
func (w *work) among(s *jobs.Shape) (*chooser, error) {
	c := &chooser{of: &w.req.Choice, cells: jobs.NewCells(s), at: make(map[string]int)}
	for i, name := range s.Columns {
		c.at[name] = i
	}
	possible := len(c.of.Seqs) > 0 || !c.of.named()
	var why error
	if c.of.Key != "" {
		var err error
		if c.sum, err = w.keySum(); err != nil {
			return nil, err
		}
		if missing := missing(w.Config.Key.Columns, c.at); missing == "" {
			c.key, possible = &w.Config.Key, true
		} else {
			why = wrong("there is no column %q any more by which the key could be found", missing)
		}
	}
	for name := range c.of.Columns {
		if _, there := c.at[name]; there {
			possible = true
		} else {
			why = wrong("run %s has no column %s; its columns are %s", w.Config.Name, name, strings.Join(s.Columns, ", "))
		}
	}
	if !possible {
		return nil, why
	}
	if c.of.Where != "" {
		expr, err := where.ParseRow(c.of.Where, s)
		if err != nil {
			return nil, wrong("--where: %v", err)
		}
		c.where = expr
	}
	return c, nil
}

// missing is the first column of a key that is not there.
func missing(key []string, at map[string]int) string {
	for _, c := range key {
		if !slices.ContainsFunc(strings.Split(c, "|"), func(one string) bool { _, there := at[one]; return there }) {
			return c
		}
	}
	return ""
}

func (w *work) keySum() (sum [16]byte, err error) {
	if len(w.Config.Key.Columns) == 0 {
		return sum, wrong("run %s has no --key; say which records with --seq or --where", w.Config.Name)
	}
	values, err := csv.NewReader(strings.NewReader(w.req.Key)).Read()
	if err == nil {
		sum, err = w.Config.Key.SumOf(values)
	}
	if err != nil {
		return sum, wrong("--key %s: %v", w.req.Key, err)
	}
	return sum, nil
}

// means reports whether a record is meant. Of one that was forgotten before a condition may not tell.
func (c *chooser) means(rec *jobs.Record, gone bool) (bool, error) {
	if c.of.named() && !c.isNamed(rec) {
		return false, nil
	}
	if c.where == nil {
		return true, nil
	}
	if rec.Shape.Kind == jobs.Fields && rec.Values == nil {
		return false, nil // it cannot be read
	}
	yes, err := c.where.Holds(&where.Record{Record: rec})
	if err != nil && gone {
		return false, nil
	}
	if err != nil {
		return false, wrong("--where: record %d: %v", rec.Seq, err)
	}
	return yes, nil
}

func (c *chooser) isNamed(rec *jobs.Record) bool {
	if slices.Contains(c.of.Seqs, rec.Seq) {
		return true
	}
	if c.key != nil {
		if sum, ok := c.key.Sum(rec); ok && sum == c.sum {
			return true
		}
	}
	if len(c.of.Columns) == 0 {
		return false
	}
	values := c.cells.Values(rec)
	for name, wanted := range c.of.Columns {
		if i, there := c.at[name]; there && slices.Contains(wanted, string(values[i])) {
			return true
		}
	}
	return false
}

// find looks for the records in the results, where they are a table, and in copies of the dataset; where there is
// neither, in the user's own dataset.
func (w *work) find() error {
	w.values = make(map[string]bool)
	before, err := w.reader.Forgotten(w.ctx)
	if err != nil {
		return err
	}
	gone := make(map[jobs.Seq]bool, len(before))
	for i := range before {
		gone[before[i].Seq] = true
	}
	found := make(map[jobs.Seq]bool)
	table := w.hasTable()
	looked, why := false, error(nil)
	look := func(walk func(func(*jobs.Record) error) error) error {
		var c *chooser
		err := walk(func(rec *jobs.Record) (err error) {
			if c == nil {
				if c, err = w.among(rec.Shape); err != nil {
					return err
				}
			}
			yes, err := c.means(rec, gone[rec.Seq])
			if yes {
				found[rec.Seq] = true
				if !gone[rec.Seq] {
					w.gather(rec, c)
				}
			}
			return err
		})
		var refused *ChoiceError
		if errors.As(err, &refused) {
			why = err
			return nil // it may be known elsewhere
		}
		looked = looked || err == nil
		return err
	}
	if table {
		err = look(w.eachResult)
	}
	if err == nil && (!table || w.hasCopies()) {
		err = look(w.eachRecord)
	}
	if err != nil {
		return err
	}
	if !looked && why != nil {
		return why
	}
	for _, seq := range slices.Sorted(maps.Keys(found)) {
		if gone[seq] {
			w.already++
		} else {
			w.which = append(w.which, seq)
		}
	}
	if len(found) == 0 {
		return w.nobody(len(before))
	}
	return nil
}

// nobody says that no record is meant.
func (w *work) nobody(before int) error {
	text := "no record of run " + w.Config.Name + " is meant by that"
	if before > 0 {
		text += fmt.Sprintf("; %d of its records were forgotten before, and what they were known by may have gone with them", before)
	}
	return &ChoiceError{text}
}

// gather notes what stands in columns that do not stay.
func (w *work) gather(rec *jobs.Record, c *chooser) {
	for row := range rec.Rows() {
		cells := c.cells.Values(row)
		for i, name := range row.Shape.Columns {
			if v := string(bytes.TrimSpace(cells[i])); v != "" && !isOwn(name) && !w.keeps(name) {
				w.values[v] = true
			}
		}
	}
}

func isOwn(column string) bool {
	return slices.Contains([]string{"_seq", "_status", "_class", "_error", "_attempts", "_ms"}, column)
}

// telling reports whether a value tells of a person wherever it stands: a number of four digits, or a word of three letters, may be
// anything.
func telling(v string) bool {
	return len(v) >= 8 || len(v) >= 4 && strings.ContainsFunc(v, unicode.IsLetter)
}

// tellingValues are those. The longest are the first, as one may be part of another.
func (w *work) tellingValues() []string {
	out := make([]string, 0, len(w.values))
	for v := range w.values {
		if telling(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return out
}

// eachResult walks over the rows of the results.
func (w *work) eachResult(visit func(*jobs.Record) error) error {
	rows, err := form.Open(w.Config.Output, w.Config.OutputFormat)
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var rec dataset.Record
	for {
		err := rows.Next(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read results: %w", err)
		}
		seq, ok := w.Config.OutputFormat.SeqOf(rec.Raw, rec.Values)
		if !ok || form.Broken(rows, &rec) {
			continue // it is not altered either
		}
		if err := visit(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: rows.Shape()}); err != nil {
			return err
		}
	}
}

// eachRecord walks over the records of the dataset, as they were and as they were put right.
func (w *work) eachRecord(visit func(*jobs.Record) error) error {
	in, err := w.openDataset()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	list, err := w.reader.Corrections(w.ctx)
	if err != nil {
		return err
	}
	corrections := intake.Corrections(list)
	var rec dataset.Record
	for seq := jobs.Seq(0); ; seq++ {
		err := in.Reader.Next(&rec)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return intake.ReadError(err)
		}
		of := func() error {
			if rec.Err != nil {
				rec.Values = nil // it may be meant by its position
			}
			return visit(&jobs.Record{Seq: seq, Attempt: 1, Raw: rec.Raw, Values: rec.Values, Shape: in.Reader.Shape()})
		}
		if err := of(); err != nil {
			return err
		}
		if _, other := corrections[seq]; other {
			corrections.Apply(in.Reader, seq, &rec)
			if err := of(); err != nil {
				return err
			}
		}
	}
}
