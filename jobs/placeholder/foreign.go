package placeholder

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Found is a placeholder of another language in a text.
type Found struct {
	At   int    // where it begins
	Text string // as it stands
	Name string // the column it seems to be for
}

// form is how a language writes placeholders: the name is the first group that matches.
type form struct {
	pattern *regexp.Regexp
	// own says that nothing else is written so; otherwise only the name of a column counts.
	own bool
}

// forms are those of the programs that mail is written with, besides braces. They are made
// when they are asked for: workers have no use for them.
var forms = sync.OnceValue(func() []form {
	return []form{
		{regexp.MustCompile(`\*\|([A-Za-z0-9_: ]{1,100})\|\*`), true},                        // *|FNAME|*
		{regexp.MustCompile(`<%[=-]?\s*([^%\n]{1,100}?)\s*-?%>`), true},                      // <%= name %>
		{regexp.MustCompile(`%recipient[._](\w{1,100})%`), true},                             // %recipient.name%
		{regexp.MustCompile(`\$\{([^{}\n]{1,100})\}`), false},                                // ${name}
		{regexp.MustCompile(`\[\[([^\[\]\n]{1,100})\]\]`), true},                             // [[name]]
		{regexp.MustCompile(`%%?([\pL\pN_. -]{1,100}?)%%?`), false},                          // %name%, %%name%%
		{regexp.MustCompile(`(?:<<|«)\s*([^<>«»\n]{1,100}?)\s*(?:>>|»)`), false},             // <<name>>, «name»
		{regexp.MustCompile(`#([\pL\pN_]{1,100})#|@([\pL\pN_]{1,100})@`), false},             // #name#, @name@
		{regexp.MustCompile(`(?:^|[^\pL\pN\]!])\[([^\[\]\n]{1,100})\](?:$|[^(\[:])`), false}, // [name], but no link
	}
})

// braces are text between braces of one kind.
var braces = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{([^{}\n]{1,100})\}`) })

// Foreign finds the first placeholder in a text of a mail that is one of another language, or
// of brood's exec. An escaped one, \{name}, is none.
func Foreign(text string, columns []string) (first Found, ok bool) {
	take := func(at int, found, name string) {
		if !ok || at < first.At {
			first, ok = Found{at, found, strings.TrimSpace(name)}, true
		}
	}
	for _, m := range braces().FindAllStringSubmatchIndex(text, -1) {
		before, inner := text[:m[0]], text[m[2]:m[3]]
		if !strings.HasSuffix(before, `\`) && Suspect(before, inner, columns) {
			take(m[0], text[m[0]:m[1]], bare(inner))
			break
		}
	}
	for _, f := range forms() {
		for _, m := range f.pattern.FindAllStringSubmatchIndex(text, -1) {
			g := 2
			if m[g] < 0 {
				g = 4
			}
			name := text[m[g]:m[g+1]]
			if f.own && isName(strings.TrimSpace(name)) || f.own && strings.ContainsAny(text[m[0]:m[0]+1], "*<") || sameAs(name, columns) {
				at := m[0] + strings.IndexAny(text[m[0]:m[1]], "*<%$[«#@")
				take(at, strings.TrimRight(text[at:m[1]], " \n\t,.;!?"), name)
				break
			}
		}
	}
	return first, ok
}

// bare is the name in what other languages put around it.
func bare(inner string) string {
	name, _, _ := strings.Cut(strings.Trim(inner, "%#=$./@ "), "|")
	return strings.TrimSpace(name)
}

// sameAs reports whether a name is that of a column, as people mix it up.
func sameAs(name string, columns []string) bool {
	p := plain(name)
	return len(p) > 1 && slices.ContainsFunc(columns, func(c string) bool { return slices.Equal(p, plain(c)) })
}

// Unescape takes the backslash from the braces that Foreign would have found without.
func Unescape(text string, columns []string) string {
	var out strings.Builder
	done := 0
	for _, m := range braces().FindAllStringSubmatchIndex(text, -1) {
		before := strings.TrimSuffix(text[:m[0]], `\`)
		if len(before) < m[0] && !strings.HasSuffix(before, "{") && Suspect(before, text[m[2]:m[3]], columns) {
			out.WriteString(before[done:])
			done = m[0]
		}
	}
	out.WriteString(text[done:])
	return out.String()
}
