package command

import (
	"brood/runner/runfile"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// notInFile are flags that no file of runs has.
var notInFile = []string{configFlag, "help", "help-all", "version"}

// runSchema is what may stand in a file of named runs: the flags of each job are its keys.
func (e *env) runSchema() *runfile.Schema {
	s := &runfile.Schema{Near: near, Refuse: refuseSecret}
	for _, c := range e.runCommand().Subcommands {
		def, err := e.registry.Lookup(c.Name)
		job := runfile.Job{Name: c.Name, Command: err == nil && def.TakesCommand}
		for _, f := range c.Flags {
			if !slices.Contains(notInFile, f.Names()[0]) {
				job.Flags = append(job.Flags, schemaFlag(f))
			}
		}
		s.Jobs = append(s.Jobs, job)
	}
	return s
}

// schemaFlag says what a flag takes.
func schemaFlag(f cli.Flag) runfile.Flag {
	names := f.Names()
	out := runfile.Flag{Name: names[0], Other: names[1:], Kind: runfile.Text}
	switch f.(type) {
	case *cli.BoolFlag:
		out.Kind = runfile.Switch
	case *cli.IntFlag:
		out.Kind = runfile.Whole
	case *cli.Uint64Flag:
		out.Kind = runfile.Natural
	case *cli.Float64Flag:
		out.Kind = runfile.Number
	case *cli.Uint64SliceFlag:
		out.Kind, out.Many = runfile.Natural, true
	case *cli.StringSliceFlag, *sliceFlag:
		out.Many = true
	case *cli.StringFlag, *stringFlag:
		out.Bare = out.Name == waitFlag || out.Name == tagFlag
		out.Numeric = isNumeric(placeholderIn(f))
	case *cli.DurationFlag: // whose parser wants a unit
	}
	if out.Many && out.Kind == runfile.Text {
		out.Numeric = isNumeric(placeholderIn(f))
	}
	return out
}

// placeholderIn is the word of a flag's usage that stands for its value.
func placeholderIn(f cli.Flag) string {
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	_, after, _ := strings.Cut(doc.GetUsage(), "`")
	word, _, _ := strings.Cut(after, "`")
	return word
}

// placeholderOf is that of the flag of a name.
func placeholderOf(c *cli.Command, name string) string {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return placeholderIn(f)
		}
	}
	return ""
}

// isNumeric reports whether a text that is called so may be a number alone, as -j 4, --timeout 30.
func isNumeric(placeholder string) bool {
	return placeholder == "N" || strings.HasPrefix(placeholder, "N/") || slices.Contains([]string{"TIME", "SIZE", "PORT"}, placeholder)
}

// refuseSecret says what to write in place of a secret: one that stands in the file stands in all copies
// of it, and in the list of processes.
func refuseSecret(flag, before, value string) string {
	argument := "--" + flag
	if flag == keyOfCommand || flag == keyOfDataset {
		argument = before
	}
	if !isSecret(argument, value) {
		return ""
	}
	const file = `secret = ["NAME=FILE"], with the name of the file that it is in`
	var in string
	switch flag {
	case keyOfCommand:
		in = "Give it to the command by " + file + ": it is the variable NAME of its environment, which it, or sh -c, reads"
	case keyOfDataset, "queue-dsn":
		in = `Leave the password out of the address, and write queue-password-file = "FILE"`
	case "env":
		in = "Write " + file
	case "transport":
		in = `Leave the password out of the address, and write password-file = "FILE"`
	default:
		in = "Write {secret:NAME} in its place, and " + file
	}
	return fmt.Sprintf("%s has what looks like a secret in it, and a file that is reviewed and copied must have none. %s", flag, in)
}

// isSecret reports whether a value, of an argument that may be empty, looks as if a secret stood in it.
func isSecret(argument, value string) bool {
	if isUser(argument) {
		_, password, both := strings.Cut(value, ":")
		return both && password != "" && password[0] != '{' && password[0] != '$'
	}
	return !slices.Contains(notSecret, argument) && mayBeSecret(value) && !isUser(value)
}

// The keys of a file in which a secret may stand and that are no flags.
const (
	keyOfCommand = "command"
	keyOfDataset = "dataset"
)
