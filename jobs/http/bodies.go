package http

import (
	"brood/jobs"
	"brood/jobs/files"
	"brood/jobs/http/fill"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
)

// mostBody bounds the body of a request, as it is held in memory.
const mostBody = 64 << 20

// part is one of a body of several parts.
type part struct {
	name     *fill.Template
	value    *fill.Template // nil: it is a file
	typed    string         // the path of a file that the user typed
	names    []*fill.Template
	filename *fill.Template
	mime     string
}

func (p *part) templates() []*fill.Template {
	out := append([]*fill.Template{p.name}, p.names...)
	for _, t := range []*fill.Template{p.value, p.filename} {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}

func (x *compiled) readBody() (err error) {
	switch x.Body.Kind {
	case bodyNone:
	case bodyPairs:
		for _, text := range strings.Split(x.Body.Text, "\n") {
			p, err := x.grammar.ParsePair(text)
			if err != nil {
				return err
			}
			x.pairs = append(x.pairs, p)
		}
	case bodyForm:
		x.text, err = x.grammar.Parse(x.Body.Text, fill.Encoded)
	case bodyXML:
		x.text, err = x.grammar.Parse(x.Body.Text, fill.XML)
	case bodyPlain:
		x.text, err = x.grammar.Parse(x.Body.Text, fill.Plain)
	case bodyJSON:
		if x.text, err = x.grammar.Parse(x.Body.Text, fill.JSON); err == nil {
			err = x.text.CheckJSON()
		}
	case bodyInPart:
		for _, p := range x.Body.Parts {
			if err := x.readPart(p); err != nil {
				return fmt.Errorf("-F %s: %w", p.Name, err)
			}
		}
	default:
		return fmt.Errorf("there is no kind of body %q", x.Body.Kind)
	}
	return err
}

func (x *compiled) readPart(p piece) (err error) {
	out := part{mime: p.Type}
	if out.name, err = x.grammar.Parse(p.Name, fill.Header); err != nil {
		return err
	}
	if p.File == "" {
		if out.value, err = x.grammar.Parse(p.Value, fill.Plain); err != nil {
			return err
		}
		x.parts = append(x.parts, out)
		return nil
	}
	whole, err := x.grammar.Parse(p.File, fill.Path)
	if err != nil {
		return err
	}
	if _, literal := whole.Literal(); literal {
		out.typed = p.File
	} else {
		if x.FilesFrom == "" {
			return errors.New("which file it is comes from the record: say where the files are, with --files-from DIR")
		}
		out.names = whole.Split("/")
	}
	if p.Filename != "" {
		if out.filename, err = x.grammar.Parse(p.Filename, fill.Header); err != nil {
			return err
		}
	}
	x.parts = append(x.parts, out)
	return nil
}

// parsePart reads name=value, name=@FILE;type=…;filename=… of curl's -F; literally of --form-string.
func parsePart(given string, literally bool) (piece, error) {
	name, value, ok := strings.Cut(given, "=")
	if !ok || name == "" {
		return piece{}, fmt.Errorf("-F %q is not given as name=value, or name=@FILE", given)
	}
	p := piece{Name: name, Value: value}
	switch {
	case literally:
		return p, nil
	case strings.HasPrefix(value, "<"):
		return piece{}, fmt.Errorf("-F %s: the value of a file is not read; write it, or send the file by @", name)
	case !strings.HasPrefix(value, "@"):
		before, after, typed := strings.Cut(value, ";type=")
		if typed {
			p.Value, p.Type = before, after
		}
		return p, checkType(p.Type)
	}
	p.Value = ""
	for i, s := range strings.Split(value[1:], ";") {
		key, v, _ := strings.Cut(s, "=")
		switch {
		case i == 0:
			p.File = s
		case key == "type":
			p.Type = v
		case key == "filename":
			p.Filename = strings.Trim(v, `"`)
		default:
			return piece{}, fmt.Errorf("-F %s: %q is not known behind a file; there are type= and filename=", name, s)
		}
	}
	if p.File == "" {
		return piece{}, fmt.Errorf("-F %s: @ names no file", name)
	}
	return p, checkType(p.Type)
}

func checkType(t string) error {
	if t == "" {
		return nil
	}
	if _, _, err := mime.ParseMediaType(t); err != nil {
		return fmt.Errorf("%q is no type of content", t)
	}
	return nil
}

// fileError says that a file of the record is the trouble.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }

// appendParts makes a body of several parts, and gives its type.
func (x *compiled) appendParts(rec *jobs.Record, secrets func(string) string) (b []byte, contentType string, err error) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := range x.parts {
		if err := x.parts[i].write(w, x.FilesFrom, rec, secrets); err != nil {
			return nil, "", err
		}
		if buf.Len() > mostBody {
			return nil, "", &fileError{fmt.Errorf("the body is larger than %d MiB", mostBody>>20)}
		}
	}
	if err := w.Close(); err != nil { // which writes the end
		return nil, "", err
	}
	return buf.Bytes(), w.FormDataContentType(), nil
}

