// Package where is the language in which records are chosen by what stands in them and how
// they ended, such as country == "AT" and _class == "timeout". It is that of package expr,
// https://expr-lang.org/docs/language-definition. It does not choose itself.
//
// A column is a variable, or $env["any name"]. Values of tables and lines are text:
// float(amount) > 10 compares numbers, and comparing text with a number is refused before
// the first record. Members of JSON objects have the types of JSON; one that a record lacks is
// nil. Beside them stand _seq and _attempts, which are numbers, and _status, _class and
// _error.
package where

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Expr is a condition.
type Expr struct {
	text    string
	program *vm.Program
}

// Record is what a condition is about.
type Record struct {
	*jobs.Record
	Status   jobs.Status
	Class    jobs.Class
	Error    string
	Attempts int
}

// Parse reads a condition on records of a shape.
func Parse(text string, shape *jobs.Shape) (*Expr, error) {
	env := map[string]any{"_seq": 0, "_attempts": 0, "_status": "", "_class": "", "_error": ""}
	options := []expr.Option{expr.Env(env), expr.AsBool()}
	if shape.Kind == jobs.Objects {
		options = append(options, expr.AllowUndefinedVariables()) // after Env, which forbids them
	} else {
		for _, c := range shape.Columns {
			env[c] = ""
		}
	}
	program, err := expr.Compile(text, options...)
	if err != nil {
		hint := ""
		switch {
		case strings.Contains(err.Error(), "mismatched types"):
			hint = "; values of columns are text: compare numbers as in float(amount) > 10"
		case strings.Contains(err.Error(), "unknown name"):
			hint = "; the columns are " + strings.Join(shape.Columns, ", ") + ", and _seq, _status, _class, _error, _attempts; text stands in quotes"
		}
		return nil, fmt.Errorf("%s%s", firstLine(err), hint)
	}
	return &Expr{text: text, program: program}, nil
}

// firstLine is an error of expr without the picture that it draws below.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// Match reports whether the condition holds for a record. It is an error if that cannot be
// told, as for float("n/a").
func (e *Expr) Match(r *Record) (bool, error) {
	env := make(map[string]any)
	if r.Shape.Kind == jobs.Objects {
		if err := json.Unmarshal(r.Raw, &env); err != nil {
			return false, fmt.Errorf("read record %d: %w", r.Seq, err)
		}
	} else {
		for i, c := range r.Shape.Columns {
			env[c] = string(r.Value(i))
		}
	}
	env["_seq"], env["_attempts"] = int(r.Seq), r.Attempts //nolint:gosec // far below
	env["_status"], env["_class"], env["_error"] = r.Status.String(), string(r.Class), r.Error
	out, err := expr.Run(e.program, env)
	if err != nil {
		return false, fmt.Errorf("%s of record %d: %s", e.text, r.Seq, firstLine(err))
	}
	yes, isBool := out.(bool)
	if !isBool {
		return false, fmt.Errorf("%s of record %d is %v, and neither true nor false", e.text, r.Seq, out)
	}
	return yes, nil
}
