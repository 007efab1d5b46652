package permits

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestBudget spends from many sides at once, to the last request and no further, and goes on
// where an earlier session was killed.
func TestBudget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "budget")
	first, err := OpenBudget(path, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Spend(100, 50_000); err != nil {
		t.Fatal(err)
	}
	// It is not closed, as by kill -9.
	b, err := OpenBudget(path, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	var spent atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for b.Spend(1, 500) == nil {
				spent.Add(1)
			}
		})
	}
	all.Wait()
	if n, cost := b.Spent(); spent.Load() != 900 || n != 1000 || cost != 500_000 {
		t.Errorf("%d spent, %d and %v in the file", spent.Load(), n, cost)
	}
	var over *BudgetError
	if err := b.Spend(1, 0); !errors.As(err, &over) || over.Requests != 1000 {
		t.Error(err)
	}
	b.GiveBack(1, 500)
	if err := b.Spend(1, 500); err != nil {
		t.Error(err)
	}
	if err := errors.Join(first.Close(), b.Close()); err != nil {
		t.Error(err)
	}
}

// TestMoney is refused what costs too much, and counts nothing of it.
func TestMoney(t *testing.T) {
	b, err := OpenBudget(filepath.Join(t.TempDir(), "budget"), 0, 12_500_000)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Spend(2000, 10_000_000); err != nil {
		t.Fatal(err)
	}
	err = b.Spend(1000, 5_000_000)
	if err == nil || err.Error() != "the budget is spent: 10.00 of 12.50, in 2000 requests" {
		t.Error(err)
	}
	if n, cost := b.Spent(); n != 2000 || cost != 10_000_000 {
		t.Error(n, cost)
	}
	if _, err := OpenBudget(filepath.Join(t.TempDir(), "b"), -1, 0); err == nil {
		t.Error("less than nothing")
	}
}
