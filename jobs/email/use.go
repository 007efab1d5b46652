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

// A column whose value does something beside standing in a text acts only if the command
// line names it: whoever can fill in a form could have himself sent a file otherwise, or
// copies of all mails. In a template a column is named as well.

// usable are the columns that --use-columns can name, in plain names.
var usable = []string{"subject", "cc", "bcc", "reply_to", unsubscribeColumn, sendAtColumn}

// fileColumns name files beneath --attach-dir.
var fileColumns = []string{"attachments", "inline"}

// chooseColumns reads which columns act.
func (c *config) chooseColumns(o jobs.Options) error {
	c.Use = []string{}
	for name := range strings.SplitSeq(o.String("use-columns"), ",") {
		if name = plainName(name); name == "" {
			continue
		}
		if slices.Contains(fileColumns, name) {
			return fmt.Errorf("--use-columns %s: say where the files are, with --attach-dir DIR", name)
		}
		if !slices.Contains(usable, name) {
			return fmt.Errorf("--use-columns: %q is none of those that can act: %s", name, strings.Join(usable, ", "))
		}
		c.Use = append(c.Use, name)
	}
	dir := o.String("attach-dir")
	if dir == "" {
		return nil
	}
	var err error
	if c.AttachDir, err = filepath.Abs(dir); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.AttachDir)
	if err != nil {
		return fmt.Errorf("--attach-dir: %w", err)
	}
	c.Use = append(c.Use, fileColumns...)
	return root.Close()
}

// uses reports whether a column acts.
func (c *config) uses(name string) bool { return c.Use == nil || slices.Contains(c.Use, name) }

// own are the values of a record that act. They stand in columns of the dataset itself:
// not in those that were made of the column attributes.
func (c *composer) own(vars variables) variables {
	out := make(variables)
	for _, name := range slices.Concat(usable, fileColumns) {
		if v, there := vars[name]; there && c.uses(name) {
			out[name] = v
		}
	}
	return out
}

// checkUse refuses columns that are named and are not there.
func (c *composer) checkUse(shape *jobs.Shape) error {
	if shape.Kind == jobs.Objects {
		return nil // only the record tells what it has
	}
	for _, name := range c.Use {
		if c.known.Index(name) < 0 && slices.Contains(usable, name) {
			return fmt.Errorf("--use-columns %s: the dataset has no such column, it has %s", name, strings.Join(shape.Columns, ", "))
		}
	}
	if c.AttachDir != "" && c.AttachNamed == nil && c.known.Index(fileColumns[0]) < 0 && c.known.Index(fileColumns[1]) < 0 {
		return errors.New("--attach-dir: the dataset has neither a column attachments nor one called inline")
	}
	return nil
}

// idle are the columns of a dataset that could act and do not, with what would let them.
func (c *composer) idle(shape *jobs.Shape) (warnings []string) {
	if shape.Kind == jobs.Objects || c.Use == nil {
		return nil
	}
	for _, name := range slices.Concat(usable, fileColumns) {
		if c.known.Index(name) < 0 || c.uses(name) || slices.Contains(c.List.Others, name) {
			continue
		}
		how := "--use-columns " + name
		if slices.Contains(fileColumns, name) {
			how = "--attach-dir DIR"
		}
		warnings = append(warnings, fmt.Sprintf("the column %s is nothing but a value for templates; if it is to act, say %s", name, how))
	}
	return warnings
}
