package email

import (
	"brood/jobs/files"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
)

// picture is a reference of HTML to a part of the message: RFC 2392.
var picture = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)((?:=\s*["']?|url\(\s*["']?)cid:)([^"'\s)<>]+)`)
})

// addFiles attaches the files for all, those of the template and those of the record, and puts in
// the pictures that the HTML shows. It returns the HTML with the names that they have in the
// message, which end in a domain of the sender's.
func (c *composer) addFiles(l *letter, drafts []draftFile, acting variables, html string) (string, error) {
	_, domain, _ := cutAddress(l.sender)
	attached, err := c.filesOf(c.Attach, acting.text("attachments"))
	if err != nil {
		return "", fmt.Errorf("attachment: %w", err)
	}
	shown, err := c.filesOf(c.Inline, acting.text("inline"))
	if err != nil {
		return "", fmt.Errorf("inline image: %w", err)
	}
	ids := make(map[string]string) // by name of a picture, or what a draft calls it
	for _, d := range drafts {
		if f := (partFile{d.Name, d.Content}); d.ID == "" {
			l.attach(f)
		} else {
			ids[d.ID] = contentID(d.ID, domain)
			l.embed(f, ids[d.ID])
		}
	}
	for _, f := range attached {
		l.attach(f)
	}
	for _, f := range shown {
		name := filepath.Base(f.path)
		ids[name] = contentID(name, domain)
		l.embed(f, ids[name])
	}
	if !mayShow(html) {
		return html, nil
	}
	var missing error
	html = picture().ReplaceAllStringFunc(html, func(ref string) string {
		part := picture().FindStringSubmatch(ref)
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

// mayShow reports whether HTML has a cid: in it, in capitals or not. Few have, and to look for
// pictures takes as long as to make the rest of a message.
func mayShow(html string) bool {
	for {
		i := strings.IndexByte(html, ':')
		if i < 0 {
			return false
		}
		if i >= 3 && strings.EqualFold(html[i-3:i], "cid") {
			return true
		}
		html = html[i+1:]
	}
}

// partFile is a file that goes into a message.
type partFile struct {
	path    string
	content []byte
}

// filesOf reads the files for all, and those that a column names.
func (c *composer) filesOf(paths []string, column string) ([]partFile, error) {
	var out []partFile
	for _, path := range paths {
		f, err := os.OpenFile(files.Where(path), os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if out, err = appendFile(out, path, f, err); err != nil {
			return nil, err
		}
	}
	names := pathsOf(column)
	if len(names) == 0 {
		return out, nil
	}
	if c.AttachDir == "" { // of a run that was begun before that had to be said
		f, err := c.filesOf(names, "")
		return append(out, f...), err
	}
	root, err := os.OpenRoot(c.AttachDir)
	if err != nil {
		return nil, fmt.Errorf("--attach-dir: %w", err)
	}
	defer func() { _ = root.Close() }()
	for _, name := range names {
		if filepath.IsAbs(name) {
			return nil, fmt.Errorf("%s: a column names files beneath --attach-dir %s, from there", name, c.AttachDir)
		}
		f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if out, err = appendFile(out, name, f, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mostFiles are the bytes that the files of one message may have together. Hardly a server takes
// a third of it.
const mostFiles = 100 << 20

// appendFile reads a file that was opened, and closes it. A pipe or a device is refused: it
// could be waited for.
func appendFile(to []partFile, name string, f *os.File, err error) ([]partFile, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", name)
	}
	room := int64(mostFiles)
	for _, other := range to {
		room -= int64(len(other.content))
	}
	b, err := io.ReadAll(io.LimitReader(f, room+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > room {
		return nil, fmt.Errorf("%s: the files of a message have more than %d MB together", name, mostFiles>>20)
	}
	return append(to, partFile{name, b}), nil
}

var plainID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
})

// contentID is what a part is called by others: RFC 2392, section 2.
func contentID(name, domain string) string {
	if !plainID().MatchString(name) {
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
