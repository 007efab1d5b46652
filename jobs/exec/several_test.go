package exec

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// group is the shape of groups of up to so many lines.
func group(most int) *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n", Join: "\n", Most: most}
}

func combination(columns ...string) *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Fields, Columns: columns, End: "\n", Join: " "}
}

// TestSeveral: {} is an argument for each line, with what stands around it; {2} is the second.
func TestSeveral(t *testing.T) {
	three := &jobs.Record{Raw: []byte("a b.x\nit's\n-n"), Shape: group(3)}
	one := &jobs.Record{Raw: []byte("d/a.b"), Shape: group(3)}
	nul := group(0)
	nul.Join = "\x00"
	ends := &jobs.Record{Raw: []byte("a\nb\x00c"), Shape: nul}
	both := &jobs.Record{Raw: []byte("a b 1"), Values: [][]byte{[]byte("a b"), []byte("1")}, Shape: combination("1", "2")}
	for _, c := range []struct {
		rec  *jobs.Record
		o    options
		want string
	}{
		{three, options{command: []string{"echo", "{}"}}, `echo 'a b.x' 'it'\''s' -n`},
		{three, options{command: []string{"echo", "x{}y", "-"}}, `echo 'xa b.xy' 'xit'\''sy' x-ny -`},
		{three, options{command: []string{"echo", "{1}", "{3}", "{-1}", "{-3}"}}, `echo 'a b.x' -n -n 'a b.x'`},
		{three, options{command: []string{"echo", "{}={1.}"}}, `echo 'a b.x=a b' 'it'\''s=a b' '-n=a b'`},
		{three, options{command: []string{"echo", "{line}", "{#}"}}, `echo 'a b.x' 'it'\''s' -n 1`},
		{three, options{command: []string{"cat"}, also: "stdin"}, "cat <<< 'a b.x\nit'\\''s\n-n'"},
		{three, options{command: []string{"echo", "{}"}, shell: true}, `echo 'a b.x' 'it'\''s' '-n'`},
		{three, options{command: []string{"for f in {}; do echo $f; done"}, shell: true}, `for f in 'a b.x' 'it'\''s' '-n'; do echo $f; done`},
		{three, options{command: []string{"echo {2}{3} x"}, shell: true}, `echo 'it'\''s''-n' x`},
		{one, options{command: []string{"echo"}}, `echo d/a.b`},
		{one, options{command: []string{"echo", "{2}", "{1}", "{2}{3}", "x{2}"}}, `echo d/a.b x`},
		{one, options{command: []string{"echo", "{/}", "{//}", "{.}", "{/.}"}}, `echo a.b d d/a a`},
		{one, options{command: []string{"echo {2} x"}, shell: true}, `echo  x`},
		{ends, options{command: []string{"echo"}}, "echo 'a\nb' c"},
		{both, options{command: []string{"echo", "{}"}}, `echo 'a b' 1`},
		{both, options{command: []string{"echo"}}, `echo 'a b' 1`},
		{both, options{command: []string{"echo", "x{}y", "{2}"}}, `echo 'xa b 1y' 1`},
		{both, options{command: []string{"echo", "{}"}, shell: true}, `echo 'a b' '1'`},
	} {
		_, p, err := planned(t, c.o, c.rec.Shape)
		if err != nil {
			t.Errorf("%q: %v", c.o.command, err)
			continue
		}
		if got := p.Preview(c.rec); got != c.want {
			t.Errorf("%q: %s, want %s", c.o.command, got, c.want)
		}
		if (p.Fit != nil) != (c.rec.Shape.Kind == jobs.Lines) {
			t.Errorf("%q: fit %+v", c.o.command, p.Fit)
		}
	}
}

// TestSeveralRefused: where there is room for one word, or further words would be code.
func TestSeveralRefused(t *testing.T) {
	for _, c := range []struct {
		o    options
		want string
	}{
		{options{command: []string{"echo", "{4}"}}, "{4}: a record has up to 3 lines"},
		{options{command: []string{"echo a{}"}, shell: true}, "several words in a place for one"},
		{options{command: []string{"cat > {}"}, shell: true}, "several words in a place for one"},
		{options{command: []string{"v={}; echo $v"}, shell: true}, "several words in a place for one"},
		{options{command: []string{"case {} in x) echo;; esac"}, shell: true}, "several words in a place for one"},
		{options{command: []string{"ssh", "{}"}}, "run as code"},
		{options{command: []string{"ssh", "{}", "uptime"}}, "run as code"},
		{options{command: []string{"ssh {} uptime"}, shell: true}, "run as code"},
		{options{command: []string{"env"}}, "the program that env starts"},
	} {
		if _, _, err := planned(t, c.o, group(3)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.o.command, err, c.want)
		}
	}
	if _, _, err := planned(t, options{command: []string{"echo", "{4}"}}, group(0)); err != nil {
		t.Errorf("as many as fit may be four: %v", err)
	}
}

