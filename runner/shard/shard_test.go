package shard

import (
	"brood/jobs"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"1/1": "1/1", "2/8": "2/8", "10000/10000": "10000/10000",
		"0/3": "counted from 1", "4/3": "1/3 to 3/3", "-1/3": "no such shard", "1/0": "1 to 10000", "1/10001": "1 to 10000", "1": "such as 2/8", "": "such as 2/8", "a/b": "such as 2/8", "1/2/3": "such as 2/8",
	} {
		p, err := Parse(text)
		switch {
		case err == nil && (p.String() != want || p.RunName("big") != "big-"+strings.Replace(want, "/", "-of-", 1)):
			t.Errorf("%q: %v, want %s", text, p, want)
		case err != nil && !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestDealt: each record is exactly one part's, and Before counts what OwnsSeq says.
func TestDealt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 50).Draw(t, "of")
		from := rapid.SampledFrom([]uint64{0, dealtSingly - 300, dealtSingly - 1, 1 << 30}).Draw(t, "from")
		n := rapid.Uint64Range(0, 700).Draw(t, "n")
		own := make([]uint64, of)
		for seq := from; seq < from+n; seq++ {
			owners := 0
			for i := range of {
				if (Part{i + 1, of}).OwnsSeq(jobs.Seq(seq)) {
					own[i]++
					owners++
				}
			}
			if owners != 1 {
				t.Fatalf("record %d has %d owners of %d", seq, owners, of)
			}
		}
		for i := range of {
			p := Part{i + 1, of}
			if got := p.Before(from+n) - p.Before(from); got != own[i] {
				t.Fatalf("%s has %d of records %d to %d, Before says %d", p, own[i], from, from+n, got)
			}
		}
	})
}

// TestFewAreOnAll: a few records are on all machines, as these may take hours each.
func TestFewAreOnAll(t *testing.T) {
	for i := range 10 {
		if got := (Part{i + 1, 10}).Before(100); got != 10 {
			t.Errorf("shard %d has %d of 100 records", i+1, got)
		}
	}
}

// TestKeysMeet: by keys as well each record is exactly one part's; those with the same key, after its rules, are of
// the same part, whatever the run is called; those without one are dealt by where they stand.
func TestKeysMeet(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"id", "mail"}}
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 20).Draw(t, "of")
		normalize, err := jobs.ParseNormalize("trim+lower", []string{"mail"})
		if err != nil {
			t.Fatal(err)
		}
		spelling := rapid.SampledFrom([]string{"ann@x", " ann@x", "ANN@X", "bob@x", "Bob@x ", "", " "})
		readable := rapid.Bool()
		where := make(map[string]int)
		for seq := range jobs.Seq(rapid.IntRange(0, 40).Draw(t, "records")) {
			mail, whole := spelling.Draw(t, "mail"), readable.Draw(t, "readable")
			r := &jobs.Record{Seq: seq, Values: [][]byte{[]byte("1"), []byte(mail)}, Shape: shape}
			owner := 0
			for i := range of {
				p := Part{i + 1, of}
				d := NewDeal(&p, jobs.KeySpec{Scope: fmt.Sprintf("run %d", seq), Columns: []string{"mail"}, Normalize: normalize})
				if !d.Keyed() || !d.Owns(r, whole) {
					continue
				}
				if owner != 0 {
					t.Fatalf("record %d (%q) is of %d and %d", seq, mail, owner, i+1)
				}
				owner = i + 1
			}
			key := strings.ToLower(strings.TrimSpace(mail))
			switch {
			case owner == 0:
				t.Fatalf("record %d (%q) is of nobody", seq, mail)
			case key == "" || !whole:
				if !(Part{owner, of}).OwnsSeq(seq) {
					t.Fatalf("record %d has no key, and is not where it stands", seq)
				}
			case where[key] != 0 && where[key] != owner:
				t.Fatalf("%q is of %d and %d", key, where[key], owner)
			default:
				where[key] = owner
			}
		}
	})
	if d := NewDeal(nil, jobs.KeySpec{}); d != nil || d.Keyed() || !d.Owns(&jobs.Record{}, true) {
		t.Error("no part is not all")
	}
}

// TestKeyIsForEver: to which part a key comes is part of the format.
func TestKeyIsForEver(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"mail"}}
	for mail, want := range map[string]int{"ann@example.com": 6, "bob@example.com": 6, "cem@example.com": 4} {
		r := &jobs.Record{Values: [][]byte{[]byte(mail)}, Shape: shape}
		for i := range 7 {
			p := Part{i + 1, 7}
			if NewDeal(&p, jobs.KeySpec{Columns: []string{"mail"}}).Owns(r, true) && i+1 != want {
				t.Errorf("%s is of %d, and was of %d", mail, i+1, want)
			}
		}
	}
}

func TestAuto(t *testing.T) {
	slurm := func(id, count, first, last, step string) map[string]string {
		return map[string]string{"SLURM_ARRAY_TASK_ID": id, "SLURM_ARRAY_TASK_COUNT": count, "SLURM_ARRAY_TASK_MIN": first, "SLURM_ARRAY_TASK_MAX": last, "SLURM_ARRAY_TASK_STEP": step}
	}
	for _, c := range []struct {
		env  map[string]string
		of   int
		want string // a part, or part of an error
	}{
		{slurm("0", "8", "0", "7", "1"), 0, "1/8"},
		{slurm("7", "8", "0", "7", ""), 8, "8/8"},
		{slurm("1", "8", "1", "8", "1"), 0, "1/8"},
		{slurm("12", "4", "0", "12", "4"), 4, "4/4"},
		{slurm("15", "3", "5", "15", "5"), 0, "3/3"},
		{slurm("3", "3", "1", "7", "1"), 0, "has gaps"},
		{slurm("3", "1", "3", "3", "1"), 8, "where only some of them are started again"},
		{slurm("3", "", "", "", ""), 0, "SLURM_ARRAY_TASK_COUNT is not set"},
		{slurm("x", "8", "0", "7", "1"), 0, `SLURM_ARRAY_TASK_ID is "x"`},
		{slurm("9", "8", "0", "7", "1"), 0, "has gaps"},
		{slurm("-4", "8", "0", "7", "1"), 0, "no number of a task"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0"}, 3, "1/3"},
		{map[string]string{"JOB_COMPLETION_INDEX": "2"}, 3, "3/3"},
		{map[string]string{"JOB_COMPLETION_INDEX": "3"}, 3, "no such shard"},
		{map[string]string{"JOB_COMPLETION_INDEX": "0"}, 0, "as in auto/8"},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "10000"}, 0, "1/10000"},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "4"}, 5, "5/5"},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "4"}, 0, "AWS_BATCH_JOB_ARRAY_SIZE is not set"},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "4", "AWS_BATCH_JOB_ARRAY_SIZE": "6"}, 5, "has 6 jobs"},
		{map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "4", "JOB_COMPLETION_INDEX": "4"}, 5, "of both"},
		{nil, 5, "no scheduler has said"},
		{nil, -1, "1 to 10000"},
	} {
		p, err := Auto(func(name string) string { return c.env[name] }, c.of)
		if got := p.String(); err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v of %d: %s, %v; want %s", c.env, c.of, got, err, c.want)
		}
	}
}

// FuzzParse: what is read is a part that there is, and is written as it was read.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1/3", "+2/08", "0/3", "9/3", "/", "1/99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(p.String()); err != nil || again != p || p.Index < 1 || p.Index > p.Of || p.Of > Most {
			t.Errorf("%q is %v", s, p)
		}
	})
}
