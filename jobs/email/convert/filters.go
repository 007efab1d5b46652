package convert

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// renamed are filters that take nothing but their value, and what they are here.
var renamed = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"upper": "upper", "upcase": "upper", ".upper": "upper", "lower": "lower", "downcase": "lower", ".lower": "lower", "title": "title", ".title": "title",
		"trim": "trim", "strip": "trim", ".strip": "trim", "length": "len", "count": "len", "size": "len", "urlencode": "urlquery", "url_encode": "urlquery",
	}
})

// filtered writes a filter.
func (c *converter) filtered(e *expr, missing bool) (operand, error) {
	if e.text == "default" || e.text == "d" || e.text == "default_if_none" {
		v, err := c.value(e.args[0], false)
		if err != nil {
			return v, err
		}
		otherwise := quote("")
		if len(e.args) > 1 {
			if otherwise, err = c.value(e.args[1], false); err != nil {
				return v, err
			}
		}
		return v.or(otherwise), nil
	}
	if (e.text == "date" || e.text == "date_format" || e.text == ".strftime" || e.text == "format_date") && len(e.args) == 2 {
		return c.dated(e, missing)
	}
	if e.text == "format" && e.args[0].kind == exprText || e.text == ".format" && e.args[0].kind == exprText {
		return c.formatted(e, missing)
	}
	v, err := c.value(e.args[0], missing)
	if err != nil {
		return v, err
	}
	var rest []operand
	for _, a := range e.args[1:] {
		o, err := c.value(a, false)
		if err != nil {
			return v, err
		}
		rest = append(rest, o)
	}
	return c.applied(e.text, v, rest)
}

// applied applies a filter to a value.
func (c *converter) applied(filter string, v operand, rest []operand) (operand, error) {
	if f, ok := renamed()[filter]; ok && len(rest) == 0 {
		return v.piped(f), nil
	}
	switch {
	case (filter == "capitalize" || filter == ".capitalize") && len(rest) == 0:
		return v.piped("lower | capital"), nil
	case len(rest) == 0 && (filter == "int" || filter == "float" || filter == "string" || filter == "e" || filter == "escape" || filter == "forceescape" || filter == "trim_blocks"):
		return v, nil // values are escaped where they must be, and numbers are texts
	case filter == "safe" && !c.html:
		return v, nil
	case filter == "safe":
		return v, cannot("a value is never markup here, but escaped")
	case (filter == "replace" || filter == ".replace") && len(rest) == 2:
		return v.piped(fmt.Sprintf("replace %s %s", rest[0], rest[1])), nil
	case filter == "remove" && len(rest) == 1:
		return v.piped(fmt.Sprintf("replace %s \"\"", rest[0])), nil
	case filter == "append" && len(rest) == 1:
		return call("print %s %s", v, rest[0]), nil
	case filter == "prepend" && len(rest) == 1:
		return call("print %s %s", rest[0], v), nil
	case filter == "round" && len(rest) < 2:
		places := "0"
		if len(rest) == 1 {
			places = rest[0].String()
		}
		return v.piped("round " + places), nil
	case filter == "join" && len(rest) == 1:
		return v.piped("join " + rest[0].String()), nil
	case filter == "join" && len(rest) == 0:
		return v.piped(`join ""`), nil
	case filter == "sum" && len(rest) == 1:
		return v.piped("sum " + rest[0].String()), nil
	case filter == "first" && len(rest) == 0:
		return call("index %s 0", v), nil
	case len(rest) == 1 && (filter == "plus" || filter == "minus" || filter == "times" || filter == "divided_by"):
		f := map[string]string{"plus": "add", "minus": "sub", "times": "mul", "divided_by": "div"}[filter]
		return call("%s %s %s", f, v, rest[0]), nil
	}
	return v, cannot("the filter " + strings.TrimPrefix(filter, ".") + " is not known here")
}

// dated writes a date by a layout of strftime.
func (c *converter) dated(e *expr, missing bool) (operand, error) {
	if e.args[1].kind != exprText {
		return operand{}, cannot("the layout of a date must stand there in quotes")
	}
	layout, err := strftime(e.args[1].text)
	if err != nil {
		return operand{}, err
	}
	v := one("now")
	if a := e.args[0]; a.kind != exprText || a.text != "now" && a.text != "today" {
		if v, err = c.value(a, missing); err != nil {
			return v, err
		}
	}
	return v.piped("date " + quote(layout).text), nil
}

// verb is one of printf's, or a place of Python's format.
var verb = lazily(`%%|%(?:\.(\d+))?([sdfi])|\{\{|\}\}|\{\d*(?::(,?)(?:\.(\d+)f|d|s)?)?\}`)

// formatted writes "%.2f" | format(x), and "{:,.2f}".format(x).
func (c *converter) formatted(e *expr, missing bool) (operand, error) {
	python := e.text == ".format"
	var values []operand
	at, bad := 1, error(nil)
	pattern := e.args[0].text
	if python { // a percent sign is nothing special there, and is here
		pattern = strings.ReplaceAll(pattern, "%", "%%")
	}
	layout := verb().ReplaceAllStringFunc(pattern, func(v string) string {
		if (v[0] == '%') == python {
			return v
		}
		switch v {
		case "%%":
			return v
		case "{{", "}}":
			return v[:1]
		}
		if at >= len(e.args) {
			bad = cannot("there are too few values for " + e.args[0].text)
			return v
		}
		o, err := c.value(e.args[at], missing)
		if at++; err != nil {
			bad = err
			return v
		}
		m := verb().FindStringSubmatch(v)
		places := m[1] + m[4]
		switch {
		case places == "" && strings.HasSuffix(v, "f"):
			places = "6"
		case m[2] == "d" || m[2] == "i":
			places = "0"
		}
		switch {
		case m[3] != "" && places == "":
			o = o.piped(`number 0 "en"`)
		case m[3] != "":
			o = o.piped("number " + places + ` "en"`)
		case places != "" && m[2] != "s":
			o = o.piped("round " + places)
		}
		values = append(values, o)
		return "%s"
	})
	switch {
	case bad != nil:
		return operand{}, bad
	case at != len(e.args):
		return operand{}, cannot("there are too many values for " + e.args[0].text)
	case layout == "%s" && len(values) == 1:
		return values[0], nil
	case strings.Count(strings.ReplaceAll(layout, "%%", ""), "%") != len(values):
		return operand{}, cannot("the layout " + strconv.Quote(e.args[0].text) + " is not known here")
	}
	return call("printf %s%s", quote(layout), args(values)), nil
}

// called writes a call of a function.
func (c *converter) called(e *expr, missing bool) (operand, error) {
	switch {
	case e.text == "personalization_token" && len(e.args) > 0 && e.args[0].kind == exprText:
		_, column, _ := strings.Cut(e.args[0].text, ".")
		o, err := c.path(&expr{kind: exprPath, text: column}, false)
		if err == nil && len(e.args) > 1 {
			var otherwise operand
			if otherwise, err = c.value(e.args[1], false); err == nil {
				o = o.or(otherwise)
			}
		}
		return o, err
	case e.text == "now" && len(e.args) == 0:
		return one("now"), nil
	case e.text == "str" || e.text == "int" || e.text == "float":
		if len(e.args) == 1 {
			return c.value(e.args[0], missing)
		}
	case e.text == "len" && len(e.args) == 1:
		o, err := c.value(e.args[0], missing)
		return call("len %s", o), err
	case e.text == "round" && len(e.args) > 0:
		return c.filtered(&expr{kind: exprFilter, text: "round", args: e.args}, missing)
	}
	return operand{}, cannot("the function " + e.text + " is not known here")
}
