package exec

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A variable is data to whoever reads it, but for some, whose value a program takes for code
// before it does anything else: bash runs what stands in $(…) of BASH_ENV, and git all of
// GIT_SSH_COMMAND.

const doOther = "put it into a variable of another name, which no program runs"

// acts reports whether programs run what stands in the variable, or load it, or find in it
// which programs or options they take: as their manual pages say (sh, bash, ld.so, git, less,
// perl, python, ruby, node, java, make, tar, rsync, man, ssh-add).
func acts(name string) bool {
	switch name {
	case "ENV", "BASH_ENV", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS3", "PS4", "SHELLOPTS", "BASHOPTS", "ZDOTDIR", "FCEDIT",
		"PATH", "SHELL", "EDITOR", "VISUAL", "PAGER", "BROWSER", "MANPAGER", "MANROFFOPT", "LESS", "LESSOPEN", "LESSCLOSE",
		"PERL5OPT", "PERL5LIB", "PERLLIB", "PERL5DB", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONBREAKPOINT",
		"RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH", "PHPRC", "PHP_INI_SCAN_DIR", "LUA_INIT", "LUA_PATH", "LUA_CPATH",
		"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "MAKEFLAGS", "GNUMAKEFLAGS", "MFLAGS", "MAKEFILES",
		"TAR_OPTIONS", "RSYNC_RSH", "RSYNC_CONNECT_PROG", "CVS_RSH", "SSH_ASKPASS", "SUDO_ASKPASS", "SUDO_EDITOR",
		"GCONV_PATH", "AWKPATH", "AWKLIBPATH", "PSQL_PAGER", "PSQL_EDITOR":
		return true
	}
	for _, family := range []string{"LD_", "DYLD_", "GIT_", "BASH_FUNC_", "LUA_INIT_", "NPM_CONFIG_"} {
		if strings.HasPrefix(strings.ToUpper(name), family) {
			return !slices.Contains([]string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE"}, name)
		}
	}
	return false
}

// assigned finds a value in NAME=VALUE among the arguments of a program that sets variables for
// another: env NAME=…, sudo NAME=…, docker run -e NAME=…, systemd-run --setenv=NAME=….
func assigned(args []word) *finding {
	for _, w := range args {
		if len(w.holes) == 0 {
			continue
		}
		before, _, _ := strings.Cut(w.text, string(hole))
		names := strings.Split(before, "=")
		for _, name := range names[:len(names)-1] {
			option := strings.TrimLeft(name, "-")
			if acts(name) || acts(option) || name != option && len(option) > 1 && acts(option[1:]) {
				return &finding{w.holes[0], "the variable " + name + ", which programs run or are told by what to run", doOther}
			}
		}
		if len(names) == 1 && w.text[0] != '-' && strings.Contains(w.text, "=") {
			return &finding{w.holes[0], "in the name of a variable, some of which programs run", "write the name as it is"}
		}
	}
	return nil
}

// declared finds a value in the name of what is declared, of which bash runs the index.
func declared(words []word) *finding {
	at, _ := started(words)
	if at == len(words) || !declares(words[at].text) {
		return nil
	}
	for _, w := range words[at+1:] {
		if name, _, _ := strings.Cut(w.text, "="); strings.ContainsRune(name, hole) {
			return &finding{w.holes[0], "in the name of a variable, of which bash runs the index", "write the name as it is"}
		}
	}
	return nil
}

// calculates reports whether a line declares variables as numbers or references, as declare -i
// and local -n do: what any variable is given then may be calculated.
func (r *reading) calculates(f *syntax.File) (yes bool) {
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok {
			words := r.words(c)
			at, _ := started(words)
			yes = yes || at < len(words) && declares(words[at].text) && slices.ContainsFunc(words[at+1:], func(w word) bool { return makesNumbers(w.text) })
		}
		d, ok := n.(*syntax.DeclClause)
		if !ok {
			return true
		}
		for _, a := range d.Args {
			if !a.Naked || a.Value == nil {
				continue
			}
			yes = yes || makesNumbers(r.word(a.Value.Parts).text)
		}
		yes = yes || d.Variant != nil && d.Variant.Value == "nameref"
		return true
	})
	return yes
}

// makesNumbers reports whether an option of declare makes variables numbers or references.
func makesNumbers(option string) bool {
	return strings.HasPrefix(option, string(unknown)) ||
		len(option) > 1 && (option[0] == '-' || option[0] == '+') && strings.ContainsAny(option, "in\x01")
}
