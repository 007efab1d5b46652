// Package manual writes the manual pages and docs/reference.md from what the command line knows of itself: a
// command.Reference, which brood reference prints as JSON. So there is one table of commands and flags, and no page can be behind it.
//
// A page is made of sections of blocks, see Section, which are written as roff for man(7) and as Markdown. It
// promises that any text of a help comes out as text: no character of it is a request or a mark. It is not linked into brood; what texts
// say is for the commands, and the order of sections for man-pages(7).
package manual

import (
	"brood/runner/command"
	"fmt"
	"slices"
	"strings"
)

// Page is one page of the manual.
type Page struct {
	Name    string // brood-run
	Summary string // one line
	// Aliases are other names under which it is found.
	Aliases  []string
	Sections []Section
}

// Section is a part of a page under a title.
type Section struct {
	Title  string
	Blocks []Block
}

// Block is a paragraph, lines as they are, or items: a term and its text. One of the three is set.
type Block struct {
	Text  string
	Lines []string
	Items []Item
	Title string // over items: of a group
}

// Item is a term and what it means.
type Item struct{ Term, Text string }

// Pages are all pages: brood(1) first.
func Pages(r *command.Reference) []Page {
	out := []Page{mainPage(r)}
	for i := range r.Commands {
		out = append(out, commandPage(r, &r.Commands[i]))
	}
	return out
}

// pageName is the name of the page of a command: that of a job has the job's name, as brood-email.
func pageName(r *command.Reference, words []string) string {
	if isJob(r, words) {
		words = words[1:]
	}
	return r.Name + "-" + strings.Join(words, "-")
}

func isJob(r *command.Reference, words []string) bool {
	return slices.ContainsFunc(r.Commands, func(p command.Page) bool { return p.Job && slices.Equal(p.Words, words) })
}

// mainPage is brood(1).
func mainPage(r *command.Reference) Page {
	text, examples := describe(beforeExit(r.Description))
	p := Page{Name: r.Name, Summary: r.Usage}
	p.add("SYNOPSIS", Block{Lines: []string{r.Name + " COMMAND [flags] [arguments]", r.Name + " run JOB [flags] [DATASET ...] [-- COMMAND [ARG ...]]"}})
	p.add("DESCRIPTION", append([]Block{{Text: "A job is run over every record of a dataset, each in a child process, and a ledger keeps what became of each. Each command has a page of its own, and so has each job, as brood-email(1)."}}, text...)...)
	var commands []Block
	for _, g := range r.Groups {
		b := Block{Title: g.Title}
		for _, name := range g.Names {
			b.Items = append(b.Items, Item{r.Name + "-" + name + "(1)", usageOf(r, name)})
		}
		commands = append(commands, b)
	}
	jobs := Block{Title: "Jobs, for brood run"}
	for _, c := range r.Commands {
		if c.Job {
			jobs.Items = append(jobs.Items, Item{pageName(r, c.Words) + "(1)", c.Usage})
		}
	}
	p.add("COMMANDS", append(commands, jobs)...)
	p.add("OPTIONS", Block{Items: []Item{
		{"--help, -h", "what there is; behind a command, of that. --help-all has all flags."},
		{"--version", "the version."},
	}})
	p.add("EXAMPLES", examples...)
	p.closing(r, nil, "")
	return p
}

func usageOf(r *command.Reference, name string) string {
	for _, c := range r.Commands {
		if len(c.Words) == 1 && c.Words[0] == name {
			return c.Usage
		}
	}
	return ""
}

