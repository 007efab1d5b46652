package places

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places/source"
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestImport puts mistakes in and finds them counted, each with file and line.
func TestImport(t *testing.T) {
	dir := t.TempDir()
	files, truths, wrong := generate(t, dir, 40_000, 10)
	var rejects bytes.Buffer
	i := Import{Files: files, Rejects: &rejects}
	got, err := i.Write(t.Context(), filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	for what, kind := range map[string]source.Kind{"0,0": source.NullIsland, "street in number": source.StreetInNumber, "no number": source.NoNumber} {
		if n := got.report.counts[kind]; n != uint64(wrong[what]) || n == 0 {
			t.Errorf("%s: %d of %d", what, n, wrong[what])
		}
	}
	// The rest is told by comparing points, of which some are right by chance: a point that is
	// swapped may be where there are others, and two houses may have one number by themselves.
	for what, kind := range map[string]source.Kind{"swapped": source.Swapped, "duplicate": source.Duplicate, "several points": source.SeveralPoints} {
		if n := float64(got.report.counts[kind]); n < 0.8*float64(wrong[what]) || n > 1.5*float64(wrong[what])+20 {
			t.Errorf("%s: %v of %d", what, n, wrong[what])
		}
	}
	rows, err := csv.NewReader(&rejects).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	total := uint64(0)
	for _, n := range got.report.counts {
		total += n
	}
	if uint64(len(rows)) != total+1 {
		t.Errorf("%d rejects of %d", len(rows)-1, total)
	}
	lines := make(map[string][]string)
	for _, r := range rows[1:] {
		if lines[r[0]] == nil {
			b, err := os.ReadFile(r[0])
			if err != nil {
				t.Fatal(err)
			}
			lines[r[0]] = strings.Split(string(b), "\n")
		}
		n, err := strconv.Atoi(r[1])
		if err != nil || n < 2 || n > len(lines[r[0]]) {
			t.Fatalf("%q", r)
		}
		// The text of the row stands on that line.
		last := strings.Fields(r[4])
		if len(last) > 0 && !strings.Contains(lines[r[0]][n-1], strings.Trim(last[len(last)-1], ",")) {
			t.Fatalf("%q is told of %q", r, lines[r[0]][n-1])
		}
	}
	if len(got.report.examples[source.NullIsland]) != mostExamples {
		t.Errorf("%q", got.report.examples)
	}
	if len(truths) == 0 || got.Houses < uint64(9*len(truths)) {
		t.Errorf("%d houses, of which %d are a tenth", got.Houses, len(truths))
	}
}

// TestSame: the same files make the same index, byte for byte, also where not all fits into memory.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	files, _, _ := generate(t, dir, 20_000, 10)
	var first []byte
	for n, memory := range []int{0, 0, 100_000} {
		path := filepath.Join(dir, "x")
		if _, err := (&Import{Files: files, memory: memory}).Write(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && !bytes.Equal(b, first) {
			t.Errorf("the %dth index has %d bytes, the first one %d, and they differ", n+1, len(b), len(first))
		}
		first = b
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files)+1 {
		t.Errorf("%d files of %d: %v", len(entries), len(files)+1, err)
	}
}

// TestNothing: where no address could be taken there is no index, and one that was there stays.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	bad, path := filepath.Join(dir, "bad.csv"), filepath.Join(dir, "x.places")
	if err := os.WriteFile(bad, []byte("lat,lon,street\n0,0,A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := (&Import{Files: []string{bad}}).Write(t.Context(), path)
	if !errors.Is(err, ErrNone) || got.Left() != 1 {
		t.Errorf("%v, %d", err, got.Left())
	}
	_, err = (&Import{Files: []string{filepath.Join(dir, "none.csv")}}).Write(t.Context(), path)
	if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "before" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestTogether asks from several goroutines at a time, and each gets what one alone gets.
func TestTogether(t *testing.T) {
	x, truths := world()
	const asked = 300
	ask := func() (all []geo.Place) {
		for i := range asked {
			for _, q := range []*geo.Query{queryOf(&truths[i]), {Reverse: true, Point: geo.Point{Lat: truths[i].lat, Lon: truths[i].lon}}} {
				found, err := x.Find(t.Context(), q)
				if err != nil || len(found) == 0 {
					t.Errorf("%+v: %v", q, err)
					return nil
				}
				found[0].Names = nil
				all = append(all, found[0])
			}
		}
		return all
	}
	want := ask()
	var group sync.WaitGroup
	for range max(runtime.GOMAXPROCS(0), 4) {
		group.Go(func() {
			if got := ask(); !slices.EqualFunc(got, want, func(a, b geo.Place) bool { return a.Point == b.Point && a.Formatted == b.Formatted }) {
				t.Error("another answer")
			}
		})
	}
	group.Wait()
}

// TestSeveralStreets: two streets of one name in one town are two, and numbers are not sought between
// them.
func TestSeveralStreets(t *testing.T) {
	x := index(t, "lon,lat,number,street,city\n10,50,2,A Street,B\n10.001,50,6,A Street,B\n10.1,50,8,A Street,B\n10.101,50,12,A Street,B\n")
	if x.rows.len() != 2 {
		t.Errorf("%d streets", x.rows.len())
	}
	found, err := x.Find(t.Context(), &geo.Query{Address: geo.Address{Number: "7", Street: "A Street", City: "B"}})
	if err != nil || len(found) != 2 || found[0].Match != geo.MatchFallback {
		t.Errorf("7 lies between the two: %+v, %v", found, err)
	}
	found, err = x.Find(t.Context(), &geo.Query{Address: geo.Address{Number: "10", Street: "A Street", City: "B"}})
	if err != nil || len(found) != 1 || found[0].Match != geo.MatchInterpolated || found[0].Lon != 10.1005 {
		t.Errorf("10 is in the second: %+v, %v", found, err)
	}
}

// TestFlats: flats are one house, at the point of the house itself if that is there.
func TestFlats(t *testing.T) {
	x := index(t, "lon,lat,number,street,unit,city\n10,50,2,A Street,1,B\n10.0005,50,2,A Street,2,B\n10.0001,50,2,A Street,,B\n10,50,4,A Street,,B\n10.002,50,4,A Street,,B\n")
	for number, want := range map[string]string{"2": "10.0001", "4": "10 10.002"} {
		found, err := x.Find(t.Context(), &geo.Query{Address: geo.Address{Number: number, Street: "A Street", City: "B"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range found {
			got = append(got, strconv.FormatFloat(p.Lon, 'f', -1, 64))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %s", number, got, want)
		}
	}
}
