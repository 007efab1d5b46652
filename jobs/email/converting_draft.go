package email

import (
	"brood/jobs/email/convert"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"path/filepath"
	"strings"
)

// convertDraft writes a draft of another mailer's as one of brood's. Its headers, text and HTML are
// looked at as one when it is told in which language they are.
func convertDraft(s *convert.Source, o convert.Options) (convert.Result, error) {
	d, err := readDraft([]byte(s.Text))
	if err != nil {
		return convert.Result{}, fmt.Errorf("%s, a saved message: %w", s.Name, err)
	}
	head := ""
	for _, h := range d.headers {
		head += h.Name + ": " + h.Value + "\n"
	}
	if o.Dialect == convert.Auto {
		o.Dialect = convert.Detect(head + d.text + d.html + d.markdown)
	}
	if o.Dialect == convert.Mailmerge { // whose headers mean something of their own
		o.Dialect = convert.Liquid
	}
	out := convert.Result{Dialect: o.Dialect}
	part := func(what, text string) string {
		if strings.TrimSpace(text) == "" {
			return text
		}
		r := convert.Convert(convert.Source{Name: s.Name + ", its " + what, Text: text}, o)
		out.Notes = append(out.Notes, r.Notes...)
		return r.Text
	}
	head = part("headers", head)
	d.headers = nil
	for line := range strings.Lines(head) {
		h, err := parseHeader(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return out, fmt.Errorf("%s: %w", s.Name, err)
		}
		d.headers = append(d.headers, h)
	}
	d.text, d.html, d.markdown = part("text", d.text), part("HTML", d.html), part("Markdown", d.markdown)
	m, err := d.message()
	out.Text = string(m)
	return out, err
}

// message writes a draft as it is read by readDraft, to be looked at and changed by hand: UTF-8 in
// headers and text, and nothing in quoted-printable, as that would cut actions in two.
func (d *draft) message() ([]byte, error) {
	if d.html == "" && d.markdown == "" && d.calendar == "" && len(d.files) == 0 {
		return []byte(d.template()), nil
	}
	var out bytes.Buffer
	for _, h := range d.headers {
		out.WriteString(h.Name + ": " + h.Value + "\n")
	}
	out.WriteString("MIME-Version: 1.0\n")
	sum := sha256.Sum256([]byte(d.text + d.html))
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary("part-" + hex.EncodeToString(sum[:12])); err != nil {
		return nil, err
	}
	// A mail program takes them for the same only in multipart/alternative; brood looks at types.
	kind := "multipart/mixed"
	if len(d.files) == 0 {
		kind = "multipart/alternative"
	}
	out.WriteString("Content-Type: " + kind + "; boundary=\"" + w.Boundary() + "\"\n\n")
	for _, p := range []struct{ kind, text string }{{"text/plain", d.text}, {"text/markdown", d.markdown}, {"text/html", d.html}, {"text/calendar", d.calendar}} {
		if strings.TrimSpace(p.text) == "" {
			continue
		}
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {p.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"8bit"}})
		if err != nil {
			return nil, err
		}
		if _, err := part.Write([]byte(p.text)); err != nil {
			return nil, err
		}
	}
	for _, f := range d.files {
		if err := f.write(w); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return bytes.ReplaceAll(out.Bytes(), []byte("\r\n"), []byte("\n")), err
}

// write writes a file of a draft as a part.
func (f *draftFile) write(w *multipart.Writer) error {
	kind := mime.TypeByExtension(filepath.Ext(f.Name))
	if kind == "" || strings.HasPrefix(kind, "text/") { // which would be taken for the text
		kind = "application/octet-stream"
	}
	h := textproto.MIMEHeader{"Content-Type": {kind}, "Content-Transfer-Encoding": {"base64"}}
	disposition := "attachment"
	if f.ID != "" {
		disposition = "inline"
		h.Set("Content-Id", "<"+f.ID+">")
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	part, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	const line = 76 // RFC 2045, section 6.8
	for b := base64.StdEncoding.EncodeToString(f.Content); len(b) > 0; {
		n := min(line, len(b))
		if _, err := part.Write([]byte(b[:n] + "\r\n")); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
