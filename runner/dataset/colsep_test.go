package dataset

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// columns are the values of all records, with what is wrong with one in its place.
func columns(t testing.TB, r *Reader) (out []string) {
	t.Helper()
	for _, k := range readAll(t, r) {
		if k.err != "" {
			out = append(out, k.err[strings.LastIndexByte(k.err, '/')+1:])
			continue
		}
		out = append(out, strings.Join(k.values, "|"))
	}
	return out
}

// Lines are taken apart by an expression, and a character is itself.
func TestColSep(t *testing.T) {
	for name, c := range map[string]struct {
		sep, content string
		named        bool
		columns      string
		want         []string
	}{
		"comma":       {",", "a,b\n\"c,d\"\n,\n", false, "1|2", []string{"a|b", "\"c|d\"", "|"}},
		"tab":         {`\t`, "a\tb c\n", false, "1|2", []string{"a|b c"}},
		"real tab":    {"\t", "a\tb c\n", false, "1|2", []string{"a|b c"}},
		"spaces":      {` +`, "a   b c\n d  e\n", false, "1|2|3", []string{"a|b|c", "|d|e"}},
		"bar":         {"|", "a|b\n", false, "1|2", []string{"a|b"}},
		"point":       {".", "a.b\n", false, "1|2", []string{"a|b"}},
		"escaped":     {`\|`, "a|b\n", false, "1|2", []string{"a|b"}},
		"text":        {"::", "a::b:c\n", false, "1|2", []string{"a|b:c"}},
		"groups":      {"(,|;)", "a,b;c\n", false, "1|2|3", []string{"a|b|c"}},
		"too few":     {",", "a,b,c\nd\n\n", false, "1|2|3", []string{"a|b|c", "d||", "||"}},
		"too many":    {",", "a,b\nc,d,e\nf,g\n", false, "1|2", []string{"a|b", "x.txt:2: 3 columns, the first line has 2", "f|g"}},
		"header":      {",", "n,m\na,b\n", true, "n|m", []string{"a|b"}},
		"header, BOM": {",", "\xef\xbb\xbfn,m\na,b\n", true, "n|m", []string{"a|b"}},
		"no text":     {",", "\xff,\xfe\n", false, "1|2", []string{"\xff|\xfe"}},
		"name alone":  {"", "name\na,b\n\n", true, "name", []string{"a,b", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, Spec{Paths: []string{write(t, "x.txt", c.content)}, ColSep: c.sep, Named: c.named})
			if got := strings.Join(r.Shape().Columns, "|"); got != c.columns {
				t.Errorf("columns %q, want %q", got, c.columns)
			}
			if got := columns(t, r); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			first, _, _ := strings.Cut(strings.TrimPrefix(c.content, "\xef\xbb\xbf"), "\n")
			if head := r.Shape().Header; c.named != (head == first) || !c.named && head != "" {
				t.Errorf("the header is %q", head)
			}
		})
	}
}

// The first line of the first file says how many columns there are; names must be the same.
func TestColSepOfFiles(t *testing.T) {
	a, b := write(t, "a.txt", "1,2,3\n"), write(t, "b.txt", "4,5\n6,7,8,9\n")
	r := open(t, Spec{Paths: []string{a, b}, ColSep: ","})
	if got, want := columns(t, r), []string{"1|2|3", "4|5|", "b.txt:2: 4 columns, the first line has 3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	spec := Spec{Paths: []string{a, b}, ColSep: ",", Named: true}
	if err := spec.Resolve(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(spec, nil); err == nil || !strings.Contains(err.Error(), "give files of one run the same columns") {
		t.Errorf("other names in the second file: %v", err)
	}
}

func TestBadColSep(t *testing.T) {
	for sep, want := range map[string]string{
		"(?<=a),": "of Perl's regular expressions",
		`(,)\1`:   "of Perl's regular expressions",
		"a(":      "no regular expression",
		`\s*`:     "matches nothing at all",
	} {
		if err := CheckColSep(sep); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", sep, err, want)
		}
	}
	for content, want := range map[string]string{"": "the file is empty", "a,,b\n": "column 2 has no name", "a,a\n": "column 2 is called"} {
		spec := Spec{Paths: []string{write(t, "x.txt", content)}, ColSep: ",", Named: true}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		var ie *InputError
		if _, err := Open(spec, nil); !errors.As(err, &ie) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "header") {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}

// However a line is taken apart, nothing of it is lost but what separates.
func TestColumnsHoldTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SliceOf(rapid.SampledFrom([]byte(",; a\xff"))).Draw(t, "line")
		for text, same := range map[string]string{",": ",", ";": ";", " a": " a"} {
			s, err := newSeparator(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Join(s.split(nil, line), []byte(same)); !bytes.Equal(got, line) {
				t.Fatalf("%q: %q, want %q", text, got, line)
			}
		}
		s, err := newSeparator("[,;]+")
		if err != nil {
			t.Fatal(err)
		}
		all := bytes.Join(s.split(nil, line), nil)
		if want := bytes.ReplaceAll(bytes.ReplaceAll(line, []byte(","), nil), []byte(";"), nil); !bytes.Equal(all, want) {
			t.Fatalf("%q, want %q", all, want)
		}
	})
}

// FuzzColSep: no expression and no line makes a row that has not as many values as there
// are columns, as the worker counts on it.
func FuzzColSep(f *testing.F) {
	f.Add(",", []byte("a,b\nc\n"), false)
	f.Add(`\s+`, []byte("a  b\nc\td\te\n"), true)
	f.Add(`\b`, []byte("ab cd\n"), false)
	f.Add("$", []byte("\xff\n\n"), false)
	f.Fuzz(func(t *testing.T, sep string, b []byte, named bool) {
		if sep == "" || CheckColSep(sep) != nil {
			return
		}
		r, err := Open(Spec{Paths: []string{write(t, "x", string(b))}, Format: FormatLines, ColSep: sep, Named: named, MaxRecord: 64}, nil)
		if err != nil {
			return
		}
		defer func() { _ = r.Close() }()
		for _, k := range readAll(t, r) {
			if k.err == "" && len(k.values) != len(r.Shape().Columns) {
				t.Fatalf("%d values in %d columns: %q", len(k.values), len(r.Shape().Columns), k.values)
			}
		}
	})
}
