package convert

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// handlebars converts Handlebars, as SendGrid and others have it, and of Mustache what is not
// open to doubt.
func (c *converter) handlebars() {
	text := c.text
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], "{{")
		if i < 0 {
			c.out.WriteString(text[at:])
			break
		}
		c.out.WriteString(text[at : at+i])
		at += i
		open, end := "{{", "}}"
		switch {
		case strings.HasPrefix(text[at:], "{{!--"):
			open, end = "{{!--", "--}}"
		case strings.HasPrefix(text[at:], "{{{"):
			open, end = "{{{", "}}}"
		}
		n := endOf(text[at+len(open):], end, open != "{{!--")
		if n < 0 {
			c.keep(at, open, "it is not closed")
			at += len(open)
			continue
		}
		p := piece{at: at, text: text[at : at+len(open)+n+len(end)], inner: text[at+len(open) : at+len(open)+n]}
		at += len(p.text)
		if open == "{{!--" {
			c.comment(p.inner)
			continue
		}
		p.inner, p.left, p.right = trimmed(p.inner)
		if err := c.mustache(p, open == "{{{"); err != nil {
			c.keep(p.at, p.text, err.Error())
		}
	}
	for _, b := range c.blocks {
		c.note(b.at, b.found, "it has no end", true)
	}
}

// mustache converts one action.
func (c *converter) mustache(p piece, plain bool) error {
	first, rest := p.inner, ""
	if p.inner != "" {
		first, rest = p.inner[:1], strings.TrimSpace(p.inner[1:])
	}
	switch {
	case first == "!":
		c.comment(rest)
		return nil
	case first == ">":
		return cannot("a part from elsewhere: put its text here")
	case first == "&":
		p.inner, plain = rest, true
	case first == "#":
		return c.openSection(rest, p)
	case first == "^":
		return c.inverted(rest, p)
	case first == "/":
		if rest == "" {
			return cannot("there is nothing that it could end")
		}
		return c.end(rest, p)
	case p.inner == "else" || strings.HasPrefix(p.inner, "else "):
		return c.mustacheElse(strings.TrimSpace(strings.TrimPrefix(p.inner, "else")), p)
	}
	words, err := lex(p.inner)
	if err != nil {
		return err
	}
	o, err := c.mustacheValue(words, false)
	if err != nil {
		return err
	}
	if plain && c.html {
		c.note(p.at, p.text, "a value is never markup here, but escaped", false)
	}
	c.action(o.text, p.left, p.right)
	return nil
}

// comparisons are helpers of SendGrid's and others' that compare.
var comparisons = sync.OnceValue(func() map[string]string {
	return map[string]string{"equals": "eq", "eq": "eq", "notEquals": "ne", "ne": "ne", "greaterThan": "gt", "gt": "gt", "lessThan": "lt", "lt": "lt", "gte": "ge", "lte": "le", "and": "and", "or": "or"}
})

func (c *converter) openSection(text string, p piece) error {
	words, err := lex(text)
	if err != nil || len(words) == 0 || words[0].kind != wordToken {
		c.open(&block{kind: text, left: true}, p)
		return cannot("what begins here?")
	}
	kind := words[0].text
	b := &block{kind: kind, left: true}
	head := ""
	switch {
	case kind == "each":
		var o operand
		if o, err = c.mustacheValue(words[1:], false); err == nil {
			c.loops++
			b.list, b.index = o.String(), fmt.Sprintf("$at%d", c.loops)
			head = fmt.Sprintf("range %s, $this%d := %s", b.index, c.loops, o.text)
			b.vars = map[string]string{"this": fmt.Sprintf("$this%d", c.loops)}
		}
	case kind == "if" || kind == "unless" || comparisons()[kind] != "":
		var o operand
		if o, err = c.mustacheCondition(kind, words[1:]); err == nil {
			if head = "if " + o.text; kind == "unless" {
				head = "if " + call("not %s", o).text
			}
		}
	case len(words) == 1:
		err = cannot("is it a list, or whether there is " + kind + "? For a list write {{range ." + kind + "}}, for the other {{if has . \"" + kind + "\"}}")
	default:
		err = cannot("the helper " + kind + " is not known here")
	}
	b.left = err != nil
	c.open(b, p)
	if err == nil {
		c.action(head, p.left, p.right)
	}
	return err
}

// inverted is {{^name}} of Mustache, or {{^}} for else.
func (c *converter) inverted(text string, p piece) error {
	if text == "" {
		return c.mustacheElse("", p)
	}
	words, err := lex(text)
	var o operand
	if err == nil {
		o, err = c.mustacheCondition("if", words)
	}
	c.open(&block{kind: text, left: err != nil}, p)
	if err == nil {
		c.action("if "+call("not %s", o).text, p.left, p.right)
	}
	return err
}

func (c *converter) mustacheElse(rest string, p piece) error {
	n := len(c.blocks)
	switch {
	case n == 0:
		return cannot("there is nothing that it could be the other side of")
	case c.blocks[n-1].left:
		return cannot("so is what it belongs to")
	case rest == "":
		c.action("else", p.left, p.right)
		return nil
	}
	words, err := lex(rest)
	if err != nil || len(words) < 2 || words[0].text != "if" && comparisons()[words[0].text] == "" {
		return cannot("else what?")
	}
	o, err := c.mustacheCondition(words[0].text, words[1:])
	if err == nil {
		c.action("else if "+o.text, p.left, p.right)
	}
	return err
}

