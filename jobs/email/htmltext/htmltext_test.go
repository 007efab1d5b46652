package htmltext

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden writes whole mails.
func TestGolden(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		got, golden := Of(string(b)), strings.TrimSuffix(page, "html")+"txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s: %v; it became\n%s", page, err, got)
		}
	}
}

// TestOf: one thing at a time.
func TestOf(t *testing.T) {
	long := strings.Repeat("word ", 20)
	for page, want := range map[string]string{
		"": "", "<p></p>": "", "plain": "plain", " a \n b ": "a b", "<p>a</p><p>b</p>": "a\n\nb", "<div>a</div><div>b</div>": "a\nb", "a<br>b": "a\nb", "a<br><br>b": "a\n\nb", "<p>a<br></p><p>b</p>": "a\n\nb",
		"a<b>b</b>c <i> d</i>": "abc d", "&lt;b&gt; &amp; &euro; &#8364;": "<b> & € €", "a&nbsp;b": "a b", "a&shy;b\u200bc": "abc", "&zwnj; &nbsp; x": "x", "<p>&nbsp;</p>": "", "می\u200cخواهم": "می\u200cخواهم",
		"<style>x</style><script>y</script><title>z</title><noscript>n</noscript>a<!-- c -->": "a",
		"<h1>Ab</h1>x": "Ab\n==\n\nx", "<h2>A</h2><h3>B</h3>x": "A\n-\n\nB\n\nx",
		"<ul><li>a<li>b</ul>": "* a\n* b", "<ol><li>a<li>b</ol>": "1. a\n2. b", "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>": "* a\n\n  b\n\n* c", "<ul><li>a<ul><li>b</ul><li>c</ul>d": "* a\n  * b\n* c\n\nd", "<ul><li></li><li>a</li></ul>": "* a", "<li>a": "* a",
		"<ol>" + strings.Repeat("<li></li>", 9) + "<li>" + long + "</ol>": "10. " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n    " + strings.TrimSpace(strings.Repeat("word ", 5)),
		"<blockquote>a<blockquote>b</blockquote></blockquote>c":           "> a\n>\n> > b\n\nc", "<blockquote>" + long + "</blockquote>": "> " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n> " + strings.TrimSpace(strings.Repeat("word ", 5)),
		"<blockquote><ul><li>a</li></ul></blockquote>": "> * a",
		`<a href="https://a.example/x">here</a>.`:      "here (https://a.example/x).", `<a href="https://a.example/">a.example</a>`: "a.example", `<a href="https://www.a.example">https://a.example/</a>`: "https://a.example/", `<a href="#x">up</a>`: "up", `<a href="javascript:x()">y</a>`: "y", `<a name="x">y</a>`: "y",
		`<a href="mailto:a@b.example">a@b.example</a> <a href="mailto:a@b.example?subject=x">write</a>`: "a@b.example write (a@b.example)", `<a href="tel:+431">+43 1</a>`: "+43 1", `<a href="https://a.example/x"></a>`: "https://a.example/x", `<a href="/x">y</a>`: "y", `<a href="https:">y</a>`: "y", `<a href="https://a.example/a b">y</a>`: "y (https://a.example/a%20b)",
		`<a href="https://a.example/x">T</a><a href="https://a.example/x"><img src="y"></a>`: "T (https://a.example/x)", `<img alt=" A picture ">x`: "A picture x", `<img src="x.png">`: "", `<a href="https://a.example/x"><img alt="Logo"></a>`: "Logo (https://a.example/x)",
		"<pre>a\n  b</pre>": "a\n  b", "a<hr>b": "a\n\n" + strings.Repeat("-", 40) + "\n\nb", "<q>x</q>": "“x”", "<dl><dt>a<dd>b</dl>": "a\n    b",
		"<table><tr><th>a<th>n<tr><td>bbb<td>10<tr><td>c<td>5</table>": "a     n\nbbb  10\nc     5", "<table><tr><td>a</table>": "a", "<table><tr><td><p>a</p><p>b</p><td>c</table>": "a\n\nb\n\nc", "<table><tr><td><div>a</div><td>b</table>": "a\nb", "<table><tr><td>a<td>b</table>c": "a  b\n\nc",
		"<table><tr><td>" + strings.Repeat("x", 36) + "<td>" + strings.Repeat("y", 36) + "<td>" + strings.Repeat("z", 30) + "</table>": strings.Repeat("x", 36) + " | " + strings.Repeat("y", 36) + " |\n" + strings.Repeat("z", 30),
		"<table role=presentation><tr><td>a<td>b</table>": "a\nb", "<table><tr><td>漢字<td>1<tr><td>a<td>22</table>": "漢字   1\na     22",
		`<p style="display: none">x</p>a`: "a", `<div hidden>x</div>a`: "a", `<span style="font-size:0">x</span>a`: "a", `<td style="font-size:0"><img alt="x">`: "x", `<div style="font-size:0px"><table><tr><td style="font-size:12px">a</table></div>`: "a", `<p style="MSO-HIDE : ALL !important">x</p>a`: "a", `<p style="color:red">x</p>`: "x",
		"<!--[if mso]>x<![endif]-->a<!--[if !mso]><!-->b<!--<![endif]-->": "ab", "<p>" + strings.Repeat("x", 100) + " y": strings.Repeat("x", 100) + "\ny", strings.Repeat("<div>", 5000) + "x": "", "<p>a</b></p></div>c": "a\n\nc", "<a href='https://a.example/x'><h2>T</h2></a>": "T\n-\n\n(https://a.example/x)",
	} {
		if want != "" {
			want += "\n"
		}
		if got := Of(page); got != want {
			t.Errorf("%.200s\nbecame\n%q, want\n%q", page, got, want)
		}
	}
}

// TestNested: what is in each other many times is written once, and not twice for each level.
func TestNested(t *testing.T) {
	for _, open := range []string{"<table><tr><td>", "<a href=https://a.example/><table><tr><td>", "<ul><li>", "<blockquote>", "<h1><div>", "<table><tr><td><ul><li>"} {
		if got := Of(strings.Repeat(open, 80) + "x"); !strings.Contains(got, "x") {
			t.Errorf("%s: %q", open, got)
		}
	}
}

// FuzzOf: whatever a page is, its lines are no longer than they may be but for single words, have
// no space at their ends, and are text if the page is.
func FuzzOf(f *testing.F) {
	for _, s := range []string{
		"<p>a</p>", "<table><tr><td>a<td>b", "<ul><li><ol><li>x", "<a href=x><a href=y>", "<blockquote><pre>\n\nx</pre>", "<h1><h2>", "\x00<", "<table><table><tr><li>", "<br><br><hr>", "<select><option>x", "<math><mi>", "<li><blockquote><li>", "&#x200b;&nbsp;", "<table><tr><td rowspan=2>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, page string) {
		text := Of(page)
		if utf8.ValidString(page) && !utf8.ValidString(text) {
			t.Fatalf("%q became %q", page, text)
		}
		if strings.Contains(strings.ToLower(page), "<pre") || strings.Contains(strings.ToLower(page), "<listing") {
			return // its lines are as they are
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if strings.TrimRight(line, " ") != line {
				t.Fatalf("%q: %q", page, line)
			}
			// Marks of lists and quotations are words, too, and deep ones leave no room.
			if marks := strings.Count(page, "<"); columns(line) > Width && marks < 4 && len(strings.Fields(line)) > 1+marks {
				t.Fatalf("%q: a line of %d: %q", page, columns(line), line)
			}
		}
	})
}