// commandPage is the page of a command, or a job.
func commandPage(r *command.Reference, c *command.Page) Page {
	p := Page{Name: pageName(r, c.Words), Summary: c.Usage}
	if c.Job {
		p.Aliases = []string{r.Name + "-" + strings.Join(c.Words, "-")}
	}
	called := r.Name + " " + strings.Join(c.Words, " ")
	arguments := c.Arguments
	if len(c.Flags) > 0 && !strings.Contains(arguments, "[flags]") {
		arguments = strings.TrimSpace("[flags] " + arguments)
	}
	p.add("SYNOPSIS", Block{Lines: []string{strings.TrimSpace(called + " " + arguments)}})
	text, examples := describe(c.Description)
	p.add("DESCRIPTION", text...)
	if len(c.Under) > 0 {
		title := "VERBS"
		if c.Words[0] == "run" {
			title = "JOBS"
		}
		var items []Item
		for _, name := range c.Under {
			words := append(slices.Clone(c.Words), name)
			for _, under := range r.Commands {
				if slices.Equal(under.Words, words) {
					items = append(items, Item{pageName(r, words) + "(1)", under.Usage})
				}
			}
		}
		p.add(title, Block{Items: items})
	}
	p.add("OPTIONS", options(c.Flags, func(command.ReferenceGroup) bool { return true })...)
	p.add("EXAMPLES", examples...)
	above := ""
	if len(c.Words) > 1 {
		above = pageName(r, c.Words[:len(c.Words)-1])
	}
	p.closing(r, c.Secrets, above)
	return p
}

// options are the flags, in their groups.
func options(groups []command.ReferenceGroup, wanted func(command.ReferenceGroup) bool) (out []Block) {
	for _, g := range groups {
		if !wanted(g) {
			continue
		}
		b := Block{Title: g.Title}
		for _, f := range g.Flags {
			b.Items = append(b.Items, Item{flagTerm(f), flagText(f)})
		}
		out = append(out, b)
	}
	return out
}

// flagTerm is a flag as it is written: -j, --jobs N.
func flagTerm(f command.ReferenceFlag) string {
	var names []string
	for _, short := range []bool{true, false} {
		for _, n := range f.Names {
			if short == !strings.HasPrefix(n, "--") {
				names = append(names, n)
			}
		}
	}
	return strings.TrimSpace(strings.Join(names, ", ") + " " + f.Value)
}

func flagText(f command.ReferenceFlag) string {
	text := sentence(f.Usage)
	if f.Default != "" {
		text += " Default: " + strings.TrimSuffix(f.Default, ".") + "."
	}
	return text
}

// sentence makes one of what stands in a table.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// add adds a section, unless there is nothing in it.
func (p *Page) add(title string, blocks ...Block) {
	blocks = slices.DeleteFunc(blocks, func(b Block) bool { return b.Text == "" && len(b.Lines)+len(b.Items) == 0 })
	if len(blocks) > 0 {
		p.Sections = append(p.Sections, Section{title, blocks})
	}
}

// closing are the sections that are the same on all pages.
func (p *Page) closing(r *command.Reference, secrets []string, above string) {
	var exits, environment, files []Item
	for _, x := range r.Exits {
		var codes []string
		for _, c := range x.Codes {
			codes = append(codes, fmt.Sprint(c))
		}
		exits = append(exits, Item{strings.Join(codes, ", "), sentence(x.Meaning)})
	}
	for _, v := range r.Environment {
		environment = append(environment, Item{v.Name, sentence(v.Usage)})
	}
	for _, s := range secrets {
		environment = append(environment, Item{s, "read by this job, and hidden from the workers of others."})
	}
	for _, f := range r.Files {
		files = append(files, Item{f.Name, sentence(f.Usage)})
	}
	p.add("EXIT STATUS", Block{Items: exits})
	p.add("ENVIRONMENT", Block{Items: environment})
	p.add("FILES", Block{Items: files})
	also := []string{r.Name + "(1)", r.Name + "-run(1)", r.Name + "-status(1)", r.Name + "-resume(1)"}
	if above != "" {
		also = append([]string{above + "(1)"}, also...)
	}
	also = slices.DeleteFunc(also, func(s string) bool { return s == p.Name+"(1)" })
	var once []string
	for _, s := range also {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	p.add("SEE ALSO", Block{Text: strings.Join(once, ", ")})
}
