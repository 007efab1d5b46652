package gazetteer

import (
	"brood/jobs/geocode/geo"
	"context"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
)

// asked are questions for places above 1,000 people, each with its region and country, changed by
// change.
func asked(x *Index, change func(q *geo.Query, r *rand.Rand)) []geo.Query {
	r := rand.New(rand.NewPCG(1, 2))
	var queries []geo.Query
	for len(queries) < 1<<14 {
		i := uint32(r.IntN(x.places()))
		if x.place(i).people() < 1000 {
			continue
		}
		a := x.answer(i)
		q := geo.Query{Address: geo.Address{City: a.City, State: a.State, CountryCode: a.CountryCode}}
		change(&q, r)
		queries = append(queries, q)
	}
	return queries
}

func run(b *testing.B, x *Index, queries []geo.Query) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	before := processor(b)
	for i := range b.N {
		if _, err := x.Find(context.Background(), &queries[i&(1<<14-1)]); err != nil {
			b.Fatal(err)
		}
	}
	report(b, before)
}

// processor is how much of a processor this process has had, in seconds: beside other work the time on the
// clock says little.
func processor(b *testing.B) float64 {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func report(b *testing.B, before float64) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
	b.ReportMetric(float64(b.N)/(processor(b)-before), "lookups/cpu-s")
}

func BenchmarkExact(b *testing.B) {
	x := shared(b)
	run(b, x, asked(x, func(*geo.Query, *rand.Rand) {}))
}

func BenchmarkExactAlone(b *testing.B) {
	x := shared(b)
	run(b, x, asked(x, func(q *geo.Query, _ *rand.Rand) { q.State, q.CountryCode = "", "" }))
}

func BenchmarkMisspelt(b *testing.B) {
	x := shared(b)
	run(b, x, asked(x, func(q *geo.Query, r *rand.Rand) { q.City = mistyped(q.City, r) }))
}

func BenchmarkPostcode(b *testing.B) {
	x := shared(b)
	rows, _ := real(b)
	queries := make([]geo.Query, 1<<14)
	for i := range queries {
		queries[i] = rows[i%len(rows)]
	}
	run(b, x, queries)
}

func BenchmarkLine(b *testing.B) {
	x := shared(b)
	rows, _ := real(b)
	queries := make([]geo.Query, 1<<14)
	for i := range queries {
		q := rows[i%len(rows)]
		queries[i].Line = q.Street + ", " + q.City + ", " + q.State + " " + q.Postcode
	}
	run(b, x, queries)
}

// BenchmarkReverse asks for points near places, in random order.
func BenchmarkReverse(b *testing.B) {
	x := shared(b)
	queries := asked(x, func(*geo.Query, *rand.Rand) {})
	for i, p := range pointsNear(x, len(queries)) {
		queries[i] = geo.Query{Reverse: true, Point: p}
	}
	run(b, x, queries)
}

// BenchmarkNearest is the search of BenchmarkReverse alone: the country, and the nearest place in it.
func BenchmarkNearest(b *testing.B) {
	x := shared(b)
	points := pointsNear(x, 1<<14)
	b.ResetTimer()
	before := processor(b)
	for i := range b.N {
		p := points[i&(1<<14-1)]
		country, _ := x.locate(p)
		x.nearestOf(p, country, 0)
	}
	report(b, before)
}

func pointsNear(x *Index, n int) []geo.Point {
	r := rand.New(rand.NewPCG(3, 4))
	points := make([]geo.Point, n)
	for i := range points {
		p := x.place(uint32(r.IntN(x.places()))).point()
		points[i] = geo.Point{Lat: min(max(p.Lat+r.NormFloat64()*0.05, -90), 90), Lon: min(max(p.Lon+r.NormFloat64()*0.05, -180), 180)}
	}
	return points
}

// BenchmarkBuild makes the index, but for writing it.
func BenchmarkBuild(b *testing.B) {
	before := processor(b)
	for b.Loop() {
		if _, err := build(data); err != nil {
			b.Fatal(err)
		}
	}
	report(b, before)
}

// BenchmarkCold opens an index that is not there, BenchmarkOpen one that is.
func BenchmarkCold(b *testing.B) {
	before := processor(b)
	for b.Loop() {
		open1(b, b.TempDir())
	}
	report(b, before)
}

func BenchmarkOpen(b *testing.B) {
	shared(b)
	for b.Loop() {
		open1(b, indexDir)
	}
}

func open1(b *testing.B, dir string) {
	b.Helper()
	x, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	if err := x.Close(); err != nil {
		b.Fatal(err)
	}
}
