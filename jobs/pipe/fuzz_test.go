package pipe

import (
	"brood/jobs"
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAnswer: a line is an answer to the record that was asked about, with a verdict that
// there is and a result that can stand in the output, or it is an error.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`"status":"ok"`, `"status":"ok","result":{"a":1,"b":"x"}`, `"status":"ok","result":{"a":1,"a":{"b":2},"\u0062":[]}`, `"status":"ok","result":[{"a":1}]`, `"status":"ok","result":"a"`, `"status":"ok","result":null`, `"status":"failed","class":"c","error":"\u001b[2J\n\ud800"`,
		`"status":"retry","retry_after":1.5`, `"status":"retry","retry_after":1e400`, `"status":"retry","retry_after":-0`, `"status":"throttle","retry_after":"5"`, `"status":"ok","STATUS":"failed","id":"0.1"`, `"status":"ok","result":{"":1,"a.b":2,"a":1e999}`, `"status":"unknown","result":[1,` + "\r" + `2]`,
		`"status":"ok","result":{"a":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}", `"status":"ok","result":{"a":"` + "\xff\u2028" + `"}`, `"status":7`, `"status":"ok","result":{"\ud800":1,"\ufffd":2,"A":3}`,
	} {
		f.Add([]byte(`{"id":"7.1",` + s + "}\n"))
	}
	for _, s := range []string{"", "\n", "null", "[]", `{"id":"7.1"}{"id":"7.1","status":"ok"}`, `{"id":"7.2","status":"ok"}`, `{"id":"7.1","status":"ok"} x`, strings.Repeat(`{"id":`, 100), "\ufeff{}"} {
		f.Add([]byte(s))
	}
	columns := []string{"a", "b", "", "\ufffd", "a"}
	// gjson takes what follows half a surrogate for its other half, whatever it is.
	half := regexp.MustCompile(`(?i)\\ud[89a-f]`)
	f.Fuzz(func(t *testing.T, line []byte) {
		names := columns
		if half.Match(line) {
			names = nil
		}
		rec := record(7, "x")
		for _, r := range []*runner{
			{setup: jobs.Setup{Text: true, MaxDepth: 10}},
			{setup: jobs.Setup{MaxDepth: 10}},
			{setup: jobs.Setup{MaxDepth: 10}, config: config{Columns: names}},
		} {
			var res jobs.Result
			if err := r.understand(bytes.Clone(line), rec, &res); err != nil {
				if !utf8.ValidString(err.Error()) {
					t.Fatalf("%q", err)
				}
				continue
			}
			if _, err := jobs.ParseVerdict(res.Verdict.String()); err != nil || res.RetryAfter < 0 || res.RetryAfter > jobs.MaxRetryAfter || !utf8.ValidString(res.Error+string(res.Class)) {
				t.Fatalf("%s: %+v", line, res)
			}
			checkResult(t, r, line, &res)
		}
	})
}

// checkResult compares what was taken of a result with what encoding/json finds.
func checkResult(t *testing.T, r *runner, line []byte, res *jobs.Result) {
	var a struct {
		ID     string
		Result json.RawMessage
	}
	if err := json.Unmarshal(bytes.ToValidUTF8(line, []byte("\ufffd")), &a); err != nil || a.ID != "7.1" {
		t.Fatalf("%s is an answer, %v", line, err)
	}
	if string(a.Result) == "null" {
		a.Result = nil
	}
	if r.setup.Text {
		text, more, _ := bytes.Cut(res.Text, []byte("\n"))
		if len(more) > 0 || !json.Valid(text) || bytes.ContainsRune(text, '\r') || len(res.Values) > 0 {
			t.Fatalf("%s makes %q", line, res.Text)
		}
		return
	}
	if len(r.Columns) == 0 {
		if len(res.Values) != 1 || !bytes.Equal(res.Values[0], a.Result) {
			t.Fatalf("%s makes %q", line, res.Values)
		}
		return
	}
	var members map[string]json.RawMessage
	_ = json.Unmarshal(a.Result, &members) // what is no object has none
	var want [][]byte
	for _, c := range r.Columns {
		want = append(want, members[c])
	}
	if !slices.EqualFunc(res.Values, want, bytes.Equal) {
		t.Fatalf("%s makes %q, want %q", line, res.Values, want)
	}
}
