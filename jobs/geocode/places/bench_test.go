package places

import (
	"brood/jobs/geocode/geo"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// million is an index of as many addresses as BROOD_PLACES says, or a million.
var million = sync.OnceValues(func() (*Index, []truth) { return made(many(), 50) })

func many() int {
	if n, err := strconv.Atoi(os.Getenv("BROOD_PLACES")); err == nil {
		return n
	}
	return 1_000_000
}

// benchFind asks for addresses that were altered, one after the other on each processor.
func benchFind(b *testing.B, name string) {
	x, truths := million()
	for _, c := range alterations {
		if c.name != name {
			continue
		}
		r := rand.New(rand.NewPCG(3, 3))
		queries := make([]*geo.Query, 0, len(truths))
		for i := range truths {
			queries = append(queries, c.alter(r, truths[i]))
		}
		benchQueries(b, x, queries)
		return
	}
	b.Fatal("there is no alteration", name)
}

func benchQueries(b *testing.B, x *Index, queries []*geo.Query) {
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := x.Find(b.Context(), queries[i%len(queries)]); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "addresses/s")
	// What one processor would do by itself, whatever else the machine does.
	b.ReportMetric(float64(b.N)/(processorTime(b)-before).Seconds(), "addresses/s/processor")
}

func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkExact(b *testing.B)    { benchFind(b, "as it is") }
func BenchmarkSlip(b *testing.B)     { benchFind(b, "slip in the street") }
func BenchmarkSlipTown(b *testing.B) { benchFind(b, "slip in the street, no postcode") }
func BenchmarkSlipAnywhere(b *testing.B) {
	benchFind(b, "slip in the street, neither town nor postcode")
}
func BenchmarkAnywhere(b *testing.B) { benchFind(b, "neither town nor postcode") }
func BenchmarkLine(b *testing.B)     { benchFind(b, "one line, no commas") }
func BenchmarkLineSlip(b *testing.B) { benchFind(b, "one line, town first, a unit, a slip") }
func BenchmarkFallback(b *testing.B) { benchFind(b, "a number that is not there") }

func BenchmarkReverse(b *testing.B) {
	x, truths := million()
	queries := make([]*geo.Query, 0, len(truths))
	for i := range truths {
		queries = append(queries, &geo.Query{Reverse: true, Limit: 1, Point: geo.Point{Lat: truths[i].lat + 0.0003, Lon: truths[i].lon}})
	}
	benchQueries(b, x, queries)
}

// BenchmarkOpen is what each worker pays.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	files, _, _ := generate(b, dir, 1_000_000, 1000)
	path := filepath.Join(dir, "x.places")
	if _, err := (&Import{Files: files}).Write(b.Context(), path); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkImport makes an index of a million addresses, or as many as BROOD_PLACES says.
func BenchmarkImport(b *testing.B) {
	dir := b.TempDir()
	files, _, _ := generate(b, dir, many(), 1000)
	before := processorTime(b)
	for b.Loop() {
		got, err := (&Import{Files: files}).Write(b.Context(), filepath.Join(dir, "x.places"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(got.Houses), "addresses")
		b.ReportMetric(float64(got.Streets), "streets")
		b.ReportMetric(float64(got.Size), "bytes")
	}
	b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "processor-s/op")
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(u.Maxrss)*1024, "peak-rss-bytes") // of Linux; it is kept in KiB
}
