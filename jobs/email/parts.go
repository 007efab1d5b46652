package email

import (
	"bytes"
	"mime"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

// attach attaches a file.
func (l *letter) attach(f partFile) {
	name, option := filepath.Base(f.path), l.typed("attachment", &f)
	l.AttachReadSeeker(name, bytes.NewReader(f.content), option)
}

// embed puts a picture in that the HTML shows by its id.
func (l *letter) embed(f partFile, id string) {
	name, option := filepath.Base(f.path), l.typed("inline", &f)
	l.EmbedReadSeeker(name, bytes.NewReader(f.content), option, mail.WithFileContentID("<"+id+">"))
}

// typed gives a part its type and the name of its file: RFC 2183, and where that is not ASCII
// RFC 2231. What is no text is not labelled as one. A message goes along as it is, with the line
// ends of the wire, and is never encoded: RFC 2046, section 5.2.1.
func (l *letter) typed(disposition string, f *partFile) mail.FileOption {
	name := filepath.Base(f.path)
	kind, params := partType(name, f.content)
	if kind == "message/rfc822" {
		if m, ok := asMessage(f.content); ok {
			f.content = m
			l.eightBit = l.eightBit || !sevenBit(m)
		} else {
			kind = octets
		}
	}
	params["name"] = name
	return func(part *mail.File) {
		if kind == "message/rfc822" {
			part.Enc = mail.NoEncoding // which go-mail calls 8bit
		}
		part.Header.Set("Content-Type", mime.FormatMediaType(kind, params))
		part.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	}
}

const octets = "application/octet-stream"

// kindOf is the type of a file by its name. Those named here are types that not every machine has in a table of its own, or not the same.
func kindOf(extension string) string {
	switch strings.ToLower(extension) {
	case ".ics":
		return "text/calendar"
	case ".eml":
		return "message/rfc822"
	case ".vcf":
		return "text/vcard"
	case ".csv":
		return "text/csv"
	case ".txt":
		return "text/plain"
	case ".md":
		return "text/markdown"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".odt":
		return "application/vnd.oasis.opendocument.text"
	case ".ods":
		return "application/vnd.oasis.opendocument.spreadsheet"
	}
	kind, _, err := mime.ParseMediaType(mime.TypeByExtension(extension))
	if err != nil || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") && kind != "message/rfc822" {
		return octets
	}
	return kind
}

// partType is what a file is, by its name, and for text by what is in it: a text in another charset
// than UTF-8 does not say which, so it goes as octets, and whoever opens it decides.
func partType(name string, content []byte) (kind string, params map[string]string) {
	kind, params = kindOf(filepath.Ext(name)), make(map[string]string)
	if !strings.HasPrefix(kind, "text/") {
		return kind, params
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return octets, params
	}
	params["charset"] = "utf-8"
	if sevenBit(content) {
		params["charset"] = "us-ascii"
	}
	if kind == "text/calendar" {
		method, err := calendarMethod(strings.TrimPrefix(string(content), "\ufeff"))
		if err != nil {
			return octets, map[string]string{}
		}
		if params["charset"] = "utf-8"; method != "" {
			params["method"] = method
		}
	}
	return kind, params
}

// asMessage is a message that was saved to a file as another can have it in it, without any
// encoding; ok is false if it cannot.
func asMessage(content []byte) (m []byte, ok bool) {
	m = bytes.ReplaceAll(bytes.ReplaceAll(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	head, _, _ := bytes.Cut(m, []byte(":"))
	if len(head) == 0 || bytes.ContainsAny(head, " \t\r\n") || bytes.IndexByte(m, 0) >= 0 {
		return nil, false
	}
	for line := range bytes.SplitSeq(m, []byte("\r\n")) {
		if len(line) > mostLine+1 || bytes.IndexByte(line, '\r') >= 0 {
			return nil, false
		}
	}
	return m, true
}

// sevenBit reports whether no octet has its highest bit.
func sevenBit(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf })
}
