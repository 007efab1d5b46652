package where

import (
	"brood/jobs"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
)

// compile reads a condition in the language of package expr.
func (e *Expr) compile(n *names) error {
	env := make(map[string]any)
	for _, name := range n.own {
		env[name] = ""
		if name == nameSeq || name == nameAttempts {
			env[name] = 0
		}
	}
	look := &look{}
	options := []expr.Option{expr.Env(env), expr.AsBool(), expr.Function(orderFunction, order, new(func(any, any) int)), expr.Patch(look)}
	if n.shape.Kind == jobs.Objects {
		options = append(options, expr.AllowUndefinedVariables()) // after Env, which forbids them
	} else {
		for _, c := range n.shape.Columns {
			if _, own := env[c]; !own {
				env[c] = ""
			}
		}
	}
	program, err := expr.Compile(e.text, options...)
	if look.err != nil {
		return look.err
	}
	if err != nil {
		return explained(err, look, n)
	}
	for _, used := range look.named {
		if slices.Contains(look.made, used.name) {
			continue
		}
		c, known := n.find(used.name)
		if !known { // package expr does not look at what the function for the order gets
			if err := n.unknown(used.name); err != nil {
				return fmt.Errorf("column %d: %w; text stands in quotes", used.at, err)
			}
		}
		e.names = append(e.names, c)
	}
	e.program, e.whole = program, look.whole
	return nil
}

// explained says what to do about an error of package expr.
func explained(err error, l *look, n *names) error {
	said := firstLine(err)
	switch {
	case strings.Contains(said, "mismatched types"):
		return fmt.Errorf("%s; values of columns are text: compare numbers as in amount > 10, or float(amount) > 10 beside functions", said)
	case strings.Contains(said, `Operator("=")`):
		return fmt.Errorf(`%s; beside functions, = is written ==, and text in quotes: upper(country) == "AT"`, said)
	case strings.Contains(said, "U+007E"):
		return fmt.Errorf(`%s; beside functions, ~ is written matches: lower(mail) matches "@example"`, said)
	case strings.Contains(said, "unknown name"):
		for _, used := range l.named {
			if n.has(used.name) || slices.Contains(l.made, used.name) {
				continue
			}
			why := ""
			if w := n.unknown(used.name); w != nil {
				why = "; " + w.Error()
			}
			return fmt.Errorf("%s%s; text stands in quotes, as in country == \"AT\", or is written country = AT", said, why)
		}
	}
	return fmt.Errorf("%s; it is neither made of comparisons, as in country = AT and age >= 18, nor an expression, as in float(amount) > 10", said)
}

// firstLine is an error of expr without the picture that it draws below.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// orderFunction is what < and its like call for text: see textOrder.
const orderFunction = "__order"

// order compares two values that may be text.
func order(args ...any) (any, error) {
	a, isA := args[0].(string)
	b, isB := args[1].(string)
	if isA && isB {
		return textOrder([]byte(a), []byte(b))
	}
	x, isX := asNumber(args[0])
	y, isY := asNumber(args[1])
	if isX && isY {
		return x.compare(y), nil
	}
	return nil, fmt.Errorf("%v and %v cannot be put in order: one is no number", args[0], args[1])
}

func asNumber(v any) (number, bool) {
	switch v := v.(type) {
	case int:
		return number{whole: int64(v), exact: true, float: float64(v)}, true
	case float64:
		return number{float: v}, true
	}
	return number{}, false
}

// look sees what an expression names, and keeps text that is a number from being put in order as
// text.
type look struct {
	named []used
	made  []string // names that the expression makes, or calls
	whole bool
	err   error
}

// used is a name in an expression, and where it stands, in characters from 1.
type used struct {
	name string
	at   int
}

// Visit is called for each part of an expression, the inner ones first.
func (l *look) Visit(at *ast.Node) {
	switch x := (*at).(type) {
	case *ast.IdentifierNode:
		if x.Value == "$env" {
			l.whole = true
		} else if x.Value != orderFunction && !slices.ContainsFunc(l.named, func(u used) bool { return u.name == x.Value }) {
			l.named = append(l.named, used{x.Value, x.Location().From + 1})
		}
	case *ast.VariableDeclaratorNode:
		l.made = append(l.made, x.Name)
	case *ast.CallNode:
		if f, ok := x.Callee.(*ast.IdentifierNode); ok {
			l.made = append(l.made, f.Value)
		}
	case *ast.BinaryNode:
		l.binary(at, x)
	}
}

func (l *look) binary(at *ast.Node, x *ast.BinaryNode) {
	if x.Operator == "in" {
		if to, isRange := x.Right.(*ast.BinaryNode); isRange && to.Operator == ".." && x.Left.Type().Kind().String() == "string" && l.err == nil {
			l.err = fmt.Errorf("(%d:%d) text is in no range of numbers: write float(…) >= … and float(…) <= …", x.Location().From, x.Location().To)
		}
		return
	}
	if !slices.Contains([]string{"<", "<=", ">", ">="}, x.Operator) || !mayBeText(x.Left) || !mayBeText(x.Right) {
		return
	}
	for _, side := range []ast.Node{x.Left, x.Right} {
		if s, ok := side.(*ast.StringNode); ok && l.err == nil {
			if _, isNumber := toNumber([]byte(s.Value)); isNumber {
				l.err = fmt.Errorf("%q in quotes is text, as which 9 comes behind 16: compare numbers, as in float(amount) > %s", s.Value, s.Value)
			}
		}
	}
	call := &ast.CallNode{Callee: &ast.IdentifierNode{Value: orderFunction}, Arguments: []ast.Node{x.Left, x.Right}}
	ast.Patch(at, &ast.BinaryNode{Operator: x.Operator, Left: call, Right: &ast.IntegerNode{Value: 0}})
}

// mayBeText reports whether a part of an expression may be text: of JSON that is not known.
func mayBeText(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.NilNode, *ast.BoolNode:
		return false
	}
	kind := n.Type().Kind().String()
	return kind == "string" || kind == "interface"
}
