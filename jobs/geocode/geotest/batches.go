package geotest

import (
	"brood/jobs/geocode/geo"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// spoil makes the faults of batches: what is there of the answers, by their number.
func spoil(n int, fault *Fault) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = n - 1 - i // not in the order in which they were sent
	}
	if fault != nil && n > 0 {
		switch fault.Kind {
		case KindShort:
			order = order[1:]
		case KindDouble:
			order = append(order, 0)
		default:
		}
	}
	return order
}

func strange(fault *Fault, i int) bool { return fault != nil && fault.Kind == KindStranger && i == 0 }

func routeGeocodio(path string, c *call) (*ask, error) {
	p := &parameters{c: c}
	switch {
	case path == "/v1.9/reverse":
		lat, lon, _ := strings.Cut(p.get("q"), ",")
		q := &geo.Query{Reverse: true}
		var errLat, errLon error
		q.Point.Lat, errLat = strconv.ParseFloat(lat, 64)
		q.Point.Lon, errLon = strconv.ParseFloat(lon, 64)
		if errors.Join(errLat, errLon) != nil {
			return nil, fmt.Errorf("could not read the coordinates")
		}
		return p.single(q, geocodioResults)
	case path == "/v1.9/geocode" && c.r.Method == http.MethodGet:
		q := geocodioQuery(p.get("q"), p.get("street"), p.get("city"), p.get("state"), p.get("postal_code"))
		q.Limit = p.limit(5)
		return p.single(q, geocodioResults)
	case path == "/v1.9/geocode" && c.r.Method == http.MethodPost:
		return geocodioBatch(c)
	}
	return nil, nil
}

func geocodioQuery(line, street, town, state, code string) *geo.Query {
	q := &geo.Query{Address: geo.Address{Line: line, City: town, State: state, Postcode: code}}
	streetOf(q, street)
	return q
}

func geocodioResults(found []geo.Place) any {
	return map[string]any{"input": map[string]any{}, "results": all(found, func(p *geo.Place) any {
		kind := map[geo.Precision]string{geo.PrecisionRooftop: "rooftop", geo.PrecisionStreet: "street_center", geo.PrecisionCity: "place"}[p.Precision]
		return map[string]any{
			"address_components": map[string]any{"number": p.Number, "formatted_street": p.Road, "city": p.City, "state": p.State, "zip": p.Postcode, "country": p.CountryCode},
			"formatted_address":  p.Formatted, "location": map[string]any{"lat": p.Lat, "lng": p.Lon}, "accuracy": 1, "accuracy_type": kind, "source": "test",
		}
	})}
}

// mostGeocodio is how many may be in one.
const mostGeocodio = 10_000

func geocodioBatch(c *call) (*ask, error) {
	var asked map[string]json.RawMessage
	if err := decodeJSON(c.body, &asked); err != nil {
		return nil, err
	}
	if len(asked) > mostGeocodio {
		return nil, fmt.Errorf("can't perform batch geocoding with more than %d at a time", mostGeocodio)
	}
	ids := slices.Sorted(maps.Keys(asked))
	a := &ask{question: fmt.Sprintf("batch of %d", len(ids)), kind: "application/json"}
	for _, id := range ids {
		var line string
		var parts struct {
			Street, City, State string
			Code                string `json:"postal_code"`
		}
		if json.Unmarshal(asked[id], &line) != nil && json.Unmarshal(asked[id], &parts) != nil {
			return nil, fmt.Errorf("a question that is none")
		}
		a.queries = append(a.queries, geocodioQuery(line, parts.Street, parts.City, parts.State, parts.Code))
	}
	a.render = func(found [][]geo.Place, fault *Fault) []byte {
		var members [][]byte
		for _, i := range spoil(len(ids), fault) {
			id := ids[i]
			if strange(fault, i) {
				id = "stranger"
			}
			response := geocodioResults(found[i])
			if len(found[i]) == 0 {
				response = map[string]any{"error": "Could not geocode address. No matches found."}
			}
			members = append(members, append(append(mustJSON(id), ':'), mustJSON(map[string]any{"query": asked[ids[i]], "response": response})...))
		}
		return append(append([]byte(`{"results":{`), bytes.Join(members, []byte(","))...), "}}"...)
	}
	return a, nil
}

