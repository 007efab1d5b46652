package exec

import (
	"brood/jobs"
	"brood/jobs/placeholder"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	osexec "os/exec"
	"slices"
	"strings"
)

// parse reads the command, with the record behind it if it is appended.
func (c config) parse(shape *jobs.Shape) ([]template, error) {
	words := c.Command
	if c.Shell {
		words = []string{strings.Join(c.Command, " ")}
	}
	g := c.grammar(shape)
	args := make([]template, len(words))
	for i, w := range words {
		t, err := g.parse(w)
		if err != nil {
			return nil, fmt.Errorf("command: %w", err)
		}
		args[i] = t
	}
	switch record := (part{kind: partLine, appended: true}); {
	case c.Append && c.Shell:
		args[0] = append(args[0], part{kind: partLiteral, text: " "}, record)
	case c.Append:
		args = append(args, template{record})
	}
	for n, p := range placeholders(args) {
		p.dashless = slices.Contains(c.Dashless, n)
	}
	return args, nil
}

func (c *config) grammar(shape *jobs.Shape) grammar {
	return grammar{shape: shape, old: c.Syntax == "", literal: c.LiteralBraces, replace: c.Replace}
}

// planCommand reads the command and refuses what cannot work, or what would be run that should
// not be. It decides whether the record is appended.
func (c *config) planCommand(o jobs.Options, shape *jobs.Shape) ([]template, error) {
	if len(c.Command) == 0 {
		return nil, errors.New("no command: write it after --, as in: brood run exec list.txt -- echo {}")
	}
	args, err := c.parse(shape)
	if err != nil {
		return nil, err
	}
	if !c.Shell && args[0].literal() {
		if _, err := osexec.LookPath(c.Command[0]); err != nil {
			return nil, fmt.Errorf("command: %w", err)
		}
	}
	if c.Replace != "" && !slices.ContainsFunc(args, template.usesRaw) {
		return nil, fmt.Errorf("--replace %s: the command has no %s in it", c.Replace, c.Replace)
	}
	if len(placeholders(args)) == 0 && !c.Stdin && !o.Bool("no-append") {
		if c.Append, err = appends(shape); err != nil {
			return nil, err
		}
		if args, err = c.parse(shape); err != nil {
			return nil, err
		}
	}
	if o.Bool("unsafe-quotes") {
		return args, nil
	}
	if c.Dashless, err = c.checkSafe(args, shape); err != nil {
		return nil, err
	}
	return c.parse(shape)
}

// appends says whether a command without a placeholder gets the record as its last argument:
// a line, but not the row of a table, of which nobody can say which column is meant.
func appends(shape *jobs.Shape) (bool, error) {
	if shape.Kind == jobs.Lines || shape.Join != "" || shape.TextOnly() {
		return true, nil
	}
	if names := shape.Columns; shape.Queued {
		if len(names) > 1 { // what a queue calls its jobs is hardly meant
			names = names[1:]
		}
		return false, fmt.Errorf("the command has no placeholder, so it would not know which job it is for; say what it gets: {%s}, or {} for all of a job as JSON; its members: %s. Or --stdin for the whole job, --no-append for none",
			append(slices.Clone(names), "member")[0], placeholder.Listed(shape.Columns))
	}
	return false, fmt.Errorf("the command has no placeholder, so it would not know which record it is for; say which columns it gets, as in {%s}, of: %s. Or --stdin for the whole record, --no-append for none",
		append(slices.Clone(shape.Columns), "column")[0], placeholder.Listed(shape.Columns))
}

// absent warns of members that the first object does not have.
func absent(args []template, shape *jobs.Shape) []string {
	var out []string
	for _, t := range args {
		for _, p := range t {
			if p.kind == partColumn && shape.Index(p.text) < 0 {
				out = append(out, fmt.Sprintf("%s: the first record has no such member, but %s; where it is missing, nothing is written in its place", p.String(), placeholder.Listed(shape.Columns)))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// command shows the command of a record, for a joblog.
func command(config json.RawMessage, s *jobs.Shape) (func(*jobs.Record, int) string, error) {
	c, err := decode(config)
	if err != nil {
		return nil, err
	}
	args, err := c.parse(s)
	if err != nil {
		return nil, err
	}
	return func(r *jobs.Record, slot int) string { return c.preview(args, r, slot) }, nil
}

// decode reads a configuration that was planned.
func decode(text json.RawMessage) (c config, err error) {
	if err = json.Unmarshal(text, &c); err != nil {
		err = fmt.Errorf("exec: read configuration: %w", err)
	}
	return c, err
}

// preview shows the command as a line that a shell would understand.
func (c config) preview(args []template, r *jobs.Record, slot int) string {
	var words []string
	for _, t := range args {
		err := t.words(nil, r, slot, c.Shell, func(w []byte) {
			if !c.Shell && (len(w) == 0 || bytes.ContainsAny(w, " \t\n'\"\\$&|;<>()*?[]{}~`#!")) {
				w = appendQuoted(nil, w)
			}
			words = append(words, string(w))
		})
		if err != nil {
			return err.Error()
		}
	}
	return strings.Join(words, " ")
}

// fed shows what a command has on its standard input.
func (c config) fed(r *jobs.Record) string {
	if !c.Stdin {
		return ""
	}
	return " <<< " + string(appendQuoted(nil, input(r)))
}
