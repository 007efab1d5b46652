package intake

import (
	"brood/jobs"
	"brood/runner/where"
	"fmt"
)

// NotChosen is why a record is skipped that a condition leaves out, with the class
// jobs.ClassWhere. It is one of the books all the same: it is counted, has a row in the results,
// and is not thought of again.
const NotChosen = "left out by --where"

// Chooser says which records of a dataset are to be worked on: --where. It looks at a record as
// it stands in the dataset, before anything else is made of it. A nil *Chooser chooses all.
type Chooser struct {
	condition *where.Expr
	at        where.Record
	left      uint64 // that Records has passed over
}

// NewChooser reads a condition on records of a shape; nil if it is empty.
func NewChooser(condition string, shape *jobs.Shape) (*Chooser, error) {
	if condition == "" {
		return nil, nil
	}
	e, err := where.ParseRow(condition, shape)
	if err != nil {
		return nil, err
	}
	return &Chooser{condition: e}, nil
}

// Notes are what may not be as it was meant, to be told.
func (c *Chooser) Notes() []string {
	if c == nil {
		return nil
	}
	return c.condition.Notes()
}

// LeftOut is how many records Records has passed over.
func (c *Chooser) LeftOut() uint64 {
	if c == nil {
		return 0
	}
	return c.left
}

// Chooses reports whether a record is to be worked on. It is an error if that cannot be told,
// which is bad input.
func (c *Chooser) Chooses(rec *jobs.Record) (bool, error) {
	if c == nil {
		return true, nil
	}
	c.at.Record = rec
	yes, err := c.condition.Holds(&c.at)
	if err != nil {
		return false, fmt.Errorf("--where: %w", err)
	}
	return yes, nil
}
