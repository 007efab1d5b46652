package command

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

const (
	helpWidth = 80
	helpFlag  = "--help"
	helpAll   = "--help-all"
	// maxFlagColumn is how wide the names of flags may be to have their text beside them.
	maxFlagColumn = 30
)

// isHelp reports whether an argument asks for help, and for all of it.
func isHelp(arg string) (yes, all bool) {
	return arg == helpFlag || arg == "-h" || arg == helpAll || arg == "-help" || arg == "-help-all", strings.HasSuffix(arg, "-all")
}

// help returns the help that a command line asks for; empty: it asks for none. The command
// line has gone through permute.
func (e *env) help(app *cli.App, args []string) string {
	commands, path, rest := app.Commands, app.Name, args[1:]
	var cmd *cli.Command
	for len(rest) > 0 {
		next := find(commands, rest[0])
		if next == nil {
			break
		}
		cmd, commands, path, rest = next, next.Subcommands, path+" "+next.Name, rest[1:]
	}
	if len(rest) == 0 {
		return ""
	}
	yes, all := isHelp(rest[0])
	switch {
	case !yes:
		return ""
	case cmd == nil:
		return appHelp(app)
	}
	return commandHelp(cmd, path, all)
}

// appHelp lists the commands, in groups.
func appHelp(app *cli.App) string {
	var b strings.Builder
	b.WriteString(wrap(app.Name+" - "+app.Usage, 0) + "\n\nUsage: brood COMMAND [flags] [arguments]\n\n")
	left := slices.Clone(app.Commands)
	list := func(title string, names []string) {
		var rows [][2]string
		for _, name := range names {
			if i := slices.IndexFunc(left, func(c *cli.Command) bool { return c.Name == name }); i >= 0 {
				rows = append(rows, [2]string{name, left[i].Usage})
				left = slices.Delete(left, i, i+1)
			}
		}
		if len(rows) > 0 {
			b.WriteString(title + "\n" + table(rows) + "\n")
		}
	}
	for _, g := range commandGroups {
		list(g.title, strings.Fields(g.names))
	}
	var rest []string
	for _, c := range left {
		if !c.Hidden {
			rest = append(rest, c.Name)
		}
	}
	list(groupOther, rest)
	b.WriteString(reflow(app.Description) + "\n\nMore: brood COMMAND --help, brood run JOB --help, brood --version\n")
	return b.String()
}

// commandHelp is about one command. All is false: of the flags of a run only the common ones
// are listed, beside those of its job.
func commandHelp(c *cli.Command, path string, all bool) string {
	var b strings.Builder
	arguments := c.ArgsUsage
	if len(c.Flags) > 0 && !strings.Contains(arguments, "[flags]") {
		arguments = strings.TrimSpace("[flags] " + arguments)
	}
	b.WriteString(wrap(path+" - "+c.Usage, 0) + "\n\n" + wrap(strings.TrimSpace("Usage: "+path+" "+arguments), len("Usage: ")) + "\n")
	if c.Description != "" {
		b.WriteString("\n" + reflow(c.Description) + "\n")
	}
	if len(c.Subcommands) > 0 {
		var rows [][2]string
		for _, s := range c.Subcommands {
			rows = append(rows, [2]string{s.Name, s.Usage})
		}
		b.WriteString("\n" + c.Category + "\n" + table(rows))
	}
	b.WriteString(flagHelp(c, path, all))
	return b.String()
}

// flagHelp lists the flags of a command: all of them in groups, or those that it alone has,
// and the common ones.
func flagHelp(c *cli.Command, path string, all bool) string {
	var b strings.Builder
	if !isLong(c) {
		if len(c.Flags) > 0 {
			b.WriteString("\nFlags\n" + flagTable(c.Flags, fullText))
		}
		return b.String()
	}
	for _, g := range groupFlags(c.Flags) {
		shared := slices.ContainsFunc(flagGroups, func(s group) bool { return s.title == g.title })
		if shared && !all {
			continue
		}
		if g.title == groupJob {
			g.title = "Flags of " + c.Name
		}
		b.WriteString("\n" + g.title + "\n" + flagTable(g.flags, fullText))
	}
	if !all {
		b.WriteString("\nCommon flags\n" + flagTable(commonOf(c.Flags), commonText))
		b.WriteString("\nAll flags: " + path + " " + helpAll + "\n")
	}
	return b.String()
}

// isLong reports whether a command has the flags of a run, too many to be shown.
func isLong(c *cli.Command) bool { return len(c.Flags) > 20 }

// flagGroup is a part of the flags under a title.
type flagGroup struct {
	title string
	flags []cli.Flag
}

