package provider

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// censusBatch is its addressbatch: a file of id, street, city, state, zip without a header, answered
// while one waits. About a third of such files failed in one report and passed when sent again; and
// some of its No_Match and Tie have an answer when they are asked singly.
func censusBatch(*Provider) *Batch {
	return &Batch{
		Most: 10_000, MostBytes: 5_000_000,
		Takes: func(q *geo.Query) bool {
			return !q.Reverse && q.Level == geo.LevelAddress && q.Line == "" && q.Street != ""
		},
		encode: func(r *request, qs []*geo.Query) error {
			r.path = "/locations/addressbatch"
			rows := make([][]string, 0, len(qs))
			for i, q := range qs {
				rows = append(rows, []string{id(i), flat(words(" ", q.Number, q.Street)), flat(q.City), flat(q.State), flat(q.Postcode)})
			}
			return csvForm(r, "addressFile", rows, []param{{"benchmark", censusBenchmark}})
		},
		decode: func(body []byte, _ []*geo.Query, out *outcomes) error {
			r := csv.NewReader(bytes.NewReader(body))
			r.FieldsPerRecord = -1
			r.LazyQuotes = true
			for {
				row, err := r.Read()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				o, err := censusRow(row)
				if err != nil {
					return err
				}
				if err := out.put(row[0], o); err != nil {
					return err
				}
			}
		},
	}
}

// censusRow is one row: id, address, Match|No_Match|Tie, Exact|Non_Exact, address found, "lon,lat",
// line, side.
func censusRow(row []string) (Outcome, error) {
	if len(row) < 3 {
		return Outcome{}, fmt.Errorf("a row of %d columns", len(row))
	}
	switch row[2] {
	case "No_Match":
		return Outcome{State: Nothing, Again: true}, nil
	case "Tie":
		return Outcome{State: Tie, Again: true}, nil
	case "Match":
	default:
		return Outcome{}, fmt.Errorf("a row that says %q", clip(row[2]))
	}
	if len(row) < 6 {
		return Outcome{}, fmt.Errorf("a match of %d columns", len(row))
	}
	x, y, _ := strings.Cut(row[5], ",")
	lon, errLon := strconv.ParseFloat(strings.TrimSpace(x), 64)
	lat, errLat := strconv.ParseFloat(strings.TrimSpace(y), 64)
	if err := errors.Join(errLon, errLat); err != nil {
		return Outcome{}, fmt.Errorf("a match at %q", clip(row[5]))
	}
	p := censusPlace(row[4])
	p.Point = geo.Point{Lat: lat, Lon: lon}
	if len(row) > 6 {
		p.ID = row[6]
	}
	if row[3] == "Exact" {
		p.Kind = "address/exact"
	}
	return Outcome{Places: []geo.Place{p}}, nil
}

// banBatch is its search/csv. Its columns have come in another order before, so they are found by
// their names.
func banBatch(*Provider) *Batch {
	return &Batch{
		Most: 5_000, MostBytes: 6_000_000,
		Takes: func(q *geo.Query) bool {
			return !q.Reverse && q.Level == geo.LevelAddress && (q.Line != "" || q.Street != "")
		},
		encode: func(r *request, qs []*geo.Query) error {
			r.path = "/search/csv"
			rows := [][]string{{"brood_id", "adresse", "cp", "ville"}}
			for i, q := range qs {
				line := q.Line
				if line == "" {
					line = words(" ", q.Number, q.Street)
				}
				rows = append(rows, []string{id(i), flat(line), flat(q.Postcode), flat(q.City)})
			}
			return csvForm(r, "data", rows, []param{{"columns", "adresse"}, {"columns", "ville"}, {"postcode", "cp"}})
		},
		decode: decodeBAN,
	}
}

func decodeBAN(body []byte, _ []*geo.Query, out *outcomes) error {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	header, err := r.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, name := range header {
		if _, twice := at[name]; !twice {
			at[name] = i
		}
	}
	for _, name := range []string{"brood_id", "latitude", "longitude", "result_type", "result_label"} {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("it has no column %s", name)
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		o, err := banRow(cell)
		if err != nil {
			return err
		}
		if err := out.put(cell("brood_id"), o); err != nil {
			return err
		}
	}
}

func banRow(cell func(name string) string) (Outcome, error) {
	switch status := cell("result_status"); status {
	case "", "ok":
	case "not-found", "skipped":
		return Outcome{State: Nothing}, nil
	default: // error
		return Outcome{State: Broken, Again: true, Err: retry(classServer, "the server says of this one: "+clip(status))}, nil
	}
	if cell("latitude") == "" {
		return Outcome{State: Nothing}, nil
	}
	lat, errLat := strconv.ParseFloat(cell("latitude"), 64)
	lon, errLon := strconv.ParseFloat(cell("longitude"), 64)
	if err := errors.Join(errLat, errLon); err != nil {
		return Outcome{}, fmt.Errorf("a point that is none: %q", clip(cell("latitude")+","+cell("longitude")))
	}
	p := geo.Place{
		Point: geo.Point{Lat: lat, Lon: lon}, Formatted: cell("result_label"), Number: cell("result_housenumber"), Road: cell("result_street"),
		City: cell("result_city"), Postcode: cell("result_postcode"), ID: cell("result_id"), Kind: cell("result_type"), Confidence: unsaid,
	}
	if score, err := strconv.ParseFloat(cell("result_score"), 64); err == nil && score >= 0 {
		p.Confidence = min(score, 1)
	}
	banKind(cell("result_name"), cell("result_context"), &p)
	return Outcome{Places: []geo.Place{p}}, nil
}
