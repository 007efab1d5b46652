package http

import (
	"brood/jobs/web"
	"fmt"
	"testing"
)

// TestSteps: what is a path and nothing else is followed without a machine.
func TestSteps(t *testing.T) {
	for text, want := range map[string]string{
		".a": "[{a 0}]", ".a.b2[0]._c[12]": "[{a 0} {b2 0} { 0} {_c 0} { 12}]",
		".": "[]", "": "[]", ".a-b": "[]", ".a[]": "[]", ".a[-1]": "[]", ".a[1:2]": "[]", ".a?": "[]", `.a["b"]`: "[]", "[0]": "[]", ".[0]": "[]", ".a | .b": "[]", "$status": "[]", ".2a": "[]", "..": "[]",
	} {
		if got := fmt.Sprint(stepsOf(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// FuzzColumns: whatever a server answers, a column is what jq makes of it, also where it is found by a
// shorter way; and what is no JSON, or nested too deep, is refused.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{`{"a":{"b":[1,2.50,1e400]}}`, `{"a":null}`, `[1]`, `{"a":{"b":"x"}}`, `{"a":"\ud800"}`, `{"a":{"a":1,"a":2}}`, `12345678901234567890`, `{`, ``, "\xff", `{"a":{"b":[[["x"]]]}}`} {
		f.Add([]byte(s))
	}
	var queries []*query
	for _, text := range []string{".a", ".a.b", ".a.b[0]", ".a.b[1].c"} {
		q, err := compile(text)
		if err != nil || q.plain == nil {
			f.Fatalf("%s: %v", text, err)
		}
		queries = append(queries, q)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, err := decode(body, 100)
		if err != nil {
			return
		}
		a := &answer{Answer: &web.Answer{Status: 200}, value: value}
		for _, q := range queries {
			short, shortErr := q.first(t.Context(), a)
			long, longErr := (&query{code: q.code}).first(t.Context(), a)
			if (shortErr != nil) != (longErr != nil) {
				t.Fatalf("%s: %v, %v", body, shortErr, longErr)
			}
			if shortErr != nil {
				continue
			}
			x, err1 := textOfValue(short)
			y, err2 := textOfValue(long)
			if err1 != nil || err2 != nil || string(x) != string(y) {
				t.Errorf("%s: %s (%v), jq: %s (%v)", body, x, err1, y, err2)
			}
		}
	})
}
