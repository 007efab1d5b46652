package spec

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDrainWithin(t *testing.T) {
	for _, c := range []struct {
		drain              Drain
		timeout, killAfter time.Duration
		want               time.Duration
		word               string
	}{
		{Drain{}, time.Minute, time.Second, 0, "none"},
		{Drain{Limit: time.Second}, time.Minute, time.Second, time.Second, "1s"},
		{Drain{Auto: true}, 0, time.Second, 30 * time.Second, "auto"},
		{Drain{Auto: true}, 10 * time.Second, time.Second, 30 * time.Second, "auto"},
		{Drain{Auto: true}, 30 * time.Second, time.Second, 31 * time.Second, "auto"},
		{Drain{Auto: true}, 5 * time.Minute, 0, 5 * time.Minute, "auto"},
	} {
		if got := c.drain.Within(c.timeout, c.killAfter); got != c.want || c.drain.String() != c.word {
			t.Errorf("%+v with --timeout %s --kill-after %s: %s, %s", c.drain, c.timeout, c.killAfter, got, c.drain)
		}
	}
}

// What was asked is stored, and what an earlier brood has stored stays as it was: a number,
// or nothing for ever.
func TestDrainStored(t *testing.T) {
	type stored struct {
		D Drain `json:"d,omitzero"`
	}
	for text, want := range map[string]Drain{`{}`: {}, `{"d":60000000000}`: {Limit: time.Minute}, `{"d":"auto"}`: {Auto: true}} {
		var got stored
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.D != want {
			t.Errorf("%s is %+v, %v", text, got.D, err)
		}
		if b, err := json.Marshal(stored{want}); err != nil || string(b) != text {
			t.Errorf("%+v is stored as %s, %v", want, b, err)
		}
	}
	for _, text := range []string{`"soon"`, `[]`, `"0"`} {
		if err := json.Unmarshal([]byte(text), &Drain{}); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
