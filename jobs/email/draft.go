package email

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
)

// A draft is a message that a mail program has saved (.eml), given as a --template: its headers
// may be encoded, its text and HTML are parts of it, and so are pictures and files. It is taken
// apart when a run is planned; what is stored are its parts, so a resume sends the same.

// draftFile is a file that a draft brings along.
type draftFile struct {
	Name    string `json:"name"`
	ID      string `json:"id,omitempty"` // what the HTML shows it as; empty: it is attached
	Content []byte `json:"content"`
}

// draft is what one is made of.
type draft struct {
	headers        []header
	text           string
	html, markdown string
	calendar       string
	files          []draftFile
	left           []string // names of headers that were passed over
}

const (
	// mostDraft is what a draft may have, in bytes: more is taken by hardly any server.
	mostDraft = 40 << 20
	// deepestDraft is how deep its parts may lie.
	deepestDraft = 12
)

// isDraft reports whether a template is a message with MIME headers: RFC 2045, section 4. One
// that is written by hand has none.
func isDraft(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return false
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		switch textproto.CanonicalMIMEHeaderKey(string(name)) {
		case "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
			return true
		}
	}
	return false
}

// readDraft takes a draft apart.
func readDraft(raw []byte) (*draft, error) {
	if len(raw) > mostDraft {
		return nil, fmt.Errorf("it has %d MB, and more than %d are too many for a message", len(raw)>>20, mostDraft>>20)
	}
	if bytes.HasPrefix(raw, []byte("From ")) { // of a mailbox: RFC 4155
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
	}
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	d := &draft{}
	if err := d.readHeaders(&e.Header); err != nil {
		return nil, err
	}
	if err := d.readPart(e, 0); err != nil {
		return nil, err
	}
	for i, f := range d.files { // what the HTML does not show is a file like others
		if f.ID != "" && !strings.Contains(d.html, "cid:"+f.ID) {
			d.files[i].ID = ""
		}
	}
	d.html = tidyHTML(d.html)
	d.text, d.markdown = tidyText(d.text), tidyText(d.markdown)
	return d, nil
}

// programs are what the headers begin with that mail programs and servers write into a message
// for themselves; brood writes its own.
var programs = []string{
	"Date", "Message-Id", "Mime-Version", "Content-", "Received", "Return-Path", "Dkim-Signature", "Arc-", "Authentication-Results", "Delivered-To", "User-Agent", "X-Mailer",
	"Fcc", "X-Fcc", "X-Mozilla-", "X-Identity-Key", "X-Account-Key", "X-Template", "X-Enigmail-", "Autocrypt", "X-Uniform-Type-Identifier", "X-Universally-Unique-Identifier", "X-Apple-",
	"X-Unsent", "Thread-", "X-Ms-", "X-Originating-Ip", "Accept-Language", "Msip_labels", "X-Google-", "X-Gm-", "X-Evolution-", "X-Kmail-", "X-Spam-", "Status", "X-Status", "X-Uid", "List-Unsubscribe",
}

func (d *draft) readHeaders(h *message.Header) error {
	for fields := h.Fields(); fields.Next(); {
		name := textproto.CanonicalMIMEHeaderKey(fields.Key())
		value := strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(fields.Value()))
		if value == "" {
			continue
		}
		ours := slices.ContainsFunc(programs, func(p string) bool {
			return name == p || strings.HasSuffix(p, "-") && strings.HasPrefix(name, p)
		})
		if ours || name == "List-Unsubscribe-Post" {
			if !slices.Contains(d.left, name) {
				d.left = append(d.left, name)
			}
			continue
		}
		var err error
		if hasAddresses(name) {
			value, err = decodedPhrases(value)
		} else {
			value, err = lists.WordDecoder.DecodeHeader(value)
		}
		if err == nil {
			err = oneLine("what it says", value)
		}
		if err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
		d.headers = append(d.headers, header{name, tidyText(value)})
	}
	return nil
}

// decodedPhrases decodes the names in a header of addresses, and puts them into quotes, as there
// may be commas and placeholders in them.
func decodedPhrases(value string) (string, error) {
	var out strings.Builder
	for {
		begin := strings.Index(value, "=?")
		if begin < 0 {
			break
		}
		end := begin
		for { // words with nothing but space between belong together: RFC 2047, section 6.2
			next := encodedWord(value[end:])
			if next == 0 {
				break
			}
			end += next
		}
		if end == begin {
			out.WriteString(value[:begin+2])
			value = value[begin+2:]
			continue
		}
		name, err := lists.WordDecoder.DecodeHeader(value[begin:end])
		if err != nil {
			return "", err
		}
		out.WriteString(value[:begin] + quotedName(name))
		value = value[end:]
	}
	out.WriteString(value)
	return out.String(), nil
}

// encodedWord is the length of an encoded word, and the space before it, that a text begins with.
func encodedWord(s string) int {
	word := strings.TrimLeft(s, " \t")
	parts := strings.SplitN(word, "?", 5)
	if len(parts) != 5 || parts[0] != "=" || !strings.HasPrefix(parts[4], "=") || strings.ContainsAny(parts[3], " \t") {
		return 0
	}
	return len(s) - len(word) + len("=?") + len(parts[1]) + 1 + len(parts[2]) + 1 + len(parts[3]) + len("?=")
}

