package convert

import (
	"slices"
	"strings"
)

// column of the add-on Mail Merge for Thunderbird: {{name}}, and with a condition
// {{name|if|then}}, {{name|if|then|else}}, {{name|*|if|then|else}} (contains),
// {{name|==|if|then|else}} and its like for numbers.
var mergeColumn = lazily(`\{\{([^{}|\n]{1,100})((?:\|[^{}]*?)?)\}\}`)

func (c *converter) thunderbird() {
	done := 0
	for _, m := range mergeColumn().FindAllStringSubmatchIndex(c.text, -1) {
		c.literal(c.text[done:m[0]])
		done = m[1]
		var parts []string
		if m[5] > m[4] {
			parts = strings.Split(c.text[m[4]+1:m[5]], "|")
		}
		if err := c.mergeColumn(strings.TrimSpace(c.text[m[2]:m[3]]), parts); err != nil {
			c.keep(m[0], c.text[m[0]:m[1]], err.Error())
		}
	}
	c.literal(c.text[done:])
}

func (c *converter) mergeColumn(from string, parts []string) error {
	column, err := c.column(from)
	if err != nil {
		return err
	}
	o := one(written("", column))
	maybe := o.or(`""`)
	if strings.HasPrefix(o.text, "(index ") {
		maybe = call("get . %q \"\"", column)
	}
	var condition operand
	if len(parts) == 3 && slices.Contains([]string{"*", "^", "$", "==", "<", "<=", ">", ">=", "#"}, parts[0]) {
		parts = append(parts, "")
	}
	switch len(parts) {
	case 0:
		c.action(o.text, false, false)
		return nil
	case 1:
		return cannot("a column with one word behind it is not known here")
	case 2, 3:
		condition, parts = call("eq %s %s", maybe, quote(parts[0])), parts[1:]
	case 4:
		f, ok := map[string]string{"==": "eq", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[parts[0]]
		switch {
		case parts[0] == "*":
			condition = call("contains %s %s", quote(parts[1]), maybe)
		case ok:
			number := strings.TrimSpace(parts[1])
			if strings.Trim(number, "0123456789.-") != "" || number == "" {
				return cannot("that is compared with no number")
			}
			condition = call("%s %s %s", f, o, number)
			if bare, ok := strings.CutPrefix(o.text, "."); ok {
				condition = call("and (has . %q) %s", bare, condition)
			}
		default:
			return cannot("the comparison " + parts[0] + " is not known here")
		}
		parts = parts[2:]
	default:
		return cannot("it has too many parts")
	}
	c.action("if "+condition.text, false, false)
	c.literal(parts[0])
	if len(parts) > 1 && parts[1] != "" {
		c.action("else", false, false)
		c.literal(parts[1])
	}
	c.action("end", false, false)
	return nil
}
