package form

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/sink"
	"brood/runner/spec"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// writeGeoJSON writes a FeatureCollection (RFC 7946) with a Feature for each row, on a line of its own: its members
// are the properties, its number the id. A row without coordinates, or with some that are on no map, has no geometry.
func writeGeoJSON(w io.Writer, cfg *spec.Config, rows *dataset.Reader) error {
	if _, err := io.WriteString(w, `{"type":"FeatureCollection","features":[`); err != nil {
		return err
	}
	var buf []byte
	between := "\n"
	err := each(rows, func(rec *dataset.Record) error {
		buf = appendFeature(append(buf[:0], between...), rec.Raw, cfg.Form)
		between = ",\n"
		_, err := w.Write(buf)
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "\n]}\n")
	}
	return err
}

func appendFeature(dst, row []byte, f *spec.Form) []byte {
	dst = append(dst, `{"type":"Feature",`...)
	if seq, ok := sink.FormatJSONL.SeqOf(row, nil); ok {
		dst = append(strconv.AppendUint(append(dst, `"id":`...), uint64(seq), 10), ',')
	}
	dst = append(dst, `"geometry":`...)
	dst = appendPoint(dst, row, f.Point)
	dst = append(dst, `,"properties":`...)
	if f.Plain {
		dst = append(append(dst, sink.WithoutOwn(row)...), '}')
	} else {
		dst = append(dst, row...)
	}
	return append(dst, '}')
}

func appendPoint(dst, row []byte, p jobs.Point) []byte {
	var lat, lon gjson.Result
	gjson.ParseBytes(row).ForEach(func(name, value gjson.Result) bool { // names are no paths
		switch name.Str {
		case p.Lat:
			lat = value
		case p.Lon:
			lon = value
		}
		return true
	})
	y, okY := degrees(lat, 90)
	x, okX := degrees(lon, 180)
	if !okX || !okY {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"type":"Point","coordinates":[`...)
	dst = append(strconv.AppendFloat(dst, x, 'f', -1, 64), ',')
	return append(strconv.AppendFloat(dst, y, 'f', -1, 64), "]}"...)
}

// degrees reads a coordinate, a number or a text that is one, up to most either way.
func degrees(v gjson.Result, most float64) (float64, bool) {
	text := v.Raw
	if v.Type == gjson.String {
		text = strings.TrimSpace(v.Str)
	} else if v.Type != gjson.Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && math.Abs(f) <= most
}

// pairs are names of columns with coordinates, as files have them.
var pairs = [...]jobs.Point{
	{Lat: "lat", Lon: "lon"}, {Lat: "lat", Lon: "lng"}, {Lat: "lat", Lon: "long"}, {Lat: "latitude", Lon: "longitude"}, {Lat: "geo_lat", Lon: "geo_lon"},
}

// PointOf finds the columns with the coordinates among those of the results, whatever their capitals.
func PointOf(columns []string) (p jobs.Point, ok bool) {
	find := func(name string) string {
		for _, c := range columns {
			if strings.EqualFold(strings.TrimSpace(c), name) {
				return c
			}
		}
		return ""
	}
	for _, pair := range pairs {
		if p = (jobs.Point{Lat: find(pair.Lat), Lon: find(pair.Lon)}); p.Lat != "" && p.Lon != "" {
			return p, true
		}
	}
	return jobs.Point{}, false
}
