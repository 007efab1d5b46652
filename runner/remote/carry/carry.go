// Package carry brings the files of a record to the machine on which it is worked on, and its results
// back, as GNU parallel's --transferfile, --return and --cleanup do. It is told how to reach a program
// there, and knows nothing of connections, agents and runs.
//
// It promises:
//   - The command has the files before it begins, each whole; and a result is in its place here, whole
//     and on the disk, before the record is decided.
//   - A name is never given to a shell. One whose place on the other machine would be left by ".." is
//     refused, and so is a value that would leave it; nothing comes but what was asked for.
//   - A file that several records share at a time is removed after the last of them; a directory only
//     if it was made for them and is empty.
//
// Names are relative to the working directory at both ends, or absolute; of a/./b only b is the name
// on the other machine, as rsync -R has it.
//
// # The conversation
//
// It goes over a pipe there and one back, request and answer in turn, each a header and a body. All is
// in frames: a byte that says what it is, the length of the rest as 4 bytes, the most significant first,
// and the rest, at most 1 MiB.
//
//	h  the header, JSON: request or answer below
//	d  a part of the body
//	e  the end of the body; nothing else is in it
//	x  the body ends here, as something went wrong: a reason in words
//
// A body is a tar archive. Its members are named by the place of what they belong to in the header's
// list of names, from 0: "0" is the file names[0], or "0/a/b" what is in it, if it is a directory.
// Only files and directories are in it; a link is what it leads to. Both ends are of the same build, so
// there are no versions of this.
package carry

import (
	"brood/jobs"
	"context"
	"errors"
	"fmt"
)

// Carrier carries the files of records to one machine and back.
type Carrier interface {
	// Before brings what a record needs. A *FileError is the record's own failure; any other says
	// that the machine could not be reached until ctx ended, and that nothing was begun.
	Before(ctx context.Context, rec *jobs.Record) error
	// After fetches what has come of it, of one that did not succeed what there is of it, and cleans
	// up. It is called once for each Before that went well. A *FileError says that a record that
	// succeeded has not made what it should.
	After(ctx context.Context, rec *jobs.Record, res *jobs.Result) error
	// Drop says that nobody knows what became of it: nothing is fetched or removed.
	Drop(rec *jobs.Record)
}

// FileError says what is wrong with a file of a record.
type FileError struct {
	Name string // as it is called where it should be
	Host string // where that is; empty: here
	Err  error
}

func (e *FileError) Error() string {
	if e.Host == "" {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s on %s: %v", e.Name, e.Host, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// errNotMade is why a result is not there.
var errNotMade = errors.New("the command has not made it")

// request is the header of a request.
type request struct {
	Op    operation `json:"op"`
	Names []string  `json:"names"`          // on the other machine
	Dirs  []string  `json:"dirs,omitempty"` // of remove: directories that go if they are empty
}

// operation is what is asked for.
type operation string

const (
	opPut    operation = "put"    // the body has the files
	opGet    operation = "get"    // the answer's body has them
	opRemove operation = "remove" // files, and all that is in them
)

// answer is the header of an answer.
type answer struct {
	Made    []string `json:"made,omitempty"`    // of put: directories that were made
	Missing []int    `json:"missing,omitempty"` // of get: which are not there
	Bad     int      `json:"bad"`               // which of the names something is wrong with; -1: none
	Reason  string   `json:"reason,omitempty"`
}
