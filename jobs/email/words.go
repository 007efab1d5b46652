package email

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// encodeText writes text for a header that has no structure of its own, such as
// Subject: RFC 2047. What everybody reads as it stands is left so. What it
// returns is words with spaces between, of which the first finds room behind the
// name of the header.
func encodeText(name, text string) string {
	// The line is to have 76 octets, RFC 2047, section 2; and an encoded word 75.
	most := max(40, 70-len(name))
	if readable(text) && longest(text) <= most {
		return text
	}
	var words []string
	encode, kind := encodeB, "b"
	if len(encodeQ(text)) < len(encodeB(text)) {
		encode, kind = encodeQ, "q"
	}
	room := most - len("=?utf-8?q??=")
	begin := 0
	flush := func(end int) {
		words = append(words, "=?utf-8?"+kind+"?"+encode(text[begin:end])+"?=")
		begin = end
	}
	for i, r := range text {
		if i > begin && len(encode(text[begin:i+utf8.RuneLen(r)])) > room {
			flush(i)
		}
	}
	flush(len(text))
	return strings.Join(words, " ")
}

// readable reports whether text arrives as it is when it is written as it is.
func readable(text string) bool {
	return isASCII(text) && !strings.Contains(text, "=?") && !strings.Contains(text, "  ") && strings.TrimSpace(text) == text
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// longest is the length of the longest word.
func longest(text string) int {
	n := 0
	for w := range strings.SplitSeq(text, " ") {
		n = max(n, len(w))
	}
	return n
}

func encodeB(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func encodeQ(text string) string {
	var out strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			out.WriteByte('_')
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("!*+-/.,:;()", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "=%02X", c)
		}
	}
	return out.String()
}

// isText refuses what is in another encoding than messages are sent in.
func isText(s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	return errors.New("is not UTF-8: convert the dataset, as with iconv -f latin1 -t utf-8")
}
