package gazetteer

import (
	"context"
	"os"
	"sync"
	"testing"
)

var (
	indexDir string
	openOnce = sync.OnceValues(func() (*Index, error) { return Open(indexDir) })
)

// TestMain has one index for all tests.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "gazetteer")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		indexDir = dir
		return m.Run()
	}())
}

// TestTogether asks from several goroutines.
func TestTogether(t *testing.T) {
	x := shared(t)
	rows, _ := real(t)
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := range 100 {
				q := rows[i]
				found, err := x.Find(context.Background(), &q)
				if err != nil || len(found) == 0 || found[0].Postcode != q.Postcode {
					t.Errorf("goroutine %d: %v is %v, %v", n, q.Address, found, err)
					return
				}
			}
		})
	}
	wait.Wait()
}

func shared(t testing.TB) *Index {
	t.Helper()
	x, err := openOnce()
	if err != nil {
		t.Fatal(err)
	}
	return x
}
