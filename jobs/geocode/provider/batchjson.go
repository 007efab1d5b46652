package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// geocodioBatch is an object of questions by id; the answers have the same ids.
func geocodioBatch(*Provider) *Batch {
	return &Batch{
		Most: 10_000, MostBytes: 16_000_000, Each: true,
		// Of forward and reverse each has a path of its own, and the country of a line cannot be said.
		Takes: func(q *geo.Query) bool { return !q.Reverse },
		encode: func(r *request, qs []*geo.Query) error {
			r.path = "/v1.9/geocode"
			r.set("limit", "5")
			all := make(map[string]any, len(qs))
			for i, q := range qs {
				if !structured(q) {
					all[id(i)] = oneLine(q)
					continue
				}
				all[id(i)] = object(geocodioParts(q))
			}
			return jsonBody(r, all)
		},
		decode: func(body []byte, qs []*geo.Query, out *outcomes) error {
			var a struct {
				Results json.RawMessage `json:"results"`
			}
			if err := json.Unmarshal(body, &a); err != nil {
				return err
			}
			if a.Results == nil {
				return errors.New("it has no results")
			}
			// By id, in the order in which they stand there, so that one that is there twice is seen.
			return members(a.Results, func(id string, raw json.RawMessage) error {
				var one struct {
					Response json.RawMessage `json:"response"`
				}
				if err := json.Unmarshal(raw, &one); err != nil {
					return err
				}
				found, err := readGeocodio(one.Response, nil)
				if err != nil {
					return out.put(id, Outcome{State: Broken, Again: true, Err: asTrouble(err, one.Response)})
				}
				return out.put(id, places(found))
			})
		},
	}
}

// mapboxBatch is a list of questions, whose answers come in the same order, without ids.
func mapboxBatch(p *Provider) *Batch {
	return &Batch{
		Most: 1000, MostBytes: 8_000_000, Each: true,
		Takes: func(q *geo.Query) bool { _, err := mapboxParams(q); return err == nil },
		encode: func(r *request, qs []*geo.Query) error {
			r.path = "/search/geocode/v6/batch"
			if p.permanent {
				r.set("permanent", "true")
			}
			all := make([]map[string]any, 0, len(qs))
			for _, q := range qs {
				params, err := mapboxParams(q)
				if err != nil {
					return err
				}
				o := object(params)
				if q.Reverse {
					o["longitude"], o["latitude"] = q.Point.Lon, q.Point.Lat
				} else {
					o["limit"] = 1
					o["autocomplete"] = false
					if b := q.Box; b != nil {
						o["bbox"] = []float64{b.West, b.South, b.East, b.North}
					}
				}
				all = append(all, o)
			}
			return jsonBody(r, all)
		},
		decode: func(body []byte, qs []*geo.Query, out *outcomes) error {
			var a struct {
				Batch *[]json.RawMessage `json:"batch"`
			}
			if err := json.Unmarshal(body, &a); err != nil {
				return err
			}
			if a.Batch == nil {
				return errors.New("it has no batch")
			}
			if len(*a.Batch) != len(qs) {
				// They have no ids: with one too few nobody knows whose is whose.
				return retry(ClassBatch, fmt.Sprintf("the answer has %d parts for %d questions", len(*a.Batch), len(qs)))
			}
			for i, raw := range *a.Batch {
				o := Outcome{State: Broken, Again: true}
				if found, err := readMapbox(raw, nil); err != nil {
					o.Err = asTrouble(err, raw)
				} else {
					o = places(found)
				}
				if err := out.put(id(i), o); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func object(params []param) map[string]any {
	o := make(map[string]any, len(params))
	for _, p := range params {
		o[p.name] = p.value
	}
	return o
}

func jsonBody(r *request, v any) error {
	b, err := json.Marshal(v)
	r.body = b
	r.header.Set("Content-Type", "application/json")
	r.method = http.MethodPost
	return err
}
