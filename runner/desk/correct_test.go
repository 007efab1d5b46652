package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/ledger"
	"brood/runner/sink"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestAsMember: a member that is corrected in a table, where all is text, keeps its type if
// it can, and is as it was where its text is the same.
func TestAsMember(t *testing.T) {
	for _, c := range []struct{ was, text, want string }{
		{`1.50`, "1.50", `1.50`},
		{`1.50`, "2", `2`},
		{`1.50`, "n/a", `"n/a"`},
		{`1.50`, "true", `true`},
		{`true`, "false", `false`},
		{`"7"`, "8", `"8"`},
		{`"a\u00e9"`, "aé", `"a\u00e9"`},
		{`null`, "", `null`},
		{`null`, "x", `"x"`},
		{`[1,2]`, "[1,2]", `[1,2]`},
		{`[1,2]`, "[3]", `[3]`},
		{`{"a":1}`, "{broken", `"{broken"`},
		{`12345678901234567890`, "12345678901234567890", `12345678901234567890`},
	} {
		if got := string(asMember([]byte(c.text), gjson.Parse(c.was))); got != c.want {
			t.Errorf("%s as %q: %s, want %s", c.was, c.text, got, c.want)
		}
	}
}

func TestChoice(t *testing.T) {
	timeout := &ledger.Outcome{Status: jobs.StatusUnknown, Class: "timeout"}
	exit := &ledger.Outcome{Status: jobs.StatusFailed, Class: "exit:65"}
	failed := []jobs.Status{jobs.StatusFailed}
	for _, c := range []struct {
		choice Choice
		of     *ledger.Outcome
		want   bool
	}{
		{Choice{Statuses: failed}, exit, true},
		{Choice{Statuses: failed}, timeout, false},
		{Choice{Statuses: []jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}}, timeout, true},
		{Choice{Statuses: failed, Classes: []string{"exit:65"}}, exit, true},
		{Choice{Statuses: failed, Classes: []string{"timeout", "exit:*"}}, exit, true},
		{Choice{Statuses: failed, Classes: []string{"exit"}}, exit, false},
	} {
		if got := c.choice.matches(c.of); got != c.want {
			t.Errorf("%+v of %+v: %v", c.choice, c.of, got)
		}
	}
}

// fixes reads a file of corrections of a run and compares it with that.
func (p *past) fixes(name, text string, meant ...jobs.Status) ([]ledger.Outcome, []ledger.Correction, error) {
	p.t.Helper()
	of := dataset.Spec{Paths: []string{filepath.Join(p.t.TempDir(), name)}}
	p.write(of.Paths[0], text)
	if err := of.Resolve(); err != nil {
		p.t.Fatal(err)
	}
	f, err := ReadFixes(p.t.Context(), of, p.dir, p.ledger.Reader(), p.cfg, []string{"stdout"})
	if err != nil {
		return nil, nil, err
	}
	return f.Corrected(p.t.Context(), p.dir, p.ledger.Reader(), p.cfg, meant, "me@here")
}

