package placeholder

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var columns = []string{"name", "First Name", "E-Mail", "Preis (EUR)", "a", "b", "street1", "email"}

// TestSuspect is the rule: what is in braces, and whether it looks like a placeholder that is
// none.
func TestSuspect(t *testing.T) {
	for text, want := range map[string]bool{
		// Misspelt, or of a column that another list has.
		"{First Nmae}": true, "{Mail}": true, "{nmae}": true, "{NAME}": true, "{first_name}": true, "{ name }": true, "{Preis (EUT)}": true,
		"{name.upper}": true, "{user.name}": true, "{Straße}": true, "{Kd-Nr}": true, "{vorname nachname}": true, "{Nmae.}": true, "{Nmae//}": true,
		// Positions.
		"{1}": true, "{1.}": true, "{2/}": true, "{3//}": true, "{4/.}": true, "{-1}": true, "{0}": true, "{1..}": true, "{12}": true,
		// Of GNU parallel and rush.
		"{..}": true, "{...}": true, "{/..}": true, "{+/}": true, "{+.}": true, "{##}": true, "{0#}": true, "{00#}": true, "{= s/a/b/ =}": true, "{=1 $_=$_ =}": true,
		"{%.gz}": true, "{#prefix}": true, "{^a}": true, "{^^}": true, "{:3}": true, "{:}": true, "{@}": true, "{%:}": true, "{+name}": true,
		// Of other template languages.
		"{% if x %}": true, "{# a note #}": true, "{$name}": true, "{.name}": true, "{name|upper}": true, "{name:>10}": true, "{name!r}": true, "{name[0]}": true, "{@name}": true,
		// JSON, programs, patterns, expansions.
		`{"a":1}`: false, `{"name": "x"}`: false, `{'a': 1}`: false, "{}": false, "{ }": false, "{   }": false, "{print $1}": false, "{print}": true, "{ print }": false,
		"{print total}": false, "{print NR}": false, "{print nmae}": false, "{printf x}": false, "{n++}": false, "{s += $2}": false, "{x - 1}": false, "{ n = n + 1 }": false,
		"{a,b}": false, "{a,b,name}": false, "{name,a}": false, "{a..z}": false, "{1..5}": false, "{01..10..2}": false, "{-3..3}": false,
		"{2,5}": false, "{2,}": false, "{,2}": false, "{ color: red }": false, "{color:red}": false, "{margin:0}": false, "{ ls; }": false,
		"{name: .x}": false, "{name: 1, b: 2}": false, "{.items[0].x}": false, "{.metadata.uid}": false, "{*}": false, "{a;b}": false, "{f(x)}": false, "{a=1}": false, "{/x/d}": false,
		"{:a;N;ba}": false, "{ echo hi }": false, "{$1}": false, `{\bf x}`: false,
		// What stands before.
		"${var}": false, "${name}": false, "${1}": false, "$${x}": false, "%{http_code}": false, "100%{nmae}": false, "#{pane_id}": false, `\p{Lu}`: false, `\x{1F600}`: false, `\n{nmae}`: true,
		"a{3}": true, "@{nmae}": true, "x={nmae}": true,
	} {
		before, rest, _ := strings.Cut(text, "{")
		if got := Suspect(before, strings.TrimSuffix(rest, "}"), columns); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestSuspectDouble is the same of two braces.
func TestSuspectDouble(t *testing.T) {
	for text, want := range map[string]bool{
		"name": true, " name ": true, "nmae": true, "First Name": true, "name | upper": true, "contact.first_name": true, "#name": true, ".name": true, "{name}": true, "$name": true, "Mail": true,
		"": false, " ": false, ".": false, ".State.Running": false, ".Names": false, "json .": false, "range .Mounts": false, "end": false, "else": false, "1, 2": false, `"a": 1`: false, "{}": false,
		".ID | upper": false, "/if": false,
	} {
		if got := SuspectDouble(text, columns); got != want {
			t.Errorf("{{%s}}: %v", text, got)
		}
	}
}

// TestNearest: the column that was meant is the one that differs least, and none if all differ
// much.
func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"First Nmae": "First Name", "first_name": "First Name", "FIRSTNAME": "First Name", "nmae": "name", "Name": "name", "names": "name", "Nmae/.": "name", "E_Mail": "E-Mail", "emial": "E-Mail",
		"Preis EUR": "Preis (EUR)", "A": "a", "name": "", "c": "", "street2": "", "stret1": "street1", "town": "", "": "", "Telefon": "", `"a":1`: "", "(a)": "", "a,b": "",
	} {
		if got := Nearest(name, columns); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// FuzzSuspect: a text is judged in the same way whatever surrounds it; a column is always the
// nearest to what differs from it in capitals only; JSON is never taken for a placeholder.
func FuzzSuspect(f *testing.F) {
	for _, s := range []string{"name", "First Nmae", "1.", "..", "= x =", `"a":1`, "print $1", "a..z", "{{x}}", "\xff", "é", "name|x", " name "} {
		f.Add(s, "name")
	}
	f.Fuzz(func(t *testing.T, inner, column string) {
		cols := []string{column}
		if !Suspect("", inner, cols) && Suspect("x ", inner, cols) {
			t.Fatalf("%q depends on what is before it", inner)
		}
		if Suspect("$", inner, cols) {
			t.Fatalf("${%s} is of a shell", inner)
		}
		if near := Nearest(inner, cols); near != "" && near != column {
			t.Fatalf("%q is near %q, which is no column", inner, near)
		}
		if Suspect("", `"`+inner+`":1`, []string{"a", "name"}) {
			t.Fatalf("JSON is taken for a placeholder: %q", inner)
		}
		if upper := strings.ToUpper(column); utf8.ValidString(column) && strings.Trim(column, "abcdefghijklmnopqrstuvwxyz") == "" && column != "" && len(column) <= longest && upper != column {
			if Nearest(upper, cols) != column || !Suspect("", upper, cols) {
				t.Fatalf("%q is not seen to be %q", upper, column)
			}
		}
		_ = SuspectDouble(inner, cols)
	})
}
