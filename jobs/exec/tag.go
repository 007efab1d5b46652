package exec

import (
	"brood/jobs"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The flags of what a command prints.
const (
	tagFlag    = "tag"
	tagString  = "tagstring"
	failedFlag = "failed-output"
)

// planTag reads with what every line of the output begins.
func (c *config) planTag(o jobs.Options, shape *jobs.Shape) error {
	line, text := o.IsSet(tagFlag), o.IsSet(tagString)
	switch {
	case !line && !text:
		return nil
	case line && text:
		return errors.New("--tag and --tagstring: give one of them")
	case !o.Text():
		return errors.New("--tag is for plain text; in a table, a column says which record a row is of")
	case text:
		c.Tag = o.String(tagString)
	case o.String(tagFlag) == "":
		c.Tag = "{}"
	default:
		c.TagColumn = o.String(tagFlag)
	}
	_, err := c.tag(shape)
	return err
}

// tag is the template of what every line begins with, nil: of nothing.
func (c *config) tag(shape *jobs.Shape) (template, error) {
	if c.TagColumn == "" {
		t, err := c.grammar(shape).parse(c.Tag)
		if err != nil {
			return nil, fmt.Errorf("--tagstring: %w", err)
		}
		return t, nil
	}
	if shape.Kind != jobs.Objects && shape.Index(c.TagColumn) < 0 {
		return nil, fmt.Errorf("--tag=%s: the dataset has no such column; it has %s", c.TagColumn, strings.Join(shape.Columns, ", "))
	}
	return template{{kind: partColumn, text: c.TagColumn}}, nil
}

// planFailed reads what becomes of what a command has printed that then fails.
func planFailed(o jobs.Options) (jobs.FailedOutput, error) {
	f := jobs.FailedOutput(o.String(failedFlag))
	switch {
	case !o.Text() && o.IsSet(failedFlag):
		return "", errors.New("--failed-output is for plain text; in a table, the column stdout has what a command printed, however it ended")
	case f == "drop":
		return jobs.FailedDropped, nil
	case !slices.Contains([]jobs.FailedOutput{jobs.FailedToStdout, jobs.FailedToStderr}, f):
		return "", fmt.Errorf("--failed-output %q: it is %s, %s or drop", f, jobs.FailedToStdout, jobs.FailedToStderr)
	}
	return f, nil
}

// oneLine keeps a tag from making lines of its own.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// appendTagged appends the lines of out, each behind the tag of its record.
func (r *runner) appendTagged(dst, out []byte, rec *jobs.Record) ([]byte, error) {
	if r.tag == nil {
		return append(dst, out...), nil
	}
	tag, err := r.tag.fill(rec, r.setup.Slot, false)
	if err != nil {
		return dst, err
	}
	tag = append([]byte(oneLine.Replace(string(tag))), '\t')
	for line := range bytes.Lines(out) {
		dst = append(append(dst, tag...), line...)
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		dst = append(dst, '\n')
	}
	return dst, nil
}
