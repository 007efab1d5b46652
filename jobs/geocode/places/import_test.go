package places

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestSize is run by hand: BROOD_PLACES=1000000 go test -run TestSize -v.
func TestSize(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("BROOD_PLACES"))
	if n == 0 {
		n = 20_000
	}
	dir := t.TempDir()
	files, truths, wrong := generate(t, dir, n, 50)
	total := int64(0)
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		total += st.Size()
	}
	begun := time.Now()
	i := Import{Files: files}
	got, err := i.Write(t.Context(), filepath.Join(dir, "x.places"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of CSV in %v: %d bytes, %+v, %d truths, wrong %v", total, time.Since(begun), got.Size, got.About, len(truths), wrong)
	if err := got.WriteOddities(os.Stderr); err != nil {
		t.Fatal(err)
	}
	x, err := Open(filepath.Join(dir, "x.places"))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
}
