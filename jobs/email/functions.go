package email

import (
	"errors"
	"fmt"
	htmltemplate "html/template"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"sync"
	"text/template"
	"text/template/parse"
	"time"
	"unicode"
	"unicode/utf8"
)

// functions are what templates may use, besides those of text/template. The value comes last, so
// that they stand in a pipe: {{.amount | number 2}}.
var functions = sync.OnceValue(func() map[string]any {
	return map[string]any{
		"upper": ofText(strings.ToUpper),
		"lower": ofText(strings.ToLower),
		"trim":  strings.TrimSpace,
		"index": member,
		// capital makes the first letter a capital one, title that of each word.
		"capital": ofText(capital),
		"title":   ofText(title),
		"replace": func(old, by, s string) string { return strings.ReplaceAll(s, old, by) },
		"join":    joined,
		// word is one of those of a text, from 1, or from its end, from -1.
		"word":     word,
		"contains": contains,
		// has reports whether the record has a column, and it is not empty.
		"has": func(vars variables, name string) bool { _, ok := vars[name]; return ok },
		// get is the value of a column, or something else where it is missing.
		"get": func(vars variables, name, otherwise string) string {
			if _, ok := vars[name]; ok {
				return vars.text(name)
			}
			return otherwise
		},
		"default": otherwise,
		// given reports whether there is a value, and it is neither false nor 0.
		"given":    func(v any) bool { return v != nil && v != "" && v != false && !isZero(v) },
		optionally: optional, listedOptionally: listed,

		"add": calculating(func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Add(a, b), nil }),
		"sub": calculating(func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Sub(a, b), nil }),
		"mul": calculating(func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Mul(a, b), nil }),
		"div": calculating(divide),
		"sum": sum, "round": round, "plural": plural, "plusdays": plusDays,

		"lt": ordered(func(o int) bool { return o < 0 }),
		"le": ordered(func(o int) bool { return o <= 0 }),
		"gt": ordered(func(o int) bool { return o > 0 }),
		"ge": ordered(func(o int) bool { return o >= 0 }),
		"eq": equal,
		"ne": func(a, b any) bool { return !same(a, b) },

		// Of a language, and of a clock: see bound.
		"number": spoken("").number, "money": spoken("").money, "date": spoken("").date,
		"now": func() moment { return moment{time.Now()} },
	}
})

// bound are the functions of functions that a language and a clock belong to.
func bound(lang string, now func() time.Time) map[string]any {
	s := spoken(lang)
	return map[string]any{"number": s.number, "money": s.money, "date": s.date, "now": func() moment { return moment{now()} }}
}

// bind gives the templates of a layout its language, and a clock.
func (m *layout) bind(lang string, now func() time.Time) {
	functions := bound(lang, now)
	for _, h := range m.headers {
		bindTo(h.value, functions)
		if h.addresses != nil {
			h.addresses.tpl.Funcs(functions)
		}
	}
	bindTo(m.text, functions)
	bindTo(m.html, functions)
}

// examples show how functions are used.
var examples = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"upper": "upper .name", "lower": "lower .name", "trim": "trim .name", "capital": "capital .name", "title": "title .name",
		"has": `if has . "name"`, "get": `get . "name" "friend"`, "default": `.name | default "friend"`, "replace": `.name | replace "a" "b"`, "join": `.list | join ", "`, "word": `.name | word 1`, "given": `if given .vip`, "contains": `if contains "Wien" .city`,
		"add": "add .a .b", "sub": "sub .a .b", "mul": "mul .price .count", "div": "div .cents 100", "sum": `.rows | sum "amount"`, "round": ".amount | round 2",
		"plural": `.count | plural "item" "items"`, "plusdays": `now | plusdays 14 | date "2 January 2006"`, "now": `now | date "2006"`,
		"number": ".amount | number 2", "money": `.amount | money "EUR"`, "date": `.day | date "2 January 2006"`,
		"lt": "if lt .age 16", "le": "if le .age 16", "gt": "if gt .age 16", "ge": "if ge .age 16", "eq": `if eq .plan "gold"`, "ne": `if ne .plan "gold"`,
	}
})

// arity is how many values functions take that take not always as many.
var arity = map[string][2]int{"number": {1, 3}, "money": {2, 3}, "date": {2, 3}, "eq": {2, 100}}

