package jobs

import "strings"

// These do what functions of the same names in package net/url do, which comes with much that
// every worker would initialise, see package worker/early.

// queryEscape writes a text as a value of a query: RFC 3986, section 2, and a plus for a space.
func queryEscape(s string) string {
	return strings.ReplaceAll(percent(s, "-_.~ "), " ", "+")
}

// pathEscape writes a text as a segment of a path.
func pathEscape(s string) string { return percent(s, "-_.~$&+:=@") }

// percent writes every byte in hexadecimal but letters, digits, and some others.
func percent(s, others string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(others, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// pathUnescape reads what is percent-encoded. It reports false if a percent sign is not followed
// by two hexadecimal digits.
func pathUnescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	return b.String(), true
}

// hexDigit is the value of a digit; below 0: it is none.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c - 'a' + 10)
	case 'A' <= c && c <= 'F':
		return int(c - 'A' + 10)
	}
	return -1
}
