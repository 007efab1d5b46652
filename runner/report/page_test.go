package report

import (
	"brood/jobs/figures"
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write what is wanted anew")

// hostile are texts as they may stand in a record.
var hostile = []string{
	`<script>document.title = "hostile"</script>`, `"><img src=x onerror=alert(1)>`, "</style><style>*{display:none}", "{{.}} ${x}",
	"\x1b[2J\x1b]0;hostile\a", "left \u202eright\u202c \u2066in\u2069", "a\r\nb\tc\x00d", "\xff\xfe no text", `=HYPERLINK("http://x.example","y")`, "javascript:alert(1)",
	strings.Repeat("long ", 400),
}

// full is a page with all that there can be, of which each text is one of those given in turn.
func full(texts ...string) *Page {
	n := 0
	say := func() string { n++; return texts[(n-1)%len(texts)] }
	tint := figures.Tint(say())
	s := figures.Section{
		Title: say(), Text: []string{say(), say()}, Facts: []figures.Fact{{Name: say(), Value: say(), Tint: tint}, {Name: say(), Value: say(), Tint: figures.TintGood}},
		Drawings: []figures.Drawing{{Title: say(), Alt: say(), Width: 100, Height: 50, Shapes: []figures.Shape{
			{Kind: figures.Area, Tint: figures.TintLand, Lines: [][]figures.XY{{{X: 0, Y: 0}, {X: 10.25, Y: 0}, {X: 10, Y: 10}}}},
			{Kind: figures.Line, Tint: figures.TintBorder, Lines: [][]figures.XY{{{X: 1, Y: 2}, {X: 3, Y: 4}}}},
			{Kind: figures.Dots, Tint: figures.TintOne, Size: 2, Lines: [][]figures.XY{{{X: 5, Y: 6}}}},
			{Kind: figures.Label, Text: say(), Anchor: figures.Anchor(say()), Lines: [][]figures.XY{{{X: 7, Y: 8}}}},
			{Kind: figures.ShapeKind(say()), Tint: tint},
		}, Keys: []figures.Key{{Tint: tint, Text: say()}}}},
		Bars: []figures.Bars{{Title: say(), Bars: []figures.Bar{
			{Name: say(), Text: say(), Parts: []figures.Part{{Amount: 3, Tint: figures.TintGood}, {Amount: 1, Tint: tint}}}, {Name: say(), Text: say(), Parts: []figures.Part{{Amount: -1}}},
		}, Keys: []figures.Key{{Tint: figures.TintBad, Text: say()}}, Left: 1234}},
		Tables: []figures.Table{{
			Title: say(), Columns: []figures.Heading{{Name: say()}, {Name: say(), Number: true}},
			Rows: [][]string{{say(), say()}, {say()}, {say(), say(), say()}}, Total: []string{say(), say()}, Left: 3,
		}},
		Notes:      []string{say()},
		Signatures: []figures.Signature{{Role: say(), Name: say(), Over: []figures.Fact{{Name: say(), Value: say()}}}},
	}
	return &Page{
		Title: say(), Subtitle: say(), Badge: say(), BadgeTint: tint, Cards: []figures.Fact{{Name: say(), Value: say()}},
		Sections: []figures.Section{s}, Made: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Version: say(),
	}
}

func written(t testing.TB, p *Page, k Kind) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b, k); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden: what both kinds look like, by what they are written as.
func TestGolden(t *testing.T) {
	p := full("spring", "1,234", "Bonn <am Rhein>", "12.5 ms", "DE89 3704 0044 0532 0130 00")
	for kind, name := range map[Kind]string{Text: "full.txt", HTML: "full.html"} {
		got := written(t, p, kind)
		if kind == HTML { // without the style, which is a file of its own
			from, to := strings.Index(got, "<style>"), strings.Index(got, "</style>")
			got = got[:from] + got[to:]
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is\n%s\nwrite it anew, if that is right: go test ./runner/report -run TestGolden -update", name, got)
		}
	}
}

