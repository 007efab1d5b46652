package command

import (
	"brood/jobs"
	"brood/runner/dataset"
	"errors"
	"testing"
)

func asRecord(raw string, values ...string) *dataset.Record {
	return &dataset.Record{Raw: []byte(raw), Values: asBytes(values)}
}

// TestExporter: in the dataset's own format the records come as they stand there,
// in another as a dataset of that format; the header comes once.
func TestExporter(t *testing.T) {
	table := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a", "b c"}, End: "\r\n"}
	objects := &jobs.Shape{Kind: jobs.Objects, Columns: []string{"x"}, End: "\n"}
	lines := &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\x00"}
	for name, c := range map[string]struct {
		from    dataset.Spec
		to      dataset.Format
		shape   *jobs.Shape
		records []*dataset.Record
		want    string
	}{
		"as it is": {
			dataset.Spec{Format: dataset.FormatCSV, Delimiter: ';'},
			dataset.FormatCSV, table,
			[]*dataset.Record{asRecord(`"1";2 `, "1", "2 "), asRecord(`x`)},
			"a;b c\n\"1\";2 \r\nx\r\n",
		},
		"without a header": {
			dataset.Spec{Format: dataset.FormatCSV, Delimiter: ',', NoHeader: true},
			dataset.FormatCSV, table,
			[]*dataset.Record{asRecord(`1,2`, "1", "2")},
			"1,2\r\n",
		},
		"to TSV": {
			dataset.Spec{Format: dataset.FormatCSV, Delimiter: ',', NoHeader: true},
			dataset.FormatTSV, table,
			[]*dataset.Record{asRecord(`"1,",2`, "1,", "2"), asRecord("", "x\ty", "")},
			"a\tb c\n1,\t2\n\"x\ty\"\t\n",
		},
		"to objects": {
			dataset.Spec{Format: dataset.FormatTSV, Delimiter: '\t'},
			dataset.FormatJSONL, table,
			[]*dataset.Record{asRecord("1\t\"2\"", "1", `"2"`)},
			"{\"a\":\"1\",\"b c\":\"\\\"2\\\"\"}\n",
		},
		"objects to CSV": {
			dataset.Spec{Format: dataset.FormatJSONL},
			dataset.FormatCSV, objects,
			[]*dataset.Record{asRecord(`{"x":"a,b"}`), asRecord(`{"x":""}`), asRecord(`{"y":1}`), asRecord(`{"x":[1, 2]}`)},
			"x\n\"a,b\"\n\"\"\n\"\"\n\"[1, 2]\"\n",
		},
		"zero bytes": {dataset.Spec{Format: dataset.FormatNUL}, dataset.FormatNUL, lines, []*dataset.Record{asRecord("a\nb"), asRecord("")}, "a\nb\x00\x00"},
		"nobody":     {dataset.Spec{Format: dataset.FormatJSONL}, dataset.FormatCSV, objects, nil, "x\n"},
		"no objects": {dataset.Spec{Format: dataset.FormatCSV, Delimiter: ','}, dataset.FormatJSONL, table, nil, ""},
	} {
		x := &exporter{format: c.to, spec: c.from}
		var got []byte
		for i, rec := range c.records {
			b, err := x.record(c.shape, jobs.Seq(i), rec, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, b...)
		}
		if got = append(got, x.header(c.shape)...); string(got) != c.want {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

// TestExportBadRow: a row that cannot be read is exported as it stands, and cannot
// be turned into anything else.
func TestExportBadRow(t *testing.T) {
	shape := &jobs.Shape{Kind: jobs.Fields, Columns: []string{"a"}, End: "\n"}
	bad := asRecord(`"open`)
	bad.Err = &dataset.InputError{File: "list.csv", Line: 2, Reason: "a quote is never closed"}
	spec := dataset.Spec{Format: dataset.FormatCSV, Delimiter: ','}
	x := &exporter{format: dataset.FormatCSV, spec: spec, begun: true}
	if b, err := x.record(shape, 0, bad, nil); string(b) != "\"open\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	x = &exporter{format: dataset.FormatJSONL, spec: spec}
	if b, err := x.record(shape, 0, bad, nil); !errors.As(err, new(*dataset.InputError)) {
		t.Errorf("%q, %v", b, err)
	}
}