// quotedName puts a name into quotes, but not what stands in the actions in it.
func quotedName(name string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	var out strings.Builder
	done := 0
	for _, m := range action().FindAllStringIndex(name, -1) {
		out.WriteString(escape.Replace(name[done:m[0]]) + name[m[0]:m[1]])
		done = m[1]
	}
	return `"` + out.String() + escape.Replace(name[done:]) + `"`
}

// readPart takes a part apart, and those in it: RFC 2046, section 5.1.
func (d *draft) readPart(e *message.Entity, depth int) error {
	kind, params, err := e.Header.ContentType()
	if err != nil {
		return fmt.Errorf("header Content-Type: %w", err)
	}
	if kind == "multipart/encrypted" || kind == "multipart/signed" || kind == "application/pkcs7-mime" {
		return errors.New("it is signed or encrypted, and so nothing in it can be filled: save it without")
	}
	if depth > deepestDraft {
		return errors.New("its parts lie too deep in each other")
	}
	if parts := e.MultipartReader(); parts != nil {
		for {
			p, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err == nil {
				err = d.readPart(p, depth+1)
			}
			if err != nil {
				return err
			}
		}
	}
	body, err := io.ReadAll(e.Body)
	if err != nil {
		return fmt.Errorf("a part of %s: %w", kind, err)
	}
	return d.add(&e.Header, kind, params, body)
}

// add takes a part that has no others.
func (d *draft) add(h *message.Header, kind string, params map[string]string, body []byte) error {
	disposition, dparams, _ := h.ContentDisposition()
	name := filepath.Base(strings.ReplaceAll(cmp.Or(dparams["filename"], params["name"]), `\`, "/"))
	var to *string
	switch kind {
	case "text/plain":
		to = &d.text
	case "text/html":
		to = &d.html
	case "text/markdown", "text/x-markdown":
		to = &d.markdown
	case "text/calendar":
		to = &d.calendar
	}
	if to != nil && disposition != "attachment" && (name == "." || *to == "") {
		if !utf8.Valid(body) || bytes.ContainsRune(body, utf8.RuneError) {
			return fmt.Errorf("a part of %s has letters that its charset %q has not", kind, params["charset"])
		}
		text := strings.TrimPrefix(strings.ReplaceAll(string(body), "\r\n", "\n"), "\ufeff")
		if kind == "text/plain" && strings.EqualFold(params["format"], "flowed") {
			text = unflowed(text, strings.EqualFold(params["delsp"], "yes"))
		}
		*to += text // Apple Mail puts some before a file, and some behind it
		return nil
	}
	if name == "." || name == "/" {
		name = fmt.Sprintf("part-%d%s", len(d.files)+1, extensionOf(kind))
	}
	id := strings.Trim(strings.TrimSpace(h.Get("Content-Id")), "<>")
	if disposition == "attachment" && !strings.HasPrefix(kind, "image/") {
		id = ""
	}
	d.files = append(d.files, draftFile{Name: name, ID: id, Content: body})
	return nil
}

// template is a draft as one that is written by hand: headers, an empty line, and the text.
func (d *draft) template() string {
	var out strings.Builder
	for _, h := range d.headers {
		out.WriteString(h.Name + ": " + h.Value + "\n")
	}
	text := d.text
	if strings.TrimSpace(text) == "" {
		text = d.markdown
	}
	return out.String() + "\n" + text
}

// readDrafts takes the templates apart that are drafts.
func (c *config) readDrafts() error {
	given := c.HTML != nil || c.Markdown != nil
	for lang, s := range c.Template {
		if !isDraft([]byte(s.Text)) {
			continue
		}
		d, err := readDraft([]byte(s.Text))
		if err != nil {
			return fmt.Errorf("--template %s, a saved message: %w", s.Name, err)
		}
		if given && (d.html != "" || d.markdown != "") {
			return fmt.Errorf("--template %s has HTML of its own: leave out --html and --markdown, or take a template without", s.Name)
		}
		c.Template[lang] = source{s.Name, d.template()}
		put := func(v *variants, text string) {
			if strings.TrimSpace(text) == "" {
				return
			}
			if *v == nil {
				*v = make(variants)
			}
			(*v)[lang] = source{s.Name, text}
		}
		put(&c.HTML, d.html)
		if d.html == "" {
			put(&c.Markdown, d.markdown)
		}
		put(&c.Calendar, d.calendar)
		if len(d.files) > 0 {
			if c.Drafts == nil {
				c.Drafts = make(map[string][]draftFile)
			}
			c.Drafts[lang] = d.files
		}
		if len(d.left) > 0 {
			c.notes = append(c.notes, fmt.Sprintf("--template %s: brood writes headers of its own in the place of %s", s.Name, strings.Join(d.left, ", ")))
		}
	}
	return nil
}
