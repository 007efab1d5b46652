package email

import (
	"brood/jobs"
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// composer makes the message of a record.
type composer struct {
	config
	columns
	layouts     map[string]*layout // by language; under "" if there is one for all
	unsubscribe filler             // nil: only the column says
	signer      *signer            // nil: not signed
	now         func() time.Time
	// allowed reports whether an address may be written to; it may be nil.
	allowed func(address string) bool
}

// layout is what messages in one language are made from.
type layout struct {
	headers    []filledHeader
	fixed      []header // those of them that are the same for all records
	text, html filler   // nil: there is none
}

type filledHeader struct {
	name  string
	value filler
}

func (m *layout) has(name string) bool {
	return slices.ContainsFunc(m.headers, func(h filledHeader) bool { return h.name == name })
}

// newComposer parses the templates; shape is that of the records.
func newComposer(c config, shape *jobs.Shape) (*composer, error) {
	out := &composer{config: c, columns: columnsOf(shape, c.Address), layouts: make(map[string]*layout), now: time.Now}
	langs := make(map[string]bool)
	parts := []variants{c.Template, c.Text, c.HTML, c.Markdown}
	for _, v := range parts {
		for lang := range v {
			langs[lang] = true
		}
	}
	if len(langs) > 1 {
		delete(langs, "") // that part is for all of them
	}
	if len(langs) == 0 {
		langs[""] = true
	}
	for _, lang := range slices.Sorted(maps.Keys(langs)) {
		for _, v := range parts {
			if _, ok := v.of(lang); !ok && v != nil {
				return nil, fmt.Errorf("there are templates in language %s for one part of the messages and not for another", lang)
			}
		}
		var err error
		if out.layouts[lang], err = newLayout(&c, lang, out.known); err != nil {
			return nil, err
		}
	}
	if _, ok := out.layouts[c.DefaultLang]; !ok && c.DefaultLang != "" {
		return nil, fmt.Errorf("--default-lang %s: there is no template in it, but in %s", c.DefaultLang, strings.Join(slices.Sorted(maps.Keys(langs)), ", "))
	}
	var err error
	if c.Unsubscribe != "" {
		if out.unsubscribe, err = textTemplate("List-Unsubscribe", c.Unsubscribe, out.known); err != nil {
			return nil, err
		}
	}
	if c.DKIM != nil {
		out.signer, err = c.DKIM.open()
	}
	return out, err
}

func newLayout(c *config, lang string, shape *jobs.Shape) (*layout, error) {
	out := &layout{}
	var headers []header
	text, hasText := c.Text.of(lang)
	if t, ok := c.Template.of(lang); ok {
		var body string
		var err error
		if headers, body, err = splitTemplate(t.Name, t.Text); err != nil {
			return nil, err
		}
		if !hasText {
			text, hasText = source{t.Name, body}, strings.TrimSpace(body) != ""
		}
	}
	for _, h := range c.Headers { // of flags, which count more
		headers = slices.DeleteFunc(headers, func(o header) bool { return o.Name == h.Name })
	}
	for _, h := range slices.Concat(headers, c.Headers) {
		t, err := textTemplate(h.Name, h.Value, shape)
		if err != nil {
			return nil, err
		}
		out.headers = append(out.headers, filledHeader{h.Name, t})
		if !strings.Contains(h.Value, "{{") {
			out.fixed = append(out.fixed, h)
		} else if err := mayBeSet(h.Name); err != nil {
			return nil, err
		}
	}
	var err error
	if hasText {
		if out.text, err = textTemplate(text.Name, text.Text, shape); err != nil {
			return nil, err
		}
	}
	html, ok := c.HTML.of(lang)
	if m, is := c.Markdown.of(lang); is {
		if html.Text, err = markdownToHTML(m.Text); err != nil {
			return nil, err
		}
		html.Name, ok = m.Name, true
	}
	if ok {
		out.html, err = htmlTemplate(html.Name, html.Text, shape)
	}
	return out, err
}

// badRecord is why no message can be made of a record.
type badRecord struct {
	class jobs.Class
	err   error
}

func (e *badRecord) Error() string { return e.err.Error() }

const (
	classAddress    jobs.Class = "address"
	classTemplate   jobs.Class = "template"
	classHeader     jobs.Class = "header"
	classAttachment jobs.Class = "attachment"
)

// compose makes the message of a record. To is who gets it instead of whom the
// record names, if that is not empty. An error is a *badRecord.
func (c *composer) compose(rec *jobs.Record, key, run, instead string) (*letter, error) {
	vars, acting, err := c.variablesOf(rec)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	to, err := recipient(vars, c.addresses)
	if err != nil {
		return nil, &badRecord{classAddress, err}
	}
	if instead != "" {
		// A message of its own, to one address and nobody else.
		key += " for " + instead
		for _, name := range []string{"cc", "bcc"} {
			delete(acting, name)
		}
		if to, err = netmail.ParseAddress(instead); err != nil {
			return nil, &badRecord{classAddress, err}
		}
	}
	m, lang, err := c.layoutFor(vars)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	l := &letter{
		Msg: mail.NewMsg(mail.WithNoDefaultUserAgent()), recipients: []string{to.Address},
		envelope: c.Maildir == "", allowed: c.allowed, utf8: !isASCII(to.Address),
	}
	if err := writable("To", to); err != nil {
		return nil, &badRecord{classHeader, err}
	}
	l.ToMailAddress(to)
	l.SetDateWithValue(c.now())
	headers, err := m.fillHeaders(vars, acting)
	if err != nil {
		return nil, err
	}
	for _, h := range headers {
		if instead != "" && (h.Name == "Cc" || h.Name == "Bcc") {
			continue
		}
		if err := l.set(h.Name, h.Value); err != nil {
			return nil, &badRecord{classHeader, err}
		}
	}
	if lang != "" {
		l.SetGenHeader("Content-Language", lang)
	}
	if err := c.setUnsubscribe(l, vars, acting); err != nil {
		return nil, err
	}
	from := l.GetFrom()
	if len(from) == 0 {
		return nil, &badRecord{classHeader, errors.New("there is no From")}
	}
	l.sender = from[0].Address
	c.setReturnPath(l)
	_, domain, _ := cutAddress(l.sender)
	mac := hmac.New(sha256.New, []byte(run))
	mac.Write([]byte(key))
	l.id = hex.EncodeToString(mac.Sum(nil)[:16]) + "@" + domain
	l.SetMessageIDWithValue(l.id)
	text, html, err := m.fillBody(vars)
	if err != nil {
		return nil, &badRecord{classTemplate, err}
	}
	if html, err = c.addFiles(l, acting, html, domain); err != nil {
		return nil, &badRecord{classAttachment, err}
	}
	if m.text != nil {
		l.SetBodyString(mail.TypeTextPlain, text)
	}
	if m.html != nil {
		l.AddAlternativeString(mail.TypeTextHTML, html)
	}
	return l, c.write(l)
}

// write writes the message out, and signs it.
func (c *composer) write(l *letter) error {
	var out bytes.Buffer
	if _, err := l.WriteTo(&out); err != nil {
		return &badRecord{classHeader, err}
	}
	l.message = out.Bytes()
	if !bytes.HasSuffix(l.message, []byte("\r\n")) {
		l.message = append(l.message, "\r\n"...)
	}
	if c.signer == nil {
		return nil
	}
	var err error
	if l.message, err = c.signer.sign(l.message, l.sender); err != nil {
		return &badRecord{classHeader, fmt.Errorf("DKIM: %w", err)}
	}
	return nil
}

// layoutFor finds the layout in the language of a record: that of its column
// lang, or a wider one (de for de-AT), or the default.
func (c *composer) layoutFor(vars variables) (m *layout, lang string, err error) {
	if m := c.layouts[""]; m != nil {
		return m, "", nil
	}
	asked := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(vars.text("lang")), "_", "-"))
	wider, _, _ := strings.Cut(asked, "-")
	for _, lang := range []string{asked, wider, c.DefaultLang} {
		if m := c.layouts[lang]; m != nil {
			return m, lang, nil
		}
	}
	have := strings.Join(slices.Sorted(maps.Keys(c.layouts)), ", ")
	if asked == "" {
		return nil, "", fmt.Errorf("the column lang is empty or missing; there are %s (--default-lang says what to take then)", have)
	}
	return nil, "", fmt.Errorf("there is no template in language %s; there are %s", asked, have)
}

