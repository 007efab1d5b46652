package money

import (
	"cmp"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// Split takes an amount apart by shares, such as the bases of several rates: each part is its share rounded down,
// and the units that are left go one each to the parts with the largest remainders, of equal ones to the first. The
// parts add up to the whole. Shares are at least nothing, and one of them more.
func Split(a Amount, shares []int64) ([]Amount, error) {
	var whole uint64
	for _, s := range shares {
		if s < 0 {
			return nil, errors.New("a share is less than nothing")
		}
		if whole+uint64(s) > math.MaxInt64 {
			return nil, ErrOverflow
		}
		whole += uint64(s)
	}
	if whole == 0 {
		return nil, errors.New("there are no shares to split an amount by")
	}
	total := magnitude(a.Minor)
	parts, rests := make([]uint64, len(shares)), make([]uint64, len(shares))
	left, order := total, make([]int, len(shares))
	for i, s := range shares {
		hi, lo := bits.Mul64(total, uint64(s)) // hi < whole, as s <= whole and total < 2^64
		if uint64(s) == whole {
			parts[i], rests[i] = total, 0
		} else {
			parts[i], rests[i] = bits.Div64(hi, lo, whole)
		}
		left -= parts[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(rests[y], rests[x]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	out := make([]Amount, len(shares))
	for i, p := range parts {
		out[i] = Amount{Minor: int64(p), Currency: a.Currency}
		if a.Minor < 0 {
			out[i].Minor = -out[i].Minor
		}
	}
	return out, nil
}
