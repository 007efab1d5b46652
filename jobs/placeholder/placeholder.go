// Package placeholder says what looks as if it was meant to be filled with a value of the
// record, and is nothing that can be: {First Nam}, {Mail}, {1.}, {..}, {{name}}.
//
// A job knows its own placeholders and asks here about what is left between braces. What is
// certainly something else, such as JSON, a program of awk's, ${var} or a brace expansion of
// a shell, is left alone. The rule has no other input than the text and the names of the
// columns, so that it can be a table; see the tests.
package placeholder

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how long a text between braces may be, in bytes, to be taken for a placeholder.
const longest = 100

// Suspect reports whether {inner}, which is none of the job's placeholders, looks as if it was
// meant to be one. Before is the text in front of it.
func Suspect(before, inner string, columns []string) bool {
	if len(inner) > longest || strings.ContainsAny(inner, "{}\n\r\x00") || foreign(before) {
		return false
	}
	name := strings.TrimSpace(inner)
	switch {
	case name == "":
		return false
	case name != inner: // { print }: nothing of ours has spaces around it
		return isColumn(name, columns) || Nearest(name, columns) != ""
	case marks(name), wrapped(name), operator(name), position(name):
		return true
	case between(name):
		return false
	case isName(name):
		return !statement(name) || Nearest(name, columns) != ""
	}
	return dressed(name, columns) || Nearest(name, columns) != ""
}

// SuspectDouble reports the same of {{inner}}, which is how other programs write their
// placeholders.
func SuspectDouble(inner string, columns []string) bool {
	if len(inner) > longest || strings.ContainsAny(inner, "\n\r\x00") {
		return false
	}
	name, _, _ := strings.Cut(strings.Trim(inner, "{} \t"), "|")
	name = strings.TrimSpace(name)
	if name == "" {
		return false
	}
	if bare := strings.TrimLeft(name, "#/^&>.$@= "); bare != name {
		return isColumn(bare, columns)
	}
	switch name {
	case "end", "else", "break", "continue": // {{end}} is of a Go template, as docker --format takes it
		return isColumn(name, columns)
	}
	return isName(name) || isColumn(name, columns) || Nearest(name, columns) != ""
}

// foreign reports whether a text ends so that what follows in braces belongs to it: ${var}
// of a shell, %{http_code} of curl, #{x} of tmux, \x{…} and \p{…} of a regular expression.
func foreign(before string) bool {
	if strings.HasSuffix(before, "$") || strings.HasSuffix(before, "%") || strings.HasSuffix(before, "#") {
		return true
	}
	n := len(before)
	return n >= 2 && before[n-2] == '\\' && strings.IndexByte("pPxuUNogk", before[n-1]) >= 0
}

// marks reports whether a text is made of what GNU parallel makes placeholders of: {..}, {+/}.
func marks(s string) bool { return strings.Trim(s, "./#%+^@:!?-") == "" }

// wrapped reports whether a text is a piece of another template language: {= … =}, {% … %}.
func wrapped(s string) bool {
	return len(s) > 2 && s[0] == s[len(s)-1] && strings.IndexByte("=%#", s[0]) >= 0
}

// operator reports whether a text is one of GNU parallel's dynamic placeholders: {%.gz},
// {#prefix}, {^a}, {:3}, {+name}, {00#}.
func operator(s string) bool {
	if strings.IndexByte("%#^:+", s[0]) >= 0 {
		return !strings.ContainsAny(s, " \t'\"$;,()=<>|&*\\")
	}
	return strings.TrimLeft(s, "0123456789") == "#"
}

// position reports whether a text is a number of a column with or without something behind it:
// {3}, {-1}, {2/.}.
func position(s string) bool {
	rest := strings.TrimLeft(strings.TrimPrefix(s, "-"), "0123456789")
	return rest != s && strings.TrimPrefix(s, "-") != rest && strings.Trim(rest, "./") == ""
}

// between reports whether a text is a range of a shell: {a..z}, {01..10..2}.
func between(s string) bool {
	parts := strings.Split(s, "..")
	return len(parts) > 1 && len(parts) <= 3 && !slices.ContainsFunc(parts, func(p string) bool {
		p = strings.TrimPrefix(p, "-")
		return p == "" || len(p) > 1 && strings.Trim(p, "0123456789") != "" || strings.ContainsAny(p, "./ ")
	})
}

// isName reports whether a text could be the name of a column: words of letters, digits, and
// a few marks, the first of which begins with a letter; with what may stand behind a column,
// as in {name/.}.
func isName(s string) bool {
	s = strings.TrimRight(s, "./")
	if s == "" || strings.HasSuffix(s, " ") { // {json .}
		return false
	}
	if first, _ := utf8.DecodeRuneInString(s); first != '_' && !unicode.IsLetter(first) {
		return false
	}
	for word := range strings.FieldsSeq(s) {
		solid := false
		if word[0] == '.' || word[0] == '/' { // {range .Mounts}
			return false
		}
		for _, c := range word {
			switch {
			case c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
				solid = true
			case c != '-' && c != '.' && c != '/':
				return false
			}
		}
		if !solid { // {a - b}
			return false
		}
	}
	return true
}

// statement reports whether a text begins as a statement of awk or a shell does, and has more
// than one word: {print total}.
func statement(s string) bool {
	first, _, more := strings.Cut(s, " ")
	return more && slices.Contains([]string{
		"print", "printf", "next", "delete", "return", "exit", "if", "while", "for", "do", "getline", "echo", "function",
	}, first)
}

// dressed reports whether a text is a column with something around it that other languages
// would understand: {name|upper}, {name:>10}, {$name}, {.name}.
func dressed(s string, columns []string) bool {
	if i := strings.IndexAny(s, "|:!?["); i > 0 && i+1 < len(s) && !strings.ContainsAny(s[i+1:i+2], " \t'\"") && isColumn(strings.TrimSpace(s[:i]), columns) {
		return true
	}
	bare := strings.TrimLeft(s, "$.@/&=!*+-")
	return bare != s && isColumn(bare, columns)
}

func isColumn(name string, columns []string) bool { return slices.Contains(columns, name) }
