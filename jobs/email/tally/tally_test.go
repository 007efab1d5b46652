package tally

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func day(n int) time.Time { return start.Add(time.Duration(n) * 24 * time.Hour) }

func soft(id, address string, n int) Event { return Event{ID: id, Address: address, Time: day(n)} }

func open(t *testing.T, path string) *Counts {
	t.Helper()
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What counts as in a row, with events in any order.
func TestCount(t *testing.T) {
	ann := func(id string, n int) Event { return soft(id, "ann@example.org", n) }
	arrived := func(id string, n int) Event { return Event{id, "Ann@example.org", day(n), true} }
	for name, c := range map[string]struct {
		events []Event
		over   bool
	}{
		"three":               {[]Event{ann("a", 1), ann("b", 2), ann("c", 3)}, true},
		"two":                 {[]Event{ann("a", 1), ann("b", 2)}, false},
		"one report, thrice":  {[]Event{ann("a", 1), ann("a", 1), ann("a", 1)}, false},
		"delivered between":   {[]Event{ann("c", 3), ann("a", 1), arrived("x", 2), ann("b", 2)}, false},
		"delivered before":    {[]Event{arrived("x", 0), ann("a", 1), ann("b", 2), ann("c", 3)}, true},
		"delivered after all": {[]Event{ann("a", 1), ann("b", 2), ann("c", 3), arrived("x", 4)}, false},
		"far apart":           {[]Event{ann("a", 1), ann("b", 92), ann("c", 183)}, false},
		"once in 90 days":     {[]Event{ann("a", 1), ann("b", 91), ann("c", 181)}, true},
		"others":              {[]Event{ann("a", 1), soft("b", "bob@example.org", 2), ann("c", 3)}, false},
		"without a time":      {[]Event{{ID: "a", Address: "ann@example.org"}, {ID: "b", Address: "ann@example.org"}, {ID: "c", Address: "ann@example.org"}}, true},
		"capitals of domains": {[]Event{ann("a", 1), soft("b", "ann@EXAMPLE.org", 2), ann("c", 3)}, true},
	} {
		got := open(t, filepath.Join(t.TempDir(), "f")).Count(c.events, 3, day(200))
		if (len(got) > 0) != c.over {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A report that is read again counts once, also by another session; what is old is forgotten.
func TestAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts")
	for i, want := range []int{0, 0, 1, 1} {
		c := open(t, path)
		var events []Event
		for n := range min(i, 2) + 1 {
			events = append(events, soft(string(rune('a'+n)), "ann@example.org", n))
		}
		if got := c.Count(events, 3, day(i)); len(got) != want && i < 3 {
			t.Errorf("session %d: %q", i, got)
		} else if i == 3 && len(got) != 0 {
			t.Errorf("nothing new, and %q", got)
		}
		if err := c.Save(day(i)); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "soft\tann@example.org\t3\t2026-11-03T12:00:00Z\n") {
		t.Errorf("%s, %v", b, err)
	}
	c := open(t, path)
	if err := c.Save(day(100)); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != Head+"\n" {
		t.Errorf("after 100 days: %s", b)
	}
}

// Two do not count at the same time, and a file that is something else stays as it is.
func TestRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "counts")
	c := open(t, path)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "somebody else counts there") {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"email,name\nann@example.org,Ann\n":                       ":1:1: ",
		Head + "\nsoft\tann@example.org\tmany\t2026-11-01\n":      ":2:1: ",
		Head + "\n\n# mine\nseen\tx\n":                            ":4:1: ",
		Head + "\nsoft\tann@example.org\t0\t2026-11-01T12:00:00Z": ":2:1: ",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path+want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzFile: what is read is written so that it is read as the same.
func FuzzFile(f *testing.F) {
	f.Add("soft\tann@example.org\t2\t2026-11-01T12:00:00Z\nseen\tabc\t2026-11-01T12:00:00Z\n")
	f.Add("# x\n\nsoft\tA@B\t2\t2026-11-01T12:00:00+05:00\nsoft\ta@b\t3\t0001-01-01T00:00:00Z\nseen\t\t9999-12-31T23:59:59Z")
	path := filepath.Join(f.TempDir(), "counts")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(Head+"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Open(path)
		if err != nil {
			return
		}
		if err := errors.Join(c.Save(day(0)), c.Close()); err != nil {
			t.Fatal(err)
		}
		first, _ := os.ReadFile(path)
		again, err := Open(path)
		if err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		if err := errors.Join(again.Save(day(0)), again.Close()); err != nil {
			t.Fatal(err)
		}
		if second, _ := os.ReadFile(path); !slices.Equal(first, second) {
			t.Fatalf("%q, then %q", first, second)
		}
	})
}
