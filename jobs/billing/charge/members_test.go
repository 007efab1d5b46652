package charge

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMembers: a charge that is written with the members of others is the same charge, and has all their members.
func TestMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := make([]Charge, rapid.IntRange(1, 4).Draw(t, "charges"))
		var all Members
		want := map[string]bool{}
		for i := range list {
			c := &list[i]
			c.InvoiceID, c.Attempt, c.Kind, c.Amount, c.Currency = "R-<1>", 1, KindCharge, "1.00", "EUR"
			for _, text := range []*string{&c.Name, &c.Email, &c.DueDate, &c.Country, &c.IBAN, &c.Number} {
				*text = rapid.SampledFrom([]string{"", "", "a&b"}).Draw(t, "text")
			}
			if rapid.Bool().Draw(t, "taxed") {
				c.Taxes, c.TaxAmount = []Tax{{"19", "1.00", "0.19"}}, "0.19"
			}
			if rapid.Bool().Draw(t, "metadata") {
				c.Metadata = map[string]string{"k": "v"}
			}
			all.Note(c)
			line, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			for name := range members(t, line) {
				want[name] = true
			}
		}
		line, err := all.Encode(&list[0])
		if err != nil {
			t.Fatal(err)
		}
		c, err := Decode(line)
		if err != nil || !reflect.DeepEqual(c, &list[0]) {
			t.Errorf("%s is %+v, %v", line, c, err)
		}
		if got := members(t, line); !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Errorf("%s has not the members %v", line, want)
		}
	})
}

func members(t *rapid.T, line []byte) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
