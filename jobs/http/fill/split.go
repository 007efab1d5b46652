package fill

import "strings"

// A template is parsed as a whole, and taken apart then: so what the name of a column has in it, a slash or a
// #, takes nothing apart.

// Split takes a template apart at each separator in its text. There is always one part at least.
func (t *Template) Split(separator string) (out []*Template) {
	rest := t
	for {
		before, after, found := rest.Cut(separator)
		out = append(out, before)
		if !found {
			return out
		}
		rest = after
	}
}

// Cut takes a template apart at the first separator in its text; without one, after is empty.
func (t *Template) Cut(separator string) (before, after *Template, found bool) {
	return t.cut(func(text string) (from, to int) {
		from = strings.Index(text, separator)
		return from, from + len(separator)
	})
}

// cut takes a template apart at the first place in its text that is found; what lies between from and to is left out.
func (t *Template) cut(find func(text string) (from, to int)) (before, after *Template, found bool) {
	before, after = &Template{escape: t.escape}, &Template{escape: t.escape}
	for i, p := range t.parts {
		if p.kind == literal {
			if from, to := find(p.text); from >= 0 {
				before.parts = appendText(before.parts, p.text[:from])
				after.parts = append(appendText(nil, p.text[to:]), t.parts[i+1:]...)
				return before, after, true
			}
		}
		before.parts = append(before.parts, p)
	}
	return before, after, false
}

func appendText(parts []part, text string) []part {
	if text == "" {
		return parts
	}
	return append(parts, part{kind: literal, text: text})
}

// as is the same template for another place.
func (t *Template) as(e Escape) *Template { return &Template{parts: t.parts, escape: e} }

// shape is the template with a word in place of each value.
func (t *Template) shape(word string) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.kind == literal {
			b.WriteString(p.text)
		} else {
			b.WriteString(word)
		}
	}
	return b.String()
}
