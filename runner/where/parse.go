package where

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errNotPlain says that a condition is not made of comparisons alone.
var errNotPlain = errors.New("not made of comparisons")

// syntaxError is what is wrong with a condition that is made of comparisons.
type syntaxError struct {
	at   int // in characters, from 1
	text string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.at, e.text) }

// isFinal reports whether there is no other language in which a condition may be right.
func isFinal(err error) bool { return !errors.Is(err, errNotPlain) }

// op is an operator between a column and a value.
type op string

const (
	opIs      op = "="
	opEquals  op = "==" // which package expr has as well
	opIsNot   op = "!="
	opLess    op = "<"
	opAtMost  op = "<="
	opGreater op = ">"
	opAtLeast op = ">="
	opMatch   op = "~"
	opNoMatch op = "!~"
)

// operators in the order in which they are looked for.
var operators = []op{opEquals, opIsNot, opNoMatch, opAtMost, opAtLeast, opIs, opLess, opGreater, opMatch}

// parser reads comparisons. Of what package expr could read as well it says errNotPlain where
// it does not understand it; behind an operator that only comparisons have, what is wrong.
type parser struct {
	text  string
	at    int
	names *names
	sure  bool
}

func parsePlain(text string, n *names) (node, error) {
	p := &parser{text: text, names: n}
	out, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, p.wrong(p.at, "%q is left over", text[p.at:])
	}
	return out, nil
}

// wrong is an error at a place, unless it can be said in the other language.
func (p *parser) wrong(at int, format string, args ...any) error {
	if !p.sure {
		return errNotPlain
	}
	return p.refuse(at, format, args...)
}

// refuse is an error in whatever language.
func (p *parser) refuse(at int, format string, args ...any) error {
	return &syntaxError{utf8.RuneCountInString(p.text[:at]) + 1, fmt.Sprintf(format, args...)}
}

func (p *parser) space() {
	p.at = len(p.text) - len(strings.TrimLeft(p.text[p.at:], " \t\r\n"))
}

// word takes a word, or a sign, if it is the next one.
func (p *parser) word(words ...string) bool {
	p.space()
	for _, w := range words {
		rest := p.text[p.at:]
		if len(rest) < len(w) || !strings.EqualFold(rest[:len(w)], w) {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(rest[len(w):]); isWord(rune(w[0])) && len(rest) > len(w) && isWord(next) {
			continue
		}
		p.at += len(w)
		return true
	}
	return false
}

func (p *parser) or() (node, error) {
	left, err := p.and()
	for err == nil && p.word("or", "||") {
		var right node
		if right, err = p.and(); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) and() (node, error) {
	left, err := p.not()
	for err == nil && p.word("and", "&&") {
		var right node
		if right, err = p.not(); err == nil {
			left = both{left, right}
		}
	}
	return left, err
}

func (p *parser) not() (node, error) {
	if p.word("not", "!") {
		of, err := p.not()
		return negated{of}, err
	}
	if !p.word("(") {
		return p.comparison()
	}
	out, err := p.or()
	if err == nil && !p.word(")") {
		err = p.wrong(p.at, "a ) is missing")
	}
	return out, err
}

// comparison reads a column and what is said of it.
func (p *parser) comparison() (node, error) {
	p.space()
	at := p.at
	name, known, err := p.column()
	if err != nil {
		return nil, err
	}
	c, _ := p.names.find(name)
	is := p.word("is")
	not := p.word("not")
	switch {
	case p.word("empty"):
		p.sure = true
		return p.turned(not, &nothing{c}), p.check(at, name, known)
	case !is && p.word("in"):
		n, err := p.in(at, c)
		if err == nil {
			err = p.check(at, name, known)
		}
		return p.turned(not, n), err
	case is || not:
		return nil, p.wrong(p.at, "behind %s there must be in, or empty", name)
	}
	for _, o := range operators {
		if !strings.HasPrefix(p.text[p.at:], string(o)) {
			continue
		}
		p.at += len(o)
		if o == opIs || o == opMatch || o == opNoMatch {
			p.sure = true
			if err := p.check(at, name, known); err != nil {
				return nil, err
			}
		}
		out, err := p.value(at, c, o)
		if err == nil {
			err = p.check(at, name, known)
		}
		return out, err
	}
	return nil, p.wrong(p.at, "%s must be followed by =, !=, <, <=, >, >=, ~, !~, in or empty", name)
}

func (p *parser) turned(not bool, n node) node {
	if not {
		return negated{n}
	}
	return n
}

// check refuses a column that is none.
func (p *parser) check(at int, name string, known bool) error {
	if known {
		return nil
	}
	if err := p.names.unknown(name); err != nil {
		return p.refuse(at, "%s", err)
	}
	return nil
}

// nameOf is what a text begins with that may be the name of a column.
func nameOf(text string) string {
	n := strings.IndexFunc(text, func(r rune) bool { return !isWord(r) && r != '-' })
	if n < 0 {
		n = len(text)
	}
	if first, _ := utf8.DecodeRuneInString(text); unicode.IsDigit(first) || first == '-' {
		return ""
	}
	return text[:n]
}

// column reads the name of a column, or of what may be one.
func (p *parser) column() (name string, known bool, err error) {
	rest := p.text[p.at:]
	const env = "$env["
	switch {
	case rest == "":
		return "", false, p.wrong(p.at, "a column is missing")
	case strings.HasPrefix(rest, env):
		p.at += len(env)
		if name, err = p.quoted(); err != nil || !p.word("]") {
			return "", false, errNotPlain
		}
		return name, p.names.has(name), nil
	case rest[0] == '"' || rest[0] == '\'':
		at := p.at
		if name, err = p.quoted(); err == nil && !p.names.has(name) {
			err = p.wrong(at, "there is no column %q", name)
		}
		return name, true, err
	}
	if name = p.names.longest(rest); name != "" {
		p.at += len(name)
		return name, true, nil
	}
	if name = nameOf(rest); name == "" {
		return "", false, p.wrong(p.at, "%q does not begin with a column", rest)
	}
	p.at += len(name)
	return name, false, nil
}
