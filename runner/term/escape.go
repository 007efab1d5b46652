package term

import (
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// What a terminal is told by others than brood (a record, a program, a server, a
// file's name) must not be an order to it: clear the screen, change its title,
// write the line before anew, or show text in another order than it has. So
// everything that goes to a terminal is escaped, here and nowhere else: C0, DEL,
// C1, the controls of bidirectional text, line separators, and bytes that are not
// UTF-8. Files and pipes get the bytes as they are.
//
// C0 is written \x1b, \r or \t, what is left \u009b, and a byte that is no text
// \xff. In JSON the first is escaped already, and the second is JSON.

// Escape escapes a text that is to stand in one line, so newlines too.
func Escape(s string) string { return escape(s, "") }

// escape leaves alone the control characters in keep.
func escape(s, keep string) string {
	i := next(s, keep)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for {
		b.WriteString(s[:i])
		if s = s[i:]; s == "" {
			return b.String()
		}
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(hex(`\x`, int(s[0]), 2))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ':
			b.WriteString(hex(`\x`, int(r), 2))
		default:
			b.WriteString(hex(`\u`, int(r), 4))
		}
		s = s[n:]
		i = next(s, keep)
	}
}

func hex(prefix string, n, digits int) string {
	h := strconv.FormatInt(int64(n), 16)
	return prefix + strings.Repeat("0", max(0, digits-len(h))) + h
}

// next is where the first character is that must be escaped, or the end.
func next(s, keep string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f || c < ' ' && strings.IndexByte(keep, c) >= 0 {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || acts(r) {
			return i
		}
		i += n
	}
	return len(s)
}

// acts says whether a terminal may do something about r other than show it: Unicode's
// Cc, its Bidi_Control (UAX 9), and the separators of lines and paragraphs.
func acts(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// Writer is standard output or standard error, as commands print to it. To a
// terminal it writes nothing that acts but newlines and tabs. It is for one
// goroutine at a time.
type Writer struct {
	w    io.Writer
	file *os.File
	tty  bool
	rest []byte // the beginning of a character
	err  error  // of the first write that failed

	beside *Term // who shows progress on the same terminal, or nil
}

// Err is why something could not be written, or nil: for who could not ask each time.
func (w *Writer) Err() error { return w.err }

// NewWriter returns a Writer to w, which may be a terminal.
func NewWriter(w io.Writer) *Writer {
	f, _ := w.(*os.File)
	return &Writer{w: w, file: f, tty: f != nil && term.IsTerminal(int(f.Fd()))}
}

// Instead returns a Writer that escapes as w does, and writes elsewhere.
func (w *Writer) Instead(to io.Writer) *Writer { return &Writer{w: to, tty: w.tty} }

// IsTerminal says whether what is written is seen by somebody.
func (w *Writer) IsTerminal() bool { return w.tty }

// File is what is written to: for programs that have the terminal for themselves.
func (w *Writer) File() *os.File { return w.file }

// Write writes p, or what may be shown of it.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

func (w *Writer) write(p []byte) (int, error) {
	if !w.tty {
		return w.w.Write(p)
	}
	b := p
	if len(w.rest) > 0 {
		b = slices.Concat(w.rest, p)
	}
	whole := wholeRunes(b)
	w.rest = append([]byte(nil), b[whole:]...)
	text := escape(string(b[:whole]), "\n\t")
	if w.beside != nil && text != "" {
		if err := w.beside.results(w.w, text); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	if _, err := io.WriteString(w.w, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Line is a text as it may stand in one line or cell of what is written.
func (w *Writer) Line(s string) string {
	if !w.tty {
		return s
	}
	return Escape(s)
}

// wholeRunes is the length of b without a character at its end that has only begun.
func wholeRunes(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}
