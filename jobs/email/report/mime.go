package report

import (
	"bytes"
	"encoding/base64"
	"html"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// part is a part of a message, or a whole one.
type part struct {
	header header
	kind   string // the media type, as in text/plain
	params map[string]string
	raw    []byte
	body   []byte // as it was sent
	parts  []*part
}

// parse takes a message apart. It takes whatever it is given.
func parse(raw []byte) *part {
	left := maxParts
	return parsePart(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), 0, &left)
}

func parsePart(raw []byte, depth int, left *int) *part {
	p := &part{raw: raw}
	*left--
	p.header, p.body = readHeader(raw)
	p.kind, p.params = mediaType(p.header.get("content-type"))
	multipart := strings.HasPrefix(p.kind, "multipart/")
	if depth >= maxDepth || (!multipart && strings.HasPrefix(p.kind, "message/")) {
		return p
	}
	bodies := split(p.body, p.params["boundary"], *left)
	if bodies == nil && (multipart || p.kind == "" || p.kind == "text/plain") {
		bodies = split(p.body, boundaryOf(p.body, multipart), *left) // another one is said, or none
	}
	for _, b := range bodies {
		if *left > 0 {
			p.parts = append(p.parts, parsePart(b, depth+1, left))
		}
	}
	if len(p.parts) > 0 && !multipart {
		p.kind = "multipart/mixed"
	}
	return p
}

// mediaType reads a Content-Type, as far as that goes.
func mediaType(s string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(s)
	if err == nil {
		return kind, params
	}
	params = make(map[string]string)
	kind, rest, _ := strings.Cut(s, ";")
	for p := range strings.SplitSeq(rest, ";") {
		if name, value, ok := strings.Cut(p, "="); ok {
			params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// split cuts a body at its boundaries: RFC 2046, section 5.1. It is nil if there are none.
func split(body []byte, boundary string, most int) [][]byte {
	if boundary == "" {
		return nil
	}
	var out [][]byte
	mark, begun, at := []byte("--"+boundary), -1, 0
	for at <= len(body) && len(out) < most {
		end := bytes.IndexByte(body[at:], '\n')
		next := len(body) + 1
		line := body[at:]
		if end >= 0 {
			line, next = body[at:at+end], at+end+1
		}
		if bytes.HasPrefix(line, mark) {
			rest := bytes.TrimRight(line[len(mark):], " \t\r")
			if len(rest) == 0 || string(rest) == "--" {
				if begun >= 0 {
					out = append(out, body[begun:at])
				}
				begun = next
				if len(rest) > 0 {
					return out
				}
			}
		}
		at = next
	}
	if begun >= 0 && begun <= len(body) && len(out) < most { // it was cut short
		out = append(out, body[begun:])
	}
	return out
}

// boundaryOf is the boundary of a body that shows one: a line of two hyphens and more that a
// field about the content follows. Where nobody says that there are parts it must stand at the top.
func boundaryOf(body []byte, multipart bool) string {
	const lines, top = 400, 6
	first, last := make(map[string]int), ""
	for i := 0; i < lines && len(body) > 0; i++ {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		body = rest
		text := strings.TrimRight(string(clipBytes(line, 200)), " \t\r")
		if last != "" && len(text) > 8 && strings.EqualFold(text[:8], "content-") && (multipart || first[last] < top) {
			return last
		}
		if last = ""; strings.HasPrefix(text, "--") && len(text) > 8 && !strings.Contains(text, " ") && !strings.HasSuffix(text, "--") {
			last = text[2:]
			if _, seen := first[last]; !seen {
				first[last] = i
			}
		}
	}
	return ""
}

func clipBytes(b []byte, most int) []byte { return b[:min(len(b), most)] }

// text is what stands in a part: its encoding and its character set taken off.
func (p *part) text() string {
	b := clipBytes(p.body, 2*maxText)
	switch strings.ToLower(strings.TrimSpace(p.header.get("content-transfer-encoding"))) {
	case "base64":
		b = unbase64(b)
	case "quoted-printable":
		b = unquote(b)
	}
	s := decoded(clipBytes(b, maxText), p.params["charset"])
	if p.kind == "text/html" {
		s = plain(s)
	}
	return s
}

// decoded is a text of a character set in UTF-8.
func decoded(b []byte, label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	if label == "" || label == "us-ascii" || label == "utf-8" || label == "unknown-8bit" {
		switch {
		case bytes.Contains(b, []byte("\x1b$")):
			label = "iso-2022-jp" // it shows, whatever is said
		case utf8.Valid(b):
			return string(b)
		default:
			label = "windows-1252"
		}
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// unbase64 decodes as much as there is.
func unbase64(b []byte) []byte {
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' {
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
	n, _ := base64.RawStdEncoding.Decode(out, clean)
	return out[:n]
}

// unquote decodes quoted-printable (RFC 2045, section 6.7), and leaves what is none as it is.
func unquote(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		end := i + 1
		for end < len(b) && (b[end] == ' ' || b[end] == '\t' || b[end] == '\r') {
			end++
		}
		if end < len(b) && b[end] == '\n' {
			i = end
			continue
		}
		if i+2 < len(b) {
			if hi, lo := unhex(b[i+1]), unhex(b[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, '=')
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// plain is the text of a page in HTML, with a line for each block of it.
func plain(s string) string {
	var out strings.Builder
	low := lowerASCII(s) // as long as s
	open := make(map[string]bool)
	for at := 0; at < len(s); {
		begin := strings.IndexByte(s[at:], '<')
		if begin < 0 {
			out.WriteString(html.UnescapeString(s[at:]))
			break
		}
		out.WriteString(html.UnescapeString(s[at : at+begin]))
		at += begin + 1
		end := strings.IndexByte(s[at:], '>')
		if end < 0 {
			break
		}
		tag := low[at : at+end]
		if strings.Contains(tag, "@") && !strings.ContainsAny(tag, "= ") { // <ann@example.com>, not escaped
			out.WriteString("<" + s[at:at+end] + ">")
		}
		at += end + 1
		name, _, _ := strings.Cut(strings.Trim(tag, "/ "), " ")
		switch name {
		case "style", "script", "head", "title":
			if tag[0] == '/' || open[name] {
				break
			}
			behind := strings.Index(low[at:], "</"+name)
			open[name] = behind < 0 // looked for once
			at += max(behind, 0)
		case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "pre", "td", "ul":
			out.WriteString("\n")
		}
	}
	return out.String()
}

// lowerASCII makes small letters, and keeps the length of a text.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
