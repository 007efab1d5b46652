package invoice

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkMake makes the documents of a charge with three lines, on one processor.
func BenchmarkMake(b *testing.B) {
	c := aCharge(German, 3)
	p := pressOf(b, theSeller(), c)
	v, err := p.seller.view(c)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("both", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Make(c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pdf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.face.draw(v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("html", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.page.fill(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDurable makes documents and has them on the disk, in groups, with the file system synced once for each and with a sync
// of each file.
func BenchmarkDurable(b *testing.B) {
	base := os.Getenv("BROOD_BENCH_DIR") // on the disk that is to be measured
	for _, whole := range []bool{true, false} {
		for _, group := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("whole=%t/group=%d", whole, group), func(b *testing.B) {
				durable(b, base, whole, group)
			})
		}
	}
}

func durable(b *testing.B, base string, whole bool, group int) {
	dir := b.TempDir()
	if base != "" {
		dir = filepath.Join(base, "invoices")
		if err := os.Mkdir(dir, 0o700); err != nil {
			b.Fatal(err)
		}
		defer os.RemoveAll(dir)
	}
	w, charges := writerIn(b, dir, 1)
	if whole && !w.dir.whole {
		b.Fatal("this file system is never synced as a whole; name a directory on one that is in BROOD_BENCH_DIR")
	}
	w.dir.whole = whole
	n, began := 0, processor(b)
	for b.Loop() {
		n++
		charges[0].Number = fmt.Sprintf("2026-%06d", n)
		if _, err := w.Put(charges[0]); err != nil {
			b.Fatal(err)
		}
		if n%group == 0 {
			if err := w.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Sync(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "invoices/s")
	b.ReportMetric((processor(b)-began).Seconds()*1e6/float64(n), "cpu-µs/invoice")
}

// processor is the time that this process has had, of its own and of the system: what other work on the machine changes little.
func processor(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
