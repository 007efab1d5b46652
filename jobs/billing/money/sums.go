package money

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Sums are totals by currency. The zero value has none. A currency that was added stays, even if its total is nothing.
type Sums struct{ list []Amount }

// Add adds an amount. After an error the sums are as they were.
func (s *Sums) Add(a Amount) error {
	i, found := slices.BinarySearchFunc(s.list, a.Currency, func(x Amount, c Currency) int { return strings.Compare(string(x.Currency), string(c)) })
	if !found {
		s.list = slices.Insert(s.list, i, a)
		return nil
	}
	sum, err := s.list[i].Add(a)
	if err != nil {
		return fmt.Errorf("%s: %w", a.Currency, err)
	}
	s.list[i] = sum
	return nil
}

// AddAll adds all of another.
func (s *Sums) AddAll(other *Sums) error {
	for _, a := range other.list {
		if err := s.Add(a); err != nil {
			return err
		}
	}
	return nil
}

// List are the totals in the order of their codes. It is the caller's own.
func (s *Sums) List() []Amount { return slices.Clone(s.list) }

// Of is the total of a currency.
func (s *Sums) Of(c Currency) (Amount, bool) {
	for _, a := range s.list {
		if a.Currency == c {
			return a, true
		}
	}
	return Amount{Currency: c}, false
}

// Equal reports whether two are the same currencies with the same totals.
func (s *Sums) Equal(other *Sums) bool { return slices.Equal(s.list, other.list) }

// String is as --expect-sum is typed: EUR=12.34,USD=5.00; of no currency nothing.
func (s *Sums) String() string {
	var b strings.Builder
	for i, a := range s.list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(a.Currency) + "=" + a.String())
	}
	return b.String()
}

// ParseSums is the reverse of String, and takes the currencies in any order. Each amount needs all the decimals of its
// currency: who types a control total types what stands there.
func ParseSums(text string) (*Sums, error) {
	s := new(Sums)
	if text == "" {
		return s, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		code, amount, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return nil, fmt.Errorf("%q is no sum; write EUR=12345.67, and USD=5.00 after a comma", pair)
		}
		a, err := Parse(amount, Currency(code))
		if err != nil {
			return nil, err
		}
		if a.String() != amount {
			return nil, fmt.Errorf("%s=%s: write it with all its decimals, as %s=%s", code, amount, code, a)
		}
		if _, twice := s.Of(a.Currency); twice {
			return nil, fmt.Errorf("%s stands there twice", code)
		}
		if err := s.Add(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// MarshalJSON writes an object by the codes, in their order: {"EUR":"12.34"}.
func (s Sums) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, a := range s.list {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%q", string(a.Currency), a.String())
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// UnmarshalJSON is the reverse.
func (s *Sums) UnmarshalJSON(text []byte) error {
	var m map[Currency]string
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	s.list = nil
	for c, amount := range m {
		a, err := Parse(amount, c)
		if err != nil {
			return err
		}
		if err := s.Add(a); err != nil {
			return err
		}
	}
	return nil
}
