package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Source is one list of values of a dataset that is made of several.
type Source struct {
	Values []Value `json:"values,omitempty"`
	File   int     `json:"file,omitempty"` // among Spec.Paths, from 1; 0: it is Values
	Link   Link    `json:"link,omitempty"`
}

// Link says how a source goes together with the one before it.
type Link string

// The links.
const (
	LinkNone  Link = ""      // each of its values with each of the others
	LinkShort Link = "short" // the first with the first, until one of them ends
	LinkWrap  Link = "wrap"  // until all have ended; a shorter one begins again
)

// Value is a value of a source: any bytes but zero.
type Value string

// MarshalJSON gives a string, or what keeps bytes that are no text.
func (v Value) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(v)) {
		return json.Marshal(string(v))
	}
	return json.Marshal(map[string][]byte{"bytes": []byte(v)})
}

// UnmarshalJSON reads it.
func (v *Value) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(v))
	}
	var raw struct {
		Bytes []byte `json:"bytes"`
	}
	err := json.Unmarshal(b, &raw)
	*v = Value(raw.Bytes)
	return err
}

// keptValues is how much of a file's values is kept in memory when they are needed again
// and again, in bytes.
const keptValues = 1 << 20

// cursor goes through the values of a source, again and again.
type cursor struct {
	list []Value
	next int     // of list
	file *Reader // nil: list has them all
	rec  Record
	from Position // of the first value of file
	kept int      // bytes of file that are in list so far; -1: too many, or not from the start
}

// value returns the next value, and false when there is none. It is valid until the next
// call.
func (c *cursor) value() ([]byte, bool, error) {
	if c.file == nil {
		if c.next == len(c.list) {
			return nil, false, nil
		}
		c.next++
		return []byte(c.list[c.next-1]), true, nil
	}
	err := c.file.Next(&c.rec)
	switch {
	case errors.Is(err, io.EOF):
		if c.kept >= 0 {
			err = c.file.Close()
			c.file, c.next = nil, len(c.list)
			return nil, false, err
		}
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case c.rec.Err != nil:
		return nil, false, c.rec.Err
	}
	if at := bytes.IndexByte(c.rec.Raw, 0); at >= 0 {
		return nil, false, &InputError{File: c.file.name(), Line: c.rec.Pos.Line, Column: at + 1, Reason: "a zero byte, which no argument can hold; if zero bytes end the values, add --null"}
	}
	c.keep()
	return c.rec.Raw, true, nil
}

// keep keeps the value that was just read, as long as they are few.
func (c *cursor) keep() {
	if c.kept < 0 {
		return
	}
	if c.kept += len(c.rec.Raw) + 24; c.kept > keptValues {
		c.list, c.kept = nil, -1
		return
	}
	c.list = append(c.list, Value(c.rec.Raw))
}

// seek goes to the value of an index, or to the end.
func (c *cursor) seek(n int64) error {
	if c.file != nil {
		if err := c.file.SeekTo(c.from); err != nil {
			return err
		}
		if c.kept >= 0 { // it begins anew
			c.list, c.kept = nil, 0
		}
		for ; n > 0; n-- {
			if _, ok, err := c.value(); err != nil || !ok {
				return err
			}
		}
		return nil
	}
	c.next = int(min(n, int64(len(c.list))))
	return nil
}

// count goes through all values.
func (c *cursor) count() (int64, error) {
	if err := c.seek(0); err != nil {
		return 0, err
	}
	if c.file == nil {
		return int64(len(c.list)), nil
	}
	for n := int64(0); ; n++ {
		if _, ok, err := c.value(); err != nil || !ok {
			return n, err
		}
	}
}

// wheel is a source, with those that are linked to it.
type wheel struct {
	cursors []*cursor
	wrap    bool
	ended   []bool   // which have been at their end, for wrap
	values  [][]byte // those of now
}

// turn goes on by one; false: it has ended.
func (w *wheel) turn() (bool, error) {
	all := true
	for i, c := range w.cursors {
		v, ok, err := c.value()
		if err != nil {
			return false, err
		}
		if !ok && !w.wrap {
			return false, nil
		}
		if !ok {
			w.ended[i] = true
			if err := c.seek(0); err != nil {
				return false, err
			}
			if v, ok, err = c.value(); err != nil || !ok {
				return false, err
			}
		}
		all = all && w.ended[i]
		w.values[i] = v
	}
	return !w.wrap || !all, nil
}

// count is how many turns there are.
func (w *wheel) count() (int64, error) {
	var n int64
	for i, c := range w.cursors {
		k, err := c.count()
		switch {
		case err != nil:
			return 0, err
		case k == 0:
			return 0, nil
		case i == 0, w.wrap && k > n, !w.wrap && k < n:
			n = k
		}
	}
	return n, nil
}

// seek makes the turn of an index the next one.
func (w *wheel) seek(n int64) error {
	for i, c := range w.cursors {
		w.ended[i] = false
		at := n
		if w.wrap && n > 0 {
			k, err := c.count()
			if err != nil || k == 0 {
				return err
			}
			w.ended[i] = n > k
			if at = n % k; at == 0 {
				at = k // where it has not been noticed yet that it is the end
			}
		}
		if err := c.seek(at); err != nil {
			return err
		}
	}
	return nil
}

