package jobs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// KeySpec says how the idempotency key of a record is made. A key is stable
// over attempts, resumes and reruns: it is a hash of the scope and the
// business key, never of the attempt, and of the position only where the
// dataset has no key.
type KeySpec struct {
	Scope string `json:"scope"`
	// Columns are the columns of the key; a|b is a, or b where a is empty.
	Columns []string `json:"columns,omitempty"`
	// Normalize is what is done to the value of each column first; it has an
	// entry for every column, or none at all.
	Normalize [][]Normalization `json:"normalize,omitempty"`
}

// Normalization makes values equal that mean the same.
type Normalization string

// The normalizations.
const (
	// NormTrim takes off white space at both ends.
	NormTrim Normalization = "trim"
	// NormLower makes letters lower case.
	NormLower Normalization = "lower"
	// NormNFC composes characters: Unicode Standard Annex 15, form C.
	NormNFC Normalization = "nfc"
	// NormEmail is for addresses: all of the above, and the domain in its
	// ASCII form (RFC 5891). The local part is made lower case as well, though
	// RFC 5321, section 2.4, allows a host to tell the cases apart: none that
	// matters does, and the same person must not be written to twice.
	NormEmail Normalization = "email"
)

var normalizations = []Normalization{NormEmail, NormTrim, NormLower, NormNFC}

// ParseNormalize reads a list such as "trim,lower", for all columns, or
// "address=email,customer=trim+lower", for one column each; the two may be
// mixed. It returns an entry for each column.
func ParseNormalize(s string, columns []string) ([][]Normalization, error) {
	if s == "" {
		return nil, nil
	}
	out := make([][]Normalization, len(columns))
	for _, part := range strings.Split(s, ",") {
		column, rules, one := strings.Cut(part, "=")
		if !one {
			column, rules = "", part
		}
		at := slices.Index(columns, column)
		if one && at < 0 {
			return nil, fmt.Errorf("%q is not a column of the key; those are %s", column, strings.Join(columns, ", "))
		}
		for _, rule := range strings.Split(rules, "+") {
			n := Normalization(strings.TrimSpace(rule))
			if !slices.Contains(normalizations, n) {
				return nil, fmt.Errorf("there is no %q; there are email, trim, lower, nfc", n)
			}
			for i := range out {
				if !one || i == at {
					out[i] = append(out[i], n)
				}
			}
		}
	}
	return out, nil
}

func (n Normalization) apply(v []byte) []byte {
	switch n {
	case NormTrim:
		return bytes.TrimSpace(v)
	case NormLower:
		return bytes.ToLower(v)
	case NormNFC:
		return norm.NFC.Bytes(v)
	case NormEmail:
		return normalEmail(v)
	}
	return v
}

// value is the normalized value of key column i, borrowed from the record or
// new.
func (k KeySpec) value(r *Record, i int) []byte {
	v := r.First(k.Columns[i])
	if i < len(k.Normalize) {
		for _, n := range k.Normalize[i] {
			v = n.apply(v)
		}
	}
	return v
}

// Of returns the record's idempotency key as 32 hexadecimal digits, see Sum.
func (k KeySpec) Of(r *Record) string {
	sum, _ := k.Sum(r)
	return hex.EncodeToString(sum[:])
}

// Sum returns the record's idempotency key: the first half of SHA-256 over the
// scope and the key, each preceded by its length. It reports whether the record
// has a key at all: false if all the columns of it are empty.
func (k KeySpec) Sum(r *Record) (key [16]byte, ok bool) {
	var space [512]byte
	b := appendSized(space[:0], []byte(k.Scope))
	if len(k.Columns) == 0 {
		b = appendSized(b, fmt.Appendf(nil, "seq %d", r.Seq))
		ok = true
	}
	for i := range k.Columns {
		v := k.value(r, i)
		ok = ok || len(v) > 0
		b = appendSized(b, v)
	}
	full := sha256.Sum256(b)
	return [16]byte(full[:16]), ok
}

func appendSized(dst, b []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(b)))
	return append(dst, b...)
}

// SumOf returns the idempotency key of a business key that is not in a record:
// a value for each column.
func (k KeySpec) SumOf(values []string) ([16]byte, error) {
	if len(values) != len(k.Columns) || len(values) == 0 {
		return [16]byte{}, fmt.Errorf("the key has %d columns (%s), not %d", len(k.Columns), strings.Join(k.Columns, ", "), len(values))
	}
	rec := &Record{Shape: &Shape{Kind: Fields, Columns: k.Columns}}
	for _, v := range values {
		rec.Values = append(rec.Values, []byte(v))
	}
	sum, _ := k.Sum(rec)
	return sum, nil
}

// Text returns the business key for people: its normalized values as a row of
// CSV, without the end of the line. Different keys have different texts.
func (k KeySpec) Text(r *Record) string {
	var out []byte
	for i := range k.Columns {
		if i > 0 {
			out = append(out, ',')
		}
		v := k.value(r, i)
		if !bytes.ContainsAny(v, ",\"\r\n") {
			out = append(out, v...)
			continue
		}
		out = append(append(out, '"'), bytes.ReplaceAll(v, []byte(`"`), []byte(`""`))...)
		out = append(out, '"')
	}
	return string(out)
}

// Check reports key columns that the dataset does not have. Columns of JSON
// records may differ from one to the next, so there any name may be right.
func (k KeySpec) Check(s *Shape) error {
	for _, c := range k.Columns {
		if s.Kind == Objects || s.Index(c) >= 0 {
			continue
		}
		for name := range strings.SplitSeq(c, "|") {
			if s.Index(name) < 0 {
				return fmt.Errorf("the dataset has no column %q to take the key from; its columns are %s", name, strings.Join(s.Columns, ", "))
			}
		}
	}
	return nil
}
