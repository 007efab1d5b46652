package convert

import (
	"slices"
	"strings"
)

// kind is what an expression is.
type kind int

const (
	exprText     kind = iota // text: a constant
	exprNumber               // text
	exprBool                 // text: true or false
	exprNone                 // none
	exprPath                 // text is the first name, args the rest: constants
	exprCall                 // text is the function, args its arguments
	exprFilter               // text is the filter, args[0] the value, then its arguments
	exprNot                  // args[0]
	exprJunction             // text is and, or
	exprCompare              // text is ==, !=, <, <=, >, >=
	exprIn                   // args[0] in args[1]; text is "not" where it is turned round
	exprTest                 // text is what args[0] is, "not " before it where it is turned round
	exprChoice               // args[0] if args[1] else args[2], which may be missing
	exprList                 // args
	exprMath                 // text is +, -, *, /
	exprConcat               // args[0] ~ args[1]
)

// expr is an expression of Jinja2 or Liquid.
type expr struct {
	kind kind
	text string
	args []*expr
}

// deepest bounds how deep expressions are nested.
const deepest = 50

type parser struct {
	tokens []token
	depth  int
}

// parseExpr reads an expression.
func parseExpr(s string) (*expr, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	e, err := p.choice()
	if err == nil && len(p.tokens) > 0 {
		err = cannot("what is " + p.tokens[0].text + " here?")
	}
	return e, err
}

func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

// take takes the next word if it is one of these.
func (p *parser) take(kind tokenKind, words ...string) (string, bool) {
	if t := p.peek(); t.kind == kind && (len(words) == 0 || slices.Contains(words, t.text)) {
		p.tokens = p.tokens[1:]
		return t.text, true
	}
	return "", false
}

func (p *parser) choice() (*expr, error) {
	if p.depth++; p.depth > deepest {
		return nil, cannot("it is nested too deep")
	}
	defer func() { p.depth-- }()
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if _, ok := p.take(wordToken, "if"); !ok {
		return e, nil
	}
	condition, err := p.or()
	if err != nil {
		return nil, err
	}
	out := &expr{kind: exprChoice, args: []*expr{e, condition}}
	if _, ok := p.take(wordToken, "else"); ok {
		other, err := p.choice()
		if err != nil {
			return nil, err
		}
		out.args = append(out.args, other)
	}
	return out, nil
}

// binary reads operands with operators of one rank between them.
func (p *parser) binary(operand func() (*expr, error), make func(op string, a, b *expr) *expr, kind tokenKind, words ...string) (*expr, error) {
	e, err := operand()
	for err == nil {
		op, ok := p.take(kind, words...)
		if !ok {
			return e, nil
		}
		var b *expr
		if b, err = operand(); err == nil {
			e = make(op, e, b)
		}
	}
	return nil, err
}

func (p *parser) or() (*expr, error) {
	two := func(op string, a, b *expr) *expr {
		return &expr{kind: exprJunction, text: strings.NewReplacer("&&", "and", "||", "or").Replace(op), args: []*expr{a, b}}
	}
	and := func() (*expr, error) {
		return p.binary(func() (*expr, error) { return p.binary(p.not, two, operatorToken, "&&") }, two, wordToken, "and")
	}
	return p.binary(func() (*expr, error) { return p.binary(and, two, operatorToken, "||") }, two, wordToken, "or")
}

func (p *parser) not() (*expr, error) {
	_, word := p.take(wordToken, "not")
	if _, mark := p.take(operatorToken, "!"); !word && !mark {
		return p.compare()
	}
	if p.depth++; p.depth > deepest {
		return nil, cannot("it is nested too deep")
	}
	defer func() { p.depth-- }()
	e, err := p.not()
	return &expr{kind: exprNot, args: []*expr{e}}, err
}

func (p *parser) compare() (*expr, error) {
	e, err := p.math()
	for err == nil {
		var b *expr
		if op, ok := p.take(operatorToken, "==", "!=", "<", "<=", ">", ">=", "=", "<>"); ok {
			if b, err = p.math(); err == nil {
				e = &expr{kind: exprCompare, text: strings.NewReplacer("<>", "!=").Replace(op), args: []*expr{e, b}}
				if op == "=" {
					e.text = "=="
				}
			}
			continue
		}
		if _, ok := p.take(wordToken, "contains"); ok {
			if b, err = p.math(); err == nil {
				e = &expr{kind: exprIn, args: []*expr{b, e}}
			}
			continue
		}
		if _, ok := p.take(wordToken, "is"); ok {
			turned := ""
			if _, ok := p.take(wordToken, "not"); ok {
				turned = "not "
			}
			what, ok := p.take(wordToken)
			if !ok {
				return nil, cannot("is what?")
			}
			e = &expr{kind: exprTest, text: turned + strings.ToLower(what), args: []*expr{e}}
			continue
		}
		turned := ""
		if len(p.tokens) > 1 && p.tokens[0] == (token{wordToken, "not"}) && p.tokens[1] == (token{wordToken, "in"}) {
			p.tokens, turned = p.tokens[1:], "not"
		}
		if _, ok := p.take(wordToken, "in"); !ok {
			return e, nil
		}
		if b, err = p.math(); err == nil {
			e = &expr{kind: exprIn, text: turned, args: []*expr{e, b}}
		}
	}
	return nil, err
}

func (p *parser) math() (*expr, error) {
	two := func(op string, a, b *expr) *expr {
		if op == "~" {
			return &expr{kind: exprConcat, args: []*expr{a, b}}
		}
		return &expr{kind: exprMath, text: op, args: []*expr{a, b}}
	}
	term := func() (*expr, error) { return p.binary(p.unary, two, operatorToken, "*", "/", "//", "%", "**") }
	return p.binary(term, two, operatorToken, "+", "-", "~")
}

