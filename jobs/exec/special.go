package exec

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// special finds what is code to programs whose arguments are like nobody else's.
func special(name string, args []word) *finding {
	switch name {
	case "env":
		return splitByEnv(args)
	case "parallel":
		for _, w := range args {
			if strings.HasPrefix(w.text, ":::") {
				break
			}
			if len(w.holes) > 0 {
				return &finding{w.holes[0], "read by a shell as parallel starts one", "let brood start the command itself"}
			}
		}
	case "make", "gmake":
		return madeByMake(name, args)
	case "git":
		return configuredByGit(args)
	case "powershell", "pwsh":
		return behind(args, name, func(text string) bool {
			text = strings.ToLower(text)
			return shortens(text, "-command") || shortens(text, "-encodedcommand") || text == "-ec"
		}, "put the program into a file: "+name+" -File script.ps1 {}")
	case "deno":
		return behind(args, name, func(text string) bool { return text == "eval" }, "put the program into a file: deno run script.ts {}")
	case "redis-cli":
		return behind(args, name, func(text string) bool { return strings.EqualFold(text, "eval") }, doScript)
	case "erl":
		return behind(args, name, func(text string) bool { return text == "-eval" }, doScript)
	}
	return nil
}

// shortens reports whether a text is a flag, or its beginning.
func shortens(text, flag string) bool { return len(text) > 1 && strings.HasPrefix(flag, text) }

// splitByEnv finds what env -S makes several words of.
func splitByEnv(args []word) *finding {
	for i, w := range args {
		split := strings.HasPrefix(w.text, "-S") || strings.HasPrefix(w.text, "--split-string=")
		if i > 0 {
			split = split || args[i-1].text == "-S" || args[i-1].text == "--split-string"
		}
		if split && len(w.holes) > 0 {
			return &finding{w.holes[0], "taken apart into words by env -S", "write the words one by one, without -S"}
		}
	}
	return nil
}

// madeByMake finds a variable of make's, in which $(shell …) is run.
func madeByMake(name string, args []word) *finding {
	for i, w := range args {
		eval := strings.HasPrefix(w.text, "--eval=") || i > 0 && (args[i-1].text == "--eval" || args[i-1].text == "-E")
		assigned, _, is := strings.Cut(w.text, "=")
		if len(w.holes) > 0 && (eval || is && assigned != "" && assigned[0] != '-') {
			return &finding{w.holes[0], "a variable of " + name + ", which runs what is in $(shell …) there", doVar}
		}
	}
	return nil
}

// harmless are what git -c may be given.
var harmless = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(user|author|committer|i18n|color|commit|log|advice|init)\.[a-z]+=`)
})

// configuredByGit finds a value in a setting of git -c, of which many name commands, and in an
// option that is one.
func configuredByGit(args []word) *finding {
	sub := 0 // where the subcommand stands, whose -c means something else
	for sub < len(args) && (strings.HasPrefix(args[sub].text, "-") || sub > 0 && slices.Contains([]string{"-c", "-C"}, args[sub-1].text)) {
		if w := args[sub]; sub > 0 && args[sub-1].text == "-c" && len(w.holes) > 0 && !harmless().MatchString(w.text) {
			return &finding{w.holes[0], "a setting of git, of which many are commands", "put it into the repository's configuration before"}
		}
		sub++
	}
	if sub == len(args) {
		return nil
	}
	args = args[sub:]
	for i, w := range args {
		option, _, _ := strings.Cut(w.text, "=")
		if i > 0 && !strings.Contains(w.text, "=") {
			option = args[i-1].text
		}
		if len(w.holes) > 0 && slices.Contains([]string{"--exec", "--upload-pack", "--receive-pack", "--tree-filter", "--index-filter", "--msg-filter", "--env-filter", "--extcmd"}, option) {
			return &finding{w.holes[0], "a command that git runs", doWord}
		}
	}
	return behind(args[1:], "git", func(text string) bool {
		return text == "foreach" && args[0].text == "submodule" || text == "run" && args[0].text == "bisect"
	}, doWord)
}

// behind finds a value behind a word from which on all is code.
func behind(args []word, name string, from func(text string) bool, do string) *finding {
	at := slices.IndexFunc(args, func(w word) bool { return from(w.text) })
	if at < 0 {
		return nil
	}
	for _, w := range args[at+1:] {
		if len(w.holes) > 0 {
			return &finding{w.holes[0], "part of a program that " + name + " runs", do}
		}
	}
	return nil
}
