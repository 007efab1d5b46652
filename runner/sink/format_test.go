package sink

import (
	"brood/jobs"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func encoder(t *testing.T, f Format, shape *jobs.Shape, columns ...jobs.Column) *Encoder {
	t.Helper()
	e, err := NewEncoder(f, shape, columns)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func fields(columns ...string) *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Fields, Columns: columns, End: "\n"}
}

func asBytes(values ...string) [][]byte {
	var out [][]byte
	for _, v := range values {
		out = append(out, []byte(v))
	}
	return out
}

// readTable reads rows as any other program would.
func readTable(t *testing.T, delim rune, content []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma = delim
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", content, err)
	}
	return rows
}

// TestTableRows: what is quoted, and what is not.
func TestTableRows(t *testing.T) {
	for in, want := range map[string]struct{ csv, tsv string }{
		"":            {"", ""},
		"plain":       {"plain", "plain"},
		"a b ":        {"a b ", "a b "},
		" a":          {`" a"`, `" a"`},
		"\ta":         {"\"\ta\"", "\"\ta\""},
		"a,b":         {`"a,b"`, "a,b"},
		"a\tb":        {"a\tb", "\"a\tb\""},
		`say "hi"`:    {`"say ""hi"""`, `"say ""hi"""`},
		`"`:           {`""""`, `""""`},
		"two\nlines":  {"\"two\nlines\"", "\"two\nlines\""},
		"cr\rhere":    {"\"cr\rhere\"", "\"cr\rhere\""},
		"\xff\x00bad": {"\xff\x00bad", "\xff\x00bad"}, // bytes are the dataset's own
		"é☃":          {"é☃", "é☃"},
	} {
		row := asBytes(in, "x")
		if got := string(AppendTableRow(nil, ',', row)); got != want.csv+",x\n" {
			t.Errorf("CSV of %q: %q", in, got)
		}
		if got := string(AppendTableRow(nil, '\t', row)); got != want.tsv+"\tx\n" {
			t.Errorf("TSV of %q: %q", in, got)
		}
	}
}

// TestTableReadBack: whatever the values are, another reader finds the same rows.
func TestTableReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{`"`, ",", "\t", "\n", " ", "a", "☃", "", ";", "\\", "'", "\x00", "#"}
	for range 2000 {
		var values []string
		for range 1 + random.IntN(3) {
			var b strings.Builder
			for range random.IntN(5) {
				b.WriteString(alphabet[random.IntN(len(alphabet))])
			}
			values = append(values, b.String())
		}
		for _, delim := range []byte{',', '\t', ';'} {
			row := AppendTableRow(nil, delim, asBytes(values...))
			rows := readTable(t, rune(delim), slices.Concat(row, row))
			if len(rows) != 2 || !slices.Equal(rows[0], values) || !slices.Equal(rows[1], values) {
				t.Fatalf("%q with %q became %q, which reads as %q", values, delim, row, rows)
			}
		}
	}
}

// hostile is a result in which everything has to be escaped.
func hostile() (*jobs.Record, *Outcome) {
	rec := &jobs.Record{Seq: 7, Values: asBytes("a \"b\"\n", "\xffx", "9"), Shape: fields("name", "odd,\"one", "_ms")}
	return rec, &Outcome{
		Status: jobs.StatusFailed, Class: "exit:1", Error: "line\nline, \"q\" \xff\x1b", Attempts: 2, Elapsed: 1500 * time.Microsecond,
		Text: []byte("text"), Values: asBytes(`{"k":"v, \"w\""}`, "plain \"text\""),
	}
}

var hostileColumns = []jobs.Column{{Name: "obj", JSON: true}, {Name: "said"}, {Name: "none", JSON: true}, {Name: "empty"}}

