package forget

import (
	"brood/jobs"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMaskTable masks fields and leaves what separates them.
func TestMaskTable(t *testing.T) {
	for row, want := range map[string]string{
		`1,Ada Lovelace,ada@x.org`:        `1,[forgotten].,---------`,
		`1,"Lovelace, Ada",x`:             `1,"[forgotten]..",-`,
		`1,"say ""hello"" to Ada",x`:      `1,"[forgotten].........",-`,
		"1,\"Ada\nLovelace, Countess\",x": "1,\"---\n[forgotten].......\",-",
		`1,,`:                             `1,,`,
		`1,"",x` + "\r":                   `1,"",-` + "\r",
		`1,Ada,more,than,there is`:        `1,---,----,----,--------`,
		"1,Ada,x\n2,Bob,y":                "1,---,-\n2,---,-",
		`1,"not closed`:                   `1,[forgotten]`,
	} {
		got := []byte(row)
		maskTable(got, ',', 3, func(i int) bool { return i == 0 })
		if string(got) != want {
			t.Errorf("%q: %q, want %q", row, got, want)
		}
	}
}

// TestMaskAnyTable masks any row so that a reader of CSV sees as many fields, the kept ones as they were, and nothing of the others.
func TestMaskAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z ,"é\n]{0,30}`), 3, 3).Draw(t, "fields")
		fields[0] = "k" + strings.ReplaceAll(fields[0], "\n", "")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		_ = w.Write(fields)
		w.Flush()
		row := bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
		was := bytes.Clone(row)
		maskTable(row, ',', 3, func(i int) bool { return i == 0 })
		again := bytes.Clone(row)
		maskTable(again, ',', 3, func(i int) bool { return i == 0 })
		got, err := csv.NewReader(bytes.NewReader(row)).Read()
		if err != nil || len(got) != 3 || len(row) != len(was) || !bytes.Equal(row, again) {
			t.Fatalf("%q became %q: %v", was, row, err)
		}
		if got[0] != fields[0] {
			t.Fatalf("%q became %q", fields[0], got[0])
		}
		for i := range got[1:] {
			for _, word := range strings.Fields(fields[i+1]) {
				if len(word) > 9 && strings.Contains(got[i+1], word) {
					t.Fatalf("%q is in %q", word, got[i+1])
				}
			}
		}
		if bytes.Count(row, []byte{'\n'}) != bytes.Count(was, []byte{'\n'}) {
			t.Fatalf("%q has other lines than %q", row, was)
		}
	})
}

// TestMaskObject masks members, also those that look like others, and leaves an object of the same length.
func TestMaskObject(t *testing.T) {
	for object, want := range map[string]map[string]any{
		`{"id":1,"name":"Ada Lovelace"}`:                     {"id": 1.0, "name": "[forgotten]"},
		`{"id":1,"name":"Ada"}`:                              {"id": 1.0, "name": ""},
		`{ "name" : "id" , "id" : 1 }`:                       {"id": 1.0, "name": ""},
		`{"id":1,"born":1815,"x":7,"on":true,"no":null}`:     {"id": 1.0, "born": nil, "x": 0.0, "on": nil, "no": nil},
		`{"id":1,"at":{"city":"London"},"list":[1],"e":{}}`:  {"id": 1.0, "at": nil, "list": []any{}, "e": map[string]any{}},
		`{"id":1,"a\"b":"Ada \"the first\" Lovelace é"}`:     {"id": 1.0, `a"b`: "[forgotten]"},
		`{"id":1,"name":"Ada","name":"Ada Lovelace, again"}`: {"id": 1.0, "name": "[forgotten]"},
	} {
		got := []byte(object)
		maskObject(got, func(name string) bool { return name == "id" })
		var is map[string]any
		if err := json.Unmarshal(got, &is); err != nil || len(got) != len(object) || !reflect.DeepEqual(is, want) {
			t.Errorf("%s: %s, %v", object, got, err)
		}
		if bytes.Contains(got, []byte("Ada")) || bytes.Contains(got, []byte("London")) {
			t.Errorf("%s: %s", object, got)
		}
	}
}

// FuzzMask keeps the length of whatever stands in a dataset.
func FuzzMask(f *testing.F) {
	f.Add([]byte(`1,"Ada`), true)
	f.Add([]byte(`{"id":1,"name":"Ada"`), false)
	f.Add([]byte("a\"b\n,\"\"\"\r"), true)
	f.Fuzz(func(t *testing.T, raw []byte, table bool) {
		s := &jobs.Shape{Kind: jobs.Objects}
		if table {
			s = &jobs.Shape{Kind: jobs.Fields, Columns: []string{"id", "name"}}
		}
		now := bytes.Clone(raw)
		maskOf(now, s, table, ',', false, func(string) bool { return false })
		if len(now) != len(raw) || bytes.Count(now, []byte{'\n'}) < bytes.Count(raw, []byte{'\n'}) && table {
			t.Errorf("%q became %q", raw, now)
		}
		maskOf(now, s, table, ',', true, nil)
		if left := bytes.Trim(now, "[forgotten].-\n\r\x00"); len(left) > 0 {
			t.Errorf("of a row that cannot be read there is %q left", left)
		}
	})
}

// TestTelling leaves alone what may stand anywhere.
func TestTelling(t *testing.T) {
	w := &work{values: map[string]bool{"Ada Lovelace": true, "Ada": true, "1815": true, "DE": true, "10115000": true, "Lovelace": true}}
	if got := w.tellingValues(); !slices.Equal(got, []string{"Ada Lovelace", "10115000", "Lovelace"}) {
		t.Errorf("%q", got)
	}
}
