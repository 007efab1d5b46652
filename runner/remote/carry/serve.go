package carry

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Serve is the end on the other machine: it answers requests until there are no more. Relative names
// are in the directory that it is in.
func Serve(r io.Reader, w io.Writer) error { return server{badName}.serve(r, w) }

// server answers requests whose names it does not refuse.
type server struct{ refuses func(name string) bool }

func (s server) serve(r io.Reader, w io.Writer) error {
	in, out := bufio.NewReaderSize(r, 64<<10), bufio.NewWriterSize(w, 64<<10)
	for {
		var q request
		if err := readHeader(in, &q); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("carry files: %w", err)
		}
		if err := s.one(in, out, &q); err != nil {
			return fmt.Errorf("carry files: %w", err)
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("carry files: %w", err)
		}
	}
}

// one answers a request. An error means that the conversation is over.
func (s server) one(in io.Reader, out io.Writer, q *request) error {
	body := &bodyReader{r: in}
	a := answer{Bad: slices.IndexFunc(q.Names, s.refuses)}
	if a.Bad >= 0 {
		a.Reason = "it is no name that is taken"
		q.Op = ""
	}
	switch q.Op {
	case opPut:
		var err error
		a.Made, err = unpack(body, q.Names, false)
		if err := a.note(err); err != nil {
			return err
		}
	case opRemove:
		for i, name := range q.Names {
			if err := os.RemoveAll(name); err != nil && a.Bad < 0 {
				a.Bad, a.Reason = i, reasonOf(err)
			}
		}
		for _, dir := range q.Dirs {
			if !s.refuses(dir) {
				_ = os.Remove(dir) // one that is not empty stays
			}
		}
	case opGet:
		if err := body.drain(); err != nil {
			return err
		}
		return serveGet(out, q)
	case "":
	default:
		return fmt.Errorf("nobody knows how to %q", q.Op)
	}
	if err := body.drain(); err != nil {
		return err
	}
	if err := writeHeader(out, a); err != nil {
		return err
	}
	return bodyWriter{out}.end()
}

// note notes what is wrong with one of the files. What it cannot note it returns.
func (a *answer) note(err error) error {
	var bad *badFile
	var aborted abortError
	switch {
	case errors.As(err, &bad):
		a.Bad, a.Reason = bad.which, bad.err.Error()
	case errors.As(err, &aborted): // whoever has asked knows
		a.Reason = aborted.reason
	case err != nil:
		return err
	}
	return nil
}

func reasonOf(err error) string {
	var own *os.PathError
	if errors.As(err, &own) {
		return own.Err.Error()
	}
	return err.Error()
}

// badName reports whether a name is none that a request may have.
func badName(name string) bool {
	return strings.Trim(name, "/.") == "" || leaves(name) || strings.IndexByte(name, 0) >= 0
}

// serveGet sends files. Which of them are not there is known before the first is read.
func serveGet(out io.Writer, q *request) error {
	a := answer{Bad: -1}
	for i, name := range q.Names {
		if _, err := os.Stat(name); err != nil {
			a.Missing = append(a.Missing, i)
		}
	}
	if err := writeHeader(out, a); err != nil {
		return err
	}
	var there []string
	for i, name := range q.Names {
		if !slices.Contains(a.Missing, i) {
			there = append(there, name)
		}
	}
	b := bodyWriter{out}
	err := pack(b, there, nil)
	var bad *badFile
	if errors.As(err, &bad) {
		return b.abort(there[bad.which] + "\x00" + bad.err.Error())
	}
	if err != nil {
		return err
	}
	return b.end()
}
