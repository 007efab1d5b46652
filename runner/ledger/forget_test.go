package ledger

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// crowded is a ledger that says something of many people, and has removed much of it already.
func crowded(t *testing.T) *Ledger {
	t.Helper()
	l := create(t)
	c := &Commit{Totals: Totals{Input: 300, Failed: 300}, InputDone: true}
	for i := range 300 {
		name := fmt.Sprintf("Ada Lovelace %03d %s", i, strings.Repeat("ada@example.org ", 40))
		c.Outcomes = append(c.Outcomes, Outcome{Seq: jobs.Seq(i), Status: jobs.StatusFailed, Class: "exit:1", Error: "no such person: " + name, Attempts: 1, At: noon})
		c.Attempts = append(c.Attempts, Attempt{Seq: jobs.Seq(i), Attempt: 1, At: noon, Verdict: "failed", Class: "exit:1", Error: name})
		c.Held = append(c.Held, Held{First: jobs.Seq(i), Count: 1, Bytes: []byte("held " + name)})
		c.Intents = append(c.Intents, Intent{Epoch: 1, At: noon, First: jobs.Seq(i), Count: 1, Attempt: 1, Keys: bytes.Repeat([]byte{byte(i), 0xa0 | byte(i>>8)}, 8)})
	}
	seq := jobs.Seq(7)
	c.Deaths = []Death{{At: noon, How: "exit status 2", Seq: &seq, Said: "panic: Ada Lovelace 007"}, {At: noon, How: "exit status 2", Said: "before that: Ada Lovelace 008"}}
	commit(t, l, c)
	commit(t, l, &Commit{Totals: c.Totals, InputDone: true, NextSeq: 300}) // what was held is removed
	return l
}

// TestForget leaves no byte of what was taken out in the file, not where rows were removed long before either, and all else as it was.
func TestForget(t *testing.T) {
	l := crowded(t)
	path := l.path
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if was, err := os.ReadFile(path); err != nil || !bytes.Contains(was, []byte("held Ada Lovelace")) {
		t.Fatalf("nothing was left of what had been removed, so this shows nothing: %v", err)
	}
	l = must[*Ledger](t)(Open(t.Context(), path))
	f := &Forgetting{Keys: true, Values: []string{"Ada Lovelace 008"}, Files: []Version{{Path: "/x", New: "/y"}, {Path: "/z"}}}
	for i := range 300 {
		if i%2 == 0 || i == 7 {
			f.Records = append(f.Records, Forgotten{Seq: jobs.Seq(i), At: noon, By: "me", Reason: "asked", Row: []byte{byte(i)}})
		}
	}
	if err := l.Forget(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	now := must[[]byte](t)(os.ReadFile(path))
	for i := range 300 {
		name := fmt.Appendf(nil, "Ada Lovelace %03d", i)
		gone := i%2 == 0 || i == 7
		if bytes.Contains(now, name) == gone {
			t.Errorf("record %d: forgotten %v, and its name is there: %v", i, gone, gone)
		}
		if key := bytes.Repeat([]byte{byte(i), 0xa0 | byte(i>>8)}, 8); i > 0 && bytes.Contains(now, key) == gone {
			t.Errorf("record %d: forgotten %v, and its key is there: %v", i, gone, gone)
		}
	}
	if bytes.Contains(now, []byte("held Ada")) {
		t.Error("what was held is in free pages still")
	}
	if err := Verify(t.Context(), path); err != nil {
		t.Error(err)
	}
	r := must[*Reader](t)(OpenReader(t.Context(), path))
	defer func() { _ = r.Close() }()
	if totals, err := r.Recount(t.Context(), false); err != nil || totals.Failed != 300 {
		t.Errorf("%+v %v", totals, err)
	}
	if o := must[*Outcome](t)(r.Outcome(t.Context(), 4)); o.Error != ForgottenMark || o.Class != "exit:1" {
		t.Errorf("%+v", o)
	}
	list, err := r.Forgotten(t.Context())
	if err != nil || len(list) != 151 || list[0].Reason != "asked" || !list[0].At.Equal(noon) {
		t.Errorf("%d %v", len(list), err)
	}
	files, left, err := r.Unforgotten(t.Context())
	if err != nil || !left || len(files) != 2 || files[0] != (Version{Path: "/x", New: "/y"}) || files[1] != (Version{Path: "/z"}) {
		t.Errorf("%v %v %v", files, left, err)
	}
}

// TestForgottenLinks tells that something was altered, taken out or added of what a ledger says of forgotten records.
func TestForgottenLinks(t *testing.T) {
	for name, harm := range map[string]string{
		"altered":   `UPDATE forgotten SET reason = 'other' WHERE seq = 2`,
		"row":       `UPDATE forgotten SET row = x'00' WHERE seq = 1`,
		"taken out": `DELETE FROM forgotten WHERE seq = 1`,
		"added":     `INSERT INTO forgotten (seq, at, by, reason, row, link) SELECT 9, at, by, reason, row, link FROM forgotten WHERE seq = 3`,
	} {
		l := create(t)
		for i := range 3 {
			if err := l.Forget(t.Context(), &Forgetting{Records: []Forgotten{{Seq: jobs.Seq(i + 1), At: noon, By: "me"}}}); err != nil {
				t.Fatal(err)
			}
			if err := l.ForgettingDone(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if list, err := l.Reader().Forgotten(t.Context()); err != nil || len(list) != 3 {
			t.Fatalf("%s: %v %v", name, list, err)
		}
		if _, left, err := l.Reader().Unforgotten(t.Context()); err != nil || left {
			t.Fatalf("%s: %v %v", name, left, err)
		}
		if _, err := l.write.ExecContext(t.Context(), harm); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Reader().Forgotten(t.Context()); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothingForgotten is a ledger in which nobody was.
func TestNothingForgotten(t *testing.T) {
	l := create(t)
	if list, err := l.Reader().Forgotten(t.Context()); err != nil || list != nil {
		t.Errorf("%v %v", list, err)
	}
	if _, left, err := l.Reader().Unforgotten(t.Context()); err != nil || left {
		t.Errorf("%v %v", left, err)
	}
	if !filepath.IsAbs(l.path) {
		t.Error(l.path)
	}
}
