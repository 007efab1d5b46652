package ssh

import (
	"errors"
	"strings"
)

// split takes a command apart into words, as a POSIX shell reads quotes and backslashes. Nothing
// is expanded.
func split(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	in := false // a word has begun, if only by quotes with nothing between
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t':
			if in {
				words, in = append(words, word.String()), false
				word.Reset()
			}
		case '\'', '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return nil, errors.New("a quote is not closed")
			}
			word.WriteString(text[i+1 : i+1+end])
			i, in = i+1+end, true
		case '\\':
			if i++; i == len(text) {
				return nil, errors.New("behind the last backslash there is nothing")
			}
			word.WriteByte(text[i])
			in = true
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("there is no host")
	}
	return words, nil
}

// quote writes a text so that a POSIX shell reads it as one word, whatever is in it.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
