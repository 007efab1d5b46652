package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// operand is an expression of brood's.
type operand struct {
	text string
	pipe bool // it needs parentheses where it is one of several
}

func one(text string) operand              { return operand{text, false} }
func call(f string, a ...any) operand      { return operand{fmt.Sprintf(f, a...), true} }
func (o operand) piped(f string) operand   { return operand{o.text + " | " + f, true} }
func (o operand) or(otherwise any) operand { return o.piped(fmt.Sprintf("default %v", otherwise)) }
func quote(s string) operand               { return one(strconv.Quote(s)) }
func args(list []operand) (out string) {
	for _, o := range list {
		out += " " + o.String()
	}
	return out
}

func (o operand) String() string {
	if o.pipe {
		return "(" + o.text + ")"
	}
	return o.text
}

// block is one that is open.
type block struct {
	kind  string // if, for, unless, case, raw, comment
	at    int
	found string
	vars  map[string]string // names of the other language, and what they are here
	// Of a loop: the variable of its index, and the list.
	index, list string
	left        bool    // it stays as it stood
	subject     operand // of case
	began       bool    // a case had its first when
}

// dot is what the record is called here: within a loop the dot is another.
func (c *converter) dot() string {
	if slices.ContainsFunc(c.blocks, func(b *block) bool { return b.index != "" || b.list != "" }) {
		return "$"
	}
	return ""
}

// variable finds a variable of the template's own.
func (c *converter) variable(name string) (string, bool) {
	for _, b := range slices.Backward(c.blocks) {
		if v, ok := b.vars[name]; ok {
			return v, true
		}
	}
	v, ok := c.globals[name]
	return v, ok
}

// loop is the innermost one.
func (c *converter) loop() *block {
	for _, b := range slices.Backward(c.blocks) {
		if b.list != "" {
			return b
		}
	}
	return nil
}

// value writes what an expression is. Missing says that a column may be missing.
func (c *converter) value(e *expr, missing bool) (operand, error) {
	switch e.kind {
	case exprText:
		return quote(e.text), nil
	case exprNumber, exprBool:
		return one(e.text), nil
	case exprNone:
		return quote(""), nil
	case exprPath:
		return c.path(e, missing)
	case exprFilter:
		return c.filtered(e, missing)
	case exprMath, exprConcat:
		return c.reckoned(e, missing)
	case exprCall:
		return c.called(e, missing)
	case exprChoice:
		return operand{}, cannot("a choice within an expression: write {{if …}}…{{else}}…{{end}} around it")
	case exprList:
		return operand{}, cannot("a list of the template's own is not known here")
	case exprJunction:
		return c.chosen(e, missing)
	case exprNot, exprCompare, exprIn, exprTest:
	}
	return c.condition(e)
}

// chosen writes x or y that is shown: the value that decides, and not whether there is one. All
// but the last may be missing.
func (c *converter) chosen(e *expr, missing bool) (operand, error) {
	a, err := c.value(e.args[0], true)
	if err != nil {
		return a, err
	}
	b, err := c.value(e.args[1], missing)
	return call("%s %s %s", e.text, a, b), err
}

func (c *converter) path(e *expr, missing bool) (operand, error) {
	names := []string{e.text}
	for _, a := range e.args {
		names = append(names, a.text)
	}
	if v, ok := c.variable(names[0]); ok {
		if v == "" {
			return operand{}, cannot("so is the loop that it belongs to")
		}
		return members(v, names[1:], missing && len(names) > 1), nil
	}
	if names[0] == "loop" || names[0] == "forloop" {
		return c.loopValue(names)
	}
	if len(names) > 1 && slices.Contains(c.words.roots, names[0]) {
		names = names[1:]
	}
	if why, ok := c.words.refused[names[0]]; ok {
		return operand{}, cannot(why)
	}
	column, err := c.column(names[0])
	if err != nil {
		return operand{}, err
	}
	if missing && len(names) == 1 && !identifier().MatchString(column) && !identifier().MatchString(Plain(column)) {
		return call("get %s. %q \"\"", c.dot(), column), nil
	}
	return members(written(c.dot(), column), names[1:], missing), nil
}

// members are those of a value.
func members(of string, names []string, missing bool) operand {
	for i, n := range names {
		if !identifier().MatchString(n) {
			rest := ""
			for _, n := range names[i:] {
				if _, err := strconv.Atoi(n); err != nil {
					n = strconv.Quote(n)
				}
				rest += " " + n
			}
			return call("index %s%s", of, rest)
		}
		of += "." + n
	}
	if missing {
		return one(of).or(`""`)
	}
	return one(of)
}

// loopValue is what a loop says of itself.
func (c *converter) loopValue(names []string) (operand, error) {
	b := c.loop()
	if b == nil || len(names) != 2 {
		return operand{}, cannot("there is no loop here")
	}
	switch names[1] {
	case "index":
		return call("add %s 1", b.index), nil
	case "index0":
		return one(b.index), nil
	case "first":
		return call("eq %s 0", b.index), nil
	case "last":
		return call("eq (add %s 1) (len %s)", b.index, b.list), nil
	case "length":
		return call("len %s", b.list), nil
	}
	return operand{}, cannot("loop." + names[1] + " is not known here")
}

// reckoned writes a sum, or texts in a row.
func (c *converter) reckoned(e *expr, missing bool) (operand, error) {
	a, err := c.value(e.args[0], missing)
	if err != nil {
		return a, err
	}
	b, err := c.value(e.args[1], missing)
	if err != nil {
		return b, err
	}
	if e.kind == exprConcat || e.text == "+" && (texts(e.args[0]) || texts(e.args[1])) {
		return call("print %s %s", a, b), nil
	}
	f := map[string]string{"+": "add", "-": "sub", "*": "mul", "/": "div"}[e.text]
	if f == "" {
		return a, cannot(e.text + " is not known here; there are add, sub, mul, div and round")
	}
	return call("%s %s %s", f, a, b), nil
}

