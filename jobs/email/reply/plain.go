package reply

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// plain is what was said as the tables of words look at it.
type plain struct {
	// words are in small letters without accents, with one space between and one at each
	// end; without what only looks like words: addresses, URLs, names of hosts, numbers.
	words string
	hosts []string // that stand in it, also behind an @, in small letters
	codes []string // of RFC 3463, as in 5.1.1
}

// plainOf takes a reply to pieces.
func plainOf(text string) *plain {
	p := &plain{}
	var out strings.Builder
	out.WriteByte(' ')
	for _, field := range strings.Fields(cutQuoted(text)) {
		if strings.EqualFold(strings.TrimRight(field, ".,;:"), "(sender)") { // whose what was said is
			field = "marked as sender"
		}
		if p.names(field) {
			continue
		}
		p.add(&out, field)
	}
	p.words = strings.ReplaceAll(out.String(), " e mail", " email")
	return p
}

// cutQuoted takes out what stands in <> or in quotes and is an address: a local part in
// quotes may have any words in it.
func cutQuoted(text string) string {
	for from := 0; ; {
		i := strings.IndexAny(text[from:], `<"`)
		if i < 0 {
			return text
		}
		i += from
		end := -1
		switch text[i] {
		case '<':
			if n := strings.IndexByte(text[i:], '>'); n > 0 && (strings.Contains(text[i:i+n], "@") || !strings.Contains(text[i:i+n], " ")) {
				end = i + n + 1
			}
		case '"':
			if n := strings.IndexByte(text[i+1:], '"'); n > 0 && strings.HasPrefix(text[i+n+2:], "@") {
				end = i + n + 2
			}
		}
		if end < 0 {
			from = i + 1
			continue
		}
		// What is behind an @ stays, for the hosts.
		host := ""
		if at := strings.LastIndexByte(text[i:end], '@'); at >= 0 {
			host = strings.TrimRight(text[i+at:end], ">")
		}
		text = text[:i] + " " + host + " " + text[end:]
		from = i + len(host) + 2
	}
}

// names takes in a field that is a name or a number and no word, and reports whether it
// was one.
func (p *plain) names(field string) bool {
	bare := strings.Trim(field, "<>()[]{}\"'`.,;:!?#*|")
	if len(bare) == 0 {
		return true
	}
	if at := strings.LastIndexByte(bare, '@'); at >= 0 {
		p.hosts = append(p.hosts, strings.ToLower(hostIn(bare[at+1:])))
		return true
	}
	if _, rest, ok := strings.Cut(bare, "://"); ok {
		p.hosts = append(p.hosts, strings.ToLower(hostIn(rest)))
		return true
	}
	if quoted := strings.TrimRight(field, ".,;:"); len(quoted) > 2 && (quoted[0] == '\'' || quoted[0] == '"') && quoted[len(quoted)-1] == quoted[0] {
		return true
	}
	if code, rest, ok := strings.Cut(bare, "-"); ok && isNumber(code) { // 550-5.1.1, within a reply of several lines
		if isNumber(rest) || rest == "" {
			return true
		}
		if len(code) == 3 && len(strings.Split(rest, ".")) == 3 {
			bare = rest
		}
	}
	if isNumber(bare) {
		return true
	}
	parts := strings.Split(bare, ".")
	if len(parts) == 3 && len(parts[0]) == 1 && strings.IndexByte("245", parts[0][0]) >= 0 && isNumber(parts[1]) && isNumber(parts[2]) {
		p.codes = append(p.codes, bare)
		return true
	}
	if isHost(parts) {
		p.hosts = append(p.hosts, strings.ToLower(bare))
		return true
	}
	return false
}

func isNumber(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// hostIn is the name of a host that a string begins with.
func hostIn(s string) string {
	if end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }); end >= 0 {
		s = s[:end]
	}
	return strings.Trim(s, ".-")
}

// isHost reports whether parts with dots between are the name or the number of a host. A
// last part in mixed letters is the next sentence, or one of Exchange's names.
func isHost(parts []string) bool {
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		if p == "" || strings.IndexFunc(p, func(r rune) bool {
			return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
		}) >= 0 {
			return false
		}
	}
	last := parts[len(parts)-1]
	if isNumber(last) {
		return len(parts) == 4
	}
	return len(last) >= 2 && (strings.ToLower(last) == last || strings.ToUpper(last) == last)
}

// add adds the words of a field, in small letters and without accents.
func (p *plain) add(out *strings.Builder, field string) {
	gap := true
	for _, r := range field {
		switch {
		case r == '\'' || r == '’' || r == '`': // doesn't, l'adresse
		case r >= utf8.RuneSelf && fold()[r] != "":
			out.WriteString(fold()[r])
			gap = false
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			out.WriteRune(unicode.ToLower(r))
			gap = false
		case !gap:
			out.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		out.WriteByte(' ')
	}
}

// fold takes accents off the letters of European languages.
var fold = sync.OnceValue(func() map[rune]string {
	return foldOf("àáâãäåą:a æ:ae çćč:c ďđ:d èéêëęě:e ğ:g ìíîïı:i ł:l ñńň:n òóôõöøő:o œ:oe ř:r śşšș:s ß:ss ťțţ:t ùúûüůű:u ýÿ:y źżž:z")
})

func foldOf(table string) map[rune]string {
	out := make(map[rune]string)
	for _, entry := range strings.Fields(table) {
		letters, to, _ := strings.Cut(entry, ":")
		for _, r := range letters {
			out[r], out[unicode.ToUpper(r)] = to, to
		}
	}
	return out
}

// subject is what the words are about: the first of the table that they have.
func (p *plain) subject() subject {
	if p.words == " " {
		return ofUnsaid
	}
	for i := range vocabulary() {
		r := &vocabulary()[i]
		if r.fits(p) {
			return r.about
		}
	}
	return ofUnsaid
}

// phrase is one entry of the table of words.
type phrase struct {
	about subject
	all   []string // they are all there
	none  []string // and none of these
}

func (r *phrase) fits(p *plain) bool {
	for _, w := range r.all {
		if host, ok := strings.CutPrefix(w, "@"); ok {
			if !slices.ContainsFunc(p.hosts, func(h string) bool { return strings.Contains("."+h+".", "."+host+".") }) {
				return false
			}
			continue
		}
		if !strings.Contains(p.words, w) {
			return false
		}
	}
	return !slices.ContainsFunc(r.none, func(w string) bool { return strings.Contains(p.words, w) })
}
