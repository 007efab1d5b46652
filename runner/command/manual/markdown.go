package manual

import (
	"brood/runner/command"
	"fmt"
	"slices"
	"strings"
)

// Markdown writes docs/reference.md: all commands on one page. The flags that every run has stand there once.
func Markdown(r *command.Reference) string {
	var b strings.Builder
	b.WriteString("# Reference\n\n<!-- Written by make docs from the table of flags: do not edit. -->\n\n")
	b.WriteString("All commands, jobs and flags, as `brood COMMAND --help-all` and the manual pages have them.\n\n")
	shared := sharedFlags(r)
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "**%s:** ", escapeMarkdown(g.Title))
		for i, name := range g.Names {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "[%s](#%s)", name, anchor(r.Name+" "+name))
		}
		b.WriteString("\n\n")
	}
	for i := range r.Commands {
		c := &r.Commands[i]
		pageMarkdown(&b, r, c, shared)
		if len(c.Words) == 1 && c.Words[0] == "run" {
			b.WriteString("### Flags of every run\n\n")
			blocksMarkdown(&b, options(shared, func(command.ReferenceGroup) bool { return true }), "####")
		}
	}
	b.WriteString("## Exit status\n\n")
	var items []Item
	for _, x := range r.Exits {
		items = append(items, Item{strings.Trim(strings.Join(strings.Fields(fmt.Sprint(x.Codes)), ", "), "[]"), sentence(x.Meaning)})
	}
	blocksMarkdown(&b, []Block{{Items: items}}, "###")
	for _, of := range []struct {
		title string
		names []command.ReferenceName
	}{{"Environment", r.Environment}, {"Files", r.Files}} {
		fmt.Fprintf(&b, "## %s\n\n", of.title)
		items = nil
		for _, n := range of.names {
			items = append(items, Item{n.Name, sentence(n.Usage)})
		}
		blocksMarkdown(&b, []Block{{Items: items}}, "###")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func pageMarkdown(b *strings.Builder, r *command.Reference, c *command.Page, shared []command.ReferenceGroup) {
	called := r.Name + " " + strings.Join(c.Words, " ")
	fmt.Fprintf(b, "## %s\n\n%s\n\n", called, escapeMarkdown(strings.ToUpper(c.Usage[:1])+sentence(c.Usage)[1:]))
	arguments := c.Arguments
	if len(c.Flags) > 0 && !strings.Contains(arguments, "[flags]") {
		arguments = strings.TrimSpace("[flags] " + arguments)
	}
	fmt.Fprintf(b, "    %s\n\n", strings.TrimSpace(called+" "+arguments))
	text, examples := describe(c.Description)
	blocksMarkdown(b, text, "###")
	if len(examples) > 0 {
		b.WriteString("Examples:\n\n")
		blocksMarkdown(b, examples, "###")
	}
	if len(c.Under) > 0 {
		for _, name := range c.Under {
			fmt.Fprintf(b, "- [%s](#%s)\n", name, anchor(called+" "+name))
		}
		b.WriteString("\n")
	}
	own := c.Flags
	if c.Job {
		own = withoutFlags(c.Flags, shared)
		b.WriteString("Beside the [flags of every run](#flags-of-every-run):\n\n")
	}
	blocksMarkdown(b, options(own, func(command.ReferenceGroup) bool { return true }), "###")
}

// sharedFlags are those flags that all jobs have alike.
func sharedFlags(r *command.Reference) (out []command.ReferenceGroup) {
	first := true
	for _, c := range r.Commands {
		switch {
		case !c.Job:
		case first:
			first = false
			for _, g := range c.Flags {
				if g.Shared {
					out = append(out, command.ReferenceGroup{Title: g.Title, Flags: slices.Clone(g.Flags), Shared: true})
				}
			}
		default:
			for i := range out {
				out[i].Flags = slices.DeleteFunc(out[i].Flags, func(f command.ReferenceFlag) bool { return !hasFlag(c.Flags, f) })
			}
		}
	}
	return slices.DeleteFunc(out, func(g command.ReferenceGroup) bool { return len(g.Flags) == 0 })
}

func hasFlag(groups []command.ReferenceGroup, f command.ReferenceFlag) bool {
	for _, g := range groups {
		for _, x := range g.Flags {
			if flagTerm(x) == flagTerm(f) && flagText(x) == flagText(f) {
				return true
			}
		}
	}
	return false
}

// withoutFlags leaves out those flags that are in other groups too.
func withoutFlags(groups, others []command.ReferenceGroup) (out []command.ReferenceGroup) {
	for _, g := range groups {
		g.Flags = slices.DeleteFunc(slices.Clone(g.Flags), func(f command.ReferenceFlag) bool { return hasFlag(others, f) })
		if len(g.Flags) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func blocksMarkdown(b *strings.Builder, blocks []Block, heading string) {
	for _, k := range blocks {
		switch {
		case len(k.Items) > 0:
			if k.Title != "" {
				fmt.Fprintf(b, "%s %s\n\n", heading, escapeMarkdown(k.Title))
			}
			for _, i := range k.Items {
				fmt.Fprintf(b, "- %s: %s\n", codeMarkdown(i.Term), escapeMarkdown(i.Text))
			}
		case len(k.Lines) > 0:
			for _, l := range k.Lines {
				b.WriteString(strings.TrimRight("    "+l, " ") + "\n")
			}
		default:
			b.WriteString(escapeMarkdown(k.Text) + "\n")
		}
		b.WriteString("\n")
	}
}

// codeMarkdown is a span of code: its fence is longer than any row of backticks in it.
func codeMarkdown(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// escapeMarkdown makes text of text: CommonMark, section 2.4.
func escapeMarkdown(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, "|", `\|`, "&", `\&`, "~", `\~`).Replace(s)
	if s != "" && strings.ContainsRune("#+-=>", rune(s[0])) {
		s = `\` + s
	}
	return s
}

// anchor is where a heading is found.
func anchor(heading string) string { return strings.ReplaceAll(heading, " ", "-") }
