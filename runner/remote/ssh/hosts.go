package ssh

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Host is a machine on which an agent is started, as the user has written it.
type Host struct {
	// Name is for people: user@host as it was written, with the port that was given.
	Name string
	// Slots is how many records it works on at a time; 0: it decides itself.
	Slots int
	// Local says that it is this machine, written as ":". Nothing is started there.
	Local bool
	// Program is how ssh is called: its name, and the options that were given.
	Program []string
	// Destination is what ssh connects to.
	Destination string

	at Position
}

// Position is where something stands, from 1. File is how its source is called for people.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// SyntaxError says what is wrong with a list of hosts, and where.
type SyntaxError struct {
	Position
	Reason string
}

func (e *SyntaxError) Error() string { return e.String() + ": " + e.Reason }

// mostSlots bounds what can be meant by a number of slots.
const mostSlots = 10_000

// ID is a name of the host for folders and subjects: letters, digits and dashes, and the same in
// each session. Two hosts of a list have two.
func (h *Host) ID() string {
	plain := strings.Map(func(c rune) rune {
		if c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)) {
			return unicode.ToLower(c)
		}
		return '-'
	}, h.Name)
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(strings.Join(append(slices.Clone(h.Program), h.Destination), "\x00")))
	return fmt.Sprintf("%.40s-%08x", strings.Trim(plain, "-"), sum.Sum32())
}

// ParseHosts reads lists of hosts: hosts with commas or line ends between, as GNU parallel's
// --sshlogin and --sshloginfile have them.
//
//	host                      its ssh_config says the rest
//	user@host:2222            a port
//	host/16  16/host          with 16 slots
//	:  4/:                    this machine
//	ssh -p 22 -i key host     a program and its options; the last word is the host
//	//opt/bin/ssh host        the same by its path, 8//opt/bin/ssh host with slots
//
// \, is a comma that separates nothing. A line that begins with # is a comment. File is how the
// text is called for people.
func ParseHosts(file, text string) ([]Host, error) {
	var all []Host
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, e := range entries(line) {
			at := Position{file, n, e.column}
			h, err := parseHost(e.text)
			if err != nil {
				return nil, &SyntaxError{at, err.Error()}
			}
			h.at = at
			all = append(all, h)
		}
	}
	return all, CheckHosts(all)
}

// ReadHosts reads the lists of --ssh, and the files of --ssh-login-file.
func ReadHosts(lists, files []string) ([]Host, error) {
	const most = 4 << 20 // bytes of a file: a device has no end
	var all []Host
	add := func(name, text string) error {
		hosts, err := ParseHosts(name, text)
		all = append(all, hosts...)
		return err
	}
	for _, list := range lists {
		if err := add("--ssh", list); err != nil {
			return nil, err
		}
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--ssh-login-file: %w", err)
		}
		text, err := io.ReadAll(io.LimitReader(f, most+1))
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("--ssh-login-file %s: %w", path, err)
		}
		if len(text) > most {
			return nil, fmt.Errorf("--ssh-login-file %s: more than 4 MiB are no list of hosts", path)
		}
		if err := add(path, string(text)); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 && len(lists)+len(files) > 0 {
		return nil, errors.New("--ssh: there is no host in the list")
	}
	return all, CheckHosts(all)
}

// CheckHosts refuses a host that is in a list twice: the list may be made of several. It gives
// those a number that people could not tell apart.
func CheckHosts(all []Host) error {
	seen := make(map[string]Position)
	names := make(map[string]int)
	for i := range all {
		h := &all[i]
		h.Name, _, _ = strings.Cut(h.Name, "#") // it may have been checked before, with fewer
		what := strings.Join(append(slices.Clone(h.Program), h.Destination), "\x00")
		if before, twice := seen[what]; twice {
			return &SyntaxError{h.at, fmt.Sprintf("%s is there twice, first at %s; for more slots write %s/N once", h.Name, before, h.Name)}
		}
		seen[what] = h.at
		if names[h.Name]++; names[h.Name] > 1 {
			h.Name += "#" + strconv.Itoa(names[h.Name])
		}
	}
	return nil
}

// entry is what stands between two commas, and where it begins.
type entry struct {
	text   string
	column int
}

// entries splits a line at its commas. Nothing between two is no entry.
func entries(line string) (out []entry) {
	var text strings.Builder
	begin := 0
	flush := func() {
		s := text.String()
		text.Reset()
		if bare := strings.TrimSpace(s); bare != "" {
			lead := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
			out = append(out, entry{bare, utf8.RuneCountInString(line[:begin+lead]) + 1})
		}
	}
	for i := 0; i < len(line); i++ {
		switch {
		case strings.HasPrefix(line[i:], `\,`):
			text.WriteByte(',')
			i++
		case line[i] == ',':
			flush()
			begin = i + 1
		default:
			text.WriteByte(line[i])
		}
	}
	flush()
	return out
}

