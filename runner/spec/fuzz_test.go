package spec

import (
	"brood/jobs"
	"brood/runner/pace"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// FuzzConfig: a configuration that can be read is written as one that reads the same, and
// what is made of it does not panic.
func FuzzConfig(f *testing.F) {
	b, err := os.ReadFile("testdata/config.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, s := range []string{
		`{}`, `null`, `{"effect":2,"output_format":4,"dataset":{"format":2}}`, `{"halt":"soon,fail=10%"}`, `{"halt":"now,done=9223372036854775808"}`, `{"halt":""}`, `{"breaker":"50%/20 of policy for 15m"}`, `{"pace":{"rate":{"n":0,"per":0},"burst":-1,"window":"08:00-18:00"}}`,
		`{"pace":{"by":{"n":-1,"per":1},"by_value":{"x":{"n":1e308,"per":1}}}}`, `{"key":{"columns":["a|b"],"normalize":[["email","none"]]}}`, `{"plan":{"config":null,"ended":[{"status":"x"}]}}`, `{"hold_back":{"pressure":{"memory":1}}}`, `{"pace_key":{"column":"a","domain":true}}`, `{"timeout":-1,"slots":-5,"retries":1e3}`,
		`{"EFFECT":"once","effect":"none"}`, `{"on_unknown":"x"}`, `{"dataset":{"delimiter":-1}}`, `{"limits":{"connect":[1]}}`,
	} {
		f.Add([]byte(s))
	}
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "b"}}
	rec := &jobs.Record{Shape: shape, Values: [][]byte{[]byte("Ä@Bücher.example"), nil}, Attempt: 1}
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := Decode(text)
		if err != nil {
			return
		}
		once, err := json.Marshal(cfg)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		back, err := Decode(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice, err := json.Marshal(back); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s\nbecomes %s\nand that %s, %v", text, once, twice, err)
		}
		_ = cfg.Halt.Reached(5, 5)
		_ = cfg.PaceKey.Check(shape)
		if cfg.Key.Check(shape) == nil {
			cfg.Key.Sum(rec)
			_ = cfg.Key.Text(rec)
		}
		now := time.Unix(1_800_000_000, 0)
		p := pace.New(cfg.Pace, now, "", 0)
		p.SetRate(cfg.Pace.By, now)
		_ = strings.Join([]string{cfg.Effect.String(), cfg.OutputFormat.String(), cfg.Dataset.Format.String(), cfg.Halt.String()}, "")
		if other, err := WithJobConfig(once, []byte(`{"a":1}`)); err == nil {
			if again, err := Decode(other); err != nil || string(again.Plan.Config) != `{"a":1}` {
				t.Fatalf("%s with another configuration of the job: %s, %v", once, other, err)
			}
		}
	})
}
