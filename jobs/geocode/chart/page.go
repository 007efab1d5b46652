package chart

import (
	"bufio"
	"compress/flate"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"io/fs"
	"strings"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// world is the background, packed: see the comment of the package.
//
//go:embed world.bin
var world []byte

// parts are what a page is made of, its places filled but for the title and the rows.
type parts struct {
	style, script, policy string
	// page is the text between places, and places are what belongs there.
	page, places []string
}

// assembled reads the parts. They are part of the program: one that is missing is a mistake in it.
var assembled = sync.OnceValue(func() *parts {
	var p parts
	var script strings.Builder
	script.WriteString("\n\"use strict\";\n(() => {\n")
	err := fs.WalkDir(pageFiles, "page", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := pageFiles.ReadFile(path)
		switch {
		case strings.HasSuffix(path, ".js"): // in the order of their names
			script.Write(b)
		case strings.HasSuffix(path, ".css"):
			p.style = "\n" + string(b)
		default:
			for i, piece := range strings.Split(string(b), "{{") {
				if place, rest, ok := strings.Cut(piece, "}}"); i > 0 && ok {
					p.places, piece = append(p.places, place), rest
				}
				p.page = append(p.page, piece)
			}
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	script.WriteString("})();\n")
	p.script = script.String()
	p.policy = fmt.Sprintf("default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'", hashOf(p.script), hashOf(p.style))
	return &p
})

// hashOf is the hash by which a policy knows a script or a style: https://www.w3.org/TR/CSP3/
func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(h[:])
}

func writePage(to io.Writer, g *gathered, o *Options) error {
	w := bufio.NewWriterSize(to, 64<<10)
	p := assembled()
	for i, piece := range p.page {
		if i > 0 {
			if err := writePlace(w, p, p.places[i-1], g, o); err != nil {
				return err
			}
		}
		if _, err := w.WriteString(piece); err != nil {
			return err
		}
	}
	return w.Flush()
}

func writePlace(w *bufio.Writer, p *parts, place string, g *gathered, o *Options) (err error) {
	switch place {
	case "policy":
		_, err = w.WriteString(p.policy)
	case "title":
		_, err = w.WriteString(html.EscapeString(o.title()))
	case "style":
		_, err = w.WriteString(p.style)
	case "script":
		_, err = w.WriteString(p.script)
	case "world":
		_, err = w.WriteString(base64.StdEncoding.EncodeToString(world))
	case "data":
		err = packed(w, func(w io.Writer) error { return writeData(w, g, o) })
	default:
		err = fmt.Errorf("the page has a place %q", place)
	}
	return err
}

func (o *Options) title() string {
	if t := text(o.Title); t != "" {
		return t
	}
	return "Places"
}

// packed writes what f writes as base64 of a stream of DEFLATE, in which nothing can stand that
// is markup.
func packed(to io.Writer, f func(io.Writer) error) error {
	b := base64.NewEncoder(base64.StdEncoding, to)
	z, err := flate.NewWriter(b, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if err := f(z); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return b.Close()
}
