package web

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostExcerpt is how much of a body is quoted, in bytes.
const mostExcerpt = 200

// Excerpt is what a server says to a person in the body of a refusal, on one line; of a page of HTML its
// title. It is empty if there is nothing that can be read. What it has may be a secret that the server
// gives back: mask it.
func Excerpt(body []byte) string {
	body = body[:min(len(body), 64<<10)]
	trimmed := bytes.TrimSpace(body)
	if bytes.HasPrefix(trimmed, []byte("<")) {
		lower := bytes.ToLower(trimmed)
		if len(lower) != len(trimmed) {
			return ""
		}
		from := bytes.Index(lower, []byte("<title"))
		if from < 0 {
			return ""
		}
		open := bytes.IndexByte(lower[from:], '>')
		end := bytes.Index(lower[from:], []byte("</title"))
		if open < 0 || end < open {
			return ""
		}
		trimmed = trimmed[from+open+1 : from+end]
	}
	if len(trimmed) > 4*mostExcerpt {
		trimmed = trimmed[:4*mostExcerpt]
		for i := len(trimmed) - 1; i > len(trimmed)-utf8.UTFMax; i-- { // no half a letter at the end
			if utf8.RuneStart(trimmed[i]) {
				trimmed = trimmed[:i]
				break
			}
		}
	}
	if !utf8.Valid(trimmed) {
		return ""
	}
	line := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, string(trimmed))
	line = strings.Join(strings.Fields(line), " ")
	if len(line) > mostExcerpt {
		line = strings.ToValidUTF8(line[:mostExcerpt], "") + "…"
	}
	return line
}
