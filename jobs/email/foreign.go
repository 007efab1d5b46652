package email

import (
	"brood/jobs/email/convert"
	"brood/jobs/placeholder"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// What was written for another program would go out as it stands: Dear {name}. So the templates
// are looked at where a run is planned, and only there: one that has begun sends what it began
// with.

// noForeign refuses placeholders of other languages in all that becomes a part of messages, and
// takes the backslash from those that were escaped.
func (c *config) noForeign(columns []string) error {
	for _, v := range []variants{c.Template, c.Text, c.HTML, c.Markdown, c.Calendar} {
		for _, lang := range slices.Sorted(maps.Keys(v)) {
			s := v[lang]
			if err := foreignIn(s.Name, s.Text, columns); err != nil {
				return err
			}
			s.Text = unescaped(s.Text, columns)
			v[lang] = s
		}
	}
	for i, h := range c.Headers {
		if err := foreignIn("", h.Value, columns); err != nil {
			return fmt.Errorf("header %s: %w", h.Name, err)
		}
		c.Headers[i].Value = unescaped(h.Value, columns)
	}
	for _, name := range c.AttachNamed {
		if err := foreignIn("", name, columns); err != nil {
			return fmt.Errorf("header ATTACHMENT: %w", err)
		}
	}
	if err := foreignIn("", c.Unsubscribe, columns); err != nil {
		return fmt.Errorf("--unsubscribe: %w", err)
	}
	return nil
}

// foreignIn refuses a text with a placeholder of another language. Name is that of its file.
func foreignIn(name, text string, columns []string) error {
	at, found, column := findForeign(text, columns)
	if at < 0 {
		return nil
	}
	where, file := "", "FILE"
	if name != "" {
		line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
		where, file = fmt.Sprintf("%s:%d:%d: ", name, 1+strings.Count(text[:at], "\n"), 1+len([]rune(line))), name
	}
	return fmt.Errorf("%s%s would not be filled%s %s", where, found, ended(instead(found, column, converting(file, text, columns), columns)), meantSo(found))
}

// converting says what brood template convert can do for a text.
func converting(file, text string, columns []string) string {
	left := func(columns []string) bool {
		r := convert.Convert(convert.Source{Text: text}, convert.Options{Columns: columns})
		at, _, _ := findForeign(r.Text, columns)
		return at >= 0 || r.Left() > 0
	}
	rest := func() bool { // what is found with the names of the columns only
		at, _, _ := findForeign(convert.Convert(convert.Source{Text: text}, convert.Options{}).Text, columns)
		return at >= 0
	}
	switch {
	case !left(nil) && !rest():
		return "; brood template convert " + file + " writes all of it so"
	case len(columns) > 0 && !left(columns):
		names := strings.Join(columns, ",")
		if len(names) > 100 || strings.Contains(names, "'") {
			names = "COLUMNS"
		}
		return "; brood template convert --columns '" + names + "' " + file + " writes all of it so"
	}
	return "; brood template convert " + file + " writes what it can so, and tells what it cannot"
}

// findForeign finds the first placeholder of another language; at is -1 if there is none.
func findForeign(text string, columns []string) (at int, found, column string) {
	at = -1
	if f, ok := placeholder.Foreign(blanked(text), columns); ok {
		at, found, column = f.At, text[f.At:f.At+len(f.Text)], f.Name
	}
	for _, m := range action().FindAllStringIndex(text, -1) {
		inner := strings.TrimSpace(text[m[0]+2 : m[1]-2])
		if (at < 0 || m[0] < at) && foreignAction(inner, columns) {
			bare, _, _ := strings.Cut(strings.Trim(inner, "{}#/^&>$@= "), "|")
			if at, found, column = m[0], text[m[0]:m[1]], strings.TrimSpace(bare); strings.IndexByte(">!/", inner[0]) >= 0 {
				column = "" // it stands for none
			}
		}
	}
	return at, found, column
}

// ended is a sentence with its stop.
func ended(s string) string {
	if strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// foreignAction reports whether what is in double braces is of another language.
func foreignAction(inner string, columns []string) bool {
	if inner == "" || strings.HasPrefix(inner, "/*") || strings.HasPrefix(inner, "- /*") {
		return false
	}
	bare := strings.Trim(inner, "- ")
	switch {
	case strings.IndexByte("#^>&!", inner[0]) >= 0, inner[0] == '/': // of Handlebars
		return true
	case mailjetAction().MatchString(bare), strings.HasPrefix(bare, `template "content"`):
		return true
	case strings.HasPrefix(bare, ".Subscriber.") || strings.HasPrefix(bare, ".Campaign."): // of listmonk
		first, _, _ := strings.Cut(bare[1:], ".")
		return !slices.Contains(columns, first)
	case strings.HasPrefix(bare, "."), strings.HasPrefix(bare, "$"), known(inner):
		return false
	}
	return placeholder.SuspectDouble(inner, columns)
}

var mailjetAction = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:var|data):\w`) })

// instead says how brood writes what was meant; whole is what there is to say of all of the text.
func instead(found, column, whole string, columns []string) string {
	if slices.Contains(columns, column) {
		return ": here a column is written " + written(column)
	}
	if here := convert.Piece(found, columns); here != "" {
		return ": here it is written " + here + whole
	}
	if near := placeholder.Nearest(column, columns); near != "" {
		return "; did you mean " + written(near) + "?"
	}
	if leaves(column) {
		return ": here it is written {{." + unsubscribeColumn + "}}, with --unsubscribe URL"
	}
	if column == "" || strings.ContainsAny(column, " .|:=\"'()") || len(columns) == 0 {
		return whole
	}
	return fmt.Sprintf(": a column is written as in %s, and there is none called %s; the dataset has %s", written(columns[0]), column, placeholder.Listed(columns))
}

// leaves reports whether a name of another mailer's is that of the page where one leaves the list.
func leaves(name string) bool {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
	return strings.HasPrefix(name, "unsub") || strings.HasPrefix(name, "linkunsub") || strings.HasPrefix(name, "link:subscriptionunsub")
}

// meantSo says how a text is written that is to go out as it stands.
func meantSo(found string) string {
	switch {
	case strings.HasPrefix(found, "{{"):
		return fmt.Sprintf("For plain braces write {{%q}}", found)
	case strings.HasPrefix(found, "{") && !strings.HasPrefix(found, "{%") && strings.HasSuffix(found, "}"):
		return `For plain braces write \` + found + ", or --literal"
	}
	return "If it is to go out as it stands: --literal"
}

// written is a column as a template has it.
func written(column string) string {
	switch plain := plainName(column); {
	case identifier().MatchString(column):
		return "{{." + column + "}}"
	case identifier().MatchString(plain):
		return "{{." + plain + "}}"
	}
	return fmt.Sprintf("{{index . %q}}", column)
}

var identifier = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)
})

// known reports whether an action begins with a word of the template language's own.
func known(action string) bool {
	action = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(action, "-"), "-"))
	word, _, _ := strings.Cut(action, " ")
	switch word {
	case "if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "true", "false", "nil",
		"and", "or", "not", "len", "slice", "print", "printf", "println", "html", "js", "urlquery", "call", "eq", "ne", "lt", "le", "gt", "ge":
		return true
	}
	return functions()[word] != nil
}

// blanked is a text without its actions, of the same length.
func blanked(text string) string {
	return action().ReplaceAllStringFunc(text, func(a string) string {
		return strings.Map(func(c rune) rune {
			if c == '\n' {
				return c
			}
			return ' '
		}, asciiOnly(a))
	})
}

// asciiOnly has a letter for each byte that is none.
func asciiOnly(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 0x80 {
			b[i] = 'x'
		}
	}
	return string(b)
}

// unescaped takes the backslash from braces outside of actions that Foreign would have
// refused without.
func unescaped(text string, columns []string) string {
	var out strings.Builder
	done := 0
	for _, m := range action().FindAllStringIndex(text, -1) {
		out.WriteString(placeholder.Unescape(text[done:m[0]], columns))
		out.WriteString(text[m[0]:m[1]])
		done = m[1]
	}
	out.WriteString(placeholder.Unescape(text[done:], columns))
	return out.String()
}