// upload are the rows of a file of CSV in a form.
func upload(c *call, field string) ([][]string, error) {
	c.r.Body = io.NopCloser(bytes.NewReader(c.body))
	if err := c.r.ParseMultipartForm(mostBody); err != nil {
		return nil, fmt.Errorf("this is no form: %w", err)
	}
	file, _, err := c.r.FormFile(field)
	if err != nil {
		return nil, fmt.Errorf("the form has no file %s", field)
	}
	defer closeQuietly(file)
	r := csv.NewReader(file)
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the file is no CSV: %w", err)
	}
	return rows, nil
}

func closeQuietly(f multipart.File) { _ = f.Close() }

// Limits of the Census, by its documentation.
const (
	mostCensus      = 10_000
	mostCensusBytes = 5_000_000
)

func routeCensus(path string, c *call) (*ask, error) {
	p := &parameters{c: c}
	var q *geo.Query
	switch path {
	case "/locations/onelineaddress":
		q = &geo.Query{Address: geo.Address{Line: p.get("address")}}
	case "/locations/address":
		q = geocodioQuery("", p.get("street"), p.get("city"), p.get("state"), p.get("zip"))
		if q.Street == "" {
			return nil, fmt.Errorf("street cannot be empty")
		}
	case "/locations/addressbatch":
		return censusBatch(c)
	default:
		return nil, nil
	}
	if p.get("benchmark") == "" {
		return nil, fmt.Errorf("the parameter benchmark is required")
	}
	return p.single(q, func(found []geo.Place) any {
		return map[string]any{"result": map[string]any{"input": map[string]any{}, "addressMatches": all(houses(found), func(p *geo.Place) any {
			return map[string]any{
				"matchedAddress": censusLine(p), "coordinates": map[string]any{"x": p.Lon, "y": p.Lat}, "tigerLine": map[string]any{"side": "L", "tigerLineId": p.ID},
				"addressComponents": map[string]any{"city": strings.ToUpper(p.City), "zip": p.Postcode},
			}
		})}}
	})
}

// houses are those places that have a number: the Census knows no others.
func houses(found []geo.Place) []geo.Place {
	return slices.DeleteFunc(slices.Clone(found), func(p geo.Place) bool { return p.Precision != geo.PrecisionRooftop })
}

func censusLine(p *geo.Place) string {
	return strings.ToUpper(p.Number+" "+p.Road+", "+p.City) + ", " + p.State + ", " + p.Postcode
}

