package command

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
)

// cutWords takes off what follows the first "--": it is the job's.
func cutWords(args []string) (before, words []string, found bool) {
	i := slices.Index(args, "--")
	if i < 0 {
		return args, nil, false
	}
	return args[:i], args[i+1:], true
}

// permute moves flags before positional arguments, as package flag stops at
// the first of those, and splits short flags from values that are written
// right behind them, as in -j4.
func permute(app *cli.App, args []string) []string {
	out := []string{args[0]}
	rest := args[1:]
	commands := app.Commands
	var cmd *cli.Command
	for len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		next := find(commands, rest[0])
		if next == nil {
			break
		}
		cmd, commands = next, next.Subcommands
		out = append(out, rest[0])
		rest = rest[1:]
	}
	if cmd == nil || len(cmd.Subcommands) > 0 {
		return args
	}
	flags, operands := split(cmd, rest)
	out = append(out, flags...)
	if len(operands) > 0 {
		out = append(append(out, "--"), operands...)
	}
	return out
}

// tagFlag is a flag of exec whose value may be left out.
const tagFlag = "tag"

// looksLikeTime tells a time behind --wait from what follows it. A bare number is seconds, as
// with every other time.
var looksLikeTime = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]*\.?[0-9]+(ms|s|m|h))+$|^[0-9]+(\.[0-9]+)?$`)
})

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func split(cmd *cli.Command, args []string) (flags, operands []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			operands = append(operands, arg)
			continue
		}
		if yes, _ := isHelp(arg); yes {
			return []string{arg}, nil // whatever else there is
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		takes, known := takesValue(cmd, name)
		if name == waitFlag && !hasValue && takes { // its value may be left out
			value := waitForever
			if i+1 < len(args) && looksLikeTime().MatchString(args[i+1]) {
				i++
				value = args[i]
			}
			flags = append(flags, "--"+waitFlag+"="+value)
			continue
		}
		if name == tagFlag && !hasValue && takes { // the same
			flags = append(flags, "--"+tagFlag+"=")
			continue
		}
		if !known && !strings.HasPrefix(arg, "--") && len(arg) > 2 {
			if t, ok := takesValue(cmd, arg[1:2]); ok && t {
				flags = append(flags, arg[:2], arg[2:])
				continue
			}
		}
		flags = append(flags, arg)
		if !takes || hasValue {
			continue
		}
		if i+1 == len(args) {
			return flags, nil // nothing may come behind it that would be taken for its value
		}
		i++
		flags = append(flags, args[i])
	}
	return flags, operands
}

// takesValue reports whether a flag has a value, and whether there is one of
// that name.
func takesValue(cmd *cli.Command, name string) (takes, known bool) {
	for _, f := range cmd.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool, true
		}
	}
	return false, name == "help" || name == "h"
}
