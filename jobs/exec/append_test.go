package exec

import (
	"brood/jobs"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func lines() *jobs.Shape {
	return &jobs.Shape{Kind: jobs.Lines, Columns: []string{jobs.LineColumn}, End: "\n"}
}

func line(s string) *jobs.Record { return &jobs.Record{Raw: []byte(s), Shape: lines()} }

// planned is a command as a run would store it, whether its program is here or not.
func planned(t *testing.T, o options, shape *jobs.Shape) (config, jobs.Plan, error) {
	t.Helper()
	p, err := plan(o, shape)
	var c config
	if err == nil {
		if err := json.Unmarshal(p.Config, &c); err != nil {
			t.Fatal(err)
		}
	}
	return c, p, err
}

// TestAppend: a command without a placeholder gets the line as its last argument, quoted if a
// shell reads it; one that has a placeholder, or wants none, does not.
func TestAppend(t *testing.T) {
	for _, c := range []struct {
		o    options
		want string
	}{
		{options{command: []string{"echo"}}, "echo 'it'\\''s'"},
		{options{command: []string{"echo", "a b"}}, "echo 'a b' 'it'\\''s'"},
		{options{command: []string{"echo", `\{}`}}, "echo '{}' 'it'\\''s'"},
		{options{command: []string{"echo", "{#}"}}, "echo 1"},
		{options{command: []string{"echo", "{}", "x"}}, "echo 'it'\\''s' x"},
		{options{command: []string{"echo"}, also: "no-append"}, "echo"},
		{options{command: []string{"cat"}, also: "stdin"}, "cat <<< 'it'\\''s'"},
		{options{command: []string{"cat", "{}"}, also: "stdin"}, "cat 'it'\\''s' <<< 'it'\\''s'"},
		{options{command: []string{"echo", "a;", "echo"}, shell: true}, "echo a; echo 'it'\\''s'"},
		{options{command: []string{"printf x | cat -"}, shell: true}, "printf x | cat - 'it'\\''s'"},
		{options{command: []string{"sh", "-c", "echo hi"}}, "sh -c 'echo hi' 'it'\\''s'"},
	} {
		stored, p, err := planned(t, c.o, lines())
		if err != nil {
			t.Errorf("%q: %v", c.o.command, err)
			continue
		}
		if got := p.Preview(line("it's")); got != c.want {
			t.Errorf("%q: %s, want %s", c.o.command, got, c.want)
		}
		if want := strings.Contains(c.want, "it"); p.NeedsRaw != want || stored.Append != (want && !strings.ContainsAny(c.want, "<") && c.o.command[len(c.o.command)-1] != "x") {
			t.Errorf("%q: %+v, raw %v", c.o.command, stored, p.NeedsRaw)
		}
	}
	for _, shape := range []*jobs.Shape{people(), {Kind: jobs.Objects, Columns: []string{"name", "home town"}}} {
		_, _, err := planned(t, options{command: []string{"echo"}}, shape)
		check(t, "a table", err, "which columns it gets, as in {name}, of: name, home town. Or --stdin for the whole record, --no-append for none")
		if c, _, err := planned(t, options{command: []string{"echo"}, also: "no-append"}, shape); err != nil || c.Append {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// TestAppendedIsData: a record that is appended is an argument, and neither a program nor a
// script.
func TestAppendedIsData(t *testing.T) {
	for command, want := range map[string]string{
		"echo": "", "sh -c echo": "", "env A=b echo": "", "timeout -s KILL 5 echo": "", "sudo -u x -- echo": "", "sudo": "the program that sudo starts", "env": "the program that env starts",
		"env A=b": "the program that env starts", "nice -n 5": "the program that nice starts", "nohup": "the program that nohup starts", "timeout 5": "the program that timeout starts",
		"timeout -k 1 5": "the program that timeout starts", "xargs -n 1": "the program that xargs starts", "sudo -u x nice": "the program that nice starts", "flock f": "the program that flock starts",
		"xargs -n 1 echo": "", "flock f echo": "", "stdbuf -oL echo": "", "stdbuf -oL": "the program that stdbuf starts", "setsid -w": "the program that setsid starts", "exec": "the program that exec starts",
		"sh": "the script that sh runs", "bash -e": "the script that bash runs", "sudo bash": "the script that bash runs", "python3": "the script that python runs", "python3 -m json.tool": "", "python3 -c pass": "",
		"bash script.sh": "", "perl -ne print": "", "perl": "the script that perl runs", "node app.js": "", "php -f x": "",
		"sh -c": "part of a program that sh runs", "bash -lc": "part of a program that bash runs", "eval": "part of a program that eval runs", "awk": "part of a program that awk runs", "sed": "part of a program that sed runs",
		"ssh host": "part of a program that ssh runs", "su -c": "part of a program that su runs", "jq": "part of a program that jq runs", "parallel": "read by a shell as parallel starts one", "docker rm": "", "find": "",
		"psql -c": "part of a program that psql runs", "watch": "part of a program that watch runs",
	} {
		for _, shell := range []bool{false, true} {
			c := config{Command: strings.Fields(command), Shell: shell, Syntax: syntaxParallel, Append: true}
			args, err := c.parse(lines())
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.checkSafe(args, lines())
			check(t, command, err, want)
			if want != "" && err != nil && !strings.Contains(err.Error(), "the record, appended as there is no placeholder, would be") {
				t.Errorf("%s: %v", command, err)
			}
		}
	}
	for script, want := range map[string]string{
		"echo a; ": "no argument of a command", "echo a | wc -l; echo": "", "echo a #": "within quotes", "echo 'a": "cannot read", "x=1": "no argument of a command", "x=": "no argument of a command", "cat >": "no argument of a command", "(echo)": "cannot read", "if true; then echo; fi": "cannot read",
		"echo a &&": "no argument of a command", "cat <": "no argument of a command", "{ echo; }": "cannot read", "echo $(echo": "cannot read",
	} {
		c := config{Command: []string{script}, Shell: true, Syntax: syntaxParallel, Append: true}
		args, err := c.parse(lines())
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.checkSafe(args, lines())
		check(t, script, err, want)
	}
}

// TestAppendedDash: a record that begins with a dash is no option unless somebody has said
// where it belongs.
func TestAppendedDash(t *testing.T) {
	for command, want := range map[string][]int{"rm": {0}, "rm -f": {0}, "rm --": nil, "sudo -- rm": nil} {
		for _, shell := range []bool{false, true} {
			c := config{Command: strings.Fields(command), Shell: shell, Syntax: syntaxParallel, Append: true}
			args, err := c.parse(lines())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.checkSafe(args, lines()); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v, %v, want %v", command, got, err, want)
			}
		}
	}
	c, _, err := planned(t, options{command: []string{"printf", "%s"}}, lines())
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, c, func(s *jobs.Setup) { s.Shape = lines() })
	if res := do(t, r, line("-x")); res.Verdict != jobs.VerdictFailed || res.Class != jobs.ClassInput || !strings.Contains(res.Error, "begins with a dash") {
		t.Errorf("%+v", res)
	}
	if res := do(t, r, line("x-")); res.Verdict != jobs.VerdictOK || string(res.Values[0]) != "x-" {
		t.Errorf("%+v", res)
	}
}

// TestStdin: the record is the command's standard input, as it stands in the dataset, whether
// the command reads it or not, and the next one finds nothing of it.
func TestStdin(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<16) // more than a pipe holds
	for _, c := range []struct {
		command []string
		record  *jobs.Record
		want    string
	}{
		{[]string{"cat"}, line("it's\x00 so"), "it's\x00 so"},
		{[]string{"wc", "-l"}, line(""), "1"},
		{[]string{"cat"}, person("Ann", "Oslo"), "Ann,Oslo"},
		{[]string{"wc", "-c"}, line(long), "1048577"},
		{[]string{"echo", "{}"}, line("unread"), "unread"},
		{[]string{"head", "-c", "3"}, line(long), "012"},
	} {
		r := start(t, config{Command: c.command, Syntax: syntaxParallel, Stdin: true}, func(s *jobs.Setup) { s.Shape = c.record.Shape; s.Shape.End = "\n" })
		for range 2 {
			res := do(t, r, c.record)
			if res.Verdict != jobs.VerdictOK || strings.TrimSpace(string(res.Values[0])) != c.want {
				t.Errorf("%q: %+v", c.command, res)
			}
		}
	}
	r := start(t, config{Command: []string{"cat"}, Syntax: syntaxParallel})
	if res := do(t, r, line("x")); len(res.Values[0]) != 0 {
		t.Errorf("without --stdin it reads %q", res.Values[0])
	}
}

// TestStdinIsData: a record that is the standard input of what takes that for a program is
// code as well.
func TestStdinIsData(t *testing.T) {
	for command, code := range map[string]bool{
		"cat": false, "sh script.sh": false, "sh -c cat": false, "ssh host cat": false, "python3 x.py": false, "psql -f x.sql": false, "sqlite3 x.db select": false, "jq .": false, "awk {print$1}": false, "perl -ne print": false,
		"sh": true, "bash -s a": true, "sudo bash": true, "ssh host": true, "python3": true, "python3 -": true, "psql db": true, "mysql db": true, "sqlite3 x.db": true, "env A=b node": true, "perl -": true,
	} {
		for _, shell := range []bool{false, true} {
			c := config{Command: strings.Fields(command), Shell: shell, Syntax: syntaxParallel, Stdin: true}
			args, err := c.parse(lines())
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if code {
				want = "the record, on standard input, would be read and run by"
			}
			_, err = c.checkSafe(args, lines())
			check(t, command, err, want)
		}
	}
}
