package spec

import "errors"

// AbortError ends a run because nothing more should be tried: a job has said
// so, or workers cannot be started, or nothing works.
type AbortError struct {
	Reason string
	Hint   string // what to do about it, in one line, or empty
}

func (e *AbortError) Error() string { return e.Reason }

// WriteError is an output or the ledger that could not be written.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// DatasetError is a dataset that cannot be read.
type DatasetError struct{ Err error }

func (e *DatasetError) Error() string { return e.Err.Error() }
func (e *DatasetError) Unwrap() error { return e.Err }

// HaltError ends a run as --halt has asked for.
type HaltError struct{ Reason string }

func (e *HaltError) Error() string { return e.Reason }

// ErrBooks means that the books of a run do not balance: a bug in brood.
var ErrBooks = errors.New("the books do not balance; this is a bug in brood, please report it")

// ErrNothing says that there is nothing to do, and so no run.
var ErrNothing = errors.New("there is nothing to do")