// fillHeaders fills the headers of the template, and those that a record has in
// columns of its own that act, which count more.
func (m *layout) fillHeaders(vars, acting variables) ([]header, error) {
	own := map[string]string{"Subject": "subject", "Cc": "cc", "Bcc": "bcc", "Reply-To": "reply_to"}
	var out []header
	for _, h := range m.headers {
		if acting.text(own[h.name]) != "" {
			continue
		}
		value, err := fill(h.value, vars)
		if err != nil {
			return nil, &badRecord{classTemplate, fmt.Errorf("header %s: %w", h.name, err)}
		}
		if strings.TrimSpace(value) == "" && (h.name == "Cc" || h.name == "Bcc" || h.name == "Reply-To") {
			continue // the column that it is made of is empty
		}
		out = append(out, header{h.name, value})
	}
	for _, name := range []string{"Subject", "Cc", "Bcc", "Reply-To"} {
		if v := acting.text(own[name]); v != "" {
			out = append(out, header{name, v})
		}
	}
	for i, h := range out {
		out[i].Value = strings.Trim(h.Value, " \t")
		if err := oneLine("header "+h.Name, h.Value); err != nil {
			return nil, &badRecord{classHeader, err}
		}
	}
	if !slices.ContainsFunc(out, func(h header) bool { return h.Name == "Subject" && strings.TrimSpace(h.Value) != "" }) {
		return nil, &badRecord{classHeader, errors.New("there is no Subject")}
	}
	return out, nil
}

