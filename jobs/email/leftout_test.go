package email

import (
	"brood/jobs"
	"encoding/json"
	"slices"
	"testing"
)

// TestOldLists: a run that was begun before lists were known goes on as it was: its configuration
// says nothing of them, so nobody is left out and the columns are those there are.
func TestOldLists(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"email", "name", "attributes", "status", "Primary Email"}}
	rec := &jobs.Record{Shape: shape, Values: [][]byte{[]byte("a@example.com"), nil, nil, []byte("blocklisted"), nil}}
	var old config
	if err := json.Unmarshal([]byte(`{"headers":[{"name":"From","value":"team@example.com"}],"use":[],"maildir":"/m"}`), &old); err != nil {
		t.Fatal(err)
	}
	c, err := newComposer(old, shape)
	if err != nil {
		t.Fatal(err)
	}
	if m, why := c.leftOut(rec); m != nil {
		t.Errorf("left out: %s", why)
	}
	if !slices.Equal(c.addresses, []string{"email"}) || c.known.Index("first_name") >= 0 {
		t.Errorf("%q, %q", c.addresses, c.known.Columns)
	}
	text, err := json.Marshal(old)
	if err != nil || string(text) != `{"headers":[{"name":"From","value":"team@example.com"}],"use":[],"maildir":"/m"}` {
		t.Errorf("kept as %s, %v", text, err)
	}
	// And one of today is kept with what was known when it began.
	old.List = recognize(shape, noOptions{})
	if text, err = json.Marshal(old); err != nil {
		t.Fatal(err)
	}
	var back config
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if c, err = newComposer(back, shape); err != nil {
		t.Fatal(err)
	}
	if m, why := c.leftOut(rec); m == nil || why != `it must not be written to: status is "blocklisted" in the list` {
		t.Errorf("%v %s", m, why)
	}
}

// noOptions are flags that nobody has given.
type noOptions struct{ jobs.Options }

func (noOptions) Bool(string) bool { return false }
