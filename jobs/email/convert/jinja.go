package convert

import (
	"fmt"
	"slices"
	"strings"
)

// jinja converts the languages of {{ … }} and {% … %}: Jinja2, Liquid, and those of Brevo, HubSpot
// and Mailjet, which are near to them.
func (c *converter) jinja() {
	for _, p := range cut(c.text) {
		if b := c.verbatim(); b != nil {
			c.within(b, p)
			continue
		}
		switch p.kind {
		case plainText:
			c.plain(p.text)
		case output:
			c.show(p)
		case statement:
			c.state(p)
		case remark:
			c.comment(p.inner)
		case unclosed:
			c.keep(p.at, p.text, "it is not closed")
		}
	}
	for _, b := range c.blocks {
		c.note(b.at, b.found, "it has no end", true)
	}
}

// verbatim is the innermost block if what stands in it is no template.
func (c *converter) verbatim() *block {
	if n := len(c.blocks); n > 0 && (c.blocks[n-1].kind == "raw" || c.blocks[n-1].kind == "verbatim" || c.blocks[n-1].kind == "comment") {
		return c.blocks[n-1]
	}
	return nil
}

// within writes a piece of a verbatim block.
func (c *converter) within(b *block, p piece) {
	if p.kind == statement && p.inner == "end"+b.kind {
		c.blocks = c.blocks[:len(c.blocks)-1]
		if b.kind == "comment" {
			c.out.WriteString(" */}}")
		}
		return
	}
	if b.kind == "comment" {
		c.out.WriteString(strings.ReplaceAll(p.text, "*/", "* /"))
		return
	}
	c.literal(p.text)
}

// mailjetOwn are values of Mailjet's in brackets.
var mailjetOwn = lazily(`\[\[(UNSUB_LINK(?:_[A-Z]+)?|EMAIL_TO|PERMALINK|[A-Z_]+)\]\]`)

// plain writes text, of Mailjet with its values in brackets.
func (c *converter) plain(text string) {
	if c.Dialect != Mailjet {
		c.literal(text)
		return
	}
	done := 0
	for _, m := range mailjetOwn().FindAllStringSubmatchIndex(text, -1) {
		c.literal(text[done:m[0]])
		done = m[1]
		switch own := text[m[2]:m[3]]; {
		case strings.HasPrefix(own, "UNSUB_LINK"):
			c.out.WriteString("{{." + unsubscribe + "}}")
		case own == "EMAIL_TO":
			c.out.WriteString("{{.email}}")
		default:
			c.keep(strings.Index(c.text, text[m[0]:m[1]]), text[m[0]:m[1]], "brood has no such value")
		}
	}
	c.literal(text[done:])
}

// mailjetValue is a value of Mailjet's, with what stands for it where it is missing.
var mailjetValue = lazily(`^(?:var|data):([\pL_][\pL\pN_.]*)(?:\s*:\s*(.+))?$`)

// mailjetName is one in a condition.
var mailjetName = lazily(`\b(?:var|data):([\pL_][\pL\pN_.]*)`)

// show writes an output.
func (c *converter) show(p piece) {
	inner := p.inner
	if c.Dialect == Mailjet {
		if m := mailjetValue().FindStringSubmatch(inner); m != nil {
			if inner = m[1]; m[2] != "" && m[2] != `""` && m[2] != "''" {
				inner += " | default(" + m[2] + ")"
			}
		}
	}
	e, err := parseExpr(inner)
	if err == nil && e.kind == exprChoice {
		err = c.choose(e, p)
	} else if err == nil {
		var o operand
		if o, err = c.value(e, false); err == nil {
			c.action(o.text, p.left, p.right)
		}
	}
	if err != nil {
		c.keep(p.at, p.text, err.Error())
	}
}

// choose writes an output of one of two values.
func (c *converter) choose(e *expr, p piece) error {
	condition, err := c.condition(e.args[1])
	if err != nil {
		return err
	}
	var values []string
	for _, i := range []int{0, 2} {
		if i == 2 && len(e.args) < 3 {
			break
		}
		o, err := c.value(e.args[i], false)
		if err != nil {
			return err
		}
		text := "{{" + o.text + "}}"
		if e.args[i].kind == exprText && !strings.Contains(e.args[i].text, "{{") && !c.html {
			text = e.args[i].text
		}
		values = append(values, text)
	}
	c.action("if "+condition.text, p.left, false)
	c.out.WriteString(strings.Join(values, "{{else}}"))
	c.action("end", false, p.right)
	return nil
}

