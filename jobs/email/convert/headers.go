package convert

import (
	"strings"
)

// headers looks over the headers on top of a template of mailmerge's, which is converted already:
// TO names the column of the address, and brood writes that header itself.
func (c *converter) headers(text string) string {
	head, body, ok := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	if !ok || !looksLikeHeaders(head) {
		return text
	}
	var out []string
	line := 0
	for l := range strings.SplitSeq(head, "\n") {
		line++
		name, value, _ := strings.Cut(l, ":")
		value = strings.TrimSpace(value)
		switch strings.ToUpper(name) {
		case "CONTENT-TYPE":
			c.noteLine(line, l, "taken out: brood writes it. If the text is HTML, take it into a file of its own, and say --html FILE; if it is Markdown, --markdown FILE", strings.Contains(value, "html") || strings.Contains(value, "markdown"))
			continue
		case "MIME-VERSION", "DATE", "CONTENT-TRANSFER-ENCODING":
			c.noteLine(line, l, "taken out: brood writes it", false)
			continue
		case "ATTACHMENT":
			if strings.Contains(value, "{{") {
				c.noteLine(line, l, "its name comes from the row, so say below which directory it may be, as from where the template is: --attach-dir .", false)
			}
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n") + "\n\n" + body
}

// looksLikeHeaders reports whether all lines are headers.
func looksLikeHeaders(head string) bool {
	for l := range strings.SplitSeq(head, "\n") {
		name, _, ok := strings.Cut(l, ":")
		if strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") {
			continue
		}
		if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	return true
}

// noteLine says something about a line.
func (c *converter) noteLine(line int, found, why string, left bool) {
	c.notes = append(c.notes, Note{File: c.name, Line: line, Column: 1, Found: oneLine(found), Why: why, Left: left})
}
