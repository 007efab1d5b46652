// Package where is the language in which records are chosen by what stands in them, and by how
// they ended. It does not choose itself.
//
// A condition is made of comparisons, COLUMN OP VALUE, joined by and, or, not and parentheses:
//
//	status = enabled           country in AT, DE       name empty
//	age >= 18                  country not in (AT)     name not empty
//	mail ~ @example\.com$      mail !~ ^test           city = "New York"
//
// A column is written as the dataset has it, in quotes or not. A value is a word, or stands in
// quotes if there are spaces in it, or if the word is the name of a column too. = and != compare
// text as it stands; <, <=, > and >= compare numbers, and text only where the value is none (a
// date); ~ is a regular expression of Go that matches somewhere in the value.
//
// What is not made of these alone is read as the language of package expr,
// https://expr-lang.org/docs/language-definition, such as float(amount) > 10 and
// country == "AT". There a column is a variable, or $env["any name"]. Values of tables and lines
// are text, and comparing text with a number is refused before the first record. Members of JSON
// objects have the types of JSON; one that a record lacks is nil.
//
// Neither calls "9" greater than "16": text that is a number is not put in order as text.
//
// Beside columns stand _seq and _attempts, which are numbers, and _status, _class and _error.
package where

import (
	"brood/jobs"
	"encoding/json"
	"fmt"

	"github.com/expr-lang/expr/vm"
)

// Expr is a condition. It is not safe for use by several goroutines.
type Expr struct {
	text  string
	notes []string
	plain node // of comparisons alone; nil: program
	// Of package expr: the program, what it names, and whether it may name any column.
	program *vm.Program
	machine vm.VM
	env     map[string]any
	names   []column
	whole   bool
}

// Record is what a condition is about.
type Record struct {
	*jobs.Record
	Status   jobs.Status
	Class    jobs.Class
	Error    string
	Attempts int
}

// The names of what is known of a record beside its columns.
const (
	nameSeq      = "_seq"
	nameAttempts = "_attempts"
	nameStatus   = "_status"
	nameClass    = "_class"
	nameError    = "_error"
)

// ownNames are all of them; the first is known before a record has ended.
var ownNames = []string{nameSeq, nameAttempts, nameStatus, nameClass, nameError}

// Parse reads a condition on records of a shape that have ended.
func Parse(text string, shape *jobs.Shape) (*Expr, error) {
	return parse(text, &names{shape: shape, own: ownNames})
}

// ParseRow reads a condition on records of a shape that have not begun: how they ended is not
// known, and where the dataset has columns of these names they are meant.
func ParseRow(text string, shape *jobs.Shape) (*Expr, error) {
	n := &names{shape: shape, later: ownNames[1:]}
	if shape.Index(nameSeq) < 0 {
		n.own = ownNames[:1]
	}
	return parse(text, n)
}

func parse(text string, n *names) (*Expr, error) {
	e := &Expr{text: text}
	var err error
	if e.plain, err = parsePlain(text, n); err == nil || isFinal(err) {
		e.notes = n.notes
		return e, err
	}
	err = e.compile(n)
	e.notes = n.notes
	return e, err
}

// Notes are what may not be as it was meant, to be told.
func (e *Expr) Notes() []string { return e.notes }

// Match reports whether the condition holds for a record. It is an error if that cannot be
// told, as for age >= 18 where age is n/a.
func (e *Expr) Match(r *Record) (bool, error) {
	yes, err := e.Holds(r)
	if err != nil {
		return false, fmt.Errorf("%s of record %d: %w", e.text, r.Seq, err)
	}
	return yes, nil
}

// Holds is Match without saying which record, and which condition, it was.
func (e *Expr) Holds(r *Record) (bool, error) {
	if e.plain != nil {
		return e.plain.holds(r)
	}
	if err := e.fillEnv(r); err != nil {
		return false, err
	}
	out, err := e.machine.Run(e.program, e.env)
	if err != nil {
		return false, fmt.Errorf("%s", firstLine(err))
	}
	yes, isBool := out.(bool)
	if !isBool {
		return false, fmt.Errorf("it is %v, and neither true nor false", out)
	}
	return yes, nil
}

// fillEnv gives the program what it names of a record.
func (e *Expr) fillEnv(r *Record) error {
	if r.Shape.Kind == jobs.Objects {
		e.env = make(map[string]any)
		if err := json.Unmarshal(r.Object(), &e.env); err != nil {
			return fmt.Errorf("read it: %w", err)
		}
	} else if e.env == nil {
		e.env = make(map[string]any)
	}
	if e.whole && r.Shape.Kind != jobs.Objects {
		for i, c := range r.Shape.Columns {
			e.env[c] = string(r.Value(i))
		}
	}
	for i := range e.names {
		c := &e.names[i]
		switch {
		case c.own && c.name == nameSeq:
			e.env[c.name] = int(r.Seq) //nolint:gosec // far below
		case c.own && c.name == nameAttempts:
			e.env[c.name] = r.Attempts
		case c.own || r.Shape.Kind != jobs.Objects:
			e.env[c.name] = string(c.value(r))
		}
	}
	return nil
}