// TestTable: a column of the input that is called like one of the engine's is
// replaced, the job's follow, and those without a value are empty.
func TestTable(t *testing.T) {
	rec, o := hostile()
	for f, delim := range map[Format]rune{FormatCSV: ',', FormatTSV: '\t'} {
		e := encoder(t, f, rec.Shape, hostileColumns...)
		rows := readTable(t, delim, e.AppendRow(e.Header(), rec, o))
		want := [][]string{
			{"name", "odd,\"one", "obj", "said", "none", "empty", "_seq", "_status", "_class", "_error", "_attempts", "_ms"},
			{"a \"b\"\n", "\xffx", `{"k":"v, \"w\""}`, "plain \"text\"", "", "", "7", "failed", "exit:1", o.Error, "2", "1"},
		}
		if !slices.EqualFunc(rows, want, slices.Equal) {
			t.Errorf("%s:\n got %q\nwant %q", f, rows, want)
		}
	}
}

// TestJSONInTable: a table shows a string of JSON without its quotes, and null as
// nothing.
func TestJSONInTable(t *testing.T) {
	for in, want := range map[string]string{
		`"a \"b\" \u2603"`: `a "b" ☃`, `null`: "", ``: "", `12.50`: "12.50", `true`: "true", `[1, 2]`: "[1, 2]", `{"a":1}`: `{"a":1}`,
	} {
		e := encoder(t, FormatCSV, fields(), jobs.Column{Name: "v", JSON: true})
		row := e.AppendRow(nil, &jobs.Record{Shape: fields()}, &Outcome{Values: asBytes(in)})
		if got := readTable(t, ',', row)[0][0]; got != want {
			t.Errorf("%s is shown as %q, want %q", in, got, want)
		}
	}
}

// TestObjects: a row of JSON is one valid line whatever is in it, with the values
// of JSON columns as they are.
func TestObjects(t *testing.T) {
	rec, o := hostile()
	got := string(encoder(t, FormatJSONL, rec.Shape, hostileColumns...).AppendRow(nil, rec, o))
	want := `{"name":"a \"b\"\n","odd,\"one":"\ufffdx","obj":{"k":"v, \"w\""},"said":"plain \"text\"","none":null,"empty":"",` +
		`"_seq":7,"_status":"failed","_class":"exit:1","_error":"line\nline, \"q\" \ufffd\u001b","_attempts":2,"_ms":1}` + "\n"
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// TestInputObjects: members of an input object go on as they are written, but for
// those whose names the engine or the job takes, however they are spelled.
func TestInputObjects(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"a"}, End: "\n"}
	e := encoder(t, FormatJSONL, shape, jobs.Column{Name: "new"})
	for in, want := range map[string]string{
		`{"a": 1.50, "x\u0041":{"_seq": 3}}`:   `"a":1.50,"x\u0041":{"_seq": 3},`,
		` {"_seq":1,"\u005fstatus":2,"new":3}`: "",
		`{}`:                                   "",
		`{"a":`:                                "",
		`{"a":1}` + "\ngarb":                   "",
		"{\"a\":\"\xff\x1b\"":                  "",
		// What a reader of the dataset refuses has a row all the same.
		`["x",{"a":2}]`:                    "",
		`"a"`:                              "",
		`5`:                                "",
		`null`:                             "",
		``:                                 "",
		"\xff\xfe":                         "",
		"{\"a\xff\":\"\xfe\"}":             "\"a\ufffd\":\"\ufffd\",",
		"{\"a\":\r[1,\r\n2],\r\"b\":{\r}}": `"a":[1,  2],"b":{ },`,
		`{"a":` + strings.Repeat("[", 2e6): "",
		`{"a":` + strings.Repeat("[", jobs.DepthLimit) + strings.Repeat("]", jobs.DepthLimit) + `}`: "",
	} {
		row := e.AppendRow(nil, &jobs.Record{Raw: []byte(in), Shape: shape}, &Outcome{})
		full := "{" + want + `"new":"","_seq":0,"_status":"pending","_class":"","_error":"","_attempts":0,"_ms":0}` + "\n"
		if string(row) != full || !json.Valid(row) {
			t.Errorf("%q\n got %s\nwant %s", in, row, full)
		}
	}
}

