package main

import (
	"fmt"
	"html/template"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

// resolve turns the links of a page into those of the site, and notes what leads nowhere.
func (s *site) resolve(p *page) {
	var comments []ast.Node
	_ = ast.Walk(p.tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		var err error
		switch n := n.(type) {
		case *ast.Link:
			var to string
			if to, err = s.link(p, string(n.Destination)); err == nil {
				n.Destination = []byte(to)
			}
		case *ast.Image:
			var to string
			if to, err = s.picture(p, string(n.Destination)); err == nil {
				n.Destination = []byte(to)
			}
		case *ast.HTMLBlock, *ast.RawHTML:
			if !strings.HasPrefix(strings.TrimSpace(rawText(n, p.text)), "<!--") {
				err = fmt.Errorf("markup as it stands is not taken: %q", rawText(n, p.text))
			}
			comments = append(comments, n)
		}
		if err != nil {
			s.wrong = append(s.wrong, fmt.Errorf("%s: %w", p.source, err))
		}
		return ast.WalkContinue, nil
	})
	for _, n := range comments {
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

func rawText(n ast.Node, source []byte) string {
	var b strings.Builder
	switch n := n.(type) {
	case *ast.RawHTML:
		b.Write(n.Segments.Value(source))
	case *ast.HTMLBlock:
		b.Write(n.Lines().Value(source))
	}
	return b.String()
}

// link is where a link of a page leads in the site.
func (s *site) link(p *page, to string) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", fmt.Errorf("the link %q: %w", to, err)
	}
	if u.Scheme != "" {
		if u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" {
			return "", fmt.Errorf("the link %q is of an unknown kind", to)
		}
		return to, nil
	}
	other, prefix := p, ""
	if u.Path != "" {
		name := path.Join(path.Dir(p.source), u.Path)
		if other = s.pages[name]; other == nil {
			return s.file(to, name)
		}
		prefix = other.target
	}
	if u.Fragment == "" {
		return prefix, nil
	}
	if !other.anchors[u.Fragment] {
		return "", fmt.Errorf("the link %q leads to no heading of %s", to, other.source)
	}
	return prefix + "#" + u.EscapedFragment(), nil
}

// file is where a link to a file of the source leads: to a page that shows it.
func (s *site) file(to, name string) (string, error) {
	if strings.HasPrefix(name, "../") {
		return "", fmt.Errorf("the link %q leads out of the source", to)
	}
	if _, err := os.Stat(filepath.Join(s.root, name)); err != nil {
		return "", fmt.Errorf("the link %q leads nowhere: there is no %s", to, name)
	}
	s.files[name] = true
	return sourcePage(name), nil
}

// picture is where a picture of a page is in the site: beside it, as in the source.
func (s *site) picture(p *page, to string) (string, error) {
	name := path.Join(path.Dir(p.source), to)
	if st, err := os.Stat(filepath.Join(s.root, name)); strings.Contains(to, ":") || err != nil || !st.Mode().IsRegular() || !strings.HasPrefix(name, "docs/") {
		return "", fmt.Errorf("the picture %q is none of docs/", to)
	}
	s.pictures[name] = true
	return strings.TrimPrefix(name, "docs/"), nil
}

// quote shows a file of the source, or what is in a folder.
func (s *site) quote(name string) (template.HTML, error) {
	from := filepath.Join(s.root, name)
	st, err := os.Stat(from)
	if err != nil {
		return "", err
	}
	var text string
	if st.IsDir() {
		entries, err := os.ReadDir(from)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "__") && !strings.HasPrefix(e.Name(), ".") { // what Python leaves
				text += e.Name() + "\n"
			}
		}
	} else {
		b, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if !utf8.Valid(b) || len(b) > 1<<20 {
			return "", fmt.Errorf("%s is linked to, and is no text that can be shown", name)
		}
		text = string(b)
	}
	return template.HTML("<h1>" + template.HTMLEscapeString(name) + "</h1>\n<pre><code>" + template.HTMLEscapeString(text) + "</code></pre>\n"), nil
}