// TestReplace: -I says what stands for {}, which means nothing then.
func TestReplace(t *testing.T) {
	for _, c := range []struct{ replace, word, want string }{
		{"%", "a%b%", "axbx"}, {"%", `{}\%`, `{}\x`}, {",,", "{.},,", "xx"}, {"{}", "{}-", "x-"}, {"{x}", "{x}{}", "x{}"},
	} {
		g := grammar{shape: lines(), replace: c.replace}
		tpl, err := g.parse(c.word)
		if err != nil {
			t.Errorf("-I %s %s: %v", c.replace, c.word, err)
			continue
		}
		if got, err := tpl.fill(line("x"), 1, false); err != nil || string(got) != c.want {
			t.Errorf("-I %s %s: %s, %v, want %s", c.replace, c.word, got, err, c.want)
		}
	}
}

// What a group may cost is what it takes: a command line that fit allows is never longer
// than it says.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		command := append([]string{"echo"}, rapid.SliceOfN(rapid.SampledFrom([]string{"{}", "x{}y", "{1}", "{2}-{-1}", "lit", "{#}", "{.}{/}", "{//}"}), 1, 4).Draw(t, "words")...)
		c := config{Command: command, Syntax: syntaxParallel, Shell: rapid.Bool().Draw(t, "shell")}
		shape := group(0)
		args, err := c.parse(shape)
		if err != nil {
			t.Fatal(err)
		}
		f := c.fit(args, shape)
		values := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]byte("a'./ ")), 0, 20), 1, 20).Draw(t, "lines")
		cost := 0
		for _, v := range values {
			cost += f.Cost(v)
		}
		rec := &jobs.Record{Raw: bytes.Join(values, []byte("\n")), Shape: shape}
		size := func(r *jobs.Record) (n int) {
			for _, a := range args {
				if err := a.words(nil, r, 1, c.Shell, func(w []byte) { n += len(w) + perArgument }); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		fixed := 0
		for _, a := range args {
			fixed += perArgument
			for _, p := range a {
				if fixed += len(p.text); p.counted() {
					fixed += 20
				}
			}
		}
		if got := size(rec); got > fixed+cost {
			t.Fatalf("%q: %d bytes, and it was to be %d + %d: %q", command, got, fixed, cost, values)
		}
	})
}

// A command gets as many arguments as fit says, and the system takes them.
func TestFitIsTaken(t *testing.T) {
	for _, shell := range []bool{false, true} {
		_, p, err := planned(t, options{command: []string{"echo", "{}"}, shell: shell}, group(0))
		if err != nil {
			t.Fatal(err)
		}
		var lines [][]byte
		cost := 0
		for i := 0; ; i++ {
			l := []byte(strconv.Itoa(i))
			if cost += p.Fit.Cost(l); cost > p.Fit.Bytes {
				break
			}
			lines = append(lines, l)
		}
		r, err := open(context.Background(), jobs.Setup{Config: p.Config, Shape: group(0), Text: true, MaxOutput: 16 << 20})
		if err != nil {
			t.Fatal(err)
		}
		var res jobs.Result
		if err := r.Do(context.Background(), &jobs.Record{Raw: bytes.Join(lines, []byte("\n")), Shape: group(0)}, &res); err != nil || res.Verdict != jobs.VerdictOK {
			t.Fatalf("%d lines, shell %v: %v, %s", len(lines), shell, err, res.Error)
		}
		if got := len(bytes.Fields(res.Text)); got != len(lines) {
			t.Errorf("%d arguments, want %d", got, len(lines))
		}
		if len(lines) < 5000 {
			t.Errorf("only %d lines fit", len(lines))
		}
	}
	var c config
	if err := json.Unmarshal([]byte(`{"command":["echo"]}`), &c); err != nil || c.fit(nil, lines()) != nil {
		t.Error("a record that is one line has no fit")
	}
}
