package runfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The tables of a file.
const (
	tableDefaults = "defaults"
	tableRun      = "run"
)

// The keys of a run that are no flags.
const (
	keyJob       = "job"
	keyDataset   = "dataset"
	keyCommand   = "command"
	keyDirectory = "directory"
)

// Keys are those that are no flags, and that no flag may be called by.
func Keys() []string { return []string{keyJob, keyDataset, keyCommand, keyDirectory} }

// maxProblems is how many problems are told at once.
const maxProblems = 20

// parser collects what a file says.
type parser struct {
	schema   *Schema
	path     string
	problems []*Problem
	defaults []*item
	runs     []*draft
}

// draft is a run of which the job may not be known yet.
type draft struct {
	name  string
	at    Position
	items []*item
}

// Parse reads the text of a file. Path is what it is called in messages.
func Parse(path string, text []byte, s *Schema) (*File, error) {
	p := &parser{schema: s, path: path}
	err := walk(text, p.take)
	var wrong *syntaxError
	if errors.As(err, &wrong) {
		return nil, &Problem{Path: path, At: wrong.at, Text: wrong.text}
	}
	if err != nil {
		return nil, err
	}
	f := &File{Path: path}
	p.checkDefaults()
	for _, d := range p.runs {
		if r := p.run(d); r != nil {
			f.Runs = append(f.Runs, *r)
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// err are the problems, in the order of the file.
func (p *parser) err() error {
	slices.SortStableFunc(p.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	var all []error
	for i, problem := range p.problems {
		if i == maxProblems {
			all = append(all, fmt.Errorf("%s: and %d more", p.path, len(p.problems)-i))
			break
		}
		all = append(all, problem)
	}
	return errors.Join(all...)
}

func (p *parser) wrong(at Position, format string, args ...any) {
	p.problems = append(p.problems, &Problem{Path: p.path, At: at, Text: fmt.Sprintf(format, args...)})
}

// take takes an item in.
func (p *parser) take(i *item) {
	switch {
	case i.path[0] == tableDefaults && i.value == nil && len(i.path) == 1:
	case i.path[0] == tableDefaults && i.value != nil && len(i.path) == 2:
		p.defaults = append(p.defaults, i)
	case i.path[0] == tableRun && i.value == nil && len(i.path) == 1:
	case i.path[0] == tableRun && i.value == nil && len(i.path) == 2:
		p.draft(i)
	case i.path[0] == tableRun && i.value != nil && len(i.path) == 3:
		if d := p.draft(i); d != nil {
			d.items = append(d.items, i)
		}
	default:
		p.misplaced(i)
	}
}

// draft is the run that an item is about.
func (p *parser) draft(i *item) *draft {
	name := i.path[1]
	for _, d := range p.runs {
		if d.name == name {
			return d
		}
	}
	if !ValidName(name) {
		p.wrong(i.at, "%q cannot be the name of a run: it has letters, digits, dots, dashes and underscores, begins with a letter or a digit, and has %d at most", name, maxName)
	}
	d := &draft{name: name, at: i.at}
	p.runs = append(p.runs, d)
	return d
}

// misplaced is about an item that has no place in a file.
func (p *parser) misplaced(i *item) {
	key := strings.Join(i.path, ".")
	switch {
	case i.path[0] == tableRun && len(i.path) == 2 && i.value != nil && i.value.form != formTable:
		p.wrong(i.at, "%q stands in no run: it belongs below a line [run.NAME]", i.path[1])
	case i.path[0] == tableRun && len(i.path) == 2, i.path[0] == tableRun && len(i.path) == 1:
		p.wrong(i.at, "a run begins with a line [run.NAME], and has one key a line below it")
	case i.path[0] == tableRun:
		p.wrong(i.at, "%s: a run has no tables in it, only keys with values", key)
	case i.path[0] == tableDefaults:
		p.wrong(i.at, "%s: [defaults] has no tables in it, only keys with values", key)
	case i.value == nil && len(i.path) == 1 && ValidName(i.path[0]):
		p.wrong(i.at, "there is no table [%s]; a run of that name is [run.%s]%s", key, key, p.meant(i.path[0], []string{tableDefaults}))
	case i.value == nil:
		p.wrong(i.at, "there is no table [%s]: a run is [run.NAME]%s", key, p.meant(i.path[0], []string{tableRun, tableDefaults}))
	default:
		p.wrong(i.at, "%q stands in no table: flags belong below a line [run.NAME], or [defaults]", key)
	}
}

// meant says what a word may have been meant to be, as the end of a message; or nothing.
func (p *parser) meant(word string, among []string) string {
	if like := p.schema.Near(word, among); len(like) > 0 {
		return "; did you mean " + orList(like) + "?"
	}
	return ""
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// job finds a job by name.
func (s *Schema) job(name string) *Job {
	for i := range s.Jobs {
		if s.Jobs[i].Name == name {
			return &s.Jobs[i]
		}
	}
	return nil
}

// flag finds a flag by its name.
func (j *Job) flag(name string) *Flag {
	for i := range j.Flags {
		if j.Flags[i].Name == name {
			return &j.Flags[i]
		}
	}
	return nil
}

// unknown is about a key that is no flag of any of some jobs, which says says, nor one of some other keys.
func (p *parser) unknown(at Position, key, says string, other []string, among []Job) {
	names := slices.Clone(other)
	for _, j := range among {
		for i := range j.Flags {
			f := &j.Flags[i]
			if slices.Contains(f.Other, key) {
				p.wrong(at, "%s has its long name in a file: %s", key, f.Name)
				return
			}
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	dashed := strings.ReplaceAll(key, "_", "-") // as TOML is often written
	meant := p.meant(dashed, names)
	if slices.Contains(names, dashed) {
		meant = "; did you mean " + dashed + "?"
	}
	p.wrong(at, "%s %q%s", says, key, meant)
}
