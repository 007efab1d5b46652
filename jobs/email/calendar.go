package email

import (
	"brood/jobs"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// calendar is an invitation that a mail program shows with buttons: RFC 5545, and RFC 6047 for
// how it travels. It is a part beside text and HTML, as Gmail and Outlook want it.
type calendar struct {
	slots  *slotted
	method string // REQUEST, PUBLISH, CANCEL, …
}

// newCalendar parses the template of an invitation.
func newCalendar(s source, shape *jobs.Shape) (*calendar, error) {
	method, err := calendarMethod(s.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if method == "" {
		return nil, fmt.Errorf("%s: there is no METHOD in it: METHOD:REQUEST makes an invitation to answer, METHOD:PUBLISH a date to note", s.Name)
	}
	slots, err := newSlotted(s.Name, s.Text, shape)
	if err != nil {
		return nil, err
	}
	slots.what, slots.free = s.Name, true
	return &calendar{slots, method}, nil
}

// calendarMethod is what a file of a calendar is for, or nothing if it does not say: RFC 5545,
// section 3.7.2. It is the same for all records.
func calendarMethod(text string) (string, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(strings.ToUpper(text), "BEGIN:VCALENDAR") || !strings.HasSuffix(strings.ToUpper(text), "END:VCALENDAR") {
		return "", fmt.Errorf("it is no calendar: that begins with BEGIN:VCALENDAR and ends with END:VCALENDAR")
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if strings.EqualFold(name, "METHOD") {
			if value == "" || strings.Trim(strings.ToUpper(value), "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
				return "", fmt.Errorf("METHOD %q is none of those there are, such as REQUEST", value)
			}
			return strings.ToUpper(value), nil
		}
	}
	return "", nil
}

// fill makes the calendar of a record.
func (c *calendar) fill(vars variables) (string, error) {
	marked, values, err := c.slots.fill(vars)
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(marked, "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text) // unfolded
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue // of a condition
		}
		full, err := c.line(line, values)
		if err != nil {
			return "", &badRecord{classTemplate, fmt.Errorf("%s: %w", c.slots.what, err)}
		}
		foldCalendar(&out, full)
	}
	return out.String(), nil
}

// isTextProperty reports whether the values of a property are TEXT, in which some letters are
// escaped: RFC 5545, section 3.3.11.
func isTextProperty(line string) bool {
	name := strings.ToUpper(line[:max(0, strings.IndexAny(line, ":;"))])
	switch name {
	case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "CATEGORIES", "RESOURCES", "UID", "STATUS", "NAME", "RELATED-TO", "PRODID":
		return true
	}
	return strings.HasPrefix(name, "X-")
}

// line puts values into a line: RFC 5545, section 3.1. What one may be is decided by where it
// stands: in a parameter, in a text, or in a value of another type.
func (c *calendar) line(line string, values []string) (string, error) {
	isText := isTextProperty(line)
	var out strings.Builder
	quoted, behind := false, false // in quotes; behind the colon
	for _, p := range c.slots.pieces(line) {
		if p.slot < 0 {
			for i := range len(p.text) {
				switch p.text[i] {
				case '"':
					quoted = !quoted && !behind
				case ':':
					behind = behind || !quoted
				}
			}
			out.WriteString(p.text)
			continue
		}
		v := values[p.slot]
		switch {
		case behind && isText:
			v = escapedText(v)
		case behind:
			if strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == '"' }) {
				return "", fmt.Errorf("%q cannot stand in %.40s", v, line[:max(0, strings.IndexAny(line, ":;"))])
			}
		default:
			v = strings.Join(strings.Fields(strings.ReplaceAll(v, `"`, "'")), " ")
			if !quoted && strings.ContainsAny(v, ",;:") {
				return "", fmt.Errorf("%q needs quotes around it in the template, as in CN=\"{{.name}}\"", v)
			}
		}
		if strings.ContainsFunc(v, unicode.IsControl) {
			return "", fmt.Errorf("a value has a control character in it: %q", v)
		}
		out.WriteString(v)
	}
	return out.String(), nil
}

func escapedText(v string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, "\u0085", `\n`, "\u2028", `\n`, "\u2029", `\n`, "\t", " ").Replace(v)
}

// foldCalendar writes a line in pieces of at most 75 octets, letters whole: RFC 5545, section 3.1.
func foldCalendar(out *strings.Builder, line string) {
	const most = 75
	n := 0
	for _, r := range line {
		if n+utf8.RuneLen(r) > most {
			out.WriteString("\r\n ")
			n = 1
		}
		out.WriteRune(r)
		n += utf8.RuneLen(r)
	}
	out.WriteString("\r\n")
}