func (p *part) write(w *multipart.Writer, dir string, rec *jobs.Record, secrets func(string) string) error {
	name, err := p.name.Append(nil, rec, secrets)
	if err != nil {
		return err
	}
	disposition := `form-data; name="` + quoteParameter(string(name)) + `"`
	content, filename, err := p.content(dir, rec, secrets)
	if err != nil {
		return err
	}
	head := make(textproto.MIMEHeader)
	contentType := p.mime
	if filename != "" {
		disposition += `; filename="` + quoteParameter(filename) + `"`
		if contentType == "" {
			if contentType = mime.TypeByExtension(filepath.Ext(filename)); contentType == "" {
				contentType = "application/octet-stream"
			}
		}
	}
	head.Set("Content-Disposition", disposition)
	if contentType != "" {
		head.Set("Content-Type", contentType)
	}
	part, err := w.CreatePart(head)
	if err == nil {
		_, err = part.Write(content)
	}
	return err
}

// quoteParameter is how browsers write a name: RFC 7578, section 4.2, and the HTML standard.
func quoteParameter(s string) string {
	return strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace(s)
}

func (p *part) content(dir string, rec *jobs.Record, secrets func(string) string) (content []byte, filename string, err error) {
	if p.value != nil {
		content, err = p.value.Append(nil, rec, secrets)
		return content, "", err
	}
	path := p.typed
	var f *os.File
	if path != "" {
		f, err = os.Open(files.Where(path))
	} else {
		if path, err = join(p.names, rec, secrets); err != nil {
			return nil, "", err
		}
		f, err = openBeneath(dir, path)
	}
	if err != nil {
		return nil, "", &fileError{err}
	}
	defer func() { _ = f.Close() }()
	if content, err = io.ReadAll(io.LimitReader(f, mostBody+1)); err != nil {
		return nil, "", &fileError{err}
	}
	filename = filepath.Base(path)
	if p.filename != nil {
		named, err := p.filename.Append(nil, rec, secrets)
		if err != nil {
			return nil, "", err
		}
		filename = string(named)
	}
	return content, filename, nil
}

// join makes a path of its parts.
func join(names []*fill.Template, rec *jobs.Record, secrets func(string) string) (string, error) {
	var b []byte
	for i, t := range names {
		if i > 0 {
			b = append(b, '/')
		}
		from := len(b)
		var err error
		if b, err = t.Append(b, rec, secrets); err != nil {
			return "", err
		}
		switch string(b[from:]) {
		case "", ".", "..":
			return "", fmt.Errorf("%.80q is no path of a file", b)
		}
	}
	return string(b), nil
}

// openBeneath opens a regular file beneath a directory, wherever links lead.
func openBeneath(dir, path string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	st, err := root.Stat(path)
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", path)
	}
	return root.Open(path)
}

// typeOfBody is how a body is made whose type the user gave.
func typeOfBody(contentType string) (bodyKind, error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return bodyNone, fmt.Errorf("%q is no type of content", contentType)
	}
	switch {
	case media == "application/json" || strings.HasSuffix(media, "+json") || media == "application/x-ndjson" || media == "text/json" || media == "application/jsonl":
		return bodyJSON, nil
	case media == "application/x-www-form-urlencoded":
		return bodyForm, nil
	case media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml") || media == "text/html":
		return bodyXML, nil
	}
	return bodyPlain, nil
}

// isJSONText reports whether a text is meant to be JSON.
func isJSONText(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{\"") || strings.HasPrefix(s, "[{") || strings.HasPrefix(s, "{ ") || strings.HasPrefix(s, "{\n") || json.Valid([]byte(s)) && strings.ContainsAny(s, "{[")
}
