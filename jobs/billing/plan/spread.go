package plan

import (
	"brood/jobs/billing/charge"
	"brood/jobs/billing/money"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
)

// spread is how the amounts of each currency lie.
type spread struct {
	of map[money.Currency]*amountsOf
	n  int // charges so far
}

// amountsOf are those of one currency.
type amountsOf struct {
	all     []entry
	largest []Large // the largest first
}

// entry is a charge: its amount and its number in the plan.
type entry struct {
	minor int64
	index int
}

// Large is one of the largest charges.
type Large struct {
	Amount            money.Amount
	Invoice, Customer string
	Place             string
}

// mostLarge is how many of the largest are told of.
const mostLarge = 10

func (s *spread) add(c *charge.Charge, a money.Amount, file string, line int) {
	if s.of == nil {
		s.of = make(map[money.Currency]*amountsOf)
	}
	o := s.of[a.Currency]
	if o == nil {
		o = new(amountsOf)
		s.of[a.Currency] = o
	}
	o.all = append(o.all, entry{a.Minor, s.n})
	s.n++
	if len(o.largest) == mostLarge && o.largest[mostLarge-1].Amount.Minor >= a.Minor {
		return
	}
	i, _ := slices.BinarySearchFunc(o.largest, a.Minor, func(l Large, m int64) int {
		if l.Amount.Minor >= m { // of equal ones the first
			return -1
		}
		return 1
	})
	o.largest = slices.Insert(o.largest, i, Large{a, c.InvoiceID, c.CustomerID, fmt.Sprintf("%s:%d", file, line)})
	o.largest = o.largest[:min(len(o.largest), mostLarge)]
}

// fewest is how many charges a currency needs for one of them to be unusual.
const fewest = 12

// bound is from where on an amount is unusual: factor times the median, and farther above it than 3.5 times what MAD makes of
// a standard deviation (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993). All of it is in whole numbers, so that every
// machine says the same. Where most amounts are one, MAD is nothing, and factor decides.
func bound(all []entry, factor int64) (int64, bool) {
	if len(all) < fewest {
		return 0, false
	}
	values := make([]int64, len(all))
	for i, e := range all {
		values[i] = e.minor
	}
	slices.Sort(values)
	median := values[len(values)/2]
	if median <= 0 {
		return 0, false
	}
	for i, v := range values {
		values[i] = v - median
		if v < median {
			values[i] = median - v
			if values[i] < 0 { // beyond 64 bits
				values[i] = math.MaxInt64
			}
		}
	}
	slices.Sort(values)
	byFactor, byMAD := times(median, factor, 1), times(values[len(values)/2], 35000, 6745)
	if byMAD > math.MaxInt64-median {
		return math.MaxInt64, true
	}
	return max(byFactor, median+byMAD), true
}

// times is n·by/of, or the largest number.
func times(n, by, of int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(by))
	if hi >= uint64(of) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(of))
	return int64(min(q, math.MaxInt64))
}

// end tells of unusual amounts. Their invoices it reads from the charges that were kept.
func (s *spread) end(b *builder) error {
	unusual := make(map[int]string)
	for _, cur := range sorted(s.of) {
		from, ok := bound(s.of[cur].all, int64(b.o.Factor))
		if !ok {
			continue
		}
		for _, e := range s.of[cur].all {
			if e.minor > from {
				unusual[e.index] = money.Amount{Minor: from, Currency: cur}.WithCode()
			}
		}
	}
	if len(unusual) == 0 {
		return nil
	}
	r := newReader(io.NewSectionReader(b.writer.lines, 0, math.MaxInt64))
	for i := 0; ; i++ {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		limit, is := unusual[i]
		if !is {
			continue
		}
		c, err := charge.Decode(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return err
		}
		b.problems.add(Problem{Kind: KindOutlier, Invoice: c.InvoiceID, Text: fmt.Sprintf("%s %s of customer %s is unusual: most are far below %s", c.Currency, c.Amount, c.CustomerID, limit)})
	}
}

// sorted are the keys of a map in their order.
func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
