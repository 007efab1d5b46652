package jobs

import (
	"encoding/json"
	"testing"
)

func TestWhole(t *testing.T) {
	queue := &Shape{Kind: Objects, Queued: true}
	for raw, want := range map[string]string{
		`{"_job":"7","line":"one \"word\"\n"}`: "one \"word\"\n",
		`{"_job":"7","line":""}`:               "",
		"{\"_job\":\"7\",\"line\":\"\xff\"}":   "\xff",
		`{"_job":"\"}{","a":1,"b":[{}]}`:       `{"a":1,"b":[{}]}`,
		`{"_job":"7", "line" : "x", "b":1}`:    `{"line" : "x", "b":1}`,
		`{"_job":"7","line":5}`:                `{"line":5}`,
		`{"_job":"7"}`:                         `{}`,
		`{"a":1,"_job":"7"}`:                   `{"a":1,"_job":"7"}`,
	} {
		if got := string((&Record{Shape: queue, Raw: []byte(raw)}).Whole()); got != want {
			t.Errorf("%s: %s", raw, got)
		}
		if got := string((&Record{Shape: &Shape{Kind: Objects}, Raw: []byte(raw)}).Whole()); got != raw {
			t.Errorf("no queue's: %s: %s", raw, got)
		}
	}
}

// FuzzWhole: what is taken off an object leaves an object, or a text that stood in it.
func FuzzWhole(f *testing.F) {
	f.Add(`{"_job":"7","line":"x"}`)
	f.Add(`{"_job":"7","a":{"_job":1},"b":"},{"}`)
	f.Add(`{"_job" : "7" , "line":1 }`)
	f.Fuzz(func(t *testing.T, raw string) {
		if !json.Valid([]byte(raw)) {
			return
		}
		var was map[string]json.RawMessage
		if json.Unmarshal([]byte(raw), &was) != nil || was == nil {
			return
		}
		got := (&Record{Shape: &Shape{Kind: Objects, Queued: true}, Raw: []byte(raw)}).Whole()
		var left map[string]json.RawMessage
		if json.Unmarshal(got, &left) == nil {
			for name := range left {
				if _, there := was[name]; !there && was[LineColumn] == nil {
					t.Errorf("%s has become %s", raw, got)
				}
			}
		} else if was[LineColumn] == nil {
			t.Errorf("%s has become %s", raw, got)
		}
	})
}
