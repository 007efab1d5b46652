// Package daemon is what a run says to the service manager that has started it, as
// sd_notify(3) has it: that it is ready, how it stands, that it is alive, that it is
// ending, and that it is being reloaded. It decides what is said and when, and says it; what
// there is to be said others know, see Sight.
//
// It promises that a service manager which does not listen holds nobody up, that READY is
// said once and never before everything it stands for is there, and that WATCHDOG is only said
// where the books have moved since it was said before. It starts nothing, and changes no
// environment: what is for this process alone is taken out of that by whoever starts others,
// see Variables.
package daemon

import (
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Variables are those by which a service manager speaks with the process that it has started,
// and with no other: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3), and by
// systemd.exec(5) where its standard error goes. INVOCATION_ID is not among them: it names the
// start of the service in the journal, and is for whatever belongs to it.
var Variables = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", JournalVariable}

// JournalVariable says by its device and inode which of the standard streams leads to the
// journal, systemd.exec(5).
const JournalVariable = "JOURNAL_STREAM"

// sendTime is how long a service manager may take for a message; where it takes longer the
// message is lost, as with any that nobody reads.
const sendTime = time.Second

// Service is the service manager of this process. A nil *Service is one that nobody is.
type Service struct {
	socket string
	// Watchdog is how often at least it wants to hear that this process is alive; 0: it does
	// not.
	Watchdog time.Duration
}

// Of is the service manager that an environment names for a process, or nil.
func Of(lookup func(string) (string, bool), pid int) *Service {
	socket, _ := lookup("NOTIFY_SOCKET")
	if !strings.HasPrefix(socket, "/") && !strings.HasPrefix(socket, "@") || len(socket) < 2 {
		return nil // of other kinds (vsock:) there are none for processes of this machine
	}
	s := &Service{socket: socket}
	// Without WATCHDOG_PID it is for any process that has it: sd_watchdog_enabled(3).
	if whose, given := lookup("WATCHDOG_PID"); given && whose != strconv.Itoa(pid) {
		return s
	}
	text, _ := lookup("WATCHDOG_USEC")
	const most = 1 << 53 // 285 years
	if usec, err := strconv.ParseUint(text, 10, 64); err == nil && usec > 0 && usec < most {
		s.Watchdog = time.Duration(usec) * time.Microsecond
	}
	return s
}

// Tell sends a message, lines of VARIABLE=VALUE.
func (s *Service) Tell(message string) error {
	if s == nil || message == "" {
		return nil
	}
	// Go takes a leading @ for the zero byte of an abstract socket, unix(7).
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: s.socket})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err = c.Write([]byte(message))
	return err
}

// Beat is how often the books must move where nothing else moves them, so that each time the
// watchdog wants to hear of them they have: it is told at half of its time, and between two
// words of that kind there are two beats. Most is how often they move anyway.
func (s *Service) Beat(most time.Duration) time.Duration {
	if s == nil || s.Watchdog == 0 {
		return most
	}
	return min(max(s.Watchdog/4, leastBeat), most)
}

// leastBeat is the shortest beat: each is a sync of the disk. A watchdog that wants to hear more
// often than four times that is asking for more than a disk gives.
const leastBeat = 50 * time.Millisecond

// IsJournal reports whether a file is what JournalVariable names: only then are priorities
// understood there. Others may stand behind a redirection.
func IsJournal(value string, f *os.File) bool {
	dev, ino, ok := strings.Cut(value, ":")
	if !ok || f == nil {
		return false
	}
	d, err := strconv.ParseUint(dev, 10, 64)
	if err != nil {
		return false
	}
	i, err := strconv.ParseUint(ino, 10, 64)
	return err == nil && isAt(f, d, i)
}
