package where

import (
	"brood/jobs"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// value reads what a column is compared with. At is where the comparison begins.
func (p *parser) value(at int, c column, o op) (node, error) {
	p.space()
	from := p.at
	if o == opIs && strings.HasPrefix(p.text[p.at:], "~") || o == opIs && strings.HasPrefix(p.text[p.at:], ">") || o == opIs && strings.HasPrefix(p.text[p.at:], "<") {
		return nil, p.refuse(from-1, "there is no operator %s; write ~, >= or <=", p.text[from-1:from+1])
	}
	if o == opMatch || o == opNoMatch {
		return p.pattern(c, o)
	}
	text, isQuoted, err := p.text1()
	if err != nil {
		return nil, err
	}
	if text == "" && !isQuoted {
		return nil, p.wrong(from, "a value is missing behind %s; if none is meant: %s empty", o, c.name)
	}
	if err := p.single(at, from, c, o, text, isQuoted); err != nil {
		return nil, err
	}
	if err := p.ends(at, from); err != nil {
		return nil, err
	}
	if o == opIs || o == opEquals || o == opIsNot {
		return p.turned(o == opIsNot, &among{c, [][]byte{[]byte(text)}}), nil
	}
	n := &ordered{column: c, op: o, text: []byte(text)}
	n.number, n.isNumber = toNumber(n.text)
	return n, nil
}

// single decides whether a value can be meant as one, and in this language.
func (p *parser) single(at, from int, c column, o op, text string, isQuoted bool) error {
	objects := p.names.shape.Kind == jobs.Objects
	_, isNumber := toNumber([]byte(text))
	head := p.text[at:from]
	switch {
	case isQuoted && o != opIs && o != opEquals && o != opIsNot: // in order
		if isNumber {
			return p.refuse(from, "%q in quotes is text, as which 9 comes behind 16; without them numbers are compared: %s%s", text, head, text)
		}
		if objects {
			return errNotPlain // the member may be a number
		}
	case isQuoted || isNumber:
		if objects && o != opIs && (isQuoted || o == opEquals || o == opIsNot) {
			return errNotPlain // "12" is another value than 12
		}
	case o == opIs && strings.Contains(text, ","):
		return p.refuse(from, "these are several values: %s in %s", c.name, text)
	case o == opIs || o == opIsNot:
		if o == opIsNot && !isPlainWord(text) {
			return p.wrong(from, "%q stands in quotes", text)
		}
		if p.names.has(text) {
			other := c.name + " == " + text
			if o == opIsNot {
				other = "not (" + other + ")"
			}
			return p.refuse(from, "%s is a column too: for the text write %s%q, and to compare the two columns %s", text, head, text, other)
		}
	case o == opEquals:
		if p.namesColumn(text) || !isPlainWord(text) {
			return errNotPlain // it is an expression
		}
	case text[0] < '0' || text[0] > '9' || p.namesColumn(text) || !isPlainWord(text):
		return p.wrong(from, "%s compares numbers, and %q is none; text stands in quotes: %s%q", o, text, head, text)
	}
	return nil
}

// isPlainWord reports whether a value means nothing in package expr, unless a part of it is the
// name of a column: see namesColumn.
func isPlainWord(s string) bool {
	return s != "nil" && !strings.ContainsFunc(s, func(r rune) bool { return !isWord(r) && !strings.ContainsRune(".:@/-", r) })
}

// namesColumn reports whether a part of a value is the name of a column.
func (p *parser) namesColumn(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isWord(r) }) {
		if first, _ := utf8.DecodeRuneInString(part); !unicode.IsDigit(first) && p.names.has(part) {
			return true
		}
	}
	return false
}

// ends refuses what stands behind a value and joins nothing.
func (p *parser) ends(at, from int) error {
	end := p.at
	if p.space(); p.at == len(p.text) || p.text[p.at] == ')' || p.joins() {
		return nil
	}
	if p.text[p.at] == ',' || p.text[from] == '"' || p.text[from] == '\'' {
		return p.wrong(p.at, "%q is left over", p.text[p.at:])
	}
	left := p.at
	for p.at < len(p.text) && p.text[p.at] != ')' && !p.joins() {
		p.space()
		for p.at < len(p.text) && p.text[p.at] != ')' && p.text[p.at] > ' ' {
			p.at++
		}
		end = p.at
		p.space()
	}
	return p.wrong(left, "%q is left over; text with spaces stands in quotes: %s%q", p.text[left:end], p.text[at:from], p.text[from:end])
}

