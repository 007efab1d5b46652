package email

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// action is one of a template, in braces.
var action = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{\{(?s:.*?)\}\}`)
})

// block is an action that stands in a paragraph of its own and shows nothing.
var block = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<p>(\{\{-?\s*(?:if|else|end|range|with)\b[^}]*\}\})</p>`)
})

// alone is such an action with a line of its own.
var alone = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(\{\{-?\s*(?:if|else|end|range|with)\b[^}\n]*\}\})[ \t]*$`)
})

// markdownToHTML makes a template of HTML of one in Markdown. The actions are
// kept as they are, so that what they bring is escaped by where it comes to stand:
// a value cannot bring markup along.
func markdownToHTML(text string) (string, error) {
	var actions []string
	mark := func(i int) string { return fmt.Sprintf("BroodAction%dX", i) }
	// What decides about blocks stands between them, and is none of them.
	text = alone().ReplaceAllString(text, "\n$1\n")
	hidden := action().ReplaceAllStringFunc(text, func(a string) string {
		actions = append(actions, a)
		return mark(len(actions) - 1)
	})
	var out bytes.Buffer
	// HTML in it is what its author wants; and what a record brings is not there yet.
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(hidden), &out); err != nil {
		return "", err
	}
	page := out.String()
	for i, a := range actions {
		page = strings.ReplaceAll(page, mark(i), a)
	}
	return "<!DOCTYPE html>\n<html>\n<body>\n" + block().ReplaceAllString(page, "$1") + "</body>\n</html>\n", nil
}
