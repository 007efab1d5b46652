package email

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // to read what others have written
)

// shown is a message as a mail program shows it: what matters of the headers,
// the text, and what else there is.
func shown(m []byte) string {
	e, err := message.Read(bytes.NewReader(m))
	if err != nil && !message.IsUnknownCharset(err) {
		return string(m)
	}
	var out strings.Builder
	for _, name := range []string{"From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject", "Content-Language", "List-Unsubscribe", "DKIM-Signature"} {
		text, err := e.Header.Text(name)
		if err != nil {
			text = e.Header.Get(name)
		}
		if name == "DKIM-Signature" && text != "" {
			text = "(signed)"
		}
		if text != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, text)
		}
	}
	out.WriteString("\n")
	var rest []string
	first := true
	_ = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, params, _ := part.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		if kind == "text/plain" && first {
			first = false
			out.WriteString(strings.ReplaceAll(string(body), "\r\n", "\n"))
			return nil
		}
		text := kind
		if name := params["name"]; name != "" {
			text += " " + name
		}
		rest = append(rest, fmt.Sprintf("[%s, %s]", text, humanize.IBytes(uint64(len(body)))))
		return nil
	})
	if len(rest) > 0 {
		out.WriteString("\n" + strings.Join(rest, " ") + "\n")
	}
	return visible(out.String())
}

// visible makes what others have written harmless to a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
