package address

import (
	"strings"
	"testing"
)

// TestCheck denies columns by their values, and leaves those that have a few wrong ones.
func TestCheck(t *testing.T) {
	rows := func(columns string, lines ...string) (out []func(string) string) {
		names := strings.Split(columns, "|")
		for _, line := range lines {
			cells := strings.Split(line, "|")
			out = append(out, func(c string) string {
				for i, name := range names {
					if name == c {
						return cells[i]
					}
				}
				return ""
			})
		}
		return out
	}
	for _, c := range []struct {
		columns string
		lines   []string
		want    string
	}{
		{"street|city|state|zip", []string{"12 Main St|Springfield|shipped|62701", "5 Oak Ave|Salem|pending|97301", "7 Elm St|Dover|paid|19901"}, "address from: street=street, city=city, postcode=zip"},
		{"street|city|state|zip", []string{"12 Main St|Springfield|IL|62701", "5 Oak Ave|Salem|pending|97301", "7 Elm St|Dover|DE|19901"}, "address from: street=street, city=city, state=state, postcode=zip"},
		{"address|city|zip", []string{"a@example.org|Springfield|62701", "b@example.org|Salem|97301", "c@example.org|Dover|19901"}, "address from: city=city, postcode=zip"},
		{"address|city", []string{"10.0.0.1|Springfield", "10.0.0.2|Salem", "10.0.0.3|Dover"}, "address from: city=city"},
		{"lat|lon|city", []string{"x|y|Springfield", "u|v|Salem", "a|b|Dover"}, "address from: city=city"},
		{"street|nr|city|zip", []string{"A|one|B|x", "C|two|D|y", "E|three|F|z"}, "address from: street=street, city=city"},
		{"street|city|zip", []string{"A|B|n/a", "C|D|", "E|F|unknown"}, "address from: street=street, city=city, postcode=zip"},
		{"street|city|zip", []string{"A|B|x"}, "address from: street=street, city=city, postcode=zip"},
	} {
		m, err := Guess(strings.Split(c.columns, "|"))
		if err != nil {
			t.Fatal(err)
		}
		checked, denied := m.Check(rows(c.columns, c.lines...))
		if got := checked.String(); got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.columns, got, c.want, denied)
		}
		if (checked.String() != m.String()) != (len(denied) > 0) {
			t.Errorf("%s: a column went without a word, or a word without a column: %v", c.columns, denied)
		}
	}
}

// TestNew holds what a user is told of flags that cannot be meant.
func TestNew(t *testing.T) {
	columns := []string{"Straße", "Ort", "PLZ", "lat"}
	for _, c := range []struct {
		said map[Part]string
		want string // a part of the error, or of the mapping
	}{
		{map[Part]string{Street: "Straße", City: "Ort"}, "street=Straße, city=Ort"},
		{map[Part]string{Whole: "Straße+PLZ+Ort"}, "address=Straße+PLZ+Ort"},
		{map[Part]string{Postcode: "PLZ|Ort"}, "postcode=PLZ|Ort"},
		{map[Part]string{Street: "Strase"}, `--street: there is no column "Strase"; did you mean "Straße"?`},
		{map[Part]string{Country: "Staat"}, `--country-column: there is no column "Staat"; there are Straße, Ort, PLZ, lat`},
		{map[Part]string{Lat: "lat"}, "a point needs both --lat and --lon"},
		{map[Part]string{Number: "PLZ"}, "add --street"},
		{nil, "say --address"},
	} {
		m, err := New(c.said, columns)
		got := m.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v: %s, want %s", c.said, got, c.want)
		}
	}
}

// TestSeveral holds the error that asks which of several addresses is meant.
func TestSeveral(t *testing.T) {
	_, err := Guess(strings.Split("id|Billing Street|Billing City|Shipping Street|Shipping City", "|"))
	const want = "the rows have several addresses: billing (Billing Street, Billing City), shipping (Shipping Street, Shipping City); say which one is meant, as in --street 'Billing Street' --city 'Billing City'"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
