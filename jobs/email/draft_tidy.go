package email

import (
	"html"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// What an editor makes of {{.name}} that was typed into it: tags in the middle of it, spaces that
// do not break, curly quotes, and in links percent signs. None of it is meant, so it is undone
// within the braces, and nowhere else.

// braces are the expressions that find actions in HTML as editors write them. They are only
// compiled where there is a draft.
var braces = sync.OnceValue(func() *struct{ action, tag, charset, escaped *regexp.Regexp } {
	const tags = `(?:<[^<>]*>)*`
	return &struct{ action, tag, charset, escaped *regexp.Regexp }{
		action:  regexp.MustCompile(`(?s)(?:\{|&#123;|&lbrace;)` + tags + `(?:\{|&#123;|&lbrace;)[^{}]*?(?:\}|&#125;|&rbrace;)` + tags + `(?:\}|&#125;|&rbrace;)`),
		tag:     regexp.MustCompile(`<[^<>]*>`),
		charset: regexp.MustCompile(`(?i)(<meta\b[^>]*charset\s*=\s*["']?)[A-Za-z0-9_:.-]+`),
		escaped: regexp.MustCompile(`(?i)(?:%7B){2}[^"'<>\s]*?(?:%7D){2}`),
	}
})

// typed are what an editor writes in the place of what was typed.
var curly = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`, "\u00ab", `"`, "\u00bb", `"`, "\u200b", "", "\ufeff", "")

// tidyHTML undoes what an editor does to actions, and says UTF-8 where the HTML named what the
// draft was written in.
func tidyHTML(page string) string {
	if page == "" {
		return ""
	}
	b := braces()
	page = b.escaped.ReplaceAllStringFunc(page, func(s string) string {
		if plain, err := url.PathUnescape(s); err == nil && !strings.ContainsAny(plain, "<>\"'") {
			return plain
		}
		return s
	})
	page = b.action.ReplaceAllStringFunc(page, func(s string) string {
		between := strings.Join(b.tag.FindAllString(s, -1), "")
		s = curly.Replace(html.UnescapeString(b.tag.ReplaceAllString(s, "")))
		if !strings.HasPrefix(s, "{{") || !strings.HasSuffix(s, "}}") {
			return s + between
		}
		// A tag that begins in an action ends behind it, or has begun before.
		return strings.Join(strings.Fields(s), " ") + between
	})
	return b.charset.ReplaceAllString(page, "${1}utf-8")
}

// tidyText undoes what an editor does to actions in a text.
func tidyText(text string) string {
	return action().ReplaceAllStringFunc(text, func(s string) string { return curly.Replace(s) })
}

// unflowed joins the lines that belong to one paragraph: RFC 3676, section 4. With delsp the
// space at their ends is no space of the text.
func unflowed(text string, delsp bool) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimSuffix(line, "\n")
		quoted := strings.HasPrefix(body, ">")
		if !quoted {
			body = strings.TrimPrefix(body, " ") // stuffed
		}
		if strings.HasSuffix(body, " ") && body != "-- " && !quoted {
			if delsp {
				body = body[:len(body)-1]
			}
			out.WriteString(body)
			continue
		}
		out.WriteString(body)
		if strings.HasSuffix(line, "\n") {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// extensionOf is how the name of a file of a type ends, for one that has no name.
func extensionOf(kind string) string {
	switch kind {
	case "image/jpeg":
		return ".jpg"
	case "message/rfc822":
		return ".eml"
	case "text/plain":
		return ".txt"
	}
	if all, err := mime.ExtensionsByType(kind); err == nil && len(all) > 0 {
		return all[0]
	}
	return ".bin"
}
