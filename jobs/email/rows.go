package email

import (
	"brood/jobs"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
)

// A record of several rows (--group-by) has the columns of the first, and the list of all of
// them as {{.rows}}. What stands in columns of files is attached whichever row names it.

// addRows adds the rows of a record to what a template may use, and their files to what acts.
func (c *composer) addRows(rec *jobs.Record, vars, acting variables) error {
	var rows []any
	files := make(map[string][]string)
	for row := range rec.Rows() {
		values, err := c.valuesOf(row)
		if err != nil {
			return err
		}
		own := values
		if c.Use != nil {
			own = c.own(values)
		}
		for _, name := range fileColumns {
			for file := range strings.SplitSeq(own.text(name), ";") {
				if file = strings.TrimSpace(file); file != "" && !slices.Contains(files[name], file) {
					files[name] = append(files[name], file)
				}
			}
		}
		rows = append(rows, map[string]any(values))
	}
	for name, list := range files {
		acting[name] = strings.Join(list, ";")
	}
	vars[jobs.RowsColumn] = rows
	return nil
}

// oneAddress refuses a record whose rows have several addresses: one would get what is
// another's. A row without any is nobody's.
func (c *composer) oneAddress(rec *jobs.Record) error {
	if !rec.Shape.Rows {
		return nil
	}
	var first []byte
	i := 0
	for row := range rec.Rows() {
		i++
		address := bytes.Clone(c.addressOf(row))
		switch normal := jobs.NormalAddress(address); {
		case len(normal) == 0:
		case first == nil:
			first = address
		case !bytes.Equal(normal, jobs.NormalAddress(first)):
			return fmt.Errorf("its rows have several addresses, %s and, in row %d of %d, %s; to group by the address as well, add its column to --group-by", first, i, rec.CountRows(), address)
		}
	}
	return nil
}

// checkRows refuses columns that no row has where a template goes over the rows of a record,
// and rows that there are not. All are the fields of the record that it names, ofRows those of
// its rows, of which needed may not be missing.
func checkRows(name string, all, ofRows, needed []string, shape *jobs.Shape) error {
	if shape == nil || shape.Kind == jobs.Objects {
		return nil // only the record tells what it has
	}
	if shape.Rows {
		row := *shape
		row.Columns = slices.DeleteFunc(slices.Clone(shape.Columns), func(c string) bool { return c == jobs.RowsColumn })
		return checkColumns(name, ofRows, needed, &row)
	}
	if slices.Contains(all, jobs.RowsColumn) && shape.Index(jobs.RowsColumn) < 0 && shape.Index(attributesColumn) < 0 {
		return fmt.Errorf("template %s: {{.%s}} are the rows of a record, and without --group-by COLUMN it has one", name, jobs.RowsColumn)
	}
	return nil
}

// rowFields are the columns that a template takes from the rows of a record: by a dot or a
// variable in {{range .rows}}, and by {{.rows | sum "amount"}}.
func rowFields(node parse.Node) (out []string) {
	walk(node, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.RangeNode:
			if len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 1 || !isRows(n.Pipe.Cmds[0].Args[0]) {
				return
			}
			out = append(out, fields(n.List)...)
			if d := n.Pipe.Decl; len(d) > 0 {
				out = append(out, membersOf(n.List, d[len(d)-1].Ident[0])...)
			}
		case *parse.PipeNode:
			for i, c := range n.Cmds {
				args := c.Args
				if i == 1 && len(n.Cmds[0].Args) == 1 {
					args = append(slices.Clone(args), n.Cmds[0].Args[0])
				}
				if len(args) == 3 && args[0].String() == "sum" && isRows(args[2]) {
					if column, ok := args[1].(*parse.StringNode); ok {
						out = append(out, column.Text)
					}
				}
			}
		}
	})
	return out
}

// isRows reports whether a node is the list of rows: .rows, or $.rows.
func isRows(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.FieldNode:
		return len(n.Ident) == 1 && n.Ident[0] == jobs.RowsColumn
	case *parse.VariableNode:
		return len(n.Ident) == 2 && n.Ident[0] == "$" && n.Ident[1] == jobs.RowsColumn
	}
	return false
}

// membersOf are the members that are taken of a variable below a node.
func membersOf(node parse.Node, variable string) (out []string) {
	walk(node, func(n parse.Node) {
		c, ok := n.(*parse.CommandNode)
		if !ok {
			return
		}
		for _, a := range c.Args {
			if v, ok := a.(*parse.VariableNode); ok && len(v.Ident) > 1 && v.Ident[0] == variable {
				out = append(out, v.Ident[1])
			}
		}
	})
	return out
}