// unsubscribeColumn holds where a recipient may leave the list.
const unsubscribeColumn = "unsubscribe_url"

// setUnsubscribe says where a recipient may leave the list: RFC 2369, and with
// one click RFC 8058.
func (c *composer) setUnsubscribe(l *letter, vars, acting variables) error {
	place := acting.text(unsubscribeColumn)
	if place == "" && c.unsubscribe != nil {
		var err error
		if place, err = fill(c.unsubscribe, vars); err != nil {
			return &badRecord{classTemplate, fmt.Errorf("--unsubscribe: %w", err)}
		}
	}
	var list []string
	oneClick := false
	for _, s := range strings.FieldsFunc(place, func(r rune) bool { return r == ',' || r == ' ' }) {
		s = asciiURL(s)
		u, err := url.Parse(s)
		if err != nil || len(s) > mostLine-2 || (u.Scheme != "https" || u.Host == "") && (u.Scheme != "mailto" || u.Opaque == "") || strings.ContainsAny(s, "<>\r\n\x00") {
			return &badRecord{classHeader, fmt.Errorf("%q is no place to unsubscribe: an https:// address for one click, or a mailto: one", s)}
		}
		oneClick = oneClick || u.Scheme == "https"
		list = append(list, "<"+s+">")
	}
	if len(list) > 0 {
		l.SetGenHeader("List-Unsubscribe", strings.Join(list, ", "))
	}
	if oneClick {
		l.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	return nil
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

// setReturnPath says where reports about a message go. With VERP each recipient has a
// return path of its own.
func (c *composer) setReturnPath(l *letter) {
	l.from, l.verp = cmp.Or(c.ReturnPath, l.sender), c.VERP && c.ReturnPath != ""
}

func (m *layout) fillBody(vars variables) (text, html string, err error) {
	if m.text != nil {
		text, err = fill(m.text, vars)
	}
	if m.html != nil && err == nil {
		html, err = fill(m.html, vars)
	}
	return text, html, err
}
