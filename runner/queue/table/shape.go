package table

import "slices"

// shape is what a database says of a table.
type shape struct {
	server  string // name and version
	engine  string // MySQL's
	place   string // which table this is, the same for all who come to it
	full    string // its name, quoted
	name    string // without a schema
	columns []*column
	indexes []index
	notes   []string // what else a user should know
	trouble error    // why nothing can be claimed here
}

// column is one of a table.
type column struct {
	name   string
	typ    string // as the database calls it
	kind   kind
	whole  bool // of integers only
	null   bool
	rigid  bool     // made by the database: it cannot be written
	fine   bool     // of times: it keeps fractions of seconds
	zone   bool     // of times: it knows the zone
	stamp  bool     // of times: a date and time, and no count of seconds
	fixed  bool     // blanks follow what is shorter
	room   int      // characters; 0: enough, or not known
	bytes  bool     // room is of bytes
	last   rune     // the last character that it can have; 0: all
	nested bool     // arrays, and rows in a row
	enum   []string // all it may have; nil: anything
	wanted bool     // neither null nor a default: who inserts must say
}

// index is one of a table, with its columns in their order.
type index struct {
	name    string
	columns []string
	unique  bool
	primary bool
	where   string // of which rows
}

func (s *shape) column(name string) *column {
	for _, c := range s.columns {
		if c.name == name {
			return c
		}
	}
	return nil
}

// key is the column that is the primary key, or nil; parts is how many columns that has.
func (s *shape) key() (c *column, parts int) {
	for _, i := range s.indexes {
		if i.primary && len(i.columns) == 1 {
			return s.column(i.columns[0]), 1
		} else if i.primary {
			return nil, len(i.columns)
		}
	}
	return nil, 0
}

// unique is an index that a column alone is the key of.
func (s *shape) unique(name string) (index, bool) {
	for _, i := range s.indexes {
		if (i.unique || i.primary) && i.where == "" && len(i.columns) == 1 && i.columns[0] == name {
			return i, true
		}
	}
	return index{}, false
}

// serves is the name of an index that has the rows of a status in a claim's order: status, order, id; where an index ends with the
// key by itself (InnoDB's, and SQLite's of an INTEGER PRIMARY KEY), id may be missing.
func (s *shape) serves(l *layout, endsWithKey bool) (index, bool) {
	want := []string{l.status.name}
	if l.order != nil {
		want = append(want, l.order.name)
	}
	key, _ := s.key()
	for _, i := range s.indexes {
		if i.where != "" {
			continue
		}
		full := slices.Concat(want, []string{l.id.name})
		if begins(i.columns, full) || endsWithKey && key == l.id && slices.Equal(i.columns, want) {
			return i, true
		}
	}
	return index{}, false
}

func begins(list, with []string) bool {
	return len(list) >= len(with) && slices.Equal(list[:len(with)], with)
}

// names are those of columns, for a message.
func names(columns []*column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return out
}