// joins reports whether the next word joins two comparisons.
func (p *parser) joins() bool {
	at := p.at
	defer func() { p.at = at }()
	return p.word("and", "or", "&&", "||")
}

// text1 reads a value: in quotes, or a word.
func (p *parser) text1() (text string, isQuoted bool, err error) {
	if p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		text, err = p.quoted()
		return text, true, err
	}
	return p.bare(""), false, nil
}

// bare reads up to a space, to what closes more than was opened, or to one of some characters.
func (p *parser) bare(ends string) string {
	from, open := p.at, 0
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c <= ' ' || strings.IndexByte(ends, c) >= 0 || strings.HasPrefix(p.text[p.at:], "&&") || strings.HasPrefix(p.text[p.at:], "||") {
			break
		}
		if c == '(' {
			open++
		}
		if c == ')' {
			if open--; open < 0 {
				break
			}
		}
	}
	return p.text[from:p.at]
}

// quoted reads a text in quotes, with \ before what would end it.
func (p *parser) quoted() (string, error) {
	from, quote := p.at, p.text[p.at]
	for i := from + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case quote:
			p.at = i + 1
			inner := p.text[from:p.at]
			if quote == '\'' { // as package expr has it
				inner = `"` + strings.ReplaceAll(strings.ReplaceAll(inner[1:len(inner)-1], `\'`, `'`), `"`, `\"`) + `"`
			}
			out, err := strconv.Unquote(inner)
			if err != nil {
				return "", p.wrong(from, "%s: a \\ in quotes stands before another \\, or before quotes", p.text[from:p.at])
			}
			return out, nil
		}
	}
	return "", p.wrong(from, "the quotes are not closed")
}

// pattern reads a regular expression. In quotes only those quotes have a \ before them.
func (p *parser) pattern(c column, o op) (node, error) {
	from := p.at
	at := from
	var text string
	if from < len(p.text) && (p.text[from] == '"' || p.text[from] == '\'') {
		quote := p.text[from]
		end := from + 1
		for end < len(p.text) && p.text[end] != quote {
			if p.text[end] == '\\' && end+1 < len(p.text) {
				end++
			}
			end++
		}
		if end >= len(p.text) {
			return nil, p.wrong(from, "the quotes are not closed")
		}
		text = strings.ReplaceAll(p.text[from+1:end], `\`+string(quote), string(quote))
		p.at = end + 1
	} else if text = p.bare(""); text == "" {
		return nil, p.wrong(from, "a regular expression is missing behind %s", o)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, p.refuse(from, "%s; a \\ before a character takes its meaning away", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if err := p.ends(at, from); err != nil {
		return nil, err
	}
	return p.turned(o == opNoMatch, &matching{c, re}), nil
}

// in reads values with commas between, in parentheses or not.
func (p *parser) in(at int, c column) (node, error) {
	p.space()
	from := p.at
	if p.at < len(p.text) && p.text[p.at] == '[' {
		return nil, errNotPlain
	}
	n := &among{column: c}
	parens := p.word("(")
	p.sure = p.sure || parens
	for {
		p.space()
		start := p.at
		text, isQuoted, err := p.item()
		if err != nil {
			return nil, err
		}
		if text == "" && !isQuoted {
			return nil, p.wrong(start, "a value is missing; as in %s in AT, DE", c.name)
		}
		if strings.Contains(text, "..") && !isQuoted {
			if p.names.shape.Kind == jobs.Objects {
				return nil, errNotPlain
			}
			return nil, p.refuse(start, "for numbers from one to another write %s >= … and %s <= …", c.name, c.name)
		}
		n.values = append(n.values, []byte(text))
		if p.space(); !p.word(",") {
			if len(n.values) == 1 && !parens && !isQuoted && p.names.has(text) {
				return nil, errNotPlain // a list in another column
			}
			break
		}
		p.sure = true
	}
	if parens {
		if !p.word(")") {
			return nil, p.wrong(p.at, "a ) or a comma is missing behind the values")
		}
		return n, nil
	}
	return n, p.ends(at, from)
}

// item reads one of several values.
func (p *parser) item() (text string, isQuoted bool, err error) {
	if p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		text, err = p.quoted()
		return text, true, err
	}
	return p.bare(",)("), false, nil
}