// spoken is a language; "" is none, in which a number is 1234.50 and an amount EUR 1234.50.
type spoken string

// of takes a language that stands among the arguments of a function, and the value behind it.
func (s spoken) of(rest []any) (spoken, any, error) {
	if len(rest) < 2 {
		return s, rest[0], nil
	}
	lang, ok := rest[0].(string)
	if !ok {
		return s, nil, fmt.Errorf("%v is no language such as \"de\"", rest[0])
	}
	if _, known := localeOf(lang); !known {
		return s, nil, noLocale(lang)
	}
	return spoken(lang), rest[1], nil
}

// number writes a number, with so many decimals, as a language does: number [2 ["de"]] VALUE.
func (s spoken) number(args ...any) (string, error) {
	places := -1
	if len(args) > 1 {
		n, ok := args[0].(int)
		if !ok {
			return "", fmt.Errorf("%v is no number of decimals, as in {{%s}}", args[0], examples()["number"])
		}
		if err := checkPlaces(n); err != nil {
			return "", err
		}
		places, args = n, args[1:]
	}
	s, v, err := s.of(args)
	if err != nil {
		return "", err
	}
	n, err := numberOf(v)
	if err != nil {
		return "", err
	}
	text := decimals(n)
	if places >= 0 {
		text = withoutMinusZero(n.FloatString(places))
	}
	if l, ok := localeOf(string(s)); ok {
		text = l.write(text)
	}
	return text, nil
}

// money writes an amount: money "EUR" ["de"] VALUE.
func (s spoken) money(currency string, rest ...any) (string, error) {
	if err := checkCurrency(currency); err != nil {
		return "", err
	}
	s, v, err := s.of(rest)
	if err != nil {
		return "", err
	}
	n, err := numberOf(v)
	if err != nil {
		return "", err
	}
	text := withoutMinusZero(n.FloatString(placesOf(currency)))
	if l, ok := localeOf(string(s)); ok {
		return l.amount(text, currency, string(s)), nil
	}
	return currency + " " + text, nil
}

// date writes a date: date "2 January 2006" ["de"] VALUE.
func (s spoken) date(layout string, rest ...any) (string, error) {
	if err := checkLayout(layout); err != nil {
		return "", err
	}
	lang, v := string(s), rest[0]
	if len(rest) > 1 {
		lang, v = fmt.Sprint(rest[0]), rest[1]
	}
	t, err := dateOf(v)
	if err != nil {
		return "", err
	}
	return writeDate(layout, lang, t)
}

// checkCalls refuses calls of our functions with too few or too many values, or with such as they
// do not take.
func checkCalls(name string, node parse.Node) error {
	var err error
	walk(node, func(n parse.Node) {
		pipe, ok := n.(*parse.PipeNode)
		if !ok {
			return
		}
		for i, c := range pipe.Cmds {
			if err == nil {
				if err = checkCall(c, len(c.Args)-1+min(i, 1)); err != nil {
					err = fmt.Errorf("template %s: {{%s}}: %w", name, pipe, err)
				}
			}
		}
	})
	return err
}

// checkCall checks one call that gets so many values.
func checkCall(c *parse.CommandNode, got int) error {
	id, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || functions()[id.Ident] == nil || id.Ident == "index" || id.Ident == optionally {
		return nil
	}
	n := reflect.TypeOf(functions()[id.Ident]).NumIn()
	least, most := n, n
	if a, ok := arity[id.Ident]; ok {
		least, most = a[0], a[1]
	}
	if got < least || got > most {
		many := fmt.Sprint(least)
		if most > least {
			many = fmt.Sprintf("%d to %d", least, most)
		}
		return fmt.Errorf("%s takes %s values, not %d; as in {{%s}}", id.Ident, many, got, examples()[id.Ident])
	}
	if got == least && id.Ident == "number" {
		return nil
	}
	return checkConstant(id.Ident, c.Args[1:], got)
}

