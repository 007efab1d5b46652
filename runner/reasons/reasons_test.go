package reasons_test

import (
	"brood/jobs"
	"brood/runner/reasons"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestText: the reason is the last line of what was said, behind the command's own exit
// status, and nothing of brood's machinery.
func TestText(t *testing.T) {
	for _, c := range []struct {
		class      jobs.Class
		text, want string
	}{
		{"exit:3", "exit status 3: warning: a\nerror: b\n", "exit status 3: error: b"},
		{"exit:3", "exit status 3: b", "exit status 3: b"},
		{"exit:3", "exit status 3", "exit status 3"},
		{"exit:1", "exit status 1: progress 1%\rprogress 2%\rgave up", "exit status 1: gave up"},
		{"signal:SEGV", "killed by signal SEGV: a\n\n  b  ", "killed by signal SEGV: b"},
		{jobs.ClassTimeout, "it took longer than --timeout 200ms and was stopped: it was asked to stop: killed by signal TERM: a\nb", "it took longer than --timeout 200ms and was stopped: it was asked to stop: killed by signal TERM: b"},
		{jobs.ClassTimeout, "it took longer than --timeout 1s and was stopped", "it took longer than --timeout 1s and was stopped"},
		{jobs.ClassCrash, "the worker died with this record in hand (exit status 70): Traceback:\nValueError: bad\nworker: job pipe, record 4: program python3: it closed its standard output without an answer (exit status 1)", "program python3: it closed its standard output without an answer (exit status 1): ValueError: bad"},
		{jobs.ClassCrash, "the worker died with this record in hand (exit status 70): worker: job pipe, record 4: program x: it ended (exit status 9)", "program x: it ended (exit status 9)"},
		{jobs.ClassCrash, "the worker died with this record in hand (signal: killed): one\ntwo", "the worker died with this record in hand (signal: killed): two"},
		{jobs.ClassCrash, "the worker died with this record in hand (signal: killed)", "the worker died with this record in hand (signal: killed)"},
		{"signal:KILL", "killed by signal KILL: a\nb" + reasons.Harmless, "killed by signal KILL: b"},
		{"smtp", "550-no such user\n550 here", "550 here"},
		{"retry", "", ""},
		{"x", "\n\n", ""},
	} {
		if got := reasons.Text(c.class, c.text); got != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func failure(seq int, class jobs.Class, text string, values ...string) *reasons.Failure {
	f := &reasons.Failure{Seq: jobs.Seq(seq), Place: fmt.Sprintf("/in.txt:%d", seq+1), Status: jobs.StatusFailed, Class: class, Error: text}
	for _, v := range values {
		f.Values = append(f.Values, []byte(v))
	}
	return f
}

func lines(t *reasons.Tally) []string {
	var out []string
	groups, rest := t.Groups()
	for i := range groups {
		out = append(out, groups[i].String())
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("rest %d", rest))
	}
	return out
}

// TestGroups: what differs by the record's own values alone is one reason, whatever the
// order in which the records end; all else is another.
func TestGroups(t *testing.T) {
	unknown := failure(8, "exit:1", "exit status 1: cannot open x.txt", "x.txt")
	unknown.Status = jobs.StatusUnknown
	all := []*reasons.Failure{
		failure(0, "exit:1", "exit status 1: cannot open /tmp/a.txt: gone", "/tmp/a.txt"),
		failure(1, "exit:1", "exit status 1: cannot open /tmp/b c.txt: gone", "/tmp/b c.txt", "7"),
		failure(2, "exit:2", "exit status 2: cannot open /tmp/b.txt: gone", "/tmp/b.txt"),
		failure(3, "exit:1", "exit status 1: cannot open /tmp/d.txt: busy", "/tmp/d.txt"),
		failure(4, "http:404", "GET /x: 404", "404"),
		failure(5, "http:404", "GET /x: 500", "501"),
		failure(6, "exit:1", "exit status 1: d.txt.gz: wrong, and d too", "/x/d.txt"),
		failure(7, "exit:1", "exit status 1: e.txt.gz: wrong, and e too", "/x/e.txt"),
		unknown,
		failure(9, jobs.ClassInput, "/in.txt:10: 3 fields, not 4", "a,b,c"),
		failure(10, jobs.ClassInput, "/in.txt:11: 3 fields, not 4", "a,b,d"),
		// A value that is a word of the message by chance makes no group of its own.
		failure(11, "exit:4", "exit status 4: not a file", "b"),
		failure(12, "exit:4", "exit status 4: not a file", "a"),
		failure(13, "exit:4", "exit status 4: not a file", "c"),
		// Only whole words are values.
		failure(14, "exit:5", "exit status 5: error 12", "1"),
		failure(15, "exit:5", "exit status 5: error 22", "2"),
		// An exit status is none of the record's words.
		failure(16, "exit:6", "exit status 6: cannot find 5", "5"),
		failure(17, "exit:6", "exit status 6: cannot find 6", "6"),
		// Nor is it another reason in another column.
		failure(18, jobs.ClassInput, "/in.txt:19:7: 2 fields, not 4", "a,b,c"),
		failure(19, jobs.ClassInput, "/in.txt:20:12: 2 fields, not 4", "a,b,d"),
	}
	want := []string{
		"failed: record 0, /in.txt:1: exit status 1: cannot open /tmp/a.txt: gone (and 1 more like it)",
		"failed: record 2, /in.txt:3: exit status 2: cannot open /tmp/b.txt: gone",
		"failed: record 3, /in.txt:4: exit status 1: cannot open /tmp/d.txt: busy",
		"failed: record 4, /in.txt:5: GET /x: 404",
		"failed: record 5, /in.txt:6: GET /x: 500",
		"failed: record 6, /in.txt:7: exit status 1: d.txt.gz: wrong, and d too (and 1 more like it)",
		"unknown: record 8, /in.txt:9: exit status 1: cannot open x.txt",
		"failed: record 9, /in.txt:10: 3 fields, not 4 (and 1 more like it)",
		"failed: record 11, /in.txt:12: exit status 4: not a file (and 2 more like it)",
		"failed: record 14, /in.txt:15: exit status 5: error 12",
		"failed: record 15, /in.txt:16: exit status 5: error 22",
		"failed: record 16, /in.txt:17: exit status 6: cannot find 5 (and 1 more like it)",
		"failed: record 18, /in.txt:19:7: 2 fields, not 4 (and 1 more like it)",
	}
	for _, backwards := range []bool{false, true} {
		tally := reasons.NewTally(reasons.Kept)
		if backwards {
			slices.Reverse(all)
		}
		for _, f := range all {
			tally.Add(f)
		}
		if got := lines(tally); !slices.Equal(got, want) {
			t.Errorf("backwards %v:\n got %s\nwant %s", backwards, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestBounded: of more groups than it may keep the tally keeps those that begin first,
// and counts the others.
func TestBounded(t *testing.T) {
	for _, step := range []int{1, 7} {
		tally := reasons.NewTally(3)
		for i := range 100 {
			seq := i * step % 100
			tally.Add(failure(seq, "x", "reason "+strconv.Itoa(seq)))
		}
		tally.Add(failure(100, "x", "reason 1"))
		want := []string{"failed: record 0, /in.txt:1: reason 0", "failed: record 1, /in.txt:2: reason 1 (and 1 more like it)", "failed: record 2, /in.txt:3: reason 2", "rest 97"}
		if got := lines(tally); !slices.Equal(got, want) {
			t.Errorf("step %d: %q", step, got)
		}
	}
}

// TestLongReason: a line that is shown has an end.
func TestLongReason(t *testing.T) {
	tally := reasons.NewTally(1)
	tally.Add(failure(0, "x", strings.Repeat("ä", 5000)))
	if got := lines(tally)[0]; len(got) > 500 || !strings.HasSuffix(got, "ä…") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
