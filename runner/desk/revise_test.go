package desk

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"brood/runner/spec"
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// upper is a revision that wants names with an a or e in capitals, and with a quote and a comma.
func upper(*spec.Config) (*jobs.Revision, error) {
	return &jobs.Revision{Column: "name", Of: func(rec *jobs.Record) ([]byte, bool) {
		v, _ := rec.Lookup("name")
		if !bytes.ContainsAny(v, "ae") {
			return nil, false
		}
		return append(bytes.ToUpper(v), `", `...), true
	}}, nil
}

// TestRevise: rows get what they are to have, the others stay, the ledger knows the new file; and the second time
// nothing is written.
func TestRevise(t *testing.T) {
	for _, format := range []sink.Format{sink.FormatCSV, sink.FormatTSV, sink.FormatJSONL} {
		t.Run(format.String(), func(t *testing.T) {
			p := newPast(t, format, ledger.StateDone)
			want := p.output()
			for _, name := range []string{"ann", "cem", "dan", "eve", "fay"} {
				before, after := name+",", `"`+strings.ToUpper(name)+`"", ",`
				switch format {
				case sink.FormatTSV:
					before, after = name+"\t", `"`+strings.ToUpper(name)+`"", "`+"\t"
				case sink.FormatJSONL:
					before, after = `"`+name+`"`, `"`+strings.ToUpper(name)+`\", "`
				}
				want = strings.Replace(want, before, after, 1)
			}
			for range 2 {
				st, err := os.Stat(p.cfg.Output)
				if err != nil {
					t.Fatal(err)
				}
				revised := p.output() == want
				if err := Revise(t.Context(), p.ledger, p.cfg, upper); err != nil {
					t.Fatal(err)
				}
				if p.output() != want {
					t.Fatalf("%s\nwant %s", p.output(), want)
				}
				if now, err := os.Stat(p.cfg.Output); err != nil || revised != os.SameFile(st, now) {
					t.Errorf("%v; revised before: %t, and the same file now: %t", err, revised, os.SameFile(st, now))
				}
			}
			out, err := p.ledger.Reader().Output(t.Context())
			sum := crc32.Checksum([]byte(want), crc32.MakeTable(crc32.Castagnoli))
			if err != nil || out.Bytes != int64(len(want)) || out.Sum == nil || *out.Sum != sum {
				t.Errorf("the ledger has %+v, %v", out, err)
			}
			if list, err := os.ReadDir(filepath.Dir(p.cfg.Output)); err != nil || len(list) != 4 {
				t.Errorf("beside it lie %v, %v", list, err)
			}
		})
	}
}

// TestReviseWasCutOff: what was written and not yet renamed is, by who comes next, and there is nothing to do then.
func TestReviseWasCutOff(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	before := p.output()
	if err := Revise(t.Context(), p.ledger, p.cfg, upper); err != nil {
		t.Fatal(err)
	}
	want := p.output()
	tmp := filepath.Join(filepath.Dir(p.cfg.Output), ".out.csv.brood-revised")
	p.write(tmp, want)
	p.write(p.cfg.Output, before)
	if err := p.ledger.Amend(t.Context(), int64(len(want)), nil, tmp); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(FinishAmending(t.Context(), p.ledger), Revise(t.Context(), p.ledger, p.cfg, upper)); err != nil || p.output() != want {
		t.Errorf("%v, %s", err, p.output())
	}
}

// TestReviseNot: where nothing is wanted, where there is no table, and where the output is gone.
func TestReviseNot(t *testing.T) {
	nothing := func(*spec.Config) (*jobs.Revision, error) { return nil, nil } //nolint:nilnil // nothing is wanted
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	before := p.output()
	if err := Revise(t.Context(), p.ledger, p.cfg, nothing); err != nil || p.output() != before {
		t.Errorf("%v, %s", err, p.output())
	}
	failed := func(*spec.Config) (*jobs.Revision, error) { return nil, os.ErrInvalid }
	var writeErr *spec.WriteError
	if err := Revise(t.Context(), p.ledger, p.cfg, failed); !errors.As(err, &writeErr) || p.output() != before {
		t.Errorf("%v, %s", err, p.output())
	}
	if err := os.Remove(p.cfg.Output); err != nil {
		t.Fatal(err)
	}
	if err := Revise(t.Context(), p.ledger, p.cfg, upper); !errors.Is(err, ErrOutputGone) {
		t.Errorf("%v", err)
	}
	text := newPast(t, sink.FormatText, ledger.StateDone)
	before = text.output()
	if err := Revise(t.Context(), text.ledger, text.cfg, upper); err != nil || text.output() != before {
		t.Errorf("%v, %s", err, text.output())
	}
}
