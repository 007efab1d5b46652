package geocode

import (
	"brood/jobs"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"testing"
)

// towns are the rows of testdata/cities.csv as records.
func towns(b *testing.B) (*jobs.Shape, []*jobs.Record) {
	b.Helper()
	f, err := os.Open("../../testdata/cities.csv")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	s := &jobs.Shape{Kind: jobs.Fields, Columns: rows[0], End: "\n"}
	var out []*jobs.Record
	for i, row := range rows[1:] {
		rec := &jobs.Record{Seq: jobs.Seq(i), Attempt: 1, Shape: s}
		for _, v := range row {
			rec.Values = append(rec.Values, []byte(v))
		}
		out = append(out, rec)
	}
	return s, out
}

// BenchmarkOffline is what a row costs its worker that is found in the index by its exact name.
func BenchmarkOffline(b *testing.B) {
	s, records := towns(b)
	c := config{Columns: map[string]string{"city": "name", "country": "country"}, Sources: []sourceConfig{{Name: offlineName}}, Prefix: "geo_", Level: "address"}
	conf, err := json.Marshal(&c)
	if err != nil {
		b.Fatal(err)
	}
	r, err := open(context.Background(), jobs.Setup{Config: conf, Shape: s, State: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var res jobs.Result
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		res.Reset()
		if err := r.Do(context.Background(), records[i%len(records)], &res); err != nil {
			b.Fatal(err)
		}
	}
}
