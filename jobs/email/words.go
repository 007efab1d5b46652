package email

import (
	"encoding/base64"
	"errors"
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
	encode, kind, room := encodeB, "b", most-len("=?utf-8?q??=")
	sizeQ := 0
	for i := range len(text) {
		sizeQ += sizeOfQ(text[i])
	}
	inQ := sizeQ < base64.StdEncoding.EncodedLen(len(text))
	if inQ {
		encode, kind = encodeQ, "q"
	}
	begin := 0
	sizeQ = 0 // sizeQ is that of what is between begin and i
	flush := func(end int) {
		words = append(words, "=?utf-8?"+kind+"?"+encode(text[begin:end])+"?=")
		begin, sizeQ = end, 0
	}
	for i, r := range text {
		after, letter := i+utf8.RuneLen(r), 0
		for j := i; j < after; j++ {
			letter += sizeOfQ(text[j])
		}
		size := base64.StdEncoding.EncodedLen(after - begin)
		if inQ {
			size = sizeQ + letter
		}
		if i > begin && size > room {
			flush(i)
		}
		sizeQ += letter
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

// sizeOfQ is how many octets an octet has in Q: RFC 2047, section 4.2.
func sizeOfQ(c byte) int {
	if c == ' ' || standsInQ(c) {
		return 1
	}
	return len("=00")
}

// standsInQ reports whether an octet stands for itself.
func standsInQ(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("!*+-/.,:;()", c) >= 0
}

func encodeQ(text string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	out.Grow(3 * len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			out.WriteByte('_')
		case standsInQ(c):
			out.WriteByte(c)
		default:
			out.WriteByte('=')
			out.WriteByte(digits[c>>4])
			out.WriteByte(digits[c&15])
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
