package provider

import (
	"brood/jobs/geocode/geo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// three are questions that every batch takes.
func three() []*geo.Query {
	return []*geo.Query{
		{Address: geo.Address{Number: "4600", Street: "Silver Hill Rd", City: "Washington", State: "DC", Postcode: "20233", CountryCode: "US"}},
		{Address: geo.Address{Number: "1", Street: "Rue \"A\", B", City: "Loos", Postcode: "59120"}},
		{Address: geo.Address{Number: "9", Street: "Nowhere\nLane", City: "Nulltown"}},
	}
}

func batchOf(t *testing.T, name string) *Batch {
	t.Helper()
	b := openTest(t, name).Batch()
	if b == nil {
		t.Fatalf("%s has no batch", name)
	}
	return b
}

// TestBatchRequests makes the bodies.
func TestBatchRequests(t *testing.T) {
	var out strings.Builder
	for _, name := range []string{"census", "ban", "geocodio", "mapbox"} {
		b := batchOf(t, name)
		for _, q := range three() {
			if !b.Takes(q) {
				t.Errorf("%s does not take %+v", name, q)
			}
		}
		req, err := b.Request(t.Context(), three(), NewKey(secret))
		if err != nil {
			t.Fatal(err)
		}
		showRequest(&out, "== "+name, req)
		body, err := io.ReadAll(req.Body)
		if err != nil || int64(len(body)) != req.ContentLength {
			t.Error(err, len(body), req.ContentLength)
		}
		fmt.Fprintln(&out, strings.ReplaceAll(string(body), "\r", ""))
	}
	golden(t, "testdata/batches.want", out.String())
}

// TestBatchAnswers reads what comes back, in an order that is not that of the questions where it
// has ids.
func TestBatchAnswers(t *testing.T) {
	house := func(lat, lng string) string {
		return `{"results":[{"address_components":{"number":"1","formatted_street":"A St","city":"C","state":"DC","zip":"20233","country":"US"},"formatted_address":"1 A St","location":{"lat":` + lat + `,"lng":` + lng + `},"accuracy":1,"accuracy_type":"rooftop"}]}`
	}
	for _, c := range []struct{ name, body, want string }{
		{"census", "\"3\",\"9 Nowhere Lane, Nulltown, , \",\"No_Match\"\n" +
			"\"1\",\"4600 Silver Hill Rd, Washington, DC, 20233\",\"Match\",\"Exact\",\"4600 SILVER HILL RD, WASHINGTON, DC, 20233\",\"-76.92748,38.84601\",\"76355984\",\"L\"\n" +
			"\"2\",\"1 Rue \"\"A\"\", B, Loos, , 59120\",\"Tie\"\n", "found 38.84601,-76.92748 interpolated | tie again | nothing again"},
		{"ban", "result_type,longitude,latitude,brood_id,result_label,result_score,result_status,result_context\r\n" +
			"housenumber,3.014,50.6125,2,1 Rue A 59120 Loos,0.9,ok,\"59, Nord, Hauts-de-France\"\r\n,,,1,,,not-found,\r\n,,,3,,,error,\r\n", "nothing | found 50.6125,3.014 exact | broken again"},
		{
			"geocodio", `{"results":{"2":{"query":{},"response":{"error":"Could not geocode address. No matches found."}},"1":{"query":{},"response":` + house("38.8", "-77") + `},"3":{"query":{},"response":{"error":"Too long"}}}}`,
			"found 38.8,-77 exact | nothing | broken again",
		},
		{
			"mapbox", `{"batch":[{"type":"FeatureCollection","features":[{"geometry":{"type":"Point","coordinates":[-77,38.8]},"properties":{"feature_type":"address","coordinates":{"accuracy":"rooftop"}}}]},{"features":[]},{"message":"Query too long"}]}`,
			"found 38.8,-77 exact | nothing | broken again",
		},
	} {
		all, err := batchOf(t, c.name).Read(200, nil, []byte(c.body), three())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, o := range all {
			s := o.State.String()
			for i := range o.Places {
				s += fmt.Sprintf(" %s %v", latLon(o.Places[i].Point), o.Places[i].Match)
			}
			if o.Again {
				s += " again"
			}
			if (o.State == Broken) != (o.Err != nil) {
				t.Errorf("%s: %+v", c.name, o)
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " | "); s != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, s, c.want)
		}
	}
}

