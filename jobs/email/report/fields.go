package report

import (
	"brood/jobs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is what the fields of a report say about one recipient: RFC 3464, section 2.3.
type entry struct {
	original, final, actual string
	action, status, said    string
}

// entries reads the fields about recipients out of a text: a part of its own, or the text
// of a letter. Strict is for the first: there, a line that is no field goes on with the one before.
func entries(text string, strict bool) []entry {
	var out []entry
	e, ahead := entry{}, entry{} // ahead is of a recipient who is yet to come
	for _, group := range groups(text, strict) {
		named := -1 // where the group names its recipient
		for i, f := range group {
			if isRecipientField(f.name) {
				named = i
				break
			}
		}
		for i, f := range group {
			if place := e.field(f.name); isRecipientField(f.name) {
				if e.isNamed() && (*place != "" || e.isWhole()) && len(out) < maxRecipients {
					out = append(out, e)
					e, ahead = ahead, entry{}
				} else if !e.isNamed() {
					e, ahead = ahead, entry{}
				}
				*e.field(f.name) = f.value
			} else if e.isNamed() && i > named && (*place == "" || place == &e.said) {
				*place = strings.TrimSpace(*place + " " + f.value)
			} else {
				*ahead.field(f.name) = f.value
			}
		}
	}
	if e.isNamed() {
		out = append(out, e)
	}
	return out[:min(len(out), maxRecipients)]
}

func (e *entry) isNamed() bool { return e.final != "" || e.original != "" || e.actual != "" }
func (e *entry) isWhole() bool { return e.action != "" || e.status != "" }

// groups are the fields of a text that say something about a recipient, by the empty lines
// between them.
func groups(text string, strict bool) [][]field {
	out := [][]field{nil}
	var some entry
	last := false // whether the line before was of a field that counts
	for line := range strings.Lines(text) {
		line = strings.TrimRight(unquoted(line), "\r\n")
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		group := &out[len(out)-1]
		switch {
		case strings.TrimSpace(line) == "":
			last = false
			if len(*group) > 0 {
				out = append(out, nil)
			}
		case last && (line[0] == ' ' || line[0] == '\t' || strict && (!ok || !isToken([]byte(name)))):
			f := &(*group)[len(*group)-1]
			if len(f.value) < maxHeader {
				f.value += " " + strings.TrimSpace(line)
			}
		default:
			if last = ok && some.field(name) != nil; last {
				*group = append(*group, field{name, strings.TrimSpace(value)})
			}
		}
	}
	return out
}

func isRecipientField(name string) bool {
	return name == "final-recipient" || name == "original-recipient" || name == "x-actual-recipient"
}

// field is where the value of a field goes; nil for those that say nothing about what became
// of a message.
func (e *entry) field(name string) *string {
	switch name {
	case "original-recipient":
		return &e.original
	case "final-recipient":
		return &e.final
	case "x-actual-recipient":
		return &e.actual
	case "action":
		return &e.action
	case "status":
		return &e.status
	case "diagnostic-code", "x-diagnostic-code":
		return &e.said
	}
	return nil
}

// untyped takes the type off a value such as rfc822; ann@example.com.
func untyped(s string) string {
	if kind, value, ok := strings.Cut(s, ";"); ok && !strings.ContainsAny(kind, "@<") {
		if s = value; strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
			s = unembedded(value)
		}
	}
	return strings.TrimSpace(s)
}

// unembedded has the letters that stand as \x{EB} in an address of the type utf-8: RFC 6533,
// section 3. What cannot stand in an address stays as it is.
func unembedded(s string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\x{`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		hex, after, closed := strings.Cut(rest, "}")
		n, err := strconv.ParseUint(hex, 16, 21)
		if !closed || err != nil || !utf8.ValidRune(rune(n)) || !unicode.IsPrint(rune(n)) || strings.ContainsRune(` <>"@,;`, rune(n)) {
			out.WriteString(`\x{`)
			s = rest
			continue
		}
		out.WriteRune(rune(n))
		s = after
	}
}

// addressOf is the address of a field about a recipient, or "" if there is none, or more than one.
func addressOf(field string) string {
	s := untyped(field)
	found := mentions(s, 3)
	if len(found) == 0 || strings.ContainsRune(s, '|') || len(found) > 1 && same(found[0].address) != same(found[1].address) {
		return ""
	}
	if strings.Trim(s[:found[0].begin], "<\"' ") == "" && (len(found) > 1 || strings.Trim(s[found[0].end:], ">\"' ") == "") {
		return found[0].address
	}
	if a := string(jobs.BareAddress([]byte(s))); !strings.ContainsAny(a, " <>") {
		return a
	}
	return ""
}

// firstWord is the word that a value begins with: a status may have its explanation behind it.
func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// feedback are the fields of a report by RFC 5965, with their repetitions.
func feedback(text string) header {
	h, _ := readHeader([]byte(strings.TrimLeft(strings.ReplaceAll(text, "\r\n", "\n"), "\n")))
	return h
}

// unquoted takes off the marks of a text that somebody has forwarded.
func unquoted(line string) string {
	for strings.HasPrefix(line, "> ") || strings.HasPrefix(line, ">\n") || line == ">" {
		line = strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
	}
	return line
}
