package charge

import (
	"bytes"
	"reflect"
	"strings"
)

// Members are those that some charges have, of the members of a Charge. A table has its columns from its first record, so the
// first charge of a run's dataset is written with all that any has: no later one is refused for an email or a tax that
// the first does not have.
type Members uint64 // a bit for each field, in the order of the struct

// Note adds the members that a charge has.
func (m *Members) Note(c *Charge) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			*m |= 1 << i
		}
	}
}

// Encode is Charge.Encode with a null for each of the members that the charge has not.
func (m Members) Encode(c *Charge) ([]byte, error) {
	v := reflect.ValueOf(c).Elem()
	var b bytes.Buffer
	for i := range v.NumField() {
		name, rest, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		optional, value := rest == "omitempty", []byte("null")
		if !optional || !v.Field(i).IsZero() {
			var err error
			if value, err = canonical(v.Field(i).Interface()); err != nil {
				return nil, err
			}
		} else if m&(1<<i) == 0 {
			continue
		}
		sep := byte(',')
		if b.Len() == 0 {
			sep = '{'
		}
		b.WriteByte(sep)
		b.WriteString(`"` + name + `":`)
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
