package query

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzValue: whatever a database writes becomes JSON on one line, behind what is there already, and loses nothing.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"", "1", "9007199254740993", "1e400", "NaN", "0x1p3", "t", "2026-11-30 15:04:05.25+00", "{\"a\":\n1}", "\xff\x00", "+1", "01"} {
		for k := text; k <= bits; k++ {
			f.Add([]byte(s), uint8(k))
		}
	}
	f.Fuzz(func(t *testing.T, s []byte, which uint8) {
		k := kind(which % uint8(bits+1))
		out := appendText([]byte("head"), s, k)
		if string(out[:4]) != "head" || !json.Valid(out[4:]) || !utf8.Valid(out) {
			t.Fatalf("%d %q: %q", k, s, out)
		}
		for _, c := range out {
			if c == '\n' || c == '\r' {
				t.Fatalf("%d %q: %q", k, s, out)
			}
		}
		var v any
		if err := json.Unmarshal(out[4:], &v); err != nil && k != document {
			t.Fatal(err)
		}
		switch v := v.(type) {
		case float64:
			if want, err := strconv.ParseFloat(string(s), 64); (k == integer || k == float) && (err != nil || want != v) {
				t.Fatalf("%d %q: %v", k, s, v)
			}
		case string:
			if k == text && utf8.Valid(s) && v != string(s) {
				t.Fatalf("%q: %q", s, v)
			}
			if (k == moment || k == local) && v != string(s) && utf8.Valid(s) {
				if k == local {
					v += "Z"
				}
				if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
					t.Fatalf("%q: %v", s, err)
				}
			}
		}
	})
}