// checkConstant checks the arguments of a call that do not depend on the record.
func checkConstant(function string, args []parse.Node, got int) error {
	var first parse.Node
	if len(args) > 0 {
		first = args[0]
	}
	text, isText := first.(*parse.StringNode)
	n, isNumber := first.(*parse.NumberNode)
	var err error
	switch {
	case valueFirst(function, args, got):
		err = errors.New("the value comes last, or from before a |")
	case function == "date" && isText:
		err = checkLayout(text.Text)
	case function == "money" && isText:
		err = checkCurrency(text.Text)
	case (function == "round" || function == "number") && isNumber:
		if err = errors.New("decimals are a whole number"); n.IsInt {
			err = checkPlaces(int(n.Int64))
		}
	case function == "number" && isText, function == "money" && isNumber:
		err = errors.New("that is not what comes first")
	}
	if lang, ok := argument(args, 1).(*parse.StringNode); ok && err == nil && got == 3 && (function == "number" || function == "money") {
		if _, known := localeOf(lang.Text); !known {
			err = noLocale(lang.Text)
		}
	}
	if err != nil {
		return fmt.Errorf("%w; as in {{%s}}", err, examples()[function])
	}
	return nil
}

// valueLast are the functions that are told what to do before they are told with what.
var valueLast = []string{"date", "default", "join", "money", "number", "plural", "plusdays", "replace", "round", "sum", "word"}

// valueFirst reports whether a call has its arguments the other way round, as in other languages.
func valueFirst(function string, args []parse.Node, got int) bool {
	if len(args) < 2 || len(args) != got || !slices.Contains(valueLast, function) {
		return false
	}
	_, field := args[0].(*parse.FieldNode)
	last := args[len(args)-1].Type()
	return field && (last == parse.NodeString || last == parse.NodeNumber)
}

func argument(args []parse.Node, i int) parse.Node {
	if i < len(args) {
		return args[i]
	}
	return nil
}

// ofText keeps a function from what is no text, of which it would make some that looks
// whole.
func ofText(f func(string) string) func(string) (string, error) {
	return func(s string) (string, error) {
		if err := isText(s); err != nil {
			return "", fmt.Errorf("a value %w", err)
		}
		return f(s), nil
	}
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToTitle(r)) + s[n:]
}

// title makes the first letter of each word a capital one. What is in capitals all over is put
// into small letters first; a name such as McDonald stays.
func title(s string) string {
	if s == strings.ToUpper(s) {
		s = strings.ToLower(s)
	}
	var out strings.Builder
	letters, before := 0, ' ' // how many of this word there were
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			if letters == 0 || before == '\'' && letters == 1 || before == '’' && letters == 1 { // O'Brien, but It's
				r = unicode.ToTitle(r)
			}
			letters++
		case r != '\'' && r != '’':
			letters = 0
		}
		out.WriteRune(r)
		before = r
	}
	return out.String()
}

// word is a word of a text, or nothing if it has not so many: Ada Lovelace's first is Ada, and -1
// is Lovelace.
func word(n int, s string) string {
	words := strings.Fields(s)
	if n < 0 {
		n += len(words) + 1
	}
	if n < 1 || n > len(words) {
		return ""
	}
	return words[n-1]
}

// contains reports whether a text has another in it, or a list a value.
func contains(part string, in any) (bool, error) {
	switch v := in.(type) {
	case string:
		return strings.Contains(v, part), nil
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return same(e, part) }), nil
	}
	return false, fmt.Errorf("contains looks into texts and lists, and this is %v", in)
}

// joined writes the values of a list with something between them.
func joined(between string, list any) (string, error) {
	items, ok := list.([]any)
	if !ok {
		return "", fmt.Errorf("join is for lists, and this is %v", list)
	}
	var out []string
	for _, v := range items {
		out = append(out, fmt.Sprint(v))
	}
	return strings.Join(out, between), nil
}

// otherwise is a value, or another one where that is missing or empty.
func otherwise(other, v any) any {
	if s, ok := v.(string); v == nil || ok && strings.TrimSpace(s) == "" {
		return other
	}
	return v
}

// isZero reports whether a value is the number 0, of which a record has the text.
func isZero(v any) bool {
	n, err := numberOf(v)
	return err == nil && n.Sign() == 0
}

// bindTo gives a template functions in the place of those that it was parsed with.
func bindTo(f filler, functions map[string]any) {
	g, ok := f.(guarded)
	if !ok {
		return
	}
	switch t := g.filler.(type) {
	case *template.Template:
		t.Funcs(functions)
	case *htmltemplate.Template:
		t.Funcs(functions)
	}
}
