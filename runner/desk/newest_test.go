package desk

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"errors"
	"os"
	"testing"
	"time"
)

// add adds a row to the results that the ledger does not count on.
func (p *past) add(format sink.Format, seq jobs.Seq, status jobs.Status) {
	p.t.Helper()
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"id", "name"}}
	enc, err := sink.NewEncoder(format, shape, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	row := enc.AppendRow(nil, &jobs.Record{Seq: seq, Values: [][]byte{[]byte("5"), []byte("fay\n\"x\"")}, Shape: shape}, &sink.Outcome{Status: status, Attempts: 1})
	p.write(p.cfg.Output, p.output()+string(row))
}

// A row of a record that the ledger never gave out shows that it is an older copy.
func TestCheckNewest(t *testing.T) {
	for _, format := range []sink.Format{sink.FormatCSV, sink.FormatTSV, sink.FormatJSONL} {
		for name, c := range map[string]struct {
			do    func(p *past)
			older bool
		}{
			"nothing more":            {func(*past) {}, false},
			"pending":                 {func(p *past) { p.add(format, 5, jobs.StatusOK) }, true},
			"behind another":          {func(p *past) { p.add(format, 3, jobs.StatusOK); p.add(format, 5, jobs.StatusOK) }, true},
			"final":                   {func(p *past) { p.add(format, 3, jobs.StatusOK) }, false},
			"needed no try":           {func(p *past) { p.add(format, 5, jobs.StatusFailed) }, false},
			"no row":                  {func(p *past) { p.write(p.cfg.Output, p.output()+"5,\"fay") }, false},
			"may be done again":       {func(p *past) { p.add(format, 5, jobs.StatusOK); p.cfg.Effect = jobs.EffectNone }, false},
			"given out":               {func(p *past) { p.add(format, 5, jobs.StatusOK); p.begin(nil) }, false},
			"given out in one before": {func(p *past) { p.add(format, 5, jobs.StatusOK); p.begin(nil); p.begin(nil) }, true},
			"noted": {func(p *past) {
				p.add(format, 5, jobs.StatusOK)
				p.begin([]ledger.Note{{Seq: 5, Kind: ledger.NoteUnknown}})
			}, false},
			"gone": {func(p *past) { _ = os.Remove(p.cfg.Output) }, false},
		} {
			t.Run(format.String()+"/"+name, func(t *testing.T) {
				p := newPast(t, format, ledger.StateInterrupted)
				c.do(p)
				if err := CheckNewest(t.Context(), p.ledger.Reader(), p.cfg); errors.Is(err, ledger.ErrDamaged) != c.older || (err != nil && !c.older) {
					t.Error(err)
				}
			})
		}
	}
}

// begin begins a session. Without notes it gives record 5 out, if nobody has.
func (p *past) begin(notes []ledger.Note) {
	p.t.Helper()
	epoch, err := p.ledger.BeginSession(p.t.Context(), ledger.Session{StartedAt: time.Now(), BootID: ledger.BootID(), Slots: 1}, notes)
	if err == nil && notes == nil && epoch == 2 {
		out, readErr := p.ledger.Reader().Output(p.t.Context())
		err = errors.Join(readErr, p.ledger.Commit(p.t.Context(), &ledger.Commit{
			OutputBytes: out.Bytes, OutputSum: *out.Sum, NextSeq: 5, Issued: 6, Totals: p.totals(),
			Intents: []ledger.Intent{{Epoch: epoch, At: time.Now(), First: 5, Count: 1, Attempt: 1}},
		}))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// A run is not done whose results are not there.
func TestCheckResults(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"gone":        os.Remove,
		"cut":         func(path string) error { return os.Truncate(path, 9) },
		"a directory": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
		"others": func(path string) error {
			b, err := os.ReadFile(path)
			b[9] ^= 1
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		},
	} {
		p := newPast(t, sink.FormatCSV, ledger.StateDone)
		if err := CheckResults(t.Context(), p.ledger.Reader()); err != nil {
			t.Fatal(err)
		}
		if err := harm(p.cfg.Output); err != nil {
			t.Fatal(err)
		}
		if err := CheckResults(t.Context(), p.ledger.Reader()); err == nil {
			t.Errorf("%s, and it is done", name)
		}
	}
}
