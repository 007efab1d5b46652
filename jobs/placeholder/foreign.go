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
	counts  counting
}

// counting says of which names a form is taken for a placeholder.
type counting int

const (
	ofColumns counting = iota // those of columns
	ofKnown                   // of columns, and those that every list has
	ofNames                   // whatever can be a name
	ofAll                     // nothing else is written so
)

// forms are those of the programs that mail is written with, besides braces. They are made
// when they are asked for: workers have no use for them.
var forms = sync.OnceValue(func() []form {
	return []form{
		{regexp.MustCompile(`\*\|([^|*\n]{1,100})\|\*`), ofAll},                                                                       // *|FNAME|*
		{regexp.MustCompile(`<%[=-]?\s*([^%\n]{1,100}?)\s*-?%>`), ofAll},                                                              // <%= name %>
		{regexp.MustCompile(`<\?(?:php|=)\s*([^?\n]{1,100}?);?\s*\?>`), ofAll},                                                        // <?= $name ?>
		{regexp.MustCompile(`%recipient[._](\w{1,100})%`), ofNames},                                                                   // %recipient.name%
		{regexp.MustCompile(`\$\{([^{}\n]{1,100})\}`), ofKnown},                                                                       // ${name}
		{regexp.MustCompile(`\[\[([^\[\]\n]{1,100})\]\]`), ofNames},                                                                   // [[name]]
		{regexp.MustCompile(`%%?([\pL_](?:[\pL\pN_. -]{0,98}[\pL\pN_])?)%%?`), ofKnown},                                               // %name%, %%name%%
		{regexp.MustCompile(`(?:<<|«|&lt;&lt;|&laquo;)\s*([^<>«»&\n]{1,100}?)\s*(?:>>|»|&gt;&gt;|&raquo;)`), ofKnown},                 // <<name>>, «name»
		{regexp.MustCompile(`#([\pL\pN_]{1,100})#|@([\pL\pN_]{1,100})@`), ofColumns},                                                  // #name#, @name@
		{regexp.MustCompile(`(?:^|[\s>(])-([\pL_][\pL\pN_]{0,99})-(?:$|[\s<),.;:!?])`), ofColumns},                                    // -name-
		{regexp.MustCompile(`(?:^|[^\pL\pN\]!])\[([^\[\]\n]{1,100})\](?:$|[^(\[:])`), ofKnown},                                        // [name], but no link
		{regexp.MustCompile(`\{%-?\s*((?:if|elif|else|endif|for|endfor|set|include|raw|unless|assign|block)\b[^%\n]*?)-?%\}`), ofAll}, // {% if name %}
	}
})

// knownNames are columns that a list may well have, as other programs call them, in plain
// letters: who writes [NAME] to a list with first_name only has been somewhere else before.
var knownNames = []string{
	"name", "firstname", "lastname", "fname", "lname", "fullname", "surname", "email", "emailaddress", "company", "unsubscribe", "unsubscribelink", "unsubscribeurl", "vorname", "nachname", "firma", "anrede", "prenom", "nom",
	"prénom", "nombre", "apellido", "voornaam", "achternaam",
}

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
		if !strings.HasSuffix(before, `\`) && !repeats(before, inner) && braced(before, inner, columns) {
			take(m[0], text[m[0]:m[1]], bare(inner))
			break
		}
	}
	if at, end, name := unclosed(text, columns); at >= 0 {
		take(at, text[at:end], name)
	}
	for _, f := range slices.Concat(forms(), otherForms()) {
		for _, m := range f.pattern.FindAllStringSubmatchIndex(text, -1) {
			g := 2
			if m[g] < 0 {
				g = 4
			}
			name := text[m[g]:m[g+1]]
			if f.counts.holds(name, columns) {
				at, end := whole(text, m[0], m[1])
				take(at, text[at:end], name)
				break
			}
		}
	}
	return first, ok
}

// repeats reports whether a text in braces says how often a regular expression repeats what is
// before it: [0-9]{3}.
func repeats(before, inner string) bool {
	if before == "" || strings.Trim(inner, "0123456789,") != "" {
		return false
	}
	last := before[len(before)-1]
	return last == ']' || last == ')' || len(before) > 1 && before[len(before)-2] == '\\'
}

// whole are the ends of what a pattern has found, without what is only around it.
func whole(text string, from, to int) (at, end int) {
	at = from + strings.IndexAny(text[from:to], "*<%$«&[#@-{~")
	closing := map[byte]string{'[': "]", '-': "-"}[text[at]]
	if closing == "" {
		return at, to
	}
	return at, at + 1 + strings.LastIndex(text[at+1:to], closing) + 1
}

// holds reports whether a name counts.
func (c counting) holds(name string, columns []string) bool {
	switch {
	case c == ofAll, sameAs(name, columns):
		return true
	case c == ofNames:
		return isName(strings.TrimSpace(name))
	case c == ofKnown:
		return Known(name)
	}
	return false
}

// Known reports whether a name is one of those that a list may well have: First Name, VORNAME.
func Known(name string) bool { return slices.Contains(knownNames, string(plain(name))) }

// AllForeign finds the placeholders of other languages in a text, up to most.
func AllForeign(text string, columns []string, most int) (all []Found) {
	for range most {
		f, ok := Foreign(text, columns)
		if !ok || f.Text == "" {
			break
		}
		all = append(all, f)
		end := f.At + len(f.Text)
		text = text[:f.At] + strings.Repeat(" ", len(f.Text)) + text[end:]
	}
	return all
}

// bare is the name in what other languages put around it.
func bare(inner string) string {
	name, _, _ := strings.Cut(strings.Trim(inner, "%#=$./@! "), "|")
	if inBraces().MatchString(inner) {
		name = name[strings.LastIndexAny(name, "=:.")+1:]
	}
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
		if len(before) < m[0] && !strings.HasSuffix(before, "{") && !repeats(text[:m[0]], text[m[2]:m[3]]) && braced(before, text[m[2]:m[3]], columns) {
			out.WriteString(before[done:])
			done = m[0]
		}
	}
	out.WriteString(text[done:])
	return out.String()
}
