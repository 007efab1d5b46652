package daemon

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Unit is a run as a service manager, or cron, is to start it.
type Unit struct {
	Name string // of the run
	// Program is the absolute path of brood, Args what it is given, and Reload what it is given to
	// read its configuration anew; empty: it cannot.
	Program string
	Args    []string
	Reload  []string
	Dir     string // where it works; absolute
	// Secrets are variables of the environment that it needs, beside what it has anyway.
	Secrets []string
	User    string        // whose it is; empty: whoever starts it. Of systemd's own user units too
	Drain   time.Duration // how long it may take to end; 0: for ever
	// OfUser says that it is a unit of systemd --user.
	OfUser bool
}

const (
	// killSlack is how much more time than --drain-timeout a run has to end: its books are closed
	// then, and what is made of its results.
	killSlack = 30 * time.Second
	// watchdogTime is within what time a commit must have ended; on a disk that works it takes
	// milliseconds.
	watchdogTime = time.Minute
	// cronLongest is the longest command of Debian's cron (MAX_COMMAND in its source).
	cronLongest = 998
)

// words is the command, with the name of the program.
func (u *Unit) words() []string { return append([]string{u.Program}, u.Args...) }

// check refuses what no format can hold.
func (u *Unit) check() error {
	for _, w := range append(append(u.words(), u.Reload...), u.Dir) {
		if !utf8.ValidString(w) {
			return fmt.Errorf("%q is not UTF-8", w)
		}
		if i := strings.IndexFunc(w, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
			return fmt.Errorf("%q has a line break or another control character in it: put it into a file, or the command into a script", w)
		}
	}
	return nil
}

// Systemd is a unit of Type=notify, systemd.service(5).
func (u *Unit) Systemd() (string, error) {
	if err := u.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("[Unit]\nDescription=brood run %s\nWants=network-online.target\nAfter=network-online.target\n", u.Name)
	line("[Service]\nType=notify\nNotifyAccess=main\nExecStart=%s", systemdCommand(u.words()))
	if len(u.Reload) > 0 {
		line("ExecReload=%s", systemdCommand(append([]string{u.Program}, u.Reload...)))
	}
	line("WorkingDirectory=%s", strings.ReplaceAll(u.Dir, "%", "%%"))
	if u.User != "" && !u.OfUser {
		line("User=%s", u.User)
	}
	if len(u.Secrets) > 0 {
		line("# %s=value, of mode 0600", strings.Join(u.Secrets, "=value, "))
		line("EnvironmentFile=%s", u.secretsFile("%%h/.config"))
	}
	line("Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=2 4 65\nSuccessExitStatus=143")
	stop := "infinity"
	if u.Drain > 0 {
		stop = fmt.Sprintf("%d", int((u.Drain + killSlack).Seconds()))
	}
	line("KillMode=mixed\nTimeoutStartSec=300\nTimeoutStopSec=%s\nWatchdogSec=%d\n", stop, int(watchdogTime.Seconds()))
	wanted := "multi-user.target"
	if u.OfUser {
		wanted = "default.target"
	}
	line("[Install]\nWantedBy=%s", wanted)
	return b.String(), nil
}

// secretsFile is where the variables stand that are secret; of a user beneath a directory.
func (u *Unit) secretsFile(ofUser string) string {
	if u.OfUser {
		return strings.ReplaceAll(ofUser, "%%", "%") + "/brood/" + u.Name + ".env"
	}
	return "/etc/brood/" + u.Name + ".env"
}

// systemdCommand quotes a command line: systemd.service(5), "Command lines". A % is a specifier and
// a $ a variable unless doubled; in double quotes C's escapes count.
func systemdCommand(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		w = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`, "%", "%%", "$", "$$").Replace(w)
		if i == 0 { // of the program $ is no variable
			w = strings.ReplaceAll(w, "$$", "$")
		}
		if w == "" || strings.ContainsAny(w, " '\"\\;#") {
			w = `"` + w + `"`
		}
		out[i] = w
	}
	return strings.Join(out, " ")
}

// Supervisord is a program of supervisord's.
func (u *Unit) Supervisord() (string, error) {
	if err := u.check(); err != nil {
		return "", err
	}
	// What is read with spaces, or behind them a comment, cannot be quoted here.
	if strings.ContainsAny(u.Dir, ";#\t") || strings.TrimSpace(u.Dir) != u.Dir {
		return "", fmt.Errorf("supervisord takes no directory that is called %q: begin the run in another", u.Dir)
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if len(u.Secrets) > 0 {
		line("; It needs %s, from supervisord's own environment.", strings.Join(u.Secrets, ", "))
	}
	line("[program:%s]\ncommand=%s\ndirectory=%s", u.Name, supervisordCommand(u.words()), strings.ReplaceAll(u.Dir, "%", "%%"))
	if u.User != "" {
		line("user=%s", u.User)
	}
	wait := int((u.Drain + killSlack).Seconds())
	if u.Drain == 0 {
		wait = 365 * 24 * 3600 // it has no word for ever
	}
	line("autostart=true\nautorestart=unexpected\nexitcodes=0,1,3,143\nstartsecs=1\nstartretries=10")
	line("stopsignal=TERM\nstopwaitsecs=%d\nstopasgroup=false\nkillasgroup=true\nredirect_stderr=false", wait)
	return b.String(), nil
}

// supervisordCommand quotes a command line as Python's shlex reads it, after a % has been taken for
// the beginning of an expansion, and after a comment was cut off: that begins with a ; or a #
// behind white space, quoted or not.
func supervisordCommand(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		w = strings.ReplaceAll(ShellWord(w), "%", "%%")
		for _, space := range []string{" ", "\t"} {
			for _, mark := range []string{";", "#"} {
				w = strings.ReplaceAll(w, space+mark, space+"''"+mark)
			}
		}
		out[i] = w
	}
	return strings.Join(out, " ")
}

// Cron is a line of a crontab(5), without the times.
func (u *Unit) Cron() (string, error) {
	if err := u.check(); err != nil {
		return "", err
	}
	words := u.words()
	for i, w := range words {
		words[i] = ShellWord(w)
	}
	command := "cd " + ShellWord(u.Dir) + " && "
	if len(u.Secrets) > 0 {
		file := ShellWord(u.secretsFile(""))
		if u.OfUser {
			file = `"$HOME"/.config/brood/` + ShellWord(u.Name+".env")
		}
		command += "set -a && . " + file + " && "
	}
	// A % ends the command unless it has a backslash, which cron takes off, quoted or not.
	command = strings.ReplaceAll(command+"exec "+strings.Join(words, " "), "%", `\%`)
	if len(command) > cronLongest {
		return "", fmt.Errorf("the line would have %d characters, and cron takes %d: put the command into a script", len(command), cronLongest)
	}
	return command, nil
}

// ShellWord quotes a word for a POSIX shell, if that is needed.
func ShellWord(w string) string {
	plain := w != "" && strings.IndexFunc(w, func(r rune) bool {
		return !strings.ContainsRune("+,-./:=@_%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
	if plain {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
