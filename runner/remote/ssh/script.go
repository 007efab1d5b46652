package ssh

import (
	_ "embed"
	"fmt"
	"sort"
	"strings"
)

// The scripts that the other machine's sh runs. They are POSIX sh, and need what every Unix has.
var (
	//go:embed scripts/place.sh
	placeScript string
	//go:embed scripts/probe.sh
	probeScript string
	//go:embed scripts/check.sh
	checkScript string
	//go:embed scripts/store.sh
	storeScript string
	//go:embed scripts/start.sh
	startScript string
	//go:embed scripts/begin.sh
	beginScript string
	//go:embed scripts/inner.sh
	innerScript string
	//go:embed scripts/watch.sh
	watchScript string
	//go:embed scripts/ended.sh
	endedScript string
	//go:embed scripts/stop.sh
	stopScript string
	//go:embed scripts/clear.sh
	clearScript string
	//go:embed scripts/call.sh
	callScript string
)

// marker is the first line of what a script of ours says: what stands before it is of the login
// shell's own files.
const marker = "brood-ssh 1"

// given are the variables of a script.
type given map[string]string

// script is a script with its variables, and its arguments, in front.
func (g given) script(body string, args ...string) string {
	names := make([]string, 0, len(g))
	for n := range g {
		names = append(names, n)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, n := range names {
		b.WriteString(n + "=" + quote(g[n]) + "\n")
	}
	if len(args) > 0 {
		b.WriteString("set --")
		for _, a := range args {
			b.WriteString(" " + quote(a))
		}
		b.WriteByte('\n')
	}
	return b.String() + placeScript + body
}

// with is the variables and some more.
func (g given) with(more given) given {
	all := make(given, len(g)+len(more))
	for n, v := range g {
		all[n] = v
	}
	for n, v := range more {
		all[n] = v
	}
	return all
}

// mostCommand is how long a command may be: Linux takes 128 KiB as one argument.
const mostCommand = 120 << 10

// command is a script as the command that sshd gives to the user's shell there, be it sh, csh or
// fish: nothing in it means anything to any of them. In csh a ! or a line end has a meaning even
// within quotes, in fish a backslash. So what is no letter, digit or plain mark is written as
// =0ooo, of which printf %b makes the byte.
func command(script string) (string, error) {
	var b strings.Builder
	b.WriteString(`exec /bin/sh -c 'eval "$(printf %b "$(printf %s "$0" | tr = "\134")")"' '`)
	for _, c := range []byte("echo '" + marker + "'\n" + script) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" _./:,@+-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=0%03o", c)
		}
	}
	b.WriteByte('\'')
	if b.Len() > mostCommand {
		return "", fmt.Errorf("a command of %d bytes is too long for another machine", b.Len())
	}
	return b.String(), nil
}