// mustacheCondition is what a helper asks of its arguments.
func (c *converter) mustacheCondition(helper string, words []token) (operand, error) {
	f := comparisons()[helper]
	if f == "" || helper == "and" || helper == "or" {
		var all []operand
		for len(words) > 0 {
			e, rest, err := c.mustachePath(words)
			if err != nil {
				return operand{}, err
			}
			o := e.operand
			if e.expr != nil {
				if o, err = c.condition(e.expr); err != nil {
					return o, err
				}
			}
			all, words = append(all, o), rest
		}
		switch {
		case len(all) == 1:
			return all[0], nil
		case f != "" && len(all) > 1:
			return call("%s%s", f, args(all)), nil
		}
		return operand{}, cannot("what is asked?")
	}
	var sides []operand
	for len(words) > 0 {
		e, rest, err := c.mustachePath(words)
		if err != nil {
			return operand{}, err
		}
		o := e.operand
		if e.expr != nil {
			if o, err = c.value(e.expr, f == "eq" || f == "ne"); err != nil {
				return o, err
			}
		}
		sides, words = append(sides, o), rest
	}
	if len(sides) != 2 {
		return operand{}, cannot(helper + " compares two values")
	}
	return call("%s%s", f, args(sides)), nil
}

// either is an expression, or one that is written already.
type either struct {
	*expr
	operand operand
}

// mustachePath reads one argument, and returns the words behind it.
func (c *converter) mustachePath(words []token) (either, []token, error) {
	t := words[0]
	switch {
	case t.kind == textToken:
		return either{expr: &expr{kind: exprText, text: t.text}}, words[1:], nil
	case t.kind == numberToken:
		return either{expr: &expr{kind: exprNumber, text: t.text}}, words[1:], nil
	case t.text == "(":
		depth := 0
		for i, w := range words {
			switch w {
			case token{operatorToken, "("}:
				depth++
			case token{operatorToken, ")"}:
				depth--
			}
			if depth == 0 {
				if i < 2 {
					break
				}
				o, err := c.mustacheCondition(words[1].text, words[2:i])
				return either{operand: o}, words[i+1:], err
			}
		}
		return either{}, nil, cannot("a parenthesis is not closed")
	case up(words) && c.outer() == 1:
		o, err := c.path(&expr{kind: exprPath, text: words[3].text}, false)
		return either{operand: o}, words[4:], err
	case t.kind != wordToken:
		return either{}, nil, cannot("what is " + t.text + " here?")
	case t.text == "true" || t.text == "false":
		return either{expr: &expr{kind: exprBool, text: t.text}}, words[1:], nil
	}
	e := &expr{kind: exprPath, text: t.text}
	words = words[1:]
	for len(words) > 1 && (words[0] == (token{operatorToken, "."}) || words[0] == (token{operatorToken, "/"})) && words[1].kind == wordToken {
		e.args = append(e.args, &expr{kind: exprText, text: words[1].text})
		words = words[2:]
	}
	// Within a loop a name is a member of the item.
	if b := c.loop(); b != nil && e.text != "this" {
		e.args = append([]*expr{{kind: exprText, text: e.text}}, e.args...)
		e.text = "this"
	}
	return either{expr: e}, words, nil
}

// up reports whether a name is one of what is around a loop: ../name.
func up(words []token) bool {
	return len(words) > 3 && words[0].text == "." && words[1].text == "." && words[2].text == "/" && words[3].kind == wordToken
}

// outer is how many loops there are around.
func (c *converter) outer() (n int) {
	for _, b := range c.blocks {
		if b.list != "" {
			n++
		}
	}
	return n
}

// mustacheValue writes a value, or the helper insert of SendGrid's.
func (c *converter) mustacheValue(words []token, missing bool) (operand, error) {
	if len(words) == 0 {
		return operand{}, cannot("there is nothing in it")
	}
	if words[0] == (token{wordToken, "insert"}) && len(words) == 3 && words[2].kind == textToken {
		o, err := c.mustacheValue(words[1:2], false)
		if otherwise, ok := strings.CutPrefix(words[2].text, "default="); ok && err == nil {
			o = o.or(quote(otherwise))
		}
		return o, err
	}
	if words[0].text == "this" && len(words) > 1 && words[1].text == "." && len(words) == 2 {
		words = words[:1]
	}
	e, rest, err := c.mustachePath(words)
	if err != nil {
		return operand{}, err
	}
	if len(rest) > 0 {
		if slices.Contains([]string{"formatDate", "lookup", "log", "length"}, words[0].text) || rest[0].kind != operatorToken {
			return operand{}, cannot("the helper " + words[0].text + " is not known here")
		}
		return operand{}, cannot("what is " + rest[0].text + " here?")
	}
	if e.expr == nil {
		return e.operand, nil
	}
	return c.value(e.expr, missing)
}
