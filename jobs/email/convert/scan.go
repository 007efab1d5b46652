package convert

import "strings"

// pieceKind is what a piece of a template in braces is.
type pieceKind int

const (
	plainText pieceKind = iota
	output              // {{ … }}
	statement           // {% … %}
	remark              // {# … #}
	unclosed            // one of them without an end
)

// piece is a piece of a template.
type piece struct {
	kind        pieceKind
	at          int
	text, inner string // as it stands, and without its marks
	left, right bool   // what surrounds it is trimmed: {{- … -}}
}

// cut cuts a template into pieces, which together are the template.
func cut(text string) []piece {
	var out []piece
	from, at := 0, 0
	plain := func(to int) {
		if to > from {
			out = append(out, piece{kind: plainText, at: from, text: text[from:to]})
		}
	}
	for at+1 < len(text) {
		kind, end := plainText, ""
		switch text[at : at+2] {
		case "{{":
			kind, end = output, "}}"
		case "{%":
			kind, end = statement, "%}"
		case "{#":
			kind, end = remark, "#}"
		}
		if kind == plainText {
			at++
			continue
		}
		plain(at)
		n := endOf(text[at+2:], end, kind != remark)
		if n < 0 {
			if kind == remark { // {#id} is no comment
				from, at = at, at+2
				continue
			}
			out = append(out, piece{kind: unclosed, at: at, text: text[at : at+2]})
			from, at = at+2, at+2
			continue
		}
		p := piece{kind: kind, at: at, text: text[at : at+2+n+2], inner: text[at+2 : at+2+n]}
		p.inner, p.left, p.right = trimmed(p.inner)
		out = append(out, p)
		at += 2 + n + 2
		from = at
	}
	plain(len(text))
	return out
}

// trimmed takes the marks of trimming off.
func trimmed(inner string) (string, bool, bool) {
	rest, left := strings.CutPrefix(inner, "-")
	rest, right := strings.CutSuffix(rest, "-")
	for _, mark := range []string{"~", "+"} { // Handlebars' own, and Jinja's "do not trim"
		if s, ok := strings.CutPrefix(rest, mark); ok {
			rest, left = s, left || mark == "~"
		}
		if s, ok := strings.CutSuffix(rest, mark); ok {
			rest, right = s, right || mark == "~"
		}
	}
	return strings.TrimSpace(rest), left, right
}

// endOf finds the end of a piece, outside of quotes if there are any; -1: there is none.
func endOf(text, end string, quotes bool) int {
	quote := byte(0)
	for i := 0; i+len(end) <= len(text); i++ {
		switch b := text[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case quotes && (b == '"' || b == '\''):
			if strings.IndexByte(text[i+1:], b) >= 0 {
				quote = b
			}
		case text[i:i+len(end)] == end:
			return i
		}
	}
	if quotes {
		return endOf(text, end, false) // an apostrophe is no quote
	}
	return -1
}