// state writes a statement.
func (c *converter) state(p piece) {
	inner := p.inner
	if c.Dialect == Mailjet {
		inner = mailjetName().ReplaceAllString(inner, "$1")
	}
	word, rest, _ := strings.Cut(inner, " ")
	if i := strings.IndexAny(word, "(\t\n"); i > 0 {
		word, rest = word[:i], inner[i:]
	}
	rest = strings.TrimSpace(rest)
	var err error
	switch word {
	case "if", "unless":
		err = c.ifBlock(word, rest, p)
	case "elif", "elsif", "elseif", "else":
		err = c.elseBlock(word, rest, p)
	case "for":
		err = c.forBlock(rest, p)
	case "set", "assign":
		err = c.set(rest, p)
	case "case":
		err = c.caseBlock(rest, p)
	case "when":
		err = c.when(rest, p)
	case "raw", "verbatim":
		c.open(&block{kind: word}, p)
	case "comment":
		c.open(&block{kind: word}, p)
		c.out.WriteString("{{/* ")
	default:
		if strings.HasPrefix(word, "end") {
			err = c.end(strings.TrimPrefix(word, "end"), p)
			break
		}
		c.open(&block{kind: word, left: true}, p)
		if !strings.Contains(c.text[p.at:], "end"+word) { // it has none
			c.blocks = c.blocks[:len(c.blocks)-1]
		}
		err = cannot(word + " is not known here")
	}
	if err != nil {
		c.keep(p.at, p.text, err.Error())
	}
}

func (c *converter) open(b *block, p piece) {
	b.at, b.found = p.at, p.text
	if b.vars == nil {
		b.vars = make(map[string]string)
	}
	c.blocks = append(c.blocks, b)
}

// top is the innermost block of one of these kinds.
func (c *converter) top(kinds ...string) *block {
	if n := len(c.blocks); n > 0 && slices.Contains(kinds, c.blocks[n-1].kind) {
		return c.blocks[n-1]
	}
	return nil
}

// ask writes a condition.
func (c *converter) ask(text string) (operand, error) {
	e, err := parseExpr(text)
	if err != nil {
		return operand{}, err
	}
	return c.condition(e)
}

func (c *converter) ifBlock(word, rest string, p piece) error {
	o, err := c.ask(rest)
	if word == "unless" {
		o = call("not %s", o)
	}
	c.open(&block{kind: word, left: err != nil}, p)
	if err == nil {
		c.action("if "+o.text, p.left, p.right)
	}
	return err
}

func (c *converter) elseBlock(word, rest string, p piece) error {
	b := c.top("if", "unless", "for", "case")
	switch {
	case b == nil:
		return cannot("there is nothing that it could be the other side of")
	case b.left:
		return cannot("so is what it belongs to")
	case word == "else" && rest == "":
		c.action("else", p.left, p.right)
		return nil
	case word == "else" && strings.HasPrefix(rest, "if "):
		rest = strings.TrimPrefix(rest, "if ")
	}
	if b.kind != "if" && b.kind != "unless" {
		return cannot(word + " does not belong to " + b.kind)
	}
	o, err := c.ask(rest)
	if err == nil {
		c.action("else if "+o.text, p.left, p.right)
	}
	return err
}

// forHead is the head of a loop.
var forHead = lazily(`(?s)^([\pL_][\pL\pN_]*)(?:\s*,\s*([\pL_][\pL\pN_]*))?\s+in\s+(.+)$`)

// loopSelf is what a loop says of itself.
var loopSelf = lazily(`\b(?:for)?loop\.`)

func (c *converter) forBlock(rest string, p piece) error {
	b := &block{kind: "for", left: true}
	head, err := c.forOf(rest, p, b)
	c.open(b, p)
	if err == nil {
		b.left = false
		c.action(head, p.left, p.right)
	}
	return err
}

