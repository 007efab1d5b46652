package email

import (
	"brood/jobs"
	exports "brood/jobs/email/lists"
	"maps"
	"slices"
	"strings"
)

// The columns that an address may stand in, in plain names.
var addressColumns = []string{"email", "to", "e-mail", "mail", "email_address", "e-mail_address", "emailaddress"}

// plainName is what a column is also called: First Name is first_name.
func plainName(column string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\ufeff"))), " ", "_")
}

// columns are the names of a dataset.
type columns struct {
	// addresses are those that hold the address; the first that is not empty does.
	addresses []string
	// plain are columns by a plain name that no column has.
	plain map[string]string
	known *jobs.Shape // with those names
}

// columnsOf looks a dataset over of which nothing else is known; address names the column of the
// address, or is empty.
func columnsOf(shape *jobs.Shape, address string) columns { //nolint:unparam // tests give none
	return columnsIn(shape, address, &exports.List{})
}

// columnsIn looks a dataset over of which something is known.
func columnsIn(shape *jobs.Shape, address string, list *exports.List) columns {
	out := columns{plain: make(map[string]string), known: &jobs.Shape{Kind: shape.Kind, Columns: slices.Clone(shape.Columns), End: shape.End, Rows: shape.Rows}}
	if shape.Kind == jobs.Objects {
		out.addresses = addressColumns // only the record tells what it has
	} else {
		named := make(map[string]bool, len(shape.Columns))
		for _, c := range shape.Columns {
			named[c] = true
		}
		for _, c := range shape.Columns {
			if p := plainName(c); !named[p] && out.plain[p] == "" {
				out.plain[p] = c
				out.known.Columns = append(out.known.Columns, p)
			}
		}
		for _, name := range addressColumns {
			if shape.Index(name) >= 0 {
				out.addresses = append(out.addresses, name)
			} else if c := out.plain[name]; c != "" {
				out.addresses = append(out.addresses, c)
			}
		}
	}
	out.take(list)
	if shape.Rows {
		out.known.Columns = append(out.known.Columns, jobs.RowsColumn)
	}
	if address != "" {
		out.addresses = nil
		if shape.Kind == jobs.Objects || shape.Index(address) >= 0 {
			out.addresses = []string{address}
		} else if c := out.plain[plainName(address)]; c != "" {
			out.addresses = []string{c}
		}
	}
	out.nameAddress(shape)
	return out
}

// nameAddress lets templates say {{.email}} whatever the column of the address is called.
func (c *columns) nameAddress(shape *jobs.Shape) {
	const email = "email"
	if shape.Kind == jobs.Objects || len(c.addresses) == 0 || c.known.Index(email) >= 0 {
		return
	}
	c.plain[email] = c.addresses[0]
	c.known.Columns = append(c.known.Columns, email)
}

// take lets templates use the address and the names of a list by the names they have elsewhere.
func (c *columns) take(list *exports.List) {
	if len(list.Addresses) == 0 {
		return
	}
	c.addresses = list.Addresses
	alias := maps.Clone(list.Names)
	if alias == nil {
		alias = make(map[string]string)
	}
	alias["email"] = list.Addresses[0]
	for _, name := range slices.Sorted(maps.Keys(alias)) {
		if c.known.Index(name) < 0 {
			c.plain[name] = alias[name]
			c.known.Columns = append(c.known.Columns, name)
		}
	}
}

// key names the address to the engine: see jobs.Record.First. It is empty where that
// cannot be done.
func (c *columns) key() string {
	for _, name := range c.addresses {
		if strings.ContainsAny(name, ",|()=\"") {
			return ""
		}
	}
	return strings.Join(c.addresses, "|")
}

// addressOf is the address of a record as it was given.
func (c *columns) addressOf(rec *jobs.Record) (v []byte) {
	for _, name := range c.addresses {
		if v, _ = rec.Lookup(name); len(v) > 0 {
			break
		}
	}
	return v
}

// lookup is the value of a column by its plain name.
func (c *columns) lookup(rec *jobs.Record, name string) string {
	v, there := rec.Lookup(name)
	if other, ok := c.plain[name]; !there && ok {
		v, _ = rec.Lookup(other)
	}
	return strings.TrimSpace(string(v))
}

// hint says what may be wrong with a dataset of a single column.
func hint(shape *jobs.Shape) string {
	if len(shape.Columns) != 1 {
		return ""
	}
	first := shape.Columns[0]
	switch {
	case shape.Kind == jobs.Lines:
		return " (give it as a file called .csv, .tsv or .jsonl, or say --format csv)"
	case strings.Contains(first, ";"):
		return " (is it separated by semicolons? say -d ';')"
	case strings.Contains(first, "\t"):
		return " (is it separated by tabs? say --format tsv)"
	}
	return ""
}
