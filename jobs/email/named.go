package email

import (
	"brood/jobs"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mailmerge's templates name files to be attached in headers ATTACHMENT, from where the template is.
// What stands there for all is as good as --attach, but for that it stays beneath the directory of
// the template: a template may come from elsewhere. A name that a row has a part in needs
// --attach-dir, as a column of files does, and stays beneath that.

// attachmentHeader names a file, in the spelling of parseHeader.
const attachmentHeader = "Attachment"

// takeAttachments takes those headers out of the template.
func (c *config) takeAttachments(o jobs.Options) error {
	for lang, s := range c.Template {
		headers, body, err := splitTemplate(s.Name, s.Text)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(headers, func(h header) bool { return h.Name == attachmentHeader }) {
			continue
		}
		if lang != "" {
			return fmt.Errorf("%s: a header ATTACHMENT in a template for one of several languages: say --attach FILE, which counts for all", s.Name)
		}
		above := s.Text[:len(s.Text)-len(body)]
		if strings.Contains(above, "\r\n") {
			above = strings.ReplaceAll(s.Text, "\r\n", "\n")
			above = above[:len(above)-len(body)]
		}
		kept, taken := "", false
		for i, line := range strings.SplitAfter(above, "\n") {
			if _, folded := cutFold(line); folded && strings.TrimSpace(line) != "" && taken {
				return fmt.Errorf("%s:%d: a header ATTACHMENT has one line", s.Name, i+1)
			}
			name, value, _ := strings.Cut(line, ":")
			if taken = strings.EqualFold(name, attachmentHeader); !taken {
				kept += line
				continue
			}
			if err := c.attachNamed(o.String("template"), strings.TrimSpace(value)); err != nil {
				return fmt.Errorf("%s:%d: header ATTACHMENT: %w", s.Name, i+1, err)
			}
			c.CutLines++
		}
		s.Text = kept + body
		c.Template[lang] = s
	}
	return nil
}

// attachNamed attaches what a header names.
func (c *config) attachNamed(template, name string) error {
	dir := filepath.Dir(template)
	switch {
	case name == "":
		return errors.New("it names no file")
	case strings.Contains(name, "{{") && c.AttachDir == "":
		return fmt.Errorf("%s depends on the row: say beneath which directory the files are, as --attach-dir %s", name, dir)
	case strings.Contains(name, "{{"):
		c.AttachNamed = append(c.AttachNamed, name)
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	st, err := root.Stat(name)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist) || filepath.IsAbs(name):
		return fmt.Errorf("%s is not beneath the directory of the template: if it is to be attached, say so with --attach FILE", name)
	case err != nil:
		return fmt.Errorf("there is no file %s", filepath.Join(dir, name))
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", filepath.Join(dir, name))
	}
	abs, err := filepath.Abs(filepath.Join(dir, name))
	c.Attach = append(c.Attach, abs)
	return err
}

// nameFiles adds the files that templates name by the row to those of its columns.
func (c *composer) nameFiles(vars, acting variables) error {
	for _, f := range c.named {
		name, err := fill(f, vars)
		if err != nil {
			return fmt.Errorf("header ATTACHMENT: %w", err)
		}
		if name = strings.TrimSpace(name); strings.Contains(name, ";") {
			return fmt.Errorf("header ATTACHMENT: %q has a semicolon in it, and is no name of a file here", name)
		}
		acting["attachments"] = strings.TrimPrefix(acting.text("attachments")+";"+name, ";")
	}
	return nil
}