// groupFlags puts flags into groups: that which flagGroups says, or else their own category.
// One that nobody has given any comes under a title of its own, where it is seen.
func groupFlags(flags []cli.Flag) []flagGroup {
	order := []string{groupJob}
	for _, g := range flagGroups {
		order = append(order, g.title)
	}
	for _, f := range flags {
		if g := groupOf(f); !slices.Contains(order, g) && g != groupOther {
			order = append(order, g)
		}
	}
	var out []flagGroup
	for _, title := range append(order, groupOther) {
		if in := ofGroup(flags, title); len(in) > 0 {
			out = append(out, flagGroup{title, in})
		}
	}
	return out
}

func ofGroup(flags []cli.Flag, title string) []cli.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f cli.Flag) bool { return groupOf(f) != title })
}

func groupOf(f cli.Flag) string {
	category := ""
	if c, ok := f.(cli.CategorizableFlag); ok {
		category = c.GetCategory()
	}
	if category == groupJob { // whose flag may have a name of ours
		return category
	}
	for _, g := range flagGroups {
		if slices.Contains(strings.Fields(g.names), f.Names()[0]) {
			return g.title
		}
	}
	if category == "" {
		return groupOther
	}
	return category
}

// commonOf are the flags that most people need.
func commonOf(flags []cli.Flag) (out []cli.Flag) {
	for _, common := range commonFlags {
		for _, f := range flags {
			if f.Names()[0] == common.name {
				out = append(out, f)
			}
		}
	}
	return out
}

// fullText is the value and the usage of a flag, and what counts without it.
func fullText(f cli.Flag) (value, text string) {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return "", ""
	}
	before, rest, _ := strings.Cut(d.GetUsage(), "`")
	value, after, quoted := strings.Cut(rest, "`")
	text = before + value + after
	if !quoted {
		value, text = "VALUE", d.GetUsage()
	}
	if !d.TakesValue() {
		value = ""
	}
	switch def := strings.Trim(d.GetDefaultText(), `"`); def {
	case "", "0", "0s", "false", "[]":
	default:
		text += " (default: " + def + ")"
	}
	return value, text
}

// commonText is a flag in one line.
func commonText(f cli.Flag) (value, text string) {
	value, text = fullText(f)
	for _, c := range commonFlags {
		if c.name == f.Names()[0] {
			text = c.text
		}
	}
	return value, text
}

// flagTable lists flags: a short name if there is one, the name, the value, what it does.
func flagTable(flags []cli.Flag, describe func(cli.Flag) (value, text string)) string {
	var rows [][2]string
	for _, f := range flags {
		names := f.Names()
		short := "    "
		for _, n := range names[1:] {
			if len(n) == 1 {
				short = "-" + n + ", "
				break
			}
		}
		value, text := describe(f)
		rows = append(rows, [2]string{strings.TrimRight(short+dashed(names[0])+" "+value, " "), text})
	}
	return table(rows)
}

// table writes rows of two columns, the second wrapped to the width of a help.
func table(rows [][2]string) string {
	const indent, gap = 2, 2
	column := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= maxFlagColumn {
			column = max(column, n)
		}
	}
	column += indent + gap
	var b strings.Builder
	for _, r := range rows {
		first := strings.Repeat(" ", indent) + r[0]
		if n := utf8.RuneCountInString(first); n+gap <= column {
			first += strings.Repeat(" ", column-n)
		} else {
			b.WriteString(first + "\n")
			first = strings.Repeat(" ", column)
		}
		b.WriteString(wrap(first+r[1], column) + "\n")
	}
	return b.String()
}

// reflow wraps the paragraphs of a text. Indented lines, such as examples, stay as they are.
func reflow(text string) string {
	var out []string
	open := false // the last line is of a paragraph that may go on
	for line := range strings.SplitSeq(text, "\n") {
		switch plain := line != "" && line[0] != ' '; {
		case plain && open:
			out[len(out)-1] += " " + line
		case plain:
			out, open = append(out, line), true
		default:
			out, open = append(out, line), false
		}
	}
	for i, line := range out {
		if line != "" && line[0] != ' ' {
			out[i] = wrap(line, 0)
		}
	}
	return strings.Join(out, "\n")
}

// wrap breaks a line at its spaces, so that it is no wider than a help; what follows the
// first break is indented.
func wrap(line string, indent int) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.SplitAfter(line, " ") {
		n := utf8.RuneCountInString(strings.TrimRight(word, " "))
		if i > 0 && width+n > helpWidth && strings.TrimSpace(word) != "" {
			s := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(s + "\n" + strings.Repeat(" ", indent))
			width = indent
		}
		b.WriteString(word)
		width += utf8.RuneCountInString(word)
	}
	return strings.TrimRight(b.String(), " ")
}

// showHelp prints a help.
func (e *env) showHelp(text string) error {
	_, err := fmt.Fprint(e.stdout, text)
	return err
}
