package exec

import (
	"slices"
	"strings"
	"sync"
)

// starter is a program that starts what its arguments name.
type starter struct {
	value    string   // short options with a value
	long     []string // long ones, without "--", whose value is the next word
	operands int      // how many words of its own stand before the program
	assigns  bool     // NAME=VALUE may stand before it as well
	hidden   bool     // where the program stands is not known
}

// starters are those there are, by the program's name.
var starters = sync.OnceValue(func() map[string]starter {
	plain, hidden := starter{}, starter{hidden: true}
	return map[string]starter{
		"env":         {value: "uCS", long: []string{"unset", "chdir", "split-string"}, assigns: true},
		"sudo":        {value: "ugpCcDhrtTUR", long: []string{"user", "group", "prompt", "chdir", "host", "role", "type", "command-timeout", "other-user", "chroot"}, assigns: true},
		"doas":        {value: "uC"},
		"nice":        {value: "n", long: []string{"adjustment"}},
		"timeout":     {value: "ks", long: []string{"kill-after", "signal"}, operands: 1},
		"stdbuf":      {value: "ioe", long: []string{"input", "output", "error"}},
		"ionice":      {value: "cnpPu", long: []string{"class", "classdata"}},
		"chrt":        {value: "TPD", operands: 1},
		"taskset":     {operands: 1},
		"chroot":      {long: []string{"userspec", "groups"}, operands: 1},
		"flock":       {value: "wE", long: []string{"timeout", "wait", "conflict-exit-code"}, operands: 1},
		"time":        {value: "of", long: []string{"output", "format"}},
		"xargs":       {value: "aEdInLsPp", long: []string{"arg-file", "delimiter", "max-args", "max-procs", "max-lines", "max-chars", "replace", "process-slot-var"}},
		"setpriv":     {long: []string{"reuid", "regid", "groups", "inh-caps", "bounding-set"}},
		"unshare":     {value: "SGR", long: []string{"setuid", "setgid", "root", "wd"}},
		"nsenter":     {value: "tSG", long: []string{"target", "setuid", "setgid"}},
		"strace":      {value: "aeEoOpPsSuUbIX", long: []string{"output", "attach", "string-limit", "user"}},
		"ltrace":      {value: "aAeFlnopsuxXD", long: []string{"output"}},
		"systemd-run": {value: "utpEH", long: []string{"unit", "property", "setenv", "slice", "uid", "gid", "machine"}},
		"exec":        {value: "a"},
		"gosu":        {operands: 1},
		"su-exec":     {operands: 1},
		"setuidgid":   {operands: 1},
		"sshpass":     {value: "pfdP"},
		"cpulimit":    {value: "lpe", long: []string{"limit"}},
		"numactl":     {value: "CNmipI", long: []string{"cpunodebind", "membind"}},
		"xvfb-run":    {value: "efnps", long: []string{"server-args", "server-num", "auth-file"}},
		"faketime":    {operands: 1},
		"fakeroot":    plain, "eatmydata": plain, "pkexec": plain, "caffeinate": plain, "dbus-run-session": plain,
		"nohup": plain, "setsid": plain, "busybox": plain, "toybox": plain, "command": plain, "builtin": plain, "catchsegv": plain, "unbuffer": plain, "torsocks": plain,
		"find": hidden, "runuser": hidden, "docker": hidden, "podman": hidden, "kubectl": hidden, "lxc-attach": hidden, "proot": hidden, "firejail": hidden,
		"npx": hidden, "uv": hidden, "poetry": hidden, "pipenv": hidden, "bundle": hidden, "conda": hidden, "nix": hidden, "nix-shell": hidden, "vagrant": hidden, "screen": hidden, "tmux": hidden,
		"bwrap": hidden, "parallel": hidden,
	}
})

// started is the place of the program that a command comes to, and the name of the last of
// those that only start it; len(words) if there is none, and that of a starter that hides it.
func started(words []word) (at int, by string) {
	for at < len(words) {
		name := programName(words[at].text)
		s, ok := starters()[name]
		if !ok || s.hidden {
			break
		}
		by = name
		at += 1 + s.skip(words[at+1:])
	}
	return at, by
}

// skip is how many words belong to the starter itself.
func (s *starter) skip(args []word) int {
	own := s.operands
	for i := 0; i < len(args); i++ {
		text := args[i].text
		switch {
		case text == "--":
			return min(i+1+own, len(args))
		case len(text) > 1 && text[0] == '-':
			if s.takesNext(text) {
				i++
			}
		case s.assigns && strings.Contains(text, "="):
		case own > 0:
			own--
		default:
			return i
		}
	}
	return len(args)
}

// takesNext reports whether the value of an option is the next word.
func (s *starter) takesNext(option string) bool {
	if long, ok := strings.CutPrefix(option, "--"); ok {
		return slices.Contains(s.long, long)
	}
	at := strings.IndexAny(option[1:], s.value)
	return at >= 0 && at == len(option)-2
}
