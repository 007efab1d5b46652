package sink

import (
	"brood/jobs"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzRows: whatever a record and its result hold, a row is one that others can read, is
// known for the record's, and with another status it is the row that would have been
// written with that.
func FuzzRows(f *testing.F) {
	for _, s := range []string{"plain", "", " a", "\t", "a,b", "\"", "two\nlines", "cr\r", "\xff\x00", "\"_seq\":9,\"x\":\"\\\"_seq\\\":8\"", "{\"_seq\":99}", "[1,\r\n2]", "\ufeff", "\u2028", "null", "1e999", "\"\\ud800\""} {
		f.Add([]byte(`{"a":1,"_seq":3,"b":"x"}`), s, s, s)
		f.Add([]byte(s), "1", "x", s)
	}
	for _, raw := range []string{`{"a":{"_seq":1,"_status":"ok"}}`, `{"_seq":"\"_seq\":1"}`, `{"":1,"":2}`, `{"a":1}x`, "{\"a\":\r\n[]}", `{"_error":"x","job":1,"more":2}`, strings.Repeat("[", 100), "{\"\xff\":1}"} {
		f.Add([]byte(raw), "{}", "x", "e")
	}
	columns := []jobs.Column{{Name: "job", JSON: true}, {Name: "more"}}
	f.Fuzz(func(t *testing.T, raw []byte, made, class, text string) {
		o := &Outcome{Status: jobs.StatusFailed, Class: jobs.Class(class), Error: text, Attempts: 2, Elapsed: time.Second, Values: asBytes(made, text)}
		other := *o
		other.Status, other.Class, other.Error = jobs.StatusUnknown, "resolved", "so, \"I\"\nsay"
		for _, rec := range []*jobs.Record{
			{Seq: 7, Raw: raw, Shape: &jobs.Shape{Kind: jobs.Objects, Columns: []string{"a", "b"}}},
			{Seq: 7, Raw: raw, Values: [][]byte{raw, []byte(text)}, Shape: fields("a", "_seq")},
			{Seq: 7, Raw: raw, Shape: &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}}},
		} {
			for _, format := range []Format{FormatJSONL, FormatCSV, FormatTSV} {
				e := encoder(t, format, rec.Shape, columns...)
				row := e.AppendRow(nil, rec, o)
				// encoding/csv takes CR LF within quotes for LF.
				if format != FormatJSONL && bytes.Contains(row, []byte("\r\n")) {
					continue
				}
				values := splitRow(t, format, row)
				if seq, ok := format.SeqOf(row, values); seq != 7 || !ok {
					t.Fatalf("%s: it is a row of %d, %v: %q", format, seq, ok, row)
				}
				if got, want := format.Patch(row, values, other.Status, other.Class, other.Error), e.AppendRow(nil, rec, &other); !bytes.Equal(got, want) {
					t.Fatalf("%s:\n got %q\nwant %q", format, got, want)
				}
			}
		}
	})
}

// splitRow reads one row as any other program would.
func splitRow(t *testing.T, format Format, row []byte) (values [][]byte) {
	t.Helper()
	if format == FormatJSONL {
		line, more, _ := bytes.Cut(row, []byte("\n"))
		if !utf8.Valid(line) || !json.Valid(line) || len(more) > 0 || line[0] != '{' || bytes.ContainsRune(line, '\r') {
			t.Fatalf("%q is no line of JSON", row)
		}
		return nil
	}
	in := csv.NewReader(bytes.NewReader(row))
	if format == FormatTSV {
		in.Comma = '\t'
	}
	all, err := in.ReadAll()
	if err != nil || len(all) != 1 {
		t.Fatalf("%q has %d rows, %v", row, len(all), err)
	}
	return asBytes(all[0]...)
}

// FuzzPatch: a row that stands in a file is known for one of brood's only if it can be
// written with another status, and is the same but for that.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5}`, `{"_seq":7}`, `{"x":{"_seq":7}}`, `{"_seq":7,"_ms":5}`, `{"_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5,"more":1}`,
		`{"_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5`, `{"_seq":18446744073709551615,"_status":1,"_class":2,"_error":3,"_attempts":[],"_ms":{}}`, `"_seq":7`, `["_seq":7]`,
		`{"x":{"_seq":7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5}}`, `{"_seq":7,"_seq":8,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5}`, `{"_seq" :7,"_status":"ok","_class":"","_error":"","_attempts":1,"_ms":5}`,
		"7,ok,,,1,5", "x,\"7\",ok,,,1,5", "7", ",,,,,", "-7,ok,,,1,5", "a,\"b\nc\",7,failed,\"x,\",e,1,2",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		if seq, ok := FormatJSONL.SeqOf(row, nil); ok {
			got := FormatJSONL.Patch(row, nil, jobs.StatusUnknown, "c", "e")
			if json.Valid(row) {
				checkPatched(t, row, got)
			}
			if again, ok := FormatJSONL.SeqOf(got, nil); json.Valid(row) && (!ok || again != seq) {
				t.Fatalf("%q is of %d, %q of %d", row, seq, got, again)
			}
		}
		in := csv.NewReader(bytes.NewReader(row))
		all, err := in.ReadAll()
		if err != nil || len(all) != 1 || strings.Contains(strings.Join(all[0], ""), "\r\n") {
			return // encoding/csv takes CR LF within quotes for LF, each time it reads
		}
		values := asBytes(all[0]...)
		if _, ok := FormatCSV.SeqOf(row, values); !ok {
			return
		}
		want := slices.Clone(all[0])
		at := len(want) - len(metaColumns)
		copy(want[at+1:], []string{"unknown", "c", "e"})
		if got := FormatCSV.Patch(row, values, jobs.StatusUnknown, "c", "e"); strings.Join(readTable(t, ',', got)[0], "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%q becomes %q", row, got)
		}
	})
}

// checkPatched compares the members of two rows.
func checkPatched(t *testing.T, row, got []byte) {
	var was, is map[string]json.RawMessage
	if err := json.Unmarshal(row, &was); err != nil {
		t.Fatalf("%q: %v", row, err)
	}
	if err := json.Unmarshal(got, &is); err != nil {
		t.Fatalf("%q becomes %q: %v", row, got, err)
	}
	was["_status"], was["_class"], was["_error"] = json.RawMessage(`"unknown"`), json.RawMessage(`"c"`), json.RawMessage(`"e"`)
	if len(was) != len(is) {
		t.Fatalf("%q becomes %q", row, got)
	}
	for name, v := range was {
		if !bytes.Equal(is[name], v) {
			t.Fatalf("%q becomes %q", row, got)
		}
	}
}
