package email

import (
	"brood/jobs"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// layout is what messages in one language are made from.
type layout struct {
	headers    []filledHeader
	fixed      []header // those of them that are the same for all records
	text, html filler   // nil: there is none
	calendar   *calendar
	files      []draftFile
}

// filledHeader has addresses, or a value.
type filledHeader struct {
	name      string
	value     filler
	addresses *slotted
}

func (m *layout) has(name string) bool {
	return slices.ContainsFunc(m.headers, func(h filledHeader) bool { return h.name == name })
}

func newLayout(c *config, lang string, shape *jobs.Shape) (*layout, error) {
	out := &layout{files: c.Drafts[lang]}
	var headers []header
	text, hasText := c.Text.of(lang)
	if t, ok := c.Template.of(lang); ok {
		var body string
		var err error
		if headers, body, err = splitTemplate(t.Name, t.Text); err != nil {
			return nil, err
		}
		if !hasText {
			text, hasText = source{Name: t.Name, Text: below(t.Text, body, c.CutLines)}, strings.TrimSpace(body) != ""
		}
	}
	for _, h := range c.Headers { // of flags, which count more
		if c.MoreHeaders && maySeveral(h.Name) {
			continue
		}
		headers = slices.DeleteFunc(headers, func(o header) bool { return o.Name == h.Name })
	}
	for _, h := range slices.Concat(headers, c.Headers) {
		filled := filledHeader{name: h.Name}
		var err error
		if hasAddresses(h.Name) {
			filled.addresses, err = newSlotted(h.Name, h.Value, shape)
		} else {
			filled.value, err = textTemplate(h.Name, h.Value, shape)
		}
		if err != nil {
			return nil, err
		}
		out.headers = append(out.headers, filled)
		if !strings.Contains(h.Value, "{{") {
			out.fixed = append(out.fixed, h)
		}
	}
	var err error
	if hasText {
		if out.text, err = textTemplate(text.Name, text.Text, shape); err != nil {
			return nil, err
		}
	}
	html, ok := c.HTML.of(lang)
	if m, is := c.Markdown.of(lang); is {
		if html.Text, err = markdownToHTML(m.Text); err != nil {
			return nil, err
		}
		html.Name, ok = m.Name, true
	}
	if ok {
		if out.html, err = htmlTemplate(html.Name, html.Text, shape); err != nil {
			return nil, err
		}
	}
	if s, ok := c.Calendar.of(lang); ok {
		out.calendar, err = newCalendar(s, shape)
	}
	return out, err
}

// layoutFor finds the layout in the language of a record: that of its column
// lang, or a wider one (de for de-AT), or the default.
func (c *composer) layoutFor(vars variables) (m *layout, lang string, err error) {
	if m := c.layouts[""]; m != nil {
		return m, "", nil
	}
	asked := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(vars.text("lang")), "_", "-"))
	wider, _, _ := strings.Cut(asked, "-")
	for _, lang := range []string{asked, wider, c.DefaultLang} {
		if m := c.layouts[lang]; m != nil {
			return m, lang, nil
		}
	}
	have := strings.Join(slices.Sorted(maps.Keys(c.layouts)), ", ")
	if asked == "" {
		return nil, "", fmt.Errorf("the column lang is empty or missing; there are %s (--default-lang says what to take then)", have)
	}
	return nil, "", fmt.Errorf("there is no template in language %s; there are %s", asked, have)
}

func (m *layout) fillBody(vars variables) (text, html string, err error) {
	if m.text != nil {
		text, err = fill(m.text, vars)
	}
	if m.html != nil && err == nil {
		html, err = fill(m.html, vars)
	}
	return text, html, err
}
