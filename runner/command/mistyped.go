package command

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
)

// What package flag, and cli with it, say of a command line that they cannot read. Their
// flags have one dash, and their reasons are those of package strconv.
var complaints = sync.OnceValue(func() *struct{ undefinedFlag, valueMissing, valueRefused, badSyntax, twoForms *regexp.Regexp } {
	return &struct{ undefinedFlag, valueMissing, valueRefused, badSyntax, twoForms *regexp.Regexp }{
		undefinedFlag: regexp.MustCompile(`^flag provided but not defined: -(.*)$`),
		valueMissing:  regexp.MustCompile(`^flag needs an argument: -(.*)$`),
		valueRefused:  regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]*): (.*)$`),
		badSyntax:     regexp.MustCompile(`^bad flag syntax: (.*)$`),
		twoForms:      regexp.MustCompile(`^Cannot use two forms of the same flag: (\S+) (\S+)$`),
	}
})

// usageError says what is wrong with a command line, as a user would write it, and what was
// probably meant.
func usageError(c *cli.Context, err error, _ bool) error {
	name, flags := "brood", c.App.Flags
	if c.Command != nil && c.Command.HelpName != "" {
		name, flags = c.Command.HelpName, c.Command.Flags
	}
	seeHelp := "See: " + name + " --help"
	text := err.Error()
	if m := complaints().undefinedFlag.FindStringSubmatch(text); m != nil {
		return unknownFlag(c, name, m[1], flags)
	}
	if m := complaints().valueMissing.FindStringSubmatch(text); m != nil {
		return usage(seeHelp, "%s needs a value", dashed(m[1]))
	}
	if m := complaints().valueRefused.FindStringSubmatch(text); m != nil {
		return usage(seeHelp, "%s %s: %s", dashed(m[2]), m[1], whyRefused(flags, m[2], m[3]))
	}
	if m := complaints().badSyntax.FindStringSubmatch(text); m != nil {
		return usage("A flag is written as in: -j 4, -j4, --jobs 4, --jobs=4", "%s is no flag", m[1])
	}
	if m := complaints().twoForms.FindStringSubmatch(text); m != nil {
		return usage("Give one of them.", "%s and %s are the same flag", dashed(m[1]), dashed(m[2]))
	}
	return usage(seeHelp, "%w", err)
}

// dashed writes the name of a flag as it is given.
func dashed(name string) string {
	if len([]rune(name)) == 1 {
		return "-" + name
	}
	return "--" + name
}

// whyRefused says what a flag's value has to be, by the kind of the flag.
func whyRefused(flags []cli.Flag, name, reason string) string {
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		switch f.(type) {
		case *cli.IntFlag:
			return "it is a whole number"
		case *cli.Uint64Flag, *cli.Uint64SliceFlag:
			return "it is a whole number, from 0"
		case *cli.Float64Flag:
			return "it is a number"
		case *cli.BoolFlag:
			return "it is true or false, and may be left out"
		case *cli.DurationFlag:
			return "it is a time such as 30s, 1.5m or 2h"
		}
	}
	return reason
}

// unknownFlag is about a flag that a command does not have.
func unknownFlag(c *cli.Context, command, name string, flags []cli.Flag) error {
	var names []string
	for _, f := range flags {
		names = append(names, f.Names()...)
	}
	typed, hint := meantFlag(name, oneDash(c, name), names, habitsOf(names, command))
	if kept := keptFlag(c, name); kept != "" {
		hint = kept
	}
	if hint == "" && commandMissing(c) {
		hint = "The command is written after --, as in: " + command + " list.txt -- gzip -9 {}"
	}
	if hint == "" {
		hint = "Its flags are listed by: " + command + " --help"
	}
	return usage(hint, "%s has no flag %s", command, typed)
}

// habitsOf are the habits that may be meant for a command with flags of these names.
func habitsOf(names []string, command string) []habit {
	switch {
	case slices.Contains(names, "jobs") && slices.Contains(names, "retries"):
		return habits
	case strings.HasSuffix(command, " lock"):
		return lockHabits
	}
	return nil
}

// meantFlag returns how an unknown flag was typed, and what may have been meant: what others
// mean by it, flags of a similar name, or, behind one dash, several short ones in one word.
func meantFlag(name string, oneDash bool, names []string, known []habit) (typed, hint string) {
	typed = dashed(name)
	if answer := answerTo(name, known); answer != "" {
		return typed, answer
	}
	if oneDash && len(name) > 1 {
		typed = "-" + name
		first := name[:1]
		if slices.Contains(names, first) {
			return typed, "Short flags are written one by one: -" + first + " -" + name[1:]
		}
		if answer := answerTo(first, known); answer != "" {
			return "-" + first, answer
		}
	}
	long := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return len(n) < 2 })
	if like := near(name, long); len(like) > 0 {
		for i := range like {
			like[i] = "--" + like[i]
		}
		return typed, "Did you mean " + orList(like) + "?"
	}
	return typed, ""
}

// oneDash reports whether a flag was typed with one dash only.
func oneDash(c *cli.Context, name string) bool {
	args, _ := c.App.Metadata[argsKey].([]string)
	return !slices.ContainsFunc(args, func(a string) bool { return a == "--"+name || strings.HasPrefix(a, "--"+name+"=") })
}

// What of the command line is kept in the metadata of the application.
const (
	argsKey     = "args"
	hasWordsKey = "has words"
	ofRunsKey   = "flags of runs"
)

// commandMissing reports whether the job takes a command, and there is no --.
func commandMissing(c *cli.Context) bool {
	has, known := c.App.Metadata[hasWordsKey].(bool)
	return known && !has && c.Command != nil && strings.Contains(c.Command.ArgsUsage, "-- COMMAND")
}

// jobNames are the names of the jobs there are.
func (e *env) jobNames() []string {
	var names []string
	for _, d := range e.registry.All() {
		names = append(names, d.Name)
	}
	return names
}

// unknownCommand is about a word that is none of the commands there are.
func (e *env) unknownCommand(app *cli.App, word string) error {
	var names []string
	for _, c := range app.Commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	hint := "The commands are listed by: brood --help"
	switch like := near(word, names); {
	case strings.HasPrefix(word, "-"):
	case slices.Contains(e.jobNames(), word):
		hint = "It is a job: brood run " + word
	case len(like) > 0:
		hint = meant("brood ", like)
	case answerTo(word, commandHabits) != "":
		hint = "brood " + answerTo(word, commandHabits) + " may be what you want; all are listed by: brood --help"
	}
	return usage(hint, "there is no command %q", word)
}

// unknownJob is about a word that is none of the jobs.
func unknownJob(word string, jobs []string) error {
	hint := "The jobs are listed by: brood run --help"
	if like := near(word, jobs); len(like) > 0 {
		hint = meant("brood run ", like)
	} else if word != "" && !strings.HasPrefix(word, "-") {
		hint = fmt.Sprintf("For a command: brood run exec -- %s; the jobs are listed by: brood run --help", word)
	}
	return usage(hint, "there is no job %q", word)
}

func meant(before string, words []string) string {
	for i := range words {
		words[i] = before + words[i]
	}
	return "Did you mean " + orList(words) + "?"
}

// checkWords refuses a command that is one word with spaces and no program: it was meant for
// a shell, or as several words. AddShell says how a shell gets it here.
func checkWords(words []string, lookPath func(string) (string, error), addShell string) error {
	if len(words) != 1 {
		return nil
	}
	parts := strings.Fields(words[0])
	if len(parts) < 2 {
		return nil
	}
	if _, err := lookPath(words[0]); err == nil {
		return nil
	}
	hint := "For a line that a shell is to read " + addShell
	if !strings.ContainsAny(words[0], "|&;<>()$`\\\"'*?[]~") {
		hint = "Write it as several words: -- " + strings.Join(parts, " ") + ". " + hint
	}
	return usage(hint, "the command is one word with spaces in it, and there is no such program: %s", words[0])
}
