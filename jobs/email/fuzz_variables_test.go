package email

import (
	"brood/jobs"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzVariables: whatever JSON a record is, or holds in its column of attributes, what
// comes of it are texts, booleans, lists and objects, none of them empty; a text is as it
// was, and a column counts more than an attribute.
func FuzzVariables(f *testing.F) {
	for _, s := range []string{
		`{"email":"a@b.example","n":7,"x":1e400,"t":true,"l":["",null,[],"a"],"o":{"p":{"q":""}}}`, `{"attributes":{"plan":"gold","email":"no"},"email":"a"}`, `{"attributes":"{\"plan\":\"gold\"}"}`, `{"attributes":"null"}`, `{"attributes":"[]"}`, `{"attributes":[1]}`,
		`null`, `[]`, `{}`, `{} {}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":1,"a":""}`, `{"":" ","a":"\u2028"}`, `{"attributes":{"attributes":{"a":1}}}`, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), `{"attributes":{"a":null}}`, `{"a":-0.0e5}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		objects := &jobs.Shape{Kind: jobs.Objects}
		fields := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"Name", attributesColumn, "name"}}
		for _, rec := range []*jobs.Record{{Shape: objects, Raw: raw}, {Shape: fields, Values: [][]byte{[]byte("Ada"), raw, nil}}} {
			c := composer{columns: columnsOf(rec.Shape, "")}
			vars, _, err := c.variablesOf(rec)
			if err != nil {
				continue
			}
			for name, v := range vars {
				if !whole(v) && name != attributesColumn {
					t.Fatalf("%s: %q is %#v", raw, name, v)
				}
				if s, is := v.(string); is && vars.text(name) != s {
					t.Fatalf("%s: %q is %q", raw, name, v)
				}
			}
			if rec.Shape.Kind == jobs.Fields {
				if vars.text("Name") != "Ada" {
					t.Fatalf("%s: %v", raw, vars)
				}
				continue
			}
			var all map[string]any
			if err := json.Unmarshal(raw, &all); err != nil {
				continue // a number that float64 cannot hold
			}
			for name, v := range all {
				if s, is := v.(string); is && strings.TrimSpace(s) != "" && name != attributesColumn && vars.text(name) != s {
					t.Fatalf("%s: %q is %q", raw, name, vars[name])
				}
			}
		}
	})
}

// whole says whether nothing in a value is empty.
func whole(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v) != ""
	case bool:
		return true
	case []any:
		for _, e := range v {
			if !whole(e) {
				return false
			}
		}
		return len(v) > 0
	case map[string]any:
		for _, e := range v {
			if !whole(e) {
				return false
			}
		}
		return len(v) > 0
	default:
		return false
	}
}
