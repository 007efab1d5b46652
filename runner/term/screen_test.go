package term

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// glass is a terminal of so many columns: lines that have been left, and the one with the
// cursor. What is written behind the last column begins another line.
type glass struct {
	columns int
	rows    []string
	row     int
	at      int
}

func (g *glass) Write(p []byte) (int, error) {
	if g.rows == nil {
		g.rows = []string{""}
	}
	for _, r := range strings.NewReplacer("\x1b[K", "\x01", "\x1b[A", "\x02").Replace(string(p)) {
		switch r {
		case '\r':
			g.at = 0
		case '\n':
			g.at = 0
			if g.row++; g.row == len(g.rows) {
				g.rows = append(g.rows, "")
			}
		case '\x01':
			g.rows[g.row] = string([]rune(g.rows[g.row])[:g.at])
		case '\x02':
			g.row = max(0, g.row-1)
		default:
			g.put(r)
		}
	}
	return len(p), nil
}

func (g *glass) put(r rune) {
	if g.at == g.columns {
		_, _ = g.Write([]byte("\n"))
	}
	line := []rune(g.rows[g.row])
	if g.at < len(line) {
		line[g.at] = r
	} else {
		line = append(line, r)
	}
	g.rows[g.row] = string(line)
	g.at++
}

func (g *glass) String() string {
	var lines []string
	for _, row := range g.rows {
		lines = append(lines, strings.TrimRight(row, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// at is a Term whose progress is shown on a glass.
func at(g *glass, ansi bool) *Term {
	t := New(Options{Out: g, Progress: ProgressAlways})
	t.screen.ansi, t.screen.unwraps = ansi, true
	t.screen.columns = func() int { return g.columns }
	return t
}

// TestBar: a log line stands above the bar, results do as well, a part of a line of them
// is not drawn over, and at the end the bar is gone.
func TestBar(t *testing.T) {
	for _, ansi := range []bool{true, false} {
		g := &glass{columns: 80}
		term := at(g, ansi)
		shows := func(want string) {
			t.Helper()
			term.Flush()
			if got := g.String(); got != want {
				t.Errorf("ansi %v:\n%s\nwant\n%s", ansi, got, want)
			}
		}
		results := func(text string) {
			t.Helper()
			if err := term.results(g, text); err != nil {
				t.Error(err)
			}
		}
		term.Update(Snapshot{Final: 5, Rate: 10, Bytes: 50, Total: 100, Elapsed: time.Minute})
		bar := "5 records, 10/s 50% [##########----------] 1m0s left"
		shows(bar)
		term.Logf("a line")
		shows("brood: a line\n" + bar)
		results("one\ntwo\n")
		shows("brood: a line\none\ntwo\n" + bar)
		results("thr")
		shows("brood: a line\none\ntwo\nthr")
		term.Update(Snapshot{Final: 6, Bytes: 100, Total: 100}) // all that was read is not all that is done
		shows("brood: a line\none\ntwo\nthr")
		results("ee\n")
		bar = "6 records, 0.0/s 99% [###################-] 0s left"
		term.Update(Snapshot{Final: 6, Bytes: 100, Total: 100, Elapsed: 1})
		shows("brood: a line\none\ntwo\nthree\n" + bar)
		results("half")
		term.Logf("between")
		shows("brood: a line\none\ntwo\nthree\nhalf\nbrood: between\n" + bar)
		term.Hide()
		shows("brood: a line\none\ntwo\nthree\nhalf\nbrood: between")
		term.Update(Snapshot{Final: 7})
		shows("brood: a line\none\ntwo\nthree\nhalf\nbrood: between")
		term.Show()
		term.Update(Snapshot{Final: 7})
		shows("brood: a line\none\ntwo\nthree\nhalf\nbrood: between\n7 records, 0.0/s")
		term.End()
		term.Update(Snapshot{Final: 8})
		term.Logf("the end")
		shows("brood: a line\none\ntwo\nthree\nhalf\nbrood: between\nbrood: the end")
	}
}

// TestNarrowed: when the terminal gets narrower it breaks the bar into several lines,
// which all go.
func TestNarrowed(t *testing.T) {
	g := &glass{columns: 80}
	term := at(g, true)
	term.Logf("above")
	term.Update(Snapshot{Final: 5, Rate: 10, Bytes: 50, Total: 100, Elapsed: time.Minute})
	term.Flush()
	bar := g.rows[1]
	g.columns = 20 // now it is seen so
	g.rows = []string{"brood: above", bar[:20], bar[20:40], bar[40:]}
	g.row, g.at = 3, len(bar)-40
	term.Update(Snapshot{Final: 5, Rate: 10, Bytes: 50, Total: 100, Elapsed: time.Minute})
	term.Flush()
	if got, want := g.String(), "brood: above\n5 records, 10/s 50%"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestWidths: the bar never fills the line, and nothing that matters is cut as long as
// there is something else to leave out.
func TestWidths(t *testing.T) {
	s := Snapshot{Final: 1234567, Failed: 12, Unknown: 3, Rate: 4321, Bytes: 25, Total: 100, Elapsed: time.Minute, Waits: "the last one waits until 10:00:00"}
	for columns := range 200 {
		if n := columnsOf(s.line(columns)); n > columns {
			t.Errorf("%d columns: %q", columns, s.line(columns))
		}
	}
	s.Waits = ""
	for columns, want := range map[int]string{
		200: "1,234,567 records, 4,321/s, 12 failed, 3 unknown 25% [#####---------------] 3m0s left",
		79:  "1,234,567 records, 4,321/s, 12 failed, 3 unknown 25% [##--------] 3m0s left",
		65:  "1,234,567 records, 4,321/s, 12 failed, 3 unknown 25% 3m0s left",
		60:  "1,234,567 records, 4,321/s, 12 failed, 3 unknown 25%",
		45:  "1,234,567 records, 12 failed, 3 unknown 25%",
		40:  "1,234,567, 12 failed, 3 unknown 25%",
		35:  "1,234,567, 12 failed, 3 unknown 25%",
		31:  "1,234,567, 12 failed, 3 unknown",
		12:  "1,234,567, …",
		1:   "…",
		0:   "",
	} {
		if got := s.line(columns); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
	if got := (Snapshot{Final: 3, Total: -1, Bytes: 7, Rate: 2}).line(79); got != "3 records, 2.0/s" {
		t.Errorf("of unknown size: %q", got)
	}
}

// TestResultsUnread: results are not held up by what nobody reads; they are written
// when a second has passed.
func TestResultsUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paused{let: make(chan struct{})}
		term := New(Options{Out: p, Progress: ProgressAlways})
		term.Logf("x")
		synctest.Wait()
		begun := time.Now()
		var b bytes.Buffer
		if err := term.results(&b, "row\n"); err != nil || b.String() != "row\n" {
			t.Errorf("%q, %v", &b, err)
		}
		if took := time.Since(begun); took != patience {
			t.Errorf("after %s", took)
		}
		close(p.let)
		term.Flush()
	})
}