// mixer makes the combinations of sources: a stream of values that each end with a zero
// byte. The last source changes fastest, as in GNU parallel. It needs no memory for
// combinations, and finds any of them by its number.
type mixer struct {
	wheels  []*wheel
	names   []string
	begun   bool // the wheels before the last have their first values
	ended   bool
	pending []byte
	err     error // to be told when pending is empty
}

func newMixer(spec *Spec, spool *Spool) (*mixer, error) {
	m := &mixer{}
	for i, s := range spec.Sources {
		c := &cursor{list: s.Values}
		if s.File > 0 {
			of := Spec{Paths: []string{spec.Paths[s.File-1]}, Coats: []Coat{spec.coat(s.File - 1)}, Format: spec.Format, MaxRecord: spec.MaxRecord, MaxDepth: spec.MaxDepth}
			var err error
			if c.file, err = Open(of, spool); err != nil {
				return nil, errors.Join(err, m.close())
			}
			c.from = Position{Line: 1}
		}
		if s.Link == LinkNone || i == 0 {
			m.wheels = append(m.wheels, &wheel{})
		}
		w := m.wheels[len(m.wheels)-1]
		w.cursors, w.ended, w.values = append(w.cursors, c), append(w.ended, false), append(w.values, nil)
		w.wrap = w.wrap || s.Link == LinkWrap
		name := strconv.Itoa(i + 1)
		if spec.Named && len(spec.Sources) > 1 {
			var err error
			if name, err = c.takeName(); err != nil {
				return nil, errors.Join(fmt.Errorf("source %d: %w", i+1, err), m.close())
			}
		}
		m.names = append(m.names, name)
	}
	return m, nil
}

// takeName takes the first value away: it is the name.
func (c *cursor) takeName() (string, error) {
	v, ok, err := c.value()
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", errors.New("it is empty; its first value is its name with --header")
	}
	name := string(v)
	if c.file == nil {
		c.list, c.next = c.list[1:], 0
		return name, nil
	}
	c.list, c.kept = nil, 0
	c.from = Position{Offset: c.rec.Pos.Offset + c.rec.Size, Line: 2}
	return name, nil
}

// seek makes the combination of an index the next one.
func (m *mixer) seek(n int64) error {
	m.begun, m.ended, m.err = false, false, nil
	last := len(m.wheels) - 1
	for j := last; j >= 0; j-- {
		at := n
		if j > 0 && n > 0 {
			k, err := m.wheels[j].count()
			if err != nil {
				return err
			}
			if k == 0 {
				m.ended = true
				return nil
			}
			at, n = n%k, n/k
		}
		if err := m.wheels[j].seek(at); err != nil {
			return err
		}
	}
	return nil
}

// step goes on to the next combination; false: there is none.
func (m *mixer) step() (bool, error) {
	last := len(m.wheels) - 1
	if m.ended {
		return false, nil
	}
	if !m.begun {
		m.begun = true
		for _, w := range m.wheels {
			if ok, err := w.turn(); err != nil || !ok {
				m.ended = true
				return false, err
			}
		}
		return true, nil
	}
	for j := last; j >= 0; j-- {
		ok, err := m.wheels[j].turn()
		if err != nil || ok {
			return ok, err
		}
		if j == 0 {
			break
		}
		if err := m.wheels[j].seek(0); err != nil {
			return false, err
		}
		if ok, err = m.wheels[j].turn(); err != nil || !ok {
			return false, errors.Join(err, fmt.Errorf("%w: a source has lost its values", ErrChanged))
		}
	}
	m.ended = true
	return false, nil
}

// mixedAtOnce is how many bytes are made at a time.
const mixedAtOnce = 32 << 10

// fill makes further combinations, as many as can be had without waiting, but one.
func (m *mixer) fill() {
	m.pending = m.pending[:0]
	for len(m.pending) < mixedAtOnce && (len(m.pending) == 0 || m.ready()) {
		ok, err := m.step()
		if err != nil || !ok {
			m.err = err
			return
		}
		for _, w := range m.wheels {
			for _, v := range w.values {
				m.pending = append(append(m.pending, v...), 0)
			}
		}
	}
}

// ready reports whether the next combination can be had without waiting.
func (m *mixer) ready() bool {
	for j := len(m.wheels) - 1; j >= 0; j-- {
		more := !m.wheels[j].wrap && m.begun // those before need not turn
		for _, c := range m.wheels[j].cursors {
			if c.file != nil && !c.file.Ready() {
				return false
			}
			more = more && c.file == nil && c.next < len(c.list)
		}
		if more {
			return true
		}
	}
	return true
}

func (m *mixer) close() error {
	var err error
	for _, w := range m.wheels {
		for _, c := range w.cursors {
			if c.file != nil {
				err = errors.Join(err, c.file.Close())
			}
		}
	}
	return err
}
