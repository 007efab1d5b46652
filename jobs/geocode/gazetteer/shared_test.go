package gazetteer

import (
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

func shared(t testing.TB) *Index {
	t.Helper()
	x, err := openOnce()
	if err != nil {
		t.Fatal(err)
	}
	return x
}
