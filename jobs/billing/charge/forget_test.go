package charge

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// full has a value in every member that is text.
func full(t *testing.T) *Charge {
	t.Helper()
	c := &Charge{Attempt: 1, Taxes: []Tax{{Rate: "19", Base: "1.00", Tax: "0.19"}}, Metadata: map[string]string{"who": "Ada metadata"}}
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString("Ada " + v.Type().Field(i).Name)
		}
	}
	c.Lines = []Line{{Description: "Ada line", Gross: "1.19"}}
	return c
}

// TestForgotten leaves of every member either what it was, if it is one that stays, or nothing of it: also of one that is new.
func TestForgotten(t *testing.T) {
	c := full(t)
	members := func(c *Charge) map[string]any {
		line, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out := make(map[string]any)
		if err := json.Unmarshal(line, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	was, is := members(c), members(c.Forgotten())
	for name, v := range was {
		if name == "number" {
			continue // no member of a plan
		}
		if Stays(name) != reflect.DeepEqual(is[name], v) {
			t.Errorf("%s: stays %v, was %v, is %v", name, Stays(name), v, is[name])
		}
		if text, _ := json.Marshal(is[name]); !Stays(name) && strings.Contains(string(text), "Ada") {
			t.Errorf("%s is %s", name, text)
		}
	}
	for _, name := range stays {
		if _, there := was[name]; !there {
			t.Errorf("no charge has a member %s", name)
		}
	}
	if l := c.Forgotten().Lines; len(l) != 1 || l[0].Gross != "1.19" || c.Lines[0].Description != "Ada line" {
		t.Errorf("%v, of %v", l, c.Lines)
	}
	once, err := c.Forgotten().Fingerprint()
	twice, err2 := c.Forgotten().Forgotten().Fingerprint()
	if err != nil || err2 != nil || once != twice {
		t.Errorf("%v %v: forgotten twice is another charge", err, err2)
	}
}