func (p *parser) unary() (*expr, error) {
	if _, ok := p.take(operatorToken, "-"); ok {
		n, ok := p.take(numberToken)
		if !ok {
			return nil, cannot("- stands before a number only")
		}
		return p.behind(&expr{kind: exprNumber, text: "-" + n})
	}
	return p.primary()
}

func (p *parser) primary() (*expr, error) {
	t := p.peek()
	if t.kind == endToken {
		return nil, cannot("something is missing at its end")
	}
	p.tokens = p.tokens[1:]
	switch t.kind {
	case textToken:
		return p.behind(&expr{kind: exprText, text: t.text})
	case numberToken:
		return p.behind(&expr{kind: exprNumber, text: t.text})
	case wordToken:
		switch strings.ToLower(t.text) {
		case "true", "false":
			return &expr{kind: exprBool, text: strings.ToLower(t.text)}, nil
		case "none", "null", "nil", "blank", "empty":
			return &expr{kind: exprNone}, nil
		}
		if slices.Contains([]string{"and", "or", "not", "in", "is", "if", "else"}, t.text) {
			return nil, cannot("what is " + t.text + " here?")
		}
		return p.behind(&expr{kind: exprPath, text: t.text})
	case endToken, operatorToken:
	}
	switch t.text {
	case "(":
		e, err := p.choice()
		if err != nil {
			return nil, err
		}
		if _, ok := p.take(operatorToken, ")"); !ok {
			return nil, cannot("a parenthesis is not closed")
		}
		return p.behind(e)
	case "[":
		args, err := p.arguments("]")
		return &expr{kind: exprList, args: args}, err
	}
	return nil, cannot("what is " + t.text + " here?")
}

// arguments reads a list up to its end; of keyword arguments the values count.
func (p *parser) arguments(end string) ([]*expr, error) {
	var out []*expr
	for {
		if _, ok := p.take(operatorToken, end); ok {
			return out, nil
		}
		if len(p.tokens) > 1 && p.tokens[0].kind == wordToken && p.tokens[1] == (token{operatorToken, "="}) {
			p.tokens = p.tokens[2:]
		}
		e, err := p.choice()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
		if _, ok := p.take(operatorToken, ","); !ok {
			if _, ok := p.take(operatorToken, end); !ok {
				return nil, cannot("a list has no end")
			}
			return out, nil
		}
	}
}

// behind reads what stands behind a value: members, calls and filters.
func (p *parser) behind(e *expr) (*expr, error) {
	for range 4 * deepest {
		switch op, ok := p.take(operatorToken, ".", "[", "(", "|"); {
		case !ok:
			return e, nil
		case op == ".":
			member, ok := p.take(wordToken)
			if !ok {
				if member, ok = p.take(numberToken); !ok {
					return nil, cannot("a dot has nothing behind it")
				}
			}
			if _, ok := p.take(operatorToken, "("); ok {
				args, err := p.arguments(")")
				if err != nil {
					return nil, err
				}
				e = &expr{kind: exprFilter, text: "." + member, args: append([]*expr{e}, args...)}
				continue
			}
			if e.kind != exprPath {
				return nil, cannot("." + member + " of a value is not known")
			}
			e.args = append(e.args, &expr{kind: exprText, text: member})
		case op == "[":
			args, err := p.arguments("]")
			if err != nil {
				return nil, err
			}
			if e.kind != exprPath || len(args) != 1 || args[0].kind != exprText && args[0].kind != exprNumber {
				return nil, cannot("[…] takes a name in quotes, or a number")
			}
			e.args = append(e.args, args[0])
		case op == "(":
			args, err := p.arguments(")")
			if err != nil {
				return nil, err
			}
			if e.kind != exprPath || len(e.args) > 0 {
				return nil, cannot("that cannot be called")
			}
			e = &expr{kind: exprCall, text: e.text, args: args}
		case op == "|":
			var err error
			if e, err = p.filter(e); err != nil {
				return nil, err
			}
		}
	}
	return nil, cannot("it is too long")
}

// filter reads a filter: of Jinja2, f(a, b), or of Liquid, f: a, b.
func (p *parser) filter(e *expr) (*expr, error) {
	word, ok := p.take(wordToken)
	if !ok {
		return nil, cannot("a filter has no name")
	}
	out := &expr{kind: exprFilter, text: word, args: []*expr{e}}
	if _, ok := p.take(operatorToken, "("); ok {
		args, err := p.arguments(")")
		out.args = append(out.args, args...)
		return out, err
	}
	if _, ok := p.take(operatorToken, ":"); ok {
		for {
			a, err := p.math0()
			if err != nil {
				return nil, err
			}
			out.args = append(out.args, a)
			if _, ok := p.take(operatorToken, ","); !ok {
				return out, nil
			}
		}
	}
	return out, nil
}

// math0 is an argument of a filter of Liquid, which has no filters of its own.
func (p *parser) math0() (*expr, error) {
	t := p.peek()
	if t.kind == textToken || t.kind == numberToken {
		p.tokens = p.tokens[1:]
		return &expr{kind: map[tokenKind]kind{textToken: exprText, numberToken: exprNumber}[t.kind], text: t.text}, nil
	}
	word, ok := p.take(wordToken)
	if !ok {
		return nil, cannot("a filter has no value behind its :")
	}
	e := &expr{kind: exprPath, text: word}
	for {
		if _, ok := p.take(operatorToken, "."); !ok {
			return e, nil
		}
		member, ok := p.take(wordToken)
		if !ok {
			return nil, cannot("a dot has nothing behind it")
		}
		e.args = append(e.args, &expr{kind: exprText, text: member})
	}
}
