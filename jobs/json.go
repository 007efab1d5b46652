package jobs

import (
	"bytes"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD; the characters that HTML treats specially are left alone.
func AppendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, `\ufffd`...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendOneLine appends JSON text, which must be valid, so that it stays on one line for
// every reader: line feeds and carriage returns, which can only stand between its tokens
// (RFC 8259, sections 2 and 7), become spaces. Python reads a lone carriage return as the
// end of a line.
func AppendOneLine[T ~[]byte | ~string](dst []byte, text T) []byte {
	start := len(dst)
	dst = append(dst, text...)
	for _, end := range []byte("\r\n") {
		for at := start; ; {
			i := bytes.IndexByte(dst[at:], end)
			if i < 0 {
				break
			}
			at += i
			dst[at] = ' '
		}
	}
	return dst
}

// DepthLimit is the deepest that JSON text may be allowed to be nested: what reads it in
// a worker, encoding/json, goes no deeper.
const DepthLimit = 10_000

// TooDeep returns the index of the bracket at which JSON text is nested deeper than limit, or
// -1 if none is. It needs no memory, and no stack: what checks the syntax calls itself at
// every bracket, so this has to be asked before. Of text that is not valid it tells as
// much: a checker gets no deeper than this.
func TooDeep(text []byte, limit int) int {
	if len(text) <= limit || bytes.Count(text, []byte{'['})+bytes.Count(text, []byte{'{'}) <= limit {
		return -1
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			if depth++; depth > limit {
				return i
			}
		case ']', '}':
			depth--
		case '"':
			i = stringEnd(text, i+1)
		}
	}
	return -1
}

// stringEnd returns the index of the quote that ends a JSON string whose text begins at i,
// or the end of the text.
func stringEnd(text []byte, i int) int {
	for i < len(text) && text[i] != '"' {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return i
}
