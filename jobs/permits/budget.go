package permits

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Money is an amount in millionths of the currency that prices are in.
type Money int64

func (m Money) String() string { return fmt.Sprintf("%d.%02d", m/1e6, m%1e6/1e4) }

// BudgetError says that a request would be one too many, or cost too much. Errors.As tells it.
type BudgetError struct {
	Requests, MostRequests int64
	Cost, MostCost         Money
}

func (e *BudgetError) Error() string {
	if e.MostCost == 0 || e.MostRequests > 0 && e.Requests >= e.MostRequests {
		return fmt.Sprintf("the budget is spent: %d of %d requests", e.Requests, e.MostRequests)
	}
	return fmt.Sprintf("the budget is spent: %s of %s, in %d requests", e.Cost, e.MostCost, e.Requests)
}

// Budget counts what one run spends: in a mapped file of its directory, so that all its workers
// share it, and a resume goes on where it ended. The file has, in the order of this machine's
// bytes:
//
//	 0  "brood budget 1\n\n", 16 bytes
//	16  requests, 8 bytes
//	24  cost in millionths, 8 bytes
//
// What a process is killed with in hand has been counted: the server may have seen it.
type Budget struct {
	mem      []byte
	requests int64
	cost     Money
}

var budgetMagic = []byte("brood budget 1\n\n")

const (
	budgetBytes = 4096
	atRequests  = 16
	atCost      = 24
)

// OpenBudget opens the budget in a file, which is made if it is not there. 0 is no limit.
func OpenBudget(path string, mostRequests int64, mostCost Money) (*Budget, error) {
	if mostRequests < 0 || mostCost < 0 {
		return nil, fmt.Errorf("a budget cannot be negative")
	}
	mem, err := mapFile(path, budgetMagic, budgetBytes)
	if err != nil {
		return nil, fmt.Errorf("open the budget %s: %w", path, err)
	}
	return &Budget{mem: mem, requests: mostRequests, cost: mostCost}, nil
}

// Spend counts n requests that cost so much together, before they leave. A *BudgetError says
// that they may not; then nothing was counted.
func (b *Budget) Spend(n int64, cost Money) error {
	if !add(b.mem, atRequests, n, b.requests) {
		return b.spent()
	}
	if !add(b.mem, atCost, int64(cost), int64(b.cost)) {
		word(b.mem, atRequests).Add(-n)
		return b.spent()
	}
	return nil
}

func (b *Budget) spent() error {
	n, cost := b.Spent()
	return &BudgetError{Requests: n, MostRequests: b.requests, Cost: cost, MostCost: b.cost}
}

// add adds to a word unless it becomes more than most.
func add(mem []byte, at int, n, most int64) bool {
	for w := word(mem, at); ; {
		old := w.Load()
		if most > 0 && old+n > most {
			return false
		}
		if w.CompareAndSwap(old, old+n) {
			return true
		}
	}
}

// GiveBack takes back what was counted for requests that certainly did not leave.
func (b *Budget) GiveBack(n int64, cost Money) {
	word(b.mem, atRequests).Add(-n)
	word(b.mem, atCost).Add(-int64(cost))
}

// Spent is what has been counted so far.
func (b *Budget) Spent() (requests int64, cost Money) {
	return word(b.mem, atRequests).Load(), Money(word(b.mem, atCost).Load())
}

// Close gives back the mapping. Nobody may be in another method.
func (b *Budget) Close() error { return unix.Munmap(b.mem) }
