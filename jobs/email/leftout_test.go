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

// Of several rows for one message one is enough that says that its recipient has left.
func TestRowsAreLeftOut(t *testing.T) {
	c := &composer{}
	for _, rec := range []*jobs.Record{
		ofRows("email,name,attributes,status", "a@example.com,A,{},enabled", "a@example.com,A,{},blocklisted"),
		{Shape: &jobs.Shape{Kind: jobs.Objects, Rows: true}, Raw: []byte(`{"email":"a@example.com","status":"enabled"}` + "\n" + `{"email":"a@example.com","status":"unsubscribed"}`)},
	} {
		c.List = recognize(rec.Shape, noOptions{})
		if m, _ := c.leftOut(rec); m == nil {
			t.Errorf("%s: nobody is left out", rec.Shape.Kind)
		}
	}
	c.List = recognize(ofRows("email,name,attributes,status").Shape, noOptions{})
	if m, why := c.leftOut(ofRows("email,name,attributes,status", "a@example.com,A,{},enabled", "a@example.com,A,{},enabled")); m != nil {
		t.Errorf("left out: %s", why)
	}
}
