package convert

import (
	"strconv"
	"strings"
	"text/template/parse"
)

// goVerb is a verb of Go's printf: how many decimals, and which.
var goVerb = lazily(`%(?:\.(\d+))?([a-zA-Z%])`)

// goPrintf converts a printf of a Go template; last is the value from before a |, if there is one.
// Numbers are texts here, so that they are rounded before they are written with %s.
func (c *converter) goPrintf(cmd *parse.CommandNode, last *operand) (operand, error) {
	var layout *parse.StringNode
	if len(cmd.Args) > 1 {
		layout, _ = cmd.Args[1].(*parse.StringNode)
	}
	if layout == nil {
		return operand{}, cannot("the layout of printf must stand there in quotes")
	}
	var values []operand
	for _, a := range cmd.Args[2:] {
		o, err := c.goNode(a, false)
		if err != nil {
			return o, err
		}
		values = append(values, o)
	}
	if last != nil {
		values = append(values, *last)
	}
	at, known := 0, true
	text := goVerb().ReplaceAllStringFunc(layout.Text, func(v string) string {
		m := goVerb().FindStringSubmatch(v)
		if v == "%%" {
			return v
		}
		if at++; at > len(values) {
			known = false
			return v
		}
		o := &values[at-1]
		switch {
		case m[2] == "f":
			if m[1] == "" {
				m[1] = "6"
			}
			*o = o.piped("round " + m[1])
		case m[2] == "d" && m[1] == "":
			*o = o.piped("round 0")
		case (m[2] == "s" || m[2] == "v") && m[1] == "":
		default:
			known = false
		}
		return "%s"
	})
	plain := strings.ReplaceAll(text, "%%", "")
	if !known || at != len(values) || strings.Count(plain, "%") != strings.Count(plain, "%s") {
		return operand{}, cannot("the layout " + strconv.Quote(layout.Text) + " is not known here")
	}
	if text == "%s" && len(values) == 1 {
		return values[0], nil
	}
	return call("printf %s%s", quote(text), args(values)), nil
}