func censusBatch(c *call) (*ask, error) {
	rows, err := upload(c, "addressFile")
	if err != nil {
		return nil, err
	}
	if len(rows) > mostCensus || len(c.body) > mostCensusBytes {
		return nil, fmt.Errorf("the file is too large")
	}
	a := &ask{question: fmt.Sprintf("batch of %d", len(rows)), kind: "text/csv"}
	for _, row := range rows {
		if len(row) != 5 {
			return nil, fmt.Errorf("a row of %d columns", len(row))
		}
		a.queries = append(a.queries, geocodioQuery("", row[1], row[2], row[3], row[4]))
	}
	a.render = func(found [][]geo.Place, fault *Fault) []byte {
		var out bytes.Buffer
		for _, i := range spoil(len(rows), fault) {
			row := rows[i]
			id := row[0]
			if strange(fault, i) {
				id = strconv.Itoa(len(rows) + 1)
			}
			cells := []string{id, strings.Join(row[1:], ", ")}
			switch match := houses(found[i]); len(match) {
			case 0:
				cells = append(cells, "No_Match")
			case 1:
				m := &match[0]
				cells = append(cells, "Match", "Exact", censusLine(m), fmt.Sprintf("%v,%v", m.Lon, m.Lat), m.ID, "L")
			default:
				cells = append(cells, "Tie")
			}
			for j, cell := range cells {
				cells[j] = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			fmt.Fprintln(&out, strings.Join(cells, ","))
		}
		return out.Bytes()
	}
	return a, nil
}

func routeBAN(path string, c *call) (*ask, error) {
	p := &parameters{c: c}
	q := &geo.Query{}
	switch path {
	case "/reverse":
		q.Reverse, q.Point = true, geo.Point{Lat: p.float("lat"), Lon: p.float("lon")}
	case "/search":
		q.Line, q.Limit = p.get("q"), p.limit(5)
		if len([]rune(q.Line)) < 3 {
			return nil, fmt.Errorf("q: must contain between 3 and 200 chars and start with number or letter")
		}
		// Its lines have no commas: the last words are the town.
		q.Line = commaBefore(q.Line, c)
	case "/search/csv":
		return banBatch(c)
	default:
		return nil, nil
	}
	return p.single(q, func(found []geo.Place) any {
		return map[string]any{"type": "FeatureCollection", "features": all(found, func(p *geo.Place) any {
			return map[string]any{
				"type": "Feature", "geometry": map[string]any{"type": "Point", "coordinates": []float64{p.Lon, p.Lat}},
				"properties": map[string]any{
					"label": p.Formatted, "score": 0.9, "housenumber": p.Number, "street": p.Road, "name": p.City, "city": p.City, "postcode": p.Postcode,
					"id": p.ID, "type": banType(p), "context": "00, Test, " + p.CountryCode,
				},
			}
		})}
	})
}

// commaBefore puts a comma before the town at the end of a line, if it is one.
func commaBefore(line string, c *call) string {
	words := strings.Fields(line)
	for i := 1; i < len(words); i++ {
		town := strings.Join(words[i:], " ")
		found, err := c.server.options.Finder.Find(c.r.Context(), &geo.Query{Address: geo.Address{City: town}, Level: geo.LevelCity})
		if err == nil && len(found) > 0 {
			return strings.Join(words[:i], " ") + ", " + town
		}
	}
	return line
}

func banType(p *geo.Place) string {
	return map[geo.Precision]string{geo.PrecisionRooftop: "housenumber", geo.PrecisionStreet: "street", geo.PrecisionCity: "municipality"}[p.Precision]
}

func banBatch(c *call) (*ask, error) {
	rows, err := upload(c, "data")
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	head := rows[0]
	rows = rows[1:]
	columns := c.r.MultipartForm.Value["columns"]
	a := &ask{question: fmt.Sprintf("batch of %d", len(rows)), kind: "text/csv; charset=utf-8"}
	for _, row := range rows {
		var parts []string
		for i, name := range head {
			if slices.Contains(columns, name) && row[i] != "" {
				parts = append(parts, row[i])
			}
		}
		a.queries = append(a.queries, &geo.Query{Address: geo.Address{Line: strings.Join(parts, ", ")}})
	}
	a.render = func(found [][]geo.Place, fault *Fault) []byte {
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		w.UseCRLF = true
		_ = w.Write(append(slices.Clone(head), "longitude", "latitude", "result_label", "result_score", "result_type", "result_id",
			"result_housenumber", "result_name", "result_street", "result_postcode", "result_city", "result_context", "result_status"))
		for _, i := range spoil(len(rows), fault) {
			row := slices.Clone(rows[i])
			if strange(fault, i) {
				row[0] = strconv.Itoa(len(rows) + 1)
			}
			if len(found[i]) == 0 {
				row = append(row, "", "", "", "", "", "", "", "", "", "", "", "", "not-found")
			} else {
				p := &found[i][0]
				row = append(row, fmt.Sprint(p.Lon), fmt.Sprint(p.Lat), p.Formatted, "0.9", banType(p), p.ID, p.Number, p.Road, p.Road, p.Postcode, p.City, "00, Test, "+p.CountryCode, "ok")
			}
			_ = w.Write(row)
		}
		w.Flush()
		return out.Bytes()
	}
	return a, nil
}
