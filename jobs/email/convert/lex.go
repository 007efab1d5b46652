package convert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a word of an expression is.
type tokenKind int

const (
	endToken tokenKind = iota
	wordToken
	numberToken
	textToken
	operatorToken
)

type token struct {
	kind tokenKind
	text string // of a quoted one what it says
}

// operators are the longer ones first.
var operators = []string{"==", "!=", "<=", ">=", "<>", "&&", "||", "//", "**", "<", ">", "=", "|", "(", ")", "[", "]", ",", ".", ":", "+", "-", "*", "/", "%", "~", "!", "{", "}"}

// lex cuts an expression into words.
func lex(s string) ([]token, error) {
	var out []token
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != ""; s = strings.TrimLeftFunc(s, unicode.IsSpace) {
		r, _ := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\'':
			text, n, ok := unquote(s)
			if !ok {
				return nil, cannot("a quote has no end")
			}
			out = append(out, token{textToken, text})
			s = s[n:]
		case r >= '0' && r <= '9':
			n := len(s) - len(strings.TrimLeft(s, "0123456789."))
			for n > 1 && s[n-1] == '.' {
				n--
			}
			if strings.Count(s[:n], ".") > 1 {
				return nil, cannot("this is no number: " + s[:n])
			}
			out = append(out, token{numberToken, s[:n]})
			s = s[n:]
		case r == '_' || unicode.IsLetter(r):
			n := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if n < 0 {
				n = len(s)
			}
			out = append(out, token{wordToken, s[:n]})
			s = s[n:]
		default:
			op := ""
			for _, o := range operators {
				if strings.HasPrefix(s, o) {
					op = o
					break
				}
			}
			if op == "" {
				return nil, cannot("what is " + string(r) + " here?")
			}
			out = append(out, token{operatorToken, op})
			s = s[len(op):]
		}
	}
	return out, nil
}

// unquote reads a text in quotes, and how long it is with them.
func unquote(s string) (text string, n int, ok bool) {
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case s[0]:
			return out.String(), i + 1, true
		case '\\':
			if i++; i == len(s) {
				return "", 0, false
			}
			switch s[i] {
			case 'n':
				out.WriteByte('\n')
			case 't':
				out.WriteByte('\t')
			default:
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(s[i])
		}
	}
	return "", 0, false
}
