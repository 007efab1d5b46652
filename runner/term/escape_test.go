package term

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestEscape: what acts on a terminal is shown, what is text stays as it is.
func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"plain ~ äöü 世界 👩\u200d💻":        "plain ~ äöü 世界 👩\u200d💻",
		"\x00\x07\x1b[2J\x7f":            `\x00\x07\x1b[2J\u007f`,
		"a\nb\r\tc":                      `a\nb\r\tc`,
		"\u0080\u009b31m\u009f\u00a0":    `\u0080\u009b31m\u009f` + "\u00a0",
		"\x9b31m \xff\xc3":               `\x9b31m \xff\xc3`,
		"\u202e\u2066\u2069\u200f\u061c": `\u202e\u2066\u2069\u200f\u061c`,
		"\u2028x\u2029":                  `\u2028x\u2029`,
		"\xed\xa0\x80":                   `\xed\xa0\x80`, // half a surrogate
		"\ufffd":                         "\ufffd",
		`\x1b`:                           `\x1b`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestWriterPieces: however a text is cut into writes, the terminal gets the same,
// and nothing in it acts.
func TestWriterPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{
			"a", "\n", "\t", "\x1b]0;x\a", "\u009b", "\x9b", "世", "👩", "\xe4\xb8", "\u202e", "\xf0\x9f",
		})).Draw(t, "text"), "") + "end"
		var whole, pieces bytes.Buffer
		w := &Writer{w: &whole, tty: true}
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		w = &Writer{w: &pieces, tty: true}
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if whole.String() != pieces.String() {
			t.Fatalf("%q: %q in one piece, %q in several", text, &whole, &pieces)
		}
		if got := whole.String(); !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return acts(r) && r != '\n' && r != '\t' }) {
			t.Fatalf("%q acts", got)
		}
	})
}

// pty is a terminal, and what is seen on it.
func pty(t *testing.T) (tty *os.File, seen func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if tty, err = openPeer(master); err != nil {
		needs.Missing(t, "no terminal: %v", err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return tty, func() string {
		_, _ = io.WriteString(tty, "the end")
		var got []byte
		buf := make([]byte, 4096)
		for !bytes.HasSuffix(got, []byte("the end")) {
			n, err := master.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
		return strings.ReplaceAll(strings.TrimSuffix(string(got), "the end"), "\r\n", "\n")
	}
}

// TestTerminal: on a terminal one logged line is one line in which nothing acts, in
// both formats, and JSON is JSON; elsewhere the bytes are as they were.
func TestTerminal(t *testing.T) {
	const bad = "a\nb\x1b[2J \u009b \u202e \xff\x7f\tc"
	tty, seen := pty(t)
	says := func(o Options, say func(*Term)) {
		term := New(o)
		say(term)
		term.Flush()
	}
	says(Options{Out: tty, Progress: ProgressNever}, func(t *Term) { t.Worker(2, 7, "stderr", bad) })
	if got, want := seen(), `brood: [slot 2 record 7 stderr] a\nb\x1b[2J \u009b \u202e \xff\u007f`; !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("%q, want %q", got, want)
	}
	says(Options{Out: tty, Progress: ProgressNever, Log: LogJSON}, func(t *Term) { t.Logf("%s", bad) })
	line := seen()
	var e entry
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Msg != strings.ToValidUTF8(bad, "\ufffd") {
		t.Errorf("%q: %v", line, err)
	}
	if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), acts) {
		t.Errorf("%q acts", line)
	}
	w := NewWriter(tty)
	_, _ = io.WriteString(w, bad+w.Line("x\ny")+"\n")
	if got := seen(); strings.Count(got, "\n") != 2 || strings.ContainsAny(got, "\x1b\x7f\u202e\u009b") || strings.Contains(got, "\xff") || !w.IsTerminal() {
		t.Errorf("%q", got)
	}
	var b bytes.Buffer
	says(Options{Out: &b, Progress: ProgressNever}, func(t *Term) { t.Logf("%s", bad) })
	w = NewWriter(&b)
	_, _ = io.WriteString(w, w.Line(bad))
	if got := b.String(); got != "brood: "+bad+"\n"+bad {
		t.Errorf("%q", got)
	}
}