// TestFixes: rows are known by their number, or by their key; those that say what stands
// there already are tried again as they are.
func TestFixes(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	failed, both := []jobs.Status{jobs.StatusFailed}, []jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}
	for _, c := range []struct {
		name, text string
		meant      []jobs.Status
		want       string // the rows by seq
	}{
		{"a.csv", "_seq,name\n2,Cem\n", failed, `2 "2,cem">"2,Cem"`},
		{"b.csv", "name,_seq,_error,stdout\nCem,2,boom,x\n", failed, `2 "2,cem">"2,Cem"`},
		{"c.csv", "id,name\n22,cem\n", failed, `2 "2,cem">"22,cem"`}, // by the key, which is the name
		{"d.csv", "_seq,id,name\n2,2,cem\n", failed, `2 as it is`},
		{"e.tsv", "_seq\tname\n2\ta,b\n", failed, `2 "2,cem">"2,\"a,b\""`},
		{"f.jsonl", `{"_seq":2,"name":"Cem","id":2}`, failed, `2 "2,cem">"2,Cem"`},
		{"g.csv", "_seq,name\n4,Eve\n2,cem\n", both, `2 as it is; 4 "4,eve">"4,Eve"`},
		{"h.csv", "_seq,name\n", failed, ``},
	} {
		chosen, corrections, err := p.fixes(c.name, c.text, c.meant...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		said := make(map[jobs.Seq]string)
		for _, o := range chosen {
			said[o.Seq] = fmt.Sprintf("%d as it is", o.Seq)
		}
		for _, x := range corrections {
			said[x.Seq] = fmt.Sprintf("%d %q>%q", x.Seq, x.Was, x.Row)
		}
		var all []string
		for _, seq := range slices.Sorted(maps.Keys(said)) {
			all = append(all, said[seq])
		}
		if got := strings.Join(all, "; "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFixesRefused(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "_seq,nmae\n2,x\n", `a.csv:1: the dataset has no column "nmae"`},
		{"b.csv", "_seq,_error\n2,x\n", `b.csv:1: it has none of the dataset's columns`},
		{"c.csv", "_seq,name\n0,x\n", `c.csv:2: record 0 has not failed, it is ok`},
		{"d.csv", "_seq,name\n2,x\n1,x\n", `d.csv:3: record 1 is unknown: it may have been done`},
		{"e.csv", "_seq,name\n77,x\n", `e.csv:2: record 77 has not failed`},
		{"f.csv", "_seq,name\n-2,x\n", `f.csv:2: _seq is "-2"`},
		{"g.csv", "_seq,name\n2,x\n2,y\n", `g.csv:3: record 2 stands in line 2 as well`},
		{"h.csv", "id,name\n2,nobody\n", `h.csv:2: no record that has failed or is unknown has this key`},
		{"i.csv", "id,name\n2,\n", `i.csv:2: it has no key: name is empty`},
		{"j.csv", "_seq,name\n2\n", `j.csv:2`},
		{"k.txt", "2,x\n", `k.txt: it is plain lines`},
	} {
		if _, _, err := p.fixes(c.name, c.text, jobs.StatusFailed); err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, new(*dataset.InputError)) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	p.cfg.Key = jobs.KeySpec{}
	if _, _, err := p.fixes("l.csv", "id,name\n2,x\n", jobs.StatusFailed); err == nil || !strings.Contains(err.Error(), "nobody can tell which records these are") {
		t.Error(err)
	}
}

// TestChosen: records are chosen by how they ended and by what stands in them.
func TestChosen(t *testing.T) {
	p := newPast(t, sink.FormatCSV, ledger.StateDone)
	both := []jobs.Status{jobs.StatusFailed, jobs.StatusUnknown}
	for _, c := range []struct {
		choice Choice
		want   []jobs.Seq
	}{
		{Choice{Statuses: both[:1]}, []jobs.Seq{2}},
		{Choice{Statuses: both}, []jobs.Seq{1, 2, 4}},
		{Choice{Statuses: both, Classes: []string{"c*"}, Where: `name startsWith "b" or _seq == 4`}, []jobs.Seq{1, 4}},
		{Choice{Statuses: both, Where: `_status == "failed" and int(id) > 1`}, []jobs.Seq{2}},
		{Choice{Statuses: both, Where: `false`}, nil},
	} {
		chosen, err := Chosen(t.Context(), p.dir, p.ledger.Reader(), p.cfg, &c.choice)
		var got []jobs.Seq
		for _, o := range chosen {
			got = append(got, o.Seq)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, %v", c.choice, got, err)
		}
	}
	if _, err := Chosen(t.Context(), p.dir, p.ledger.Reader(), p.cfg, &Choice{Statuses: both, Where: "nme == ''"}); !errors.As(err, new(*WhereError)) {
		t.Error(err)
	}
}
