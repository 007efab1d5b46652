package email

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// unsubscribeColumn holds where a recipient may leave the list.
const unsubscribeColumn = "unsubscribe_url"

// setUnsubscribe says where a recipient may leave the list: RFC 2369, and with
// one click RFC 8058.
func (c *composer) setUnsubscribe(l *letter, vars, acting variables) error {
	places := urlsOf(acting.text(unsubscribeColumn))
	if len(places) == 0 && c.unsubscribe != nil {
		marked, values, err := c.unsubscribe.fill(vars)
		if err != nil {
			return err
		}
		for _, s := range urlsOf(marked) {
			if s = join(c.unsubscribe.pieces(s), values); c.unsubscribe.lone(strings.TrimSpace(marked)) {
				places = urlsOf(s) // a column that has all of it
			} else {
				places = append(places, s)
			}
		}
	}
	var list []string
	oneClick := false
	for _, s := range places {
		s = asciiURL(s)
		u, err := url.Parse(s)
		if err != nil || len(s) > mostLine-2 || (u.Scheme != "https" || u.Host == "") && (u.Scheme != "mailto" || u.Opaque == "") || strings.ContainsAny(s, "<> \t\r\n\x00") {
			return &badRecord{classHeader, fmt.Errorf("%q is no place to unsubscribe: an https:// address for one click, or a mailto: one", s)}
		}
		oneClick = oneClick || u.Scheme == "https"
		list = append(list, "<"+s+">")
	}
	if len(list) > 0 && c.Unsubscribe != "" {
		vars[unsubscribeColumn] = linkOf(list) // templates can show what the header says
	}
	if len(list) > 0 {
		l.SetGenHeader("List-Unsubscribe", strings.Join(list, ", "))
	}
	if oneClick {
		l.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	return nil
}

// listID is what a list is called: RFC 2919.
const listID = "List-Id"

// nameList names the list of a message that says how to leave one: to filters a list without a name
// is half a list. The name is below the sender's domain, as RFC 2919, section 3, wants it, and the
// same in each run.
func (l *letter) nameList(domain string) {
	if len(l.GetGenHeader("List-Unsubscribe")) > 0 {
		l.SetGenHeader(listID, "<list."+domain+">")
	}
}

// urlsOf reads a list of URLs: each in angle brackets, as RFC 2369, section 2, has it, or with
// commas or spaces between. A comma is a part of the URL unless another URL begins behind it.
func urlsOf(list string) []string {
	var out []string
	begin := 0
	end := func(i int) {
		if s := strings.Trim(list[begin:i], " \t"); s != "" {
			out = append(out, s)
		}
	}
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '<':
			if n := strings.IndexByte(list[i:], '>'); n > 0 {
				end(i)
				begin = i + 1
				end(i + n)
				i += n
				begin = i + 1
			}
		case ',', ' ', '\t':
			if strings.TrimLeft(list[begin:i], ", \t") == "" || beginsURL(strings.TrimLeft(list[i:], ", \t")) {
				end(i)
				begin = i + 1
			}
		}
	}
	end(len(list))
	return out
}

// beginsURL reports whether a text begins like a URL, or is at its end.
func beginsURL(s string) bool {
	for _, scheme := range []string{"https:", "http:", "mailto:", "<"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return true
		}
	}
	return s == ""
}

// asciiURL writes a URL as a header has it: the letters that are not ASCII encoded,
// those of a host as its name is asked for.
func asciiURL(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" && !isASCII(u.Host) {
		if host, err := idna.Lookup.ToASCII(u.Hostname()); err == nil {
			s = strings.Replace(s, u.Hostname(), host, 1)
		}
	}
	var out strings.Builder
	for i := range len(s) {
		if s[i] > '~' {
			fmt.Fprintf(&out, "%%%02X", s[i])
		} else {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}