// TestBatchThatDoesNotFit is told when answers are missing, there twice, or of others.
func TestBatchThatDoesNotFit(t *testing.T) {
	row := func(id string) string { return `"` + id + `","x","No_Match"` + "\n" }
	geocodio := func(ids ...string) string {
		var all []string
		for _, id := range ids {
			all = append(all, `"`+id+`":{"response":{"results":[]}}`)
		}
		return `{"results":{` + strings.Join(all, ",") + `}}`
	}
	for _, c := range []struct{ name, body, want string }{
		{"census", row("1") + row("3"), "retry batch 0s: 1 of 3 answers are missing in the batch, the first is number 2"},
		{"census", row("1") + row("2") + row("2"), "retry batch 0s: the answer has the id 2 twice"},
		{"census", row("1") + row("2") + row("4"), `retry batch 0s: the answer has an id that was not in the batch: "4"`},
		{"census", row("1") + row("2") + row("three"), `retry batch 0s: the answer has an id that was not in the batch: "three"`},
		{"census", "", "retry batch 0s: 3 of 3 answers are missing in the batch, the first is number 1"},
		{"census", "<html>\n<body>busy</body>", "retry answer 0s: the answer is not what it should be: a row of 1 columns: <html> <body>busy</body>"},
		{"census", `"1","x","Match","Exact","A","no point"` + "\n", `retry answer 0s: the answer is not what it should be: a match at "no point": "1","x","Match","Exact","A","no point"`},
		{"ban", "brood_id,latitude\n1,2\n", "retry answer 0s: the answer is not what it should be: it has no column longitude: brood_id,latitude 1,2"},
		{"geocodio", geocodio("1", "2"), "retry batch 0s: 1 of 3 answers are missing in the batch, the first is number 3"},
		{"geocodio", geocodio("1", "2", "3", "2"), "retry batch 0s: the answer has the id 2 twice"},
		{"geocodio", `{"results":[{"response":{"results":[]}}]}`, "retry answer 0s: the answer is not what it should be: it is no object by id"},
		{"mapbox", `{"batch":[{"features":[]},{"features":[]}]}`, "retry batch 0s: the answer has 2 parts for 3 questions"},
	} {
		_, err := batchOf(t, c.name).Read(200, nil, []byte(c.body), three())
		if got := showTrouble(errors.Join(err)); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := batchOf(t, "geocodio").Read(403, nil, []byte(`{"error":"Invalid API key"}`), three()); !strings.HasPrefix(showTrouble(err), "abort auth") {
		t.Error(err)
	}
	if _, err := batchOf(t, "geocodio").Read(422, nil, []byte(`{"error":"Could not geocode address"}`), three()); !strings.HasPrefix(showTrouble(err), "retry batch") {
		t.Error("a batch that was not found as a whole:", err)
	}
}

// TestSplit halves until nothing is left to halve.
func TestSplit(t *testing.T) {
	a, b := Split([]int{1, 2, 3})
	if len(a) != 2 || len(b) != 1 || b[0] != 3 {
		t.Error(a, b)
	}
	if a, b = Split(a[:1]); len(a) != 1 || len(b) != 0 {
		t.Error(a, b)
	}
	_ = append(a, 9) // must not reach into the other half
	if a, b = Split([]int(nil)); len(a)+len(b) != 0 {
		t.Error(a, b)
	}
	all := []int{1, 2, 3, 4}
	a, b = Split(all)
	_ = append(a, 9)
	if b[0] != 3 {
		t.Error("the halves share what is behind the first")
	}
}

// TestFit makes a batch of what Fit says, and none of more.
func TestFit(t *testing.T) {
	for _, name := range []string{"census", "ban", "geocodio", "mapbox"} {
		b := batchOf(t, name)
		long := strings.Repeat(`"x,\`, 400)
		var qs []*geo.Query
		for range b.Most + 10 {
			qs = append(qs, &geo.Query{Address: geo.Address{Number: "1", Street: long, City: "Town", State: "DC", Postcode: "1", CountryCode: "US", Country: "USA"}})
		}
		n := b.Fit(qs)
		if n == 0 || n > b.Most {
			t.Fatalf("%s: %d fit", name, n)
		}
		if _, err := b.Request(t.Context(), qs[:n], NewKey("k")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		short := make([]*geo.Query, b.Most+1)
		for i := range short {
			short[i] = three()[0]
		}
		if n := b.Fit(short); n != b.Most {
			t.Errorf("%s: %d of %d short ones fit", name, n, b.Most)
		}
		if _, err := b.Request(t.Context(), short, NewKey("k")); err == nil {
			t.Errorf("%s: one more than there may be", name)
		}
		if _, err := b.Request(t.Context(), nil, NewKey("k")); err == nil {
			t.Errorf("%s: none", name)
		}
	}
}

// TestMapboxBody sends numbers as numbers, and no box across the date line.
func TestMapboxBody(t *testing.T) {
	b := batchOf(t, "mapbox")
	q := &geo.Query{Reverse: true, Point: geo.Point{Lat: 1.5, Lon: -2}}
	req, err := b.Request(t.Context(), []*geo.Query{q}, NewKey("k"))
	if err != nil {
		t.Fatal(err)
	}
	var body []map[string]any
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil || body[0]["latitude"] != 1.5 || body[0]["longitude"] != -2.0 {
		t.Error(body, err)
	}
	if req.Method != http.MethodPost || req.URL.Query().Get("permanent") != "true" {
		t.Error(req.Method, req.URL)
	}
	if b.Takes(&geo.Query{Address: geo.Address{Line: "x"}, Box: &geo.Box{West: 170, East: -170}}) {
		t.Error("a box across the date line")
	}
}
