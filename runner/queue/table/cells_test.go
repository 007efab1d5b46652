package table

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestCells: each kind of a column, as it stands in a job's body.
func TestCells(t *testing.T) {
	for _, c := range []struct {
		k    kind
		v    any
		want string
	}{
		{ofText, nil, `null`},
		{ofText, "a\"b\n", `"a\"b\n"`},
		{ofText, []byte("12"), `"12"`},
		{ofNumber, int64(math.MinInt64), `-9223372036854775808`},
		{ofNumber, "18446744073709551615", `18446744073709551615`},
		{ofNumber, "1.10", `1.10`},
		{ofNumber, "00042", `42`},
		{ofNumber, "000", `0`},
		{ofNumber, "0.5", `0.5`},
		{ofNumber, "00.50", `0.50`},
		{ofNumber, "NaN", `"NaN"`},
		{ofNumber, "", `""`},
		{ofNumber, "1 2", `"1 2"`},
		{ofNumber, "null", `"null"`},
		{ofNumber, 0.1, `0.1`},
		{ofNumber, 1e300, `1e+300`},
		{ofNumber, math.Inf(1), `"+Inf"`},
		{ofSingle, "1.2345678806304932", `1.2345679`},
		{ofSingle, "x", `"x"`},
		{ofBool, int64(1), `true`},
		{ofBool, int64(2), `2`},
		{ofBool, "f", `false`},
		{ofBool, "maybe", `"maybe"`},
		{ofInstant, "2026-11-30 15:27:43.120", `"2026-11-30T15:27:43.12Z"`},
		{ofInstant, "infinity", `"infinity"`},
		{ofInstant, "2026-11-30 15:27:43+01", `"2026-11-30 15:27:43+01"`},
		{ofMoment, "2026-11-30 15:27:43.000", `"2026-11-30T15:27:43"`},
		{ofMoment, "2026-11-30T15:27:43", `"2026-11-30T15:27:43"`},
		{ofMoment, "2026-11-30", `"2026-11-30"`},
		{ofEpoch, "1764516463.500000", `"2025-11-30T15:27:43.5Z"`},
		{ofEpoch, "-1", `"-1"`},
		{ofEpoch, int64(1764516463), `"2025-11-30T15:27:43Z"`},
		{ofSingle, 1.2345678806304932, `1.2345679`},
		{ofEpoch, "1.x", `"1.x"`},
		{ofBytes, []byte("grün"), `"grün"`},
		{ofBytes, []byte{0xff, 0}, `"/wA="`},
		{ofAny, []byte{0xff}, `"/w=="`},
		{ofAny, int64(7), `7`},
		{ofJSON, "{\"a\":\n[1]}", `{"a": [1]}`},
		{ofJSON, "{", `"{"`},
	} {
		if got := string(appendCell(nil, c.k, c.v)); got != c.want {
			t.Errorf("%d %v: %s, not %s", c.k, c.v, got, c.want)
		}
	}
}

// FuzzCell: whatever a database has, a cell is JSON on one line; text and bytes can be had back.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "0", "-0", "01", "1e5", "1.", "2026-11-30 15:27:43.1", "{\r\n}", "\xff", "t", "17.5", "0e1", "00e1"} {
		for k := ofText; k <= ofAny; k++ {
			f.Add(uint8(k), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, k uint8, v []byte) {
		kind := kind(k) % (ofAny + 1)
		for _, cell := range []any{v, string(v)} {
			got := appendCell([]byte("["), kind, cell)
			got = append(got, ']')
			var back []any
			d := json.NewDecoder(bytes.NewReader(got))
			d.UseNumber() // 1e999 is one
			if err := d.Decode(&back); err != nil || len(back) != 1 {
				t.Fatalf("%d %q: %s %v", kind, v, got, err)
			}
			for _, b := range got {
				if b == '\n' || b == '\r' {
					t.Fatalf("%q: %q", v, got)
				}
			}
			if s, ok := back[0].(string); ok && (kind == ofText || kind == ofBytes) && utf8.Valid(v) && s != string(v) {
				t.Fatalf("%q came back as %q", v, s)
			} else if kind == ofBytes && !utf8.Valid(v) {
				if _, asBytes := cell.([]byte); asBytes {
					if was, err := base64.StdEncoding.DecodeString(s); err != nil || string(was) != string(v) {
						t.Fatalf("%q came back as %q", v, was)
					}
				}
			}
		}
	})
}

// TestTimes: a point in time comes out as what it is.
func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999999).Draw(t, "µs")*1000).UTC()
		for _, got := range []string{rfc3339(at.Format("2006-01-02 15:04:05.000000"), true), must(epoch(decimal(at)))} {
			if back, err := time.Parse(time.RFC3339Nano, got); err != nil || !back.Equal(at) {
				t.Fatalf("%s: %s %v", at, got, err)
			}
		}
	})
}

func decimal(at time.Time) string {
	b, _ := json.Marshal(at.Unix())
	return string(b) + at.Format(".000000")
}

func must(s string, ok bool) string {
	if !ok {
		return "refused"
	}
	return s
}

// FuzzToken: a token is a count, or refused.
func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "01", "9223372036854775807", "x", "1 "} {
		f.Add(s)
	}
	l := &layout{tries: &column{}}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := l.readToken(s)
		if err != nil {
			return
		}
		if again, err := l.readToken(l.token(n)); n < 0 || err != nil || again != n {
			t.Fatalf("%q: %d %d %v", s, n, again, err)
		}
	})
}