// TestJobsJSON: what a job gives out as JSON and is none stands in the row as text.
func TestJobsJSON(t *testing.T) {
	deep := strings.Repeat("[", jobs.DepthLimit) + strings.Repeat("]", jobs.DepthLimit)
	for in, want := range map[string]string{
		`{"a":1}`: `{"a":1}`, "[1,\r\n2]": "[1,  2]", `nul`: `"nul"`, `1,"x":2`: `"1,\"x\":2"`, "\"\xff\"": `"\"\ufffd\""`, `1}`: `"1}"`, deep: `"` + deep + `"`,
	} {
		row := encoder(t, FormatJSONL, fields(), jobs.Column{Name: "v", JSON: true}).AppendRow(nil, &jobs.Record{Shape: fields()}, &Outcome{Values: asBytes(in)})
		if !bytes.HasPrefix(row, []byte(`{"v":`+want+`,"_seq":0,`)) || !json.Valid(row) {
			t.Errorf("%.50q is written as %.100s", in, row)
		}
	}
}

// hostileJSON strings tokens together: most of it is no JSON, some of it nearly.
func hostileJSON(random *rand.Rand) []byte {
	tokens := []string{"{", "}", "[", "]", ",", ":", `"a"`, `"_seq"`, `""`, `"\ud800"`, "1", "null", "\r", " ", "\xff", `"`, `\`, "-", "\x00", "{\"a\":", "☃"}
	out := []byte(`{"a":`)[:random.IntN(2)*5]
	for range random.IntN(8) {
		out = append(out, tokens[random.IntN(len(tokens))]...)
	}
	if random.IntN(2) == 0 {
		out = append(out, '}')
	}
	return out
}

// TestAnyRowIsAnObject: whatever stands in the dataset, and whatever a job says, a row of
// JSON Lines is an object in UTF-8 on one line, with the engine's own members as they are.
func TestAnyRowIsAnObject(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	shapes := []*jobs.Shape{
		{Kind: jobs.Objects, Columns: []string{"a"}}, {Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}, {Kind: jobs.Fields, Columns: []string{"a", "\""}},
	}
	valid := 0
	for range 100_000 {
		shape, text := shapes[random.IntN(len(shapes))], hostileJSON(random)
		e := encoder(t, FormatJSONL, shape, jobs.Column{Name: "json", JSON: true}, jobs.Column{Name: "text"})
		o := &Outcome{Class: jobs.Class(hostileJSON(random)), Error: string(hostileJSON(random)), Values: [][]byte{hostileJSON(random), hostileJSON(random)}}
		if json.Valid(text) {
			valid++
		}
		row := e.AppendRow(nil, &jobs.Record{Seq: 9, Raw: text, Values: [][]byte{text, text}, Shape: shape}, o)
		var obj map[string]json.RawMessage
		line, ended := bytes.CutSuffix(row, []byte("\n"))
		if err := json.Unmarshal(line, &obj); err != nil || string(obj["_seq"]) != "9" || !utf8.Valid(line) || !ended || bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("%s of %q, %q: %q: %v", shape.Kind, text, o.Values, row, err)
		}
	}
	if valid < 1000 {
		t.Errorf("only %d records were JSON at all", valid)
	}
}

// TestAnyRowIsAsWide: whatever a record has, its row has the columns of the header.
func TestAnyRowIsAsWide(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		shape := &jobs.Shape{Kind: jobs.ShapeKind(random.IntN(3)), Columns: []string{"a", "", "a"}}
		if shape.Kind == jobs.Lines {
			shape.Columns = []string{jobs.LineColumn}
		}
		e := encoder(t, FormatCSV, shape, jobs.Column{Name: "json", JSON: true})
		rec := &jobs.Record{Raw: hostileJSON(random), Shape: shape}
		for range random.IntN(5) {
			rec.Values = append(rec.Values, hostileJSON(random))
		}
		rows := readTable(t, ',', e.AppendRow(e.Header(), rec, &Outcome{Error: string(hostileJSON(random)), Values: [][]byte{hostileJSON(random)}}))
		if len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			t.Fatalf("%q, %q: %q", rec.Raw, rec.Values, rows)
		}
	}
}

// TestText: plain output is the job's text of the ok records and nothing else, as
// it is.
func TestText(t *testing.T) {
	rec, o := hostile()
	e := encoder(t, FormatText, rec.Shape, hostileColumns...)
	if e.Header() != nil {
		t.Errorf("a header %q", e.Header())
	}
	for s, want := range map[jobs.Status]string{jobs.StatusOK: "before text", jobs.StatusFailed: "before ", jobs.StatusSkipped: "before ", jobs.StatusUnknown: "before "} {
		o.Status = s
		if got := string(e.AppendRow([]byte("before "), rec, o)); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}

// TestTakenColumns: two columns of one name cannot be told apart; in plain text
// there are none.
func TestTakenColumns(t *testing.T) {
	for _, c := range []struct {
		f      Format
		column string
		ok     bool
	}{
		{FormatCSV, "name", false},
		{FormatJSONL, "name", false},
		{FormatTSV, "_error", false},
		{FormatText, "name", true},
		{FormatCSV, "Name", true},
	} {
		if _, err := NewEncoder(c.f, fields("name", "_seq"), []jobs.Column{{Name: c.column}}); (err == nil) != c.ok {
			t.Errorf("%s with a column %s of the job: %v", c.f, c.column, err)
		}
	}
}

func TestFormats(t *testing.T) {
	for path, want := range map[string]Format{
		"a.csv": FormatCSV, "a.CSV": FormatCSV, "/x/a.tab": FormatTSV, "a.b.tsv": FormatTSV, "a.ndjson": FormatJSONL, "a.jsonl": FormatJSONL,
		"a.json": FormatText, "csv": FormatText, "a.csv.gz": FormatText, "": FormatText,
	} {
		if got := FormatOf(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for f := FormatAuto; f <= FormatJSONL; f++ {
		if got, err := ParseFormat(f.String()); got != f || err != nil {
			t.Errorf("%s is read as %s: %v", f, got, err)
		}
	}
	if f, err := ParseFormat("CSV"); err == nil || !strings.Contains(err.Error(), "jsonl") {
		t.Errorf("CSV is %s, %v", f, err)
	}
}

// A record of several rows has all of them in the results, each with the outcome of all.
func TestRowsOfRecord(t *testing.T) {
	shape := fields("id", "text")
	shape.Rows = true
	rec := &jobs.Record{Seq: 7, Values: asBytes("a", "1", "A", "2,\n"), Shape: shape}
	o := &Outcome{Status: jobs.StatusOK, Attempts: 1, Text: []byte("said\n"), Values: asBytes("x")}
	objects := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"id"}, Rows: true}
	object := &jobs.Record{Seq: 7, Raw: []byte("{\"id\":1}\n{\"id\":\"b\",\"rows\":2}"), Shape: objects}
	for _, c := range []struct {
		format Format
		shape  *jobs.Shape
		rec    *jobs.Record
		want   string
	}{
		{FormatCSV, shape, rec, "a,1,x,7,ok,,,1,0\nA,\"2,\n\",x,7,ok,,,1,0\n"},
		{FormatJSONL, shape, rec, `{"id":"a","text":"1","out":"x","_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":0}` + "\n" +
			`{"id":"A","text":"2,\n","out":"x","_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":0}` + "\n"},
		{FormatText, shape, rec, "said\n"},
		{FormatCSV, objects, object, "1,x,7,ok,,,1,0\nb,x,7,ok,,,1,0\n"},
		{FormatJSONL, objects, object, `{"id":1,"out":"x","_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":0}` + "\n" +
			`{"id":"b","rows":2,"out":"x","_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":0}` + "\n"},
	} {
		if got := string(encoder(t, c.format, c.shape, jobs.Column{Name: "out"}).AppendRow(nil, c.rec, o)); got != c.want {
			t.Errorf("%s: %q\nwant %q", c.format, got, c.want)
		}
	}
}
