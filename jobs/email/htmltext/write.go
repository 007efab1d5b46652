package htmltext

import (
	"strings"
	"unicode"
)

// writer breaks text into lines.
type writer struct {
	width    int
	lines    []string
	words    []string // of the paragraph that is open
	space    bool     // there is space before the next word
	gap      bool     // an empty line comes before the next one
	prefixes []prefix
	inList   bool
	// fresh are how many of the prefixes have not been written yet: their first form comes next.
	fresh    int
	lastLink string
}

// prefix is what lines begin with: the first, and the others.
type prefix struct{ first, rest string }

// inline adds text of a line.
func (w *writer) inline(text string) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case '\u200b', '\ufeff', '\u00ad', '\u034f', '\u2060': // they only fill, or say where a word may be broken
			return -1
		}
		return r
	}, text)
	if text == "" {
		return
	}
	if first, _ := firstAndLast(text); isSpace(first) {
		w.space = true
	}
	for i, word := range strings.FieldsFunc(text, isSpace) {
		if strings.Trim(word, "\u200c\u200d\u00a0\u2007") == "" { // what mails fill their first lines with
			w.space = true
			continue
		}
		if i > 0 || w.space || len(w.words) == 0 {
			w.words = append(w.words, word)
		} else {
			w.words[len(w.words)-1] += word
		}
		w.space = false
	}
	if _, last := firstAndLast(text); isSpace(last) {
		w.space = true
	}
}

func firstAndLast(s string) (first, last rune) {
	for i, r := range s {
		if i == 0 {
			first = r
		}
		last = r
	}
	return first, last
}

// isSpace reports whether a line may be broken here: a space that may not be is none.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' && r != '\u2007'
}

// begin says that a prefix has come.
func (w *writer) begin() { w.fresh++ }

// end says that one goes. What was not written, as of an empty entry of a list, is not.
func (w *writer) end() { w.fresh = max(0, w.fresh-1) }

// first is what the next line begins with, and rest what others do.
func (w *writer) first() string {
	var out strings.Builder
	for i, p := range w.prefixes {
		if i >= len(w.prefixes)-w.fresh {
			out.WriteString(p.first)
		} else {
			out.WriteString(p.rest)
		}
	}
	w.fresh = 0
	return out.String()
}

func (w *writer) rest() string {
	var out strings.Builder
	for _, p := range w.prefixes {
		out.WriteString(p.rest)
	}
	return out.String()
}

// newLine ends the line that is open.
func (w *writer) newLine() {
	w.space = false
	if len(w.words) == 0 {
		return
	}
	w.separate()
	line := w.first()
	used, empty := columns(line), true
	for _, word := range w.words {
		n := columns(word)
		if !empty && used+1+n > w.width {
			w.put(line)
			line, empty = w.rest(), true
			used = columns(line)
		}
		if !empty {
			line += " "
			used++
		}
		line += word
		used += n
		empty = false
	}
	w.put(line)
	w.words = w.words[:0]
}

// unbroken makes ordinary spaces of those at which no line may be broken, once it is.
var unbroken = strings.NewReplacer("\u00a0", " ", "\u2007", " ", "\u202f", " ")

// put writes a line.
func (w *writer) put(line string) {
	w.lines = append(w.lines, strings.TrimRight(unbroken.Replace(line), " "))
}

// separate writes the empty line that is due.
func (w *writer) separate() {
	if w.gap && len(w.lines) > 0 {
		outer := ""
		for i, p := range w.prefixes {
			if i < len(w.prefixes)-w.fresh {
				outer += p.rest
			}
		}
		w.put(outer)
	}
	w.gap = false
}

// lineBreak is a <br>: two of them are an empty line.
func (w *writer) lineBreak() {
	if len(w.words) == 0 {
		w.gap = w.gap || len(w.lines) > 0 && w.fresh == 0
	}
	w.newLine()
}

// paragraph ends a line, and says that there is an empty one before the next. Right behind the
// mark of a list there is none.
func (w *writer) paragraph() {
	w.newLine()
	w.gap = w.gap || len(w.lines) > 0 && w.fresh == 0
}

// rule writes a line across.
func (w *writer) rule() {
	w.paragraph()
	w.separate()
	w.put(w.first() + strings.Repeat("-", max(1, min(40, w.width-columns(w.rest())))))
	w.paragraph()
}

// verbatim writes lines as they are.
func (w *writer) verbatim(text string) {
	w.paragraph()
	text = strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if strings.TrimSpace(text) == "" {
		return
	}
	w.separate()
	for line := range strings.SplitSeq(text, "\n") {
		w.put(w.first() + line)
	}
	w.paragraph()
}

// text is all that was written.
func (w *writer) text() string {
	w.newLine()
	return strings.Trim(strings.Join(w.lines, "\n"), "\n")
}

// columns is how much room a text takes: letters of East Asia take two places, marks none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < 0x300:
			n++
		case unicode.Is(unicode.Mn, r) || r == '\u200c' || r == '\u200d':
		case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
			n += 2
		default:
			n++
		}
	}
	return n
}