// parseHost reads one entry.
func parseHost(text string) (h Host, err error) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return h, fmt.Errorf("%q has bytes that are no text", text)
	}
	switch {
	case text == "..":
		return h, fmt.Errorf(".. is GNU parallel's own file; name it: --ssh-login-file ~/.parallel/sshloginfile")
	case text == "-":
		return h, fmt.Errorf("- reads nothing here; name the file: --ssh-login-file /dev/stdin")
	case text[0] == '@':
		return h, fmt.Errorf("%s: there are no groups of hosts here; list the hosts that are meant", text)
	}
	before, rest, err := slotsBefore(text)
	if err != nil {
		return h, err
	}
	words, err := split(rest)
	if err != nil {
		return h, err
	}
	last, after, err := slotsAfter(words[len(words)-1])
	if err != nil {
		return h, err
	}
	if before > 0 && after > 0 {
		return h, fmt.Errorf("%s has two numbers of slots; write one", text)
	}
	h.Slots = before + after
	if last == ":" && len(words) == 1 {
		h.Local, h.Name, h.Destination = true, ":", ":"
		return h, nil
	}
	h.Program = withoutJump(words[:len(words)-1])
	if len(h.Program) == 0 {
		h.Program = []string{"ssh"}
	}
	return h, h.aim(last)
}

// aim takes the destination apart.
func (h *Host) aim(to string) error {
	user, address, hasUser := strings.Cut(to, "@")
	if !hasUser {
		user, address = "", to
	}
	switch {
	case to == "" || address == "" || hasUser && user == "":
		return fmt.Errorf("%q names no host", to)
	case to[0] == '-':
		return fmt.Errorf("%s is an option, and the last word must be the host", to)
	case strings.ContainsFunc(to, unicode.IsSpace):
		return fmt.Errorf("%q: a host has no spaces", to)
	case strings.Contains(user, ":"):
		return fmt.Errorf("no password stands here, where others can read it: load a key into ssh-agent, or name one in ssh_config")
	case strings.Contains(address, "@"):
		return fmt.Errorf("%s has two @", to)
	case strings.ContainsAny(to, ",/'\"`$;&|<>(){}*?!#") || strings.Contains(address, "\\"):
		return fmt.Errorf("%s is no name of a host; slots are written as in %s/16", to, "host")
	}
	h.Name, h.Destination = to, to
	host, port, hasPort := strings.Cut(address, ":")
	if inner, bracketed := strings.CutPrefix(address, "["); bracketed {
		var ok bool
		if host, port, ok = strings.Cut(inner, "]"); !ok {
			return fmt.Errorf("%s: the bracket is not closed", to)
		}
		port, hasPort = strings.CutPrefix(port, ":")
		if !hasPort && port != "" {
			return fmt.Errorf("%s: behind the bracket stands a port, as in [::1]:22", to)
		}
	} else if strings.Contains(port, ":") {
		host, hasPort = address, false // an IPv6 address
	}
	if hasPort {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("%s: %q is no port", to, port)
		}
		h.Program = append(slices.Clone(h.Program), "-p", port)
	} else if i := slices.Index(h.Program, "-p"); i > 0 && i+1 < len(h.Program) {
		h.Name += ":" + h.Program[i+1]
	}
	if host == "" {
		return fmt.Errorf("%q names no host", to)
	}
	if h.Destination = host; hasUser {
		h.Destination = user + "@" + host
	}
	return nil
}

// slotsBefore takes the number from N/host, as GNU parallel writes it, and from /program the
// slash that is for no number.
func slotsBefore(text string) (slots int, rest string, err error) {
	number, behind, found := strings.Cut(text, "/")
	switch {
	case !found || strings.Trim(number, "0123456789") != "":
		return 0, text, nil
	case number != "":
		if slots, err = parseSlots(number); err != nil {
			return 0, "", err
		}
	case !strings.HasPrefix(behind, "/"):
		return 0, text, nil // /usr/bin/ssh host
	}
	if behind = strings.TrimSpace(behind); behind == "" {
		return 0, "", fmt.Errorf("behind %s there is no host", text)
	}
	return slots, behind, nil
}

// slotsAfter takes the number from host/N.
func slotsAfter(word string) (host string, slots int, err error) {
	i := strings.LastIndexByte(word, '/')
	if i < 0 {
		return word, 0, nil
	}
	if slots, err = parseSlots(word[i+1:]); err != nil {
		return "", 0, err
	}
	return word[:i], slots, nil
}

func parseSlots(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostSlots || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no number of slots, from 1 to %d", text, mostSlots)
	}
	return n, nil
}

// withoutJump writes the option -J, which ssh refuses beside the setting ProxyCommand, as the setting
// that it stands for.
func withoutJump(program []string) []string {
	out := make([]string, 0, len(program))
	for i := 0; i < len(program); i++ {
		switch via, is := strings.CutPrefix(program[i], "-J"); {
		case is && via != "":
			out = append(out, "-o", "ProxyJump="+via)
		case is && i+1 < len(program):
			i++
			out = append(out, "-o", "ProxyJump="+program[i])
		default:
			out = append(out, program[i])
		}
	}
	return out
}