// texts reports whether an expression is certainly a text.
func texts(e *expr) bool {
	switch e.kind {
	case exprText, exprConcat:
		return true
	case exprMath:
		return texts(e.args[0]) || texts(e.args[1])
	case exprFilter:
		return slices.Contains([]string{"upper", "lower", "title", "capitalize", "trim", "replace", "string", "upcase", "downcase"}, e.text)
	default: // a record may say
	}
	return false
}

// condition writes an expression that decides. A column that is missing is false.
func (c *converter) condition(e *expr) (operand, error) {
	switch e.kind {
	case exprPath:
		return c.holds(e)
	case exprNot:
		o, err := c.condition(e.args[0])
		return call("not %s", o), err
	case exprJunction:
		a, err := c.condition(e.args[0])
		if err != nil {
			return a, err
		}
		b, err := c.condition(e.args[1])
		return call("%s %s %s", e.text, a, b), err
	case exprCompare:
		return c.compared(e)
	case exprIn:
		return c.isIn(e)
	case exprTest:
		return c.tested(e)
	case exprFilter:
		if slices.Contains([]string{"int", "float"}, e.text) {
			o, err := c.value(e.args[0], true)
			return call("ne %s 0", one(strings.TrimSuffix(o.text, ` | default ""`)).or(0)), err
		}
	case exprMath:
		o, err := c.value(e, false)
		return call("ne %s 0", o), err
	default: // its value decides
	}
	return c.value(e, true)
}

// holds writes that a value counts as true: it is there, and not false. In the languages whose data
// is JSON a 0 is false as well; the texts of a CSV are all true.
func (c *converter) holds(e *expr) (operand, error) {
	o, err := c.path(e, true)
	if err == nil && c.Dialect == Handlebars {
		o = given(o)
	}
	return o, err
}

// given asks whether a value that may be missing is neither false nor 0.
func given(o operand) operand {
	if rest, ok := strings.CutSuffix(o.text, ` | default ""`); ok {
		return call("given %s", rest)
	}
	return call("given %s", o)
}

// there writes that a column is there, whatever it holds.
func (c *converter) there(e *expr) (operand, error) {
	o, err := c.path(e, true)
	if err != nil {
		return o, err
	}
	if rest, ok := strings.CutSuffix(o.text, ` | default ""`); ok {
		for _, dot := range []string{"$.", "."} {
			if column, ok := strings.CutPrefix(rest, dot); ok && identifier().MatchString(column) {
				return call("has %s %q", strings.TrimSuffix(dot, ".")+map[bool]string{true: ".", false: ""}[dot == "."], column), nil
			}
		}
	}
	return o, nil
}

// asksForOne writes that there is a value, which may be false.
func (c *converter) asksForOne(e *expr) (operand, error) {
	if e.kind == exprPath {
		return c.there(e)
	}
	return c.condition(e)
}

// compared writes a comparison. An empty column is the empty text, or 0 where the template says
// that it is a number.
func (c *converter) compared(e *expr) (operand, error) {
	f := map[string]string{"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[e.text]
	if e.args[1].kind == exprNone {
		o, err := c.asksForOne(e.args[0])
		if f == "eq" {
			o = call("not %s", o)
		}
		return o, err
	}
	var sides [2]operand
	var guard string // what is compared by size, and is false where it is missing
	for i, a := range e.args {
		number := a.kind == exprFilter && (a.text == "int" || a.text == "float")
		for a.kind == exprFilter && (a.text == "int" || a.text == "float" || a.text == "string") {
			a = a.args[0]
		}
		o, err := c.value(a, number || f == "eq" || f == "ne")
		if err != nil {
			return o, err
		}
		if rest, ok := strings.CutSuffix(o.text, ` | default ""`); ok && number {
			o = one(rest).or(0)
		}
		if a.kind == exprPath && f != "eq" && f != "ne" && !number && c.Dialect != Mailmerge {
			if there, err := c.there(a); err == nil && there.text != o.text {
				guard += " " + there.String()
			}
		}
		sides[i] = o
	}
	o := call("%s %s %s", f, sides[0], sides[1])
	if guard != "" {
		o = call("and%s %s", guard, o)
	}
	return o, nil
}

// isIn writes that a value is one of several, or part of a text.
func (c *converter) isIn(e *expr) (operand, error) {
	item, err := c.value(e.args[0], true)
	if err != nil {
		return item, err
	}
	var out operand
	if in := e.args[1]; in.kind == exprList {
		var all []operand
		for _, a := range in.args {
			o, err := c.value(a, true)
			if err != nil {
				return o, err
			}
			all = append(all, o)
		}
		if out = one("false"); len(all) > 0 {
			out = call("eq %s%s", item, args(all))
		}
	} else {
		where, err := c.value(in, true)
		if err != nil {
			return where, err
		}
		out = call("contains %s %s", item, where)
	}
	if e.text == "not" {
		out = call("not %s", out)
	}
	return out, nil
}

// tested writes what Jinja2 asks with "is".
func (c *converter) tested(e *expr) (operand, error) {
	what, turned := strings.CutPrefix(e.text, "not ")
	o, err := c.asksForOne(e.args[0])
	if err != nil {
		return o, err
	}
	switch what {
	case "defined":
	case "none", "undefined":
		turned = !turned
	default:
		return o, cannot("is " + what + " is not known here")
	}
	if turned {
		o = call("not %s", o)
	}
	return o, nil
}
