package sink

import (
	"brood/jobs"
	"bytes"
	"testing"
)

// split returns the values of a row as those who amend an output have them.
func split(t *testing.T, f Format, row []byte) [][]byte {
	t.Helper()
	switch f {
	case FormatCSV:
		return asBytes(readTable(t, ',', row)[0]...)
	case FormatTSV:
		return asBytes(readTable(t, '\t', row)[0]...)
	default:
		return nil
	}
}

// TestPatch: a row whose status is changed afterwards is the one that would have
// been written with that status, whatever else is in it.
func TestPatch(t *testing.T) {
	for _, f := range []Format{FormatCSV, FormatTSV, FormatJSONL} {
		rec, o := hostile()
		// Texts that look like the engine's own members.
		o.Values = asBytes(`{"_seq":99,"x":"\"_seq\":98"}`, `"_seq":97`)
		o.Error = `"_seq":96,"_status":"ok"}`
		e := encoder(t, f, rec.Shape, hostileColumns...)
		row := e.AppendRow(nil, rec, o)
		seq, ok := f.SeqOf(row, split(t, f, row))
		if seq != 7 || !ok {
			t.Errorf("%s: the row is of record %d, %v: %s", f, seq, ok, row)
		}
		got := f.Patch(row, split(t, f, row), jobs.StatusUnknown, "resolved", "so, \"I\"\nsay \xff")
		o.Status, o.Class, o.Error = jobs.StatusUnknown, "resolved", "so, \"I\"\nsay \xff"
		if want := e.AppendRow(nil, rec, o); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", f, got, want)
		}
	}
}

// TestSeqOfOtherRows: rows that are none of brood's are not taken for some.
func TestSeqOfOtherRows(t *testing.T) {
	for _, c := range []struct {
		f      Format
		row    string
		values [][]byte
	}{
		{FormatJSONL, `{"a":1}`, nil},
		{FormatJSONL, `{"_seq":"7"}`, nil},
		{FormatJSONL, `{"_seq":-7}`, nil},
		{FormatJSONL, `{"_seq":7.5}`, nil},
		{FormatJSONL, `{"_seq":`, nil},
		{FormatCSV, "", nil},
		{FormatCSV, "", asBytes("1", "ok", "", "", "1")},
		{FormatCSV, "", asBytes("_seq", "_status", "_class", "_error", "_attempts", "_ms")},
		{FormatText, "7", nil},
	} {
		if seq, ok := c.f.SeqOf([]byte(c.row), c.values); ok {
			t.Errorf("%s %q %q is of record %d", c.f, c.row, c.values, seq)
		}
	}
}

// TestPatchKeepsValues: the caller's values are borrowed.
func TestPatchKeepsValues(t *testing.T) {
	values := asBytes("x", "3", "unknown", "crash", "gone", "1", "5")
	if got := string(FormatTSV.Patch(nil, values, jobs.StatusOK, "", "")); got != "x\t3\tok\t\t\t1\t5\n" {
		t.Errorf("%q", got)
	}
	if string(bytes.Join(values, []byte{' '})) != "x 3 unknown crash gone 1 5" {
		t.Errorf("the values have become %q", values)
	}
}

// TestWith puts other values into the columns of a job, and leaves all else as it is.
func TestWith(t *testing.T) {
	row := []byte(`{"amount":"1.00","billing_status":"mine","n":3,"billing_status":"unknown","_seq":4,"_status":"unknown","_class":"c","_error":"e","_attempts":1,"_ms":2}`)
	got, _ := FormatJSONL.With(row, nil, nil, map[string]string{"billing_status": `suc"ceeded`, "provider_id": "pi_1"})
	want := `{"amount":"1.00","billing_status":"mine","n":3,"billing_status":"suc\"ceeded","provider_id":"pi_1","_seq":4,"_status":"unknown","_class":"c","_error":"e","_attempts":1,"_ms":2}`
	if string(got) != want || string(FormatJSONL.Row(got, nil)) != want+"\n" {
		t.Errorf("%s", got)
	}
	values := [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("4")}
	_, got2 := FormatCSV.With(nil, values, []string{"x", "y", "y", "_seq"}, map[string]string{"y": "new", "z": "none"})
	if string(bytes.Join(got2, []byte(","))) != "a,b,new,4" || string(values[2]) != "c" || string(FormatTSV.Row(nil, got2)) != "a\tb\tnew\t4\n" {
		t.Errorf("%s", got2)
	}
}
