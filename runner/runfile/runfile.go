// Package runfile reads a file of named runs, brood.toml, so that a campaign or a nightly run is
// something that can be reviewed, kept and compared. The file is TOML 1.0:
//
//	[defaults]            # of all runs whose job has such a flag
//	jobs = 4
//
//	[run.nightly]
//	job = "exec"
//	dataset = "orders.csv"          # or a list of them
//	command = ["./send", "{id}"]    # what stands behind --
//	directory = "."                 # where it works; without it, the folder of the file
//	key = "id"
//	timeout = "30s"
//	secret = ["API_KEY=api.key"]
//
// Every other key is the long name of a flag of the job: the table of flags is the schema, and says
// of which type a value is. Flags that may be given several times take a list.
//
// It promises that nothing in a file is passed over: what it does not know, or what is of another
// type, is a [Problem] with its line and column, and what was probably meant. It knows neither the flags
// nor what a secret looks like, see [Schema], starts nothing, and looks at no other file.
package runfile

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// DefaultPath is the file that is read where none is named.
const DefaultPath = "brood.toml"

// maxSize bounds a file: what is larger was not written by hand.
const maxSize = 1 << 20

// Kind is what a flag takes.
type Kind string

// The kinds.
const (
	Switch  Kind = "switch"  // true or false
	Whole   Kind = "whole"   // a whole number
	Natural Kind = "natural" // a whole number, from 0
	Number  Kind = "number"
	Text    Kind = "text"
)

// Flag is a flag of a job.
type Flag struct {
	Name  string
	Other []string // what it may be called on a command line as well
	Kind  Kind
	Many  bool // it may be given several times
	// Numeric says of a text that it may be a number, without quotes: jobs = 4.
	Numeric bool
	// Bare says of a text that it may be left out, so that true stands for the flag alone.
	Bare bool
}

// Job is a job with its flags, those of the run among them.
type Job struct {
	Name    string
	Command bool // words behind -- belong to it
	Flags   []Flag
}

// Schema is what may stand in a file.
type Schema struct {
	Jobs []Job
	// Near returns those of some words that one was probably meant to be.
	Near func(word string, among []string) []string
	// Refuse is why a value must not stand in a file, with what to write in its place; empty: it
	// may. The key is a flag, dataset or command; before is the word before it, of the command.
	Refuse func(key, before, value string) string
}

// Position is where something stands in the file; both count from 1, the column in characters.
type Position struct{ Line, Column int }

// Setting is a flag of a run with its values: one, or for a flag that may be given several times any
// number. Of a switch it is true or false.
type Setting struct {
	Flag   Flag
	Values []string
	// Alone says that the flag is given without a value.
	Alone bool
	At    Position
}

// Run is a named run.
type Run struct {
	Name, Job string
	// Directory is as the file has it: relative to the folder of the file.
	Directory string
	Dataset   []string
	Command   []string
	// Settings are the flags, in the order of the file, those of the defaults first.
	Settings []Setting
	At       Position
}

// File is what a file says.
type File struct {
	Path string
	Runs []Run // in the order of the file
}

// Run finds a run by name; nil: there is none.
func (f *File) Run(name string) *Run {
	for i := range f.Runs {
		if f.Runs[i].Name == name {
			return &f.Runs[i]
		}
	}
	return nil
}

// Problem is something that is wrong with a file.
type Problem struct {
	Path string
	At   Position
	Text string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.Path, p.At.Line, p.At.Column, p.Text)
}

// Read reads a file. Its errors are those of opening it, or all problems that it has, joined.
func Read(path string, s *Schema) (*File, error) {
	text, err := load(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text, s)
}

// Names returns the names of the runs of a file, in its order, as far as it can be read: for the
// completion of @NAME, which is asked for while somebody writes.
func Names(path string) ([]string, error) {
	text, err := load(path)
	if err != nil {
		return nil, err
	}
	var names []string
	seen := make(map[string]bool)
	err = walk(text, func(i *item) {
		if len(i.path) > 1 && i.path[0] == tableRun && ValidName(i.path[1]) && !seen[i.path[1]] {
			seen[i.path[1]] = true
			names = append(names, i.path[1])
		}
	})
	if len(names) > 0 {
		return names, nil
	}
	return nil, err
}

func load(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err // it says what was done to which file
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("read %s: it is larger than 1 MiB, which no file of runs is", path)
	}
	return text, nil
}

const maxName = 64

// ValidName reports whether a run of a file may be called so: as runs are.
func ValidName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && strings.IndexByte("._-", c) >= 0:
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
