package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

//go:embed page.html
var pageTemplate string

//go:embed style.css
var style []byte

// heading is one that the navigation names below its page.
type heading struct{ Anchor, Text string }

// page is a file of the source as a page of the site.
type page struct {
	source, target, label string
	title                 string
	text                  []byte
	tree                  ast.Node
	anchors               slugs
	headings              []heading
}

// site is what is being built.
type site struct {
	root, out string
	markdown  goldmark.Markdown
	template  *template.Template
	groups    []group
	pages     map[string]*page // by their source
	files     map[string]bool  // of the source, that have a page as they are
	pictures  map[string]bool
	wrong     []error
}

// build makes the site of a source in a folder, in the place of what was there.
func build(root, out string) error {
	s := &site{root: root, out: out, pages: make(map[string]*page), files: make(map[string]bool), pictures: make(map[string]bool)}
	s.markdown = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))
	var err error
	if s.template, err = template.New("page").Parse(pageTemplate); err != nil {
		return err
	}
	if s.groups, err = listed(root); err != nil {
		return err
	}
	for _, g := range s.groups {
		for _, e := range g.pages {
			if err := s.read(e); err != nil {
				return err
			}
		}
	}
	for _, p := range s.sorted() {
		s.resolve(p)
	}
	if len(s.wrong) > 0 {
		return errors.Join(s.wrong...)
	}
	if err := emptied(out); err != nil {
		return err
	}
	return s.write()
}

// emptied removes an older site: what is not one is left alone.
func emptied(out string) error {
	if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
		if _, err := os.Stat(filepath.Join(out, "index.html")); err != nil {
			return fmt.Errorf("%s is not empty, and no site: name another folder", out)
		}
	}
	return os.RemoveAll(out)
}

func (s *site) sorted() []*page {
	var out []*page
	for _, g := range s.groups {
		for _, e := range g.pages {
			out = append(out, s.pages[e.source])
		}
	}
	return out
}

// read takes a page in: its tree, its anchors and its title.
func (s *site) read(e entry) error {
	b, err := os.ReadFile(filepath.Join(s.root, e.source))
	if err != nil {
		return err
	}
	p := &page{source: e.source, target: target(e.source), label: e.label, text: b, anchors: make(slugs)}
	p.tree = s.markdown.Parser().Parse(text.NewReader(b))
	err = ast.Walk(p.tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			p.head(h)
		}
		return ast.WalkContinue, nil
	})
	if p.title == "" {
		return fmt.Errorf("%s: there is no title, # and a space in its first line", e.source)
	}
	if p.label == "" {
		p.label = p.title
	}
	s.pages[e.source] = p
	return err
}

// head gives a heading its anchor, and a link to it.
func (p *page) head(h *ast.Heading) {
	words := textOf(h, p.text)
	anchor := p.anchors.of(words)
	h.SetAttributeString("id", []byte(anchor))
	switch {
	case h.Level == 1 && p.title == "":
		p.title = words
		return
	case h.Level == 2:
		p.headings = append(p.headings, heading{anchor, words})
	}
	link := ast.NewLink()
	link.Destination = []byte("#" + anchor)
	link.SetAttributeString("class", []byte("here"))
	link.SetAttributeString("aria-label", []byte("link to this section"))
	link.AppendChild(link, ast.NewString([]byte("#")))
	h.AppendChild(h, link)
}

// write makes the files.
func (s *site) write() error {
	for _, p := range s.sorted() {
		var body bytes.Buffer
		if err := s.markdown.Renderer().Render(&body, p.text, p.tree); err != nil {
			return fmt.Errorf("%s: %w", p.source, err)
		}
		if err := s.fill(p.target, p, template.HTML(wide(body.String()))); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(s.files) {
		b, err := s.quote(name)
		if err != nil {
			return err
		}
		p := &page{source: name, title: name, label: name}
		if err := s.fill(sourcePage(name), p, b); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(s.pictures) {
		b, err := os.ReadFile(filepath.Join(s.root, name))
		if err != nil {
			return err
		}
		if err := s.put(strings.TrimPrefix(name, "docs/"), b); err != nil {
			return err
		}
	}
	return s.put("style.css", style)
}

// wide lets a table that is wider than the page be moved, and not the page.
func wide(body string) string {
	return strings.NewReplacer("<table>", `<div class="wide" tabindex="0"><table>`, "</table>", "</table></div>").Replace(body)
}

// put writes a file of the site.
func (s *site) put(name string, b []byte) error {
	to := filepath.Join(s.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// link is one of the navigation.
type link struct {
	To, Text string
	Here     bool
	Below    []heading
}

// part is a group of the navigation as the template has it.
type part struct {
	Title string
	Links []link
}

// fill puts a page into the template.
func (s *site) fill(name string, p *page, body template.HTML) error {
	up := strings.Repeat("../", strings.Count(name, "/"))
	var parts []part
	for _, g := range s.groups {
		now := part{Title: g.Title}
		for _, e := range g.pages {
			to := s.pages[e.source]
			l := link{To: up + to.target, Text: to.label, Here: to == p}
			if l.Here {
				l.Below = to.headings
			}
			now.Links = append(now.Links, l)
		}
		parts = append(parts, now)
	}
	title := p.title
	if p.source != "README.md" {
		title += " · brood"
	}
	var b bytes.Buffer
	err := s.template.Execute(&b, map[string]any{"Title": title, "Up": up, "Parts": parts, "Body": body, "Source": p.source})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return s.put(name, b.Bytes())
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// sourcePage is where the page of a file of the source is.
func sourcePage(name string) string { return path.Join("source", name) + ".html" }
