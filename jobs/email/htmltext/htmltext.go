// Package htmltext writes the HTML of a mail as plain text, for the part that is read where HTML is
// not: by programs, by ears, and by filters that distrust a mail without it.
//
// Text stays in its order. Headings are underlined, lists have their marks, quotations theirs,
// links are followed by their address, pictures become their alternative text, and tables that hold
// data keep their columns. What is not shown (styles, scripts, the head, and what is hidden) is left
// out. Lines have no more than 78 characters, but for words that are longer: RFC 5322, section 2.1.1.
package htmltext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Width is what a line may have, in characters.
const Width = 78

// Of is the text of HTML. It ends with a line end unless it is empty.
func Of(page string) string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return "" // nested too deep for anybody
	}
	w := &writer{width: Width}
	w.children(doc)
	text := w.text()
	if text == "" {
		return ""
	}
	return text + "\n"
}

// children writes what is in a node.
func (w *writer) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *writer) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.inline(n.Data)
		return
	case html.ElementNode:
	case html.DocumentNode:
		w.children(n)
		return
	default:
		return
	}
	if unseen(n) {
		return
	}
	switch n.DataAtom {
	case atom.Br:
		w.lineBreak()
	case atom.Hr:
		w.rule()
	case atom.Img:
		w.inline(" " + attribute(n, "alt") + " ")
	case atom.A:
		w.link(n)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.heading(n)
	case atom.Ul, atom.Ol, atom.Menu:
		w.list(n)
	case atom.Li: // of no list
		w.nested(n, "* ", "  ")
	case atom.Dd:
		w.nested(n, "    ", "    ")
	case atom.Blockquote:
		w.paragraph()
		w.nested(n, "> ", "> ")
		w.paragraph()
	case atom.Pre:
		w.verbatim(textOf(n))
	case atom.Table:
		w.table(n)
	case atom.Q:
		w.inline("“")
		w.children(n)
		w.inline("”")
	case atom.P, atom.Dl, atom.Figure, atom.Fieldset:
		w.paragraph()
		w.children(n)
		w.paragraph()
	default:
		if isBlock(n) {
			w.newLine()
			w.children(n)
			w.newLine()
			return
		}
		w.children(n)
	}
}

// blocks are elements that begin and end a line.
var blocks = []atom.Atom{
	atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Address, atom.Center, atom.Form, atom.Body, atom.Html, atom.Dt, atom.Figcaption, atom.Legend, atom.Option,
	atom.Tr, atom.Td, atom.Th, atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Details, atom.Summary,
}

// isBlock reports whether an element is one that only begins and ends a line.
func isBlock(n *html.Node) bool { return slices.Contains(blocks, n.DataAtom) }

// unseen reports whether an element is not shown: by what it is, or as it is hidden. Mails hide a
// text that is to stand beside the subject in a list of mails.
func unseen(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript, atom.Object, atom.Svg, atom.Select, atom.Textarea, atom.Iframe, atom.Audio, atom.Video, atom.Map, atom.Input:
		return true
	default: // its attributes say
	}
	style := ""
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			style = strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
		}
	}
	if style == "" {
		return false
	}
	return slices.ContainsFunc(strings.Split(style, ";"), func(rule string) bool {
		rule = strings.TrimSuffix(rule, "!important")
		return slices.Contains([]string{
			"display:none", "visibility:hidden", "mso-hide:all", "font-size:0", "font-size:0px", "opacity:0", "max-height:0", "max-height:0px", "height:0", "line-height:0",
		}, rule) && (!strings.HasPrefix(rule, "font-size") && !strings.HasPrefix(rule, "line-height") && !strings.HasPrefix(rule, "height") || !shows(n))
	})
}

// shows reports whether there is a table or a picture in an element: whoever gives those no height
// of letters wants to have no gaps, and not to hide them.
func shows(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && (c.DataAtom == atom.Table || c.DataAtom == atom.Img || c.DataAtom == atom.Td) {
			return true
		}
	}
	return n.DataAtom == atom.Td || n.DataAtom == atom.Tr || n.DataAtom == atom.Table
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// textOf is all the text in an element, as it stands.
func textOf(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			out.WriteString(c.Data)
		case c.Type == html.ElementNode && c.DataAtom == atom.Br:
			out.WriteString("\n")
		}
	}
	return out.String()
}

// shownIn is what an element shows, roughly: to be compared with an address.
func shownIn(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		switch {
		case c.Type == html.TextNode:
			out.WriteString(c.Data)
		case c.DataAtom == atom.Img:
			out.WriteString(attribute(c, "alt"))
		}
	}
	return out.String()
}

// link writes what a link shows, and its address unless that is what it shows.
func (w *writer) link(n *html.Node) {
	href := attribute(n, "href")
	shown := strings.Join(strings.Fields(shownIn(n)), " ")
	if target := address(href); target != "" && !sameAddress(shown, target) {
		if shown == "" && w.lastLink == target {
			return // a picture without a word, beside the same link in words
		}
		w.lastLink = target
		if shown == "" {
			w.inline(target)
			return
		}
		w.children(n)
		w.inline(" (" + target + ")")
		return
	}
	w.children(n)
}

// address is where a link leads, or nothing if that is no use outside of the page.
func address(href string) string {
	scheme, rest, ok := strings.Cut(href, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "tel", "sms":
		if ok && strings.Trim(rest, "/") != "" {
			return strings.Join(strings.Fields(href), "%20")
		}
	case "mailto":
		to, _, _ := strings.Cut(rest, "?")
		return to
	}
	return ""
}

// sameAddress reports whether a text says what an address does.
func sameAddress(text, address string) bool {
	plain := func(s string) string {
		s = strings.ToLower(s)
		for _, prefix := range []string{"https://", "http://", "mailto:", "tel:", "www."} {
			s = strings.TrimPrefix(s, prefix)
		}
		return strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSuffix(s, "/"))
	}
	return plain(text) == plain(address)
}

// heading writes a heading, the larger ones with a line below.
func (w *writer) heading(n *html.Node) {
	w.paragraph()
	from := len(w.lines)
	w.children(n)
	w.newLine()
	if mark := map[atom.Atom]string{atom.H1: "=", atom.H2: "-"}[n.DataAtom]; mark != "" && len(w.lines) > from {
		long := 0
		for _, l := range w.lines[from:] {
			long = max(long, columns(strings.TrimPrefix(l, w.rest())))
		}
		w.lines = append(w.lines, w.rest()+strings.Repeat(mark, min(long, w.width)))
	}
	w.paragraph()
}

// list writes a list with its marks.
func (w *writer) list(n *html.Node) {
	inList := w.inList
	if w.inList = true; inList {
		w.newLine()
	} else {
		w.paragraph()
	}
	number := 1
	if s, err := strconv.Atoi(attribute(n, "start")); err == nil {
		number = s
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || unseen(c) {
			continue
		}
		mark := "* "
		if n.DataAtom == atom.Ol {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if c.DataAtom != atom.Li {
			w.node(c)
			continue
		}
		w.newLine()
		w.nested(c, mark, strings.Repeat(" ", len(mark)))
	}
	if w.inList = inList; inList {
		w.newLine()
	} else {
		w.paragraph()
	}
}

// nested writes an element whose lines begin with something.
func (w *writer) nested(n *html.Node, first, rest string) {
	w.newLine()
	w.prefixes = append(w.prefixes, prefix{first, rest})
	w.begin()
	w.children(n)
	w.newLine()
	w.end()
	w.prefixes = w.prefixes[:len(w.prefixes)-1]
}
