package email

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/wneessen/go-mail"
)

// picture is a reference of HTML to a part of the message: RFC 2392.
var picture = regexp.MustCompile(`(?i)((?:=\s*["']?|url\(\s*["']?)cid:)([^"'\s)<>]+)`)

// addFiles attaches the files for all and those of the record, and puts in the
// pictures that the HTML shows. It returns the HTML with the names that they have
// in the message, which end in a domain of the sender's.
func (c *composer) addFiles(l *letter, vars variables, html, domain string) (string, error) {
	for _, path := range slices.Concat(c.Attach, pathsOf(vars.text("attachments"))) {
		if err := isFile(path); err != nil {
			return "", fmt.Errorf("attachment: %w", err)
		}
		l.AttachFile(path, named("attachment", path))
	}
	ids := make(map[string]string) // by name of a picture
	for _, path := range slices.Concat(c.Inline, pathsOf(vars.text("inline"))) {
		if err := isFile(path); err != nil {
			return "", fmt.Errorf("inline image: %w", err)
		}
		name := filepath.Base(path)
		ids[name] = contentID(name, domain)
		l.EmbedFile(path, named("inline", path), mail.WithFileContentID("<"+ids[name]+">"))
	}
	var missing error
	html = picture.ReplaceAllStringFunc(html, func(ref string) string {
		part := picture.FindStringSubmatch(ref)
		shows := part[2]
		name, err := url.PathUnescape(shows)
		id, there := ids[name]
		if err != nil || !there {
			missing = fmt.Errorf("the HTML shows cid:%s, which is not among the inline images", shows)
		}
		return part[1] + id
	})
	return html, missing
}

// named gives a part the name of its file: RFC 2183, and where it is not ASCII RFC
// 2231.
func named(disposition, path string) mail.FileOption {
	name := filepath.Base(path)
	kind, params, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(name)))
	if err != nil {
		kind, params = "application/octet-stream", make(map[string]string)
	}
	params["name"] = name
	return func(f *mail.File) {
		f.Header.Set("Content-Type", mime.FormatMediaType(kind, params))
		f.Header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	}
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// contentID is what a part is called by others: RFC 2392, section 2.
func contentID(name, domain string) string {
	if !plainID.MatchString(name) {
		sum := sha256.Sum256([]byte(name))
		name = hex.EncodeToString(sum[:8])
	}
	return name + "@" + domain
}

// pathsOf reads a list of files from a column.
func pathsOf(s string) []string {
	var out []string
	for name := range strings.SplitSeq(s, ";") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