// checkHarmless holds what must hold of a page, whatever stands in it.
func checkHarmless(t testing.TB, p *Page) {
	t.Helper()
	for _, kind := range []Kind{HTML, Text} {
		got := written(t, p, kind)
		if !utf8.ValidString(got) {
			t.Errorf("%s is not UTF-8", kind)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%s holds %U", kind, r)
			}
		}
		if kind == Text {
			continue
		}
		if n := strings.Count(got, "<script") + strings.Count(got, "<img") + strings.Count(got, "onerror=alert(1)>"); n > 0 {
			t.Errorf("a text has become markup:\n%s", got)
		}
		if strings.Count(got, "<style>") != 1 || strings.Count(got, "</style>") != 1 {
			t.Error("a text has become a style")
		}
		if i := strings.Index(got, "Content-Security-Policy"); i < 0 || i > 200 {
			t.Error("the policy is not at the beginning")
		}
	}
}

func TestHostile(t *testing.T) {
	for i := range hostile {
		checkHarmless(t, full(append(hostile[i:], hostile[:i]...)...))
		checkHarmless(t, full(hostile[i]))
	}
}

// FuzzPage: whatever a record says, a page stays a page.
func FuzzPage(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, text string) { checkHarmless(t, full(text)) })
}

// TestHarmless: account numbers and secrets do not come through; what only looks like them does.
func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"IBAN DE89370400440532013000 is closed":       "IBAN DE89…3000 is closed",
		"DE89 3704 0044 0532 0130 00 IS CLOSED":       "DE89…3000 IS CLOSED",
		"to gb82 west 1234 5698 7654 32, not found":   "to GB82…5432, not found",
		"order DE12345678901234567890":                "order DE12345678901234567890",
		"SHA256 AB12CD34EF56AB12CD34EF56AB12CD34EF56": "SHA256 AB12CD34EF56AB12CD34EF56AB12CD34EF56",
		"a\u202eb\x1b[0m":                             `a\u202eb\x1b[0m`,
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"curl -H 'Authorization: Bearer abc.def' https://u:pw@h.example/x": "curl -H 'Authorization: ***' https://u:***@h.example/x",
		"--password=hunter2 --name ann":                                    "--password=*** --name ann",
		"X-Api-Key: 12345":                                                 "X-Api-Key: ***",
		"Authorization: Bearer {secret:TOKEN}":                             "Authorization: Bearer {secret:TOKEN}",
		"key sk_live_abcdefghijklmnop":                                     "key ***",
		"plain words: nothing":                                             "plain words: nothing",
	} {
		if got := maskSecrets(in); got != want {
			t.Errorf("%q is told as %q, want %q", in, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 850 * time.Microsecond: "850 µs", 12 * time.Millisecond: "12 ms", 3400 * time.Millisecond: "3.4 s",
		125 * time.Second: "2 min 5 s", 2 * time.Hour: "2 h", 190 * time.Minute: "3 h 10 min", 52 * time.Hour: "2 d 4 h",
	} {
		if got := duration(d); got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
	for _, c := range []struct {
		n, of uint64
		want  string
	}{{0, 0, "–"}, {0, 5, "0 %"}, {5, 5, "100 %"}, {1, 3, "33.3 %"}, {1, 1e6, "< 0.1 %"}, {1e6 - 1, 1e6, "> 99.9 %"}} {
		if got := share(c.n, c.of); got != c.want {
			t.Errorf("%d of %d is %q", c.n, c.of, got)
		}
	}
	for v, want := range map[float64]float64{0: 1, 0.7: 1, 1: 1, 1.2: 2, 3: 5, 7: 10, 120: 200, 50: 50} {
		if got := roundStep(v); got != want {
			t.Errorf("a step of %g is %g, want %g", v, got, want)
		}
	}
}
