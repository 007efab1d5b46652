package threads

import (
	"os"
	"testing"
)

// The threads are there afterwards.
func TestReserve(t *testing.T) {
	const n = 40
	count := func() int {
		list, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	Reserve(n)
	if after := count(); after < n || before >= n {
		t.Errorf("%d threads, then %d", before, after)
	}
	Reserve(0)
}