// forOf is the head of a loop, whose variables go into its block.
func (c *converter) forOf(rest string, p piece, b *block) (string, error) {
	m := forHead().FindStringSubmatch(rest)
	if m == nil {
		return "", cannot("a loop is for x in y")
	}
	in, pairs := m[3], m[2] != ""
	if cutOff, ok := strings.CutSuffix(in, ".items()"); ok && pairs {
		in = cutOff
	} else if pairs {
		return "", cannot("two variables are for the items() of an object")
	}
	e, err := parseExpr(in)
	if err != nil {
		return "", err
	}
	if e.kind == exprChoice {
		b.vars = map[string]string{m[1]: "", m[2]: ""}
		return "", cannot("a loop over some of a list only: write {{if …}} within it")
	}
	list, err := c.value(e, false)
	if err != nil {
		return "", err
	}
	c.blocks = append(c.blocks, &block{list: "."}) // within it the dot is another
	inner, err := c.value(e, false)
	c.blocks = c.blocks[:len(c.blocks)-1]
	if err != nil {
		return "", err
	}
	c.loops++
	b.list, b.vars = inner.String(), make(map[string]string)
	if pairs {
		b.vars[m[1]], b.vars[m[2]] = "$"+m[1], "$"+m[2]
		return fmt.Sprintf("range $%s, $%s := %s", m[1], m[2], list.text), nil
	}
	b.vars[m[1]] = "$" + m[1]
	if !loopSelf().MatchString(c.text[p.at:]) {
		return fmt.Sprintf("range $%s := %s", m[1], list.text), nil
	}
	if b.index = "$loop"; c.loops > 1 {
		b.index = fmt.Sprintf("$loop%d", c.loops)
	}
	return fmt.Sprintf("range %s, $%s := %s", b.index, m[1], list.text), nil
}

// setHead is a variable that gets a value.
var setHead = lazily(`(?s)^([\pL_][\pL\pN_]*)\s*=\s*(.+)$`)

func (c *converter) set(rest string, p piece) error {
	m := setHead().FindStringSubmatch(rest)
	if m == nil {
		if !strings.Contains(rest, "=") {
			c.open(&block{kind: "set", left: true}, p)
		}
		return cannot("a variable is set as x = y")
	}
	e, err := parseExpr(m[2])
	if err != nil {
		return err
	}
	o, err := c.value(e, false)
	if err != nil {
		return err
	}
	how := ":="
	if _, known := c.variable(m[1]); known {
		how = "="
	} else if b := c.top("if", "unless", "case"); b != nil {
		return cannot("a variable that is set within " + b.kind + " is not known behind it here: set it before, and change it within")
	} else if loop := c.top("for"); loop != nil {
		loop.vars[m[1]] = "$" + m[1]
	} else {
		c.globals[m[1]] = "$" + m[1]
	}
	c.action(fmt.Sprintf("$%s %s %s", m[1], how, o.text), p.left, p.right)
	return nil
}

func (c *converter) caseBlock(rest string, p piece) error {
	e, err := parseExpr(rest)
	b := &block{kind: "case", left: true}
	if err == nil {
		b.subject, err = c.value(e, true)
	}
	b.left = err != nil
	c.open(b, p)
	return err
}

func (c *converter) when(rest string, p piece) error {
	b := c.top("case")
	if b == nil || b.left {
		return cannot("so is what it belongs to")
	}
	var all []operand
	for _, part := range strings.FieldsFunc(strings.ReplaceAll(rest, " or ", ","), func(r rune) bool { return r == ',' }) {
		e, err := parseExpr(part)
		if err != nil {
			return err
		}
		o, err := c.value(e, true)
		if err != nil {
			return err
		}
		all = append(all, o)
	}
	head := fmt.Sprintf("if eq %s%s", b.subject, args(all))
	if b.began {
		head = "else " + head
	}
	b.began = true
	c.action(head, p.left, p.right)
	return nil
}

// end ends a block.
func (c *converter) end(kind string, p piece) error {
	n := len(c.blocks)
	if n == 0 || c.blocks[n-1].kind != kind {
		return cannot("there is nothing that it could end")
	}
	b := c.blocks[n-1]
	c.blocks = c.blocks[:n-1]
	switch {
	case b.left:
		return cannot("so is what it belongs to")
	case b.kind == "case" && !b.began:
		return nil
	}
	c.action("end", p.left, p.right)
	return nil
}
