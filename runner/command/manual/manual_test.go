package manual

import (
	"brood/runner/command"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func reference() *command.Reference {
	shared := command.ReferenceGroup{Title: "Pace", Shared: true, Flags: []command.ReferenceFlag{
		{Names: []string{"--rate"}, Value: "N/s", Usage: "start at most N/s"},
		{Names: []string{"--jobs", "-j", "--max-procs"}, Value: "N", Usage: "work on N", Default: "one"},
	}}
	other := command.ReferenceGroup{Title: "Pace", Shared: true, Flags: []command.ReferenceFlag{shared.Flags[0], {Names: []string{"--jobs"}, Value: "N", Usage: "work on N", Default: "one"}}}
	own := command.ReferenceGroup{Title: "Flags of email", Flags: []command.ReferenceFlag{{Names: []string{"--to"}, Value: "COLUMN", Usage: "write to *COLUMN*."}}}
	return &command.Reference{
		Name: "brood", Usage: "run a job", Description: "Examples:\n   brood status\n\nExit status: 0 all\nwell.\n\nMore.",
		Groups: []command.ReferenceGroup{{Title: "Work", Names: []string{"run"}}, {Title: "Look", Names: []string{"status"}}},
		Commands: []command.Page{
			{Words: []string{"run"}, Usage: "run a job over a dataset", Arguments: "JOB", Under: []string{"email", "exec"}},
			{Words: []string{"run", "email"}, Usage: "write", Job: true, Description: "One\ntwo.\n   a  b\n    c\nThree.\n\nExample:\n   brood run email", Flags: []command.ReferenceGroup{own, shared}, Secrets: []string{"BROOD_SMTP_PASSWORD"}},
			{Words: []string{"run", "exec"}, Usage: "do", Job: true, Flags: []command.ReferenceGroup{other}},
			{Words: []string{"status"}, Usage: "show how far a run is", Arguments: "[NAME]"},
		},
		Exits: []command.ReferenceExit{{Codes: []int{129, 130}, Meaning: "stopped"}},
	}
}

func titles(p Page) (out []string) {
	for _, s := range p.Sections {
		out = append(out, s.Title)
	}
	return out
}

// TestPages: each command has a page, a job has it under its own name, and the sections stand in the order of man-pages(7).
func TestPages(t *testing.T) {
	pages := Pages(reference())
	var names []string
	for _, p := range pages {
		names = append(names, p.Name)
	}
	if want := []string{"brood", "brood-run", "brood-email", "brood-exec", "brood-status"}; !slices.Equal(names, want) {
		t.Fatalf("%q", names)
	}
	email := pages[2]
	if !slices.Equal(email.Aliases, []string{"brood-run-email"}) || pages[1].Aliases != nil {
		t.Errorf("%q, %q", email.Aliases, pages[1].Aliases)
	}
	if got, want := titles(email), []string{"SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := titles(pages[1]); !slices.Contains(got, "JOBS") || slices.Contains(got, "OPTIONS") {
		t.Errorf("%q", got)
	}
	text := email.Roff("1.2.3", "2026-11-30")
	for _, want := range []string{
		".TH \"BROOD\\-EMAIL\" 1 \"2026-11-30\" \"brood 1.2.3\" \"brood manual\"\n", "brood\\-email \\- write\n", "\\fBbrood run email [flags]\\fR\n", "One two.\n.PP\n.RS 4\n.nf\na  b\n\\& c\n.fi\n.RE\n.PP\nThree.\n",
		".SS \"Pace\"\n.TP\n\\fB\\-\\-rate N/s\\fR\nstart at most N/s.\n.TP\n\\fB\\-j, \\-\\-jobs, \\-\\-max\\-procs N\\fR\nwork on N. Default: one.\n", "BROOD_SMTP_PASSWORD", "brood\\-run(1), brood(1), brood\\-status(1), brood\\-resume(1)\n", "129, 130",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if main := pages[0].Roff("1", ""); strings.Contains(main, "all well") || !strings.Contains(main, "More.") || !strings.Contains(main, "brood\\-exec(1)") {
		t.Error(main)
	}
}

// TestMarkdown: the flags that all jobs have alike stand on the page once, and those that differ with each job.
func TestMarkdown(t *testing.T) {
	text := Markdown(reference())
	for want, n := range map[string]int{
		"- `--rate N/s`: start at most N/s.\n": 1, "- `-j, --jobs, --max-procs N`: work on N. Default: one.\n": 1, "- `--jobs N`: work on N. Default: one.\n": 1,
		"- `--to COLUMN`: write to \\*COLUMN\\*.\n": 1, "[run](#brood-run)": 1, "## brood run email\n\nWrite.\n\n    brood run email [flags]\n": 1, "- [email](#brood-run-email)\n": 1, "    a  b\n     c\n": 1, "- `129, 130`: stopped.\n": 1,
	} {
		if strings.Count(text, want) != n {
			t.Errorf("%d of %q in\n%s", strings.Count(text, want), want, text)
		}
	}
}

// TestDescribe: what is no paragraph stays as it is, and the exit status of the help is left out.
func TestDescribe(t *testing.T) {
	blocks, examples := describe("A\nb.\n\nC:\n     d\n   e\n\nExamples:\n   f \\\n     g\n\nH")
	if len(blocks) != 4 || blocks[0].Text != "A b." || blocks[1].Text != "C:" || !slices.Equal(blocks[2].Lines, []string{"  d", "e"}) || blocks[3].Text != "H" {
		t.Errorf("%+v", blocks)
	}
	if len(examples) != 1 || !slices.Equal(examples[0].Lines, []string{"f \\", "  g"}) {
		t.Errorf("%+v", examples)
	}
	if got := beforeExit("A\n\nB"); got != "A\n\nB" {
		t.Errorf("%q", got)
	}
}

// FuzzRoff: whatever a text is, no line of it is a request, and nothing of it is an escape that is not ours.
func FuzzRoff(f *testing.F) {
	for _, s := range []string{".TH x", "'br", `\fBx`, "a\n.b", "-j", "", " x", "…\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // which help texts are
		}
		line := lineRoff(s)
		if strings.ContainsAny(line, "\n") || line == "" || line[0] == '.' || line[0] == '\'' {
			t.Errorf("%q", line)
		}
		left := line
		for _, ours := range []string{`\(rs`, `\-`, `\(aq`, `\(ga`, `\(ha`, `\(ti`, `\(dq`, `\&`} {
			left = strings.ReplaceAll(left, ours, "")
		}
		if strings.Contains(left, `\`) {
			t.Errorf("%q of %q", left, s)
		}
	})
}

// FuzzMarkdown: code comes out as it went in, between fences that are none of its own.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"`", "``a`", "a`", "{}", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := codeMarkdown(s)
		fence := out[:len(out)-len(strings.TrimLeft(out, "`"))]
		inner := strings.TrimSuffix(strings.TrimPrefix(out, fence), fence)
		if s != "" && (strings.Contains(inner, fence) || strings.Trim(inner, " ") != strings.Trim(s, " ")) {
			t.Errorf("%q of %q", out, s)
		}
	})
}
