package query

import (
	"brood/runner/queue"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// statement returns the one statement that sql has, without the semicolon behind it, if it is a query. That it writes
// nothing is held by the database; here is refused what a read-only transaction lets through: a second statement, of which
// SQLite's driver would do the first one too, and INTO, with which MySQL writes files.
func statement(sql string, s queue.Scheme) (string, error) {
	l := lexer{text: sql, scheme: s}
	first, words, end := "", 0, len(sql)
	for {
		t, at := l.next()
		switch {
		case t == "":
			if words == 0 {
				return "", errors.New("the statement is empty; write SELECT … FROM …")
			}
			return strings.TrimSpace(sql[:end]), l.bad
		case end < len(sql) && t != ";":
			return "", errors.New("there is something behind the first semicolon; one query is one statement")
		case t == ";":
			if words == 0 {
				return "", errors.New("the statement is empty; write SELECT … FROM …")
			}
			end = min(end, at)
			continue
		}
		if first == "" && t != "(" {
			if first = strings.ToUpper(t); !slices.Contains([]string{"SELECT", "WITH", "VALUES", "TABLE"}, first) {
				return "", fmt.Errorf("%s is no query; a query begins with SELECT, WITH, VALUES or TABLE", firstWord(t))
			}
		}
		if words++; strings.EqualFold(t, "INTO") {
			return "", errors.New("INTO writes, and a query may only read")
		}
	}
}

// firstWord is what of a token a message may have.
func firstWord(t string) string {
	if len(t) > 20 {
		return fmt.Sprintf("%q…", t[:20])
	}
	return fmt.Sprintf("%q", t)
}

// lexer finds words and semicolons in SQL, outside of what is quoted and of comments.
type lexer struct {
	text   string
	at     int
	scheme queue.Scheme
	bad    error
}

// next returns a word, or a single character, and where it begins; at the end "". What is quoted is one token, that
// begins with its quote.
func (l *lexer) next() (token string, at int) {
	for l.at < len(l.text) {
		c, rest := l.text[l.at], l.text[l.at:]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			l.at++
		case l.lineComment(rest):
			if n := strings.IndexByte(rest, '\n'); n >= 0 {
				l.at += n + 1
			} else {
				l.at = len(l.text)
			}
		case strings.HasPrefix(rest, "/*"):
			l.comment(rest)
		default:
			return l.token(rest)
		}
	}
	return "", len(l.text)
}

func (l *lexer) lineComment(rest string) bool {
	if l.scheme == queue.MySQL && rest[0] == '#' {
		return true
	}
	if !strings.HasPrefix(rest, "--") {
		return false
	}
	// MySQL wants a space or a control character behind it.
	return l.scheme != queue.MySQL || len(rest) == 2 || rest[2] <= ' '
}

// comment passes over a comment; PostgreSQL's can be nested. One that MySQL reads as SQL is none.
func (l *lexer) comment(rest string) {
	if l.scheme == queue.MySQL && (strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!")) {
		l.bad = errors.New("/*! … */ is read by MySQL as part of the statement; write it without")
		l.at += 2
		return
	}
	depth := 0
	for i := 0; i+1 < len(rest); i++ {
		switch {
		case rest[i] == '/' && rest[i+1] == '*' && (depth == 0 || l.scheme == queue.Postgres):
			depth++
			i++
		case rest[i] == '*' && rest[i+1] == '/':
			i++
			if depth--; depth == 0 {
				l.at += i + 1
				return
			}
		}
	}
	l.unended(rest[:2])
}

func (l *lexer) unended(what string) {
	if l.bad == nil {
		l.bad = fmt.Errorf("what begins with %s has no end", what)
	}
	l.at = len(l.text)
}

func (l *lexer) token(rest string) (string, int) {
	at := l.at
	switch c := rest[0]; {
	case c == '\'', c == '"', c == '`' && l.scheme != queue.Postgres:
		l.quoted(rest, c, l.backslash(at, c))
	case c == '[' && l.scheme == queue.SQLite:
		if n := strings.IndexByte(rest, ']'); n >= 0 {
			l.at += n + 1
		} else {
			l.unended("[")
		}
	case c == '$' && l.scheme == queue.Postgres && l.dollars(rest):
	case isWord(c):
		n := 1
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '$') {
			n++
		}
		l.at += n
	default:
		l.at++
	}
	return l.text[at:l.at], at
}

// backslash: in MySQL's strings it takes the next character, and in PostgreSQL's that begin with E.
func (l *lexer) backslash(at int, quote byte) bool {
	switch l.scheme {
	case queue.MySQL:
		return quote != '`'
	case queue.Postgres:
		return quote == '\'' && at > 0 && (l.text[at-1] == 'e' || l.text[at-1] == 'E') && (at == 1 || !isWord(l.text[at-2]))
	default:
		return false
	}
}

// quoted passes over a string or a name; its quote stands for itself when there are two of it.
func (l *lexer) quoted(rest string, quote byte, backslash bool) {
	for i := 1; i < len(rest); i++ {
		switch {
		case backslash && rest[i] == '\\':
			i++
		case rest[i] != quote:
		case i+1 < len(rest) && rest[i+1] == quote:
			i++
		default:
			l.at += i + 1
			return
		}
	}
	l.unended(rest[:1])
}

// dollars passes over $tag$ … $tag$, if there is one.
func (l *lexer) dollars(rest string) bool {
	n := 1
	for n < len(rest) && isWord(rest[n]) && (n > 1 || rest[n] < '0' || rest[n] > '9') {
		n++
	}
	if n == len(rest) || rest[n] != '$' {
		return false
	}
	tag := rest[:n+1]
	end := strings.Index(rest[n+1:], tag)
	if end < 0 {
		l.unended(tag)
		return true
	}
	l.at += n + 1 + end + len(tag)
	return true
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
