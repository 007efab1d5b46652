package doctor

import (
	"brood/runner/proc"
	"crypto/x509"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

// fewFiles is how many descriptors are few: a worker takes four in brood, and a connection of http one in the worker.
const fewFiles = 1024

// limits of this process, and of the machine.
func (x *examination) limits() {
	var files syscall.Rlimit
	switch err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); {
	case err != nil:
		x.tell(PartLimits, "files", Warn, "cannot be told: "+err.Error(), "")
	case files.Max < fewFiles:
		x.tell(PartLimits, "files", Warn, fmt.Sprintf("%d descriptors at most", files.Max), "Raise it: ulimit -Hn 65536, or LimitNOFILE= of a service. A worker takes four; so -j is at most about "+fmt.Sprint(max(1, (max(files.Max, 32)-32)/4))+".")
	default:
		x.tell(PartLimits, "files", OK, fmt.Sprintf("%s descriptors at most", humanize.Comma(int64(min(files.Max, 1<<62)))), "")
	}
	switch left, limited := proc.ThreadRoom(); {
	case !limited:
		x.tell(PartLimits, "processes", OK, "no limit of their own", "")
	case left < 64:
		x.tell(PartLimits, "processes", Warn, fmt.Sprintf("%d more, threads among them", left), "Raise it: ulimit -u, TasksMax= of a service, or --pids-limit of a container. A worker has about six threads.")
	default:
		x.tell(PartLimits, "processes", OK, fmt.Sprintf("%s more, threads among them", humanize.Comma(int64(left))), "")
	}
	x.tell(PartLimits, "processors", OK, fmt.Sprintf("%d, and as many workers unless -j says otherwise", runtime.NumCPU()), "")
	if total, free := memory(); total > 0 {
		says := humanize.IBytes(uint64(total))
		if free > 0 {
			says += ", of which " + humanize.IBytes(uint64(free)) + " are free"
		}
		if free > 0 && free < 256<<20 {
			x.tell(PartLimits, "memory", Warn, says, "A worker takes 10 to 30 MiB beside what its command takes; --memfree 256MiB begins nothing new while there is less.")
		} else {
			x.tell(PartLimits, "memory", OK, says, "")
		}
	}
	x.temporary()
}

// temporary looks at the directory for temporary files, which dry runs and large sorts use.
func (x *examination) temporary() {
	f, err := os.CreateTemp("", "brood-doctor-")
	if err != nil {
		x.tell(PartLimits, "temporary files", Warn, err.Error(), "Set TMPDIR to a directory that you may write: dry runs and --group-by need one.")
		return
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	x.tell(PartLimits, "temporary files", OK, "can be made", "")
}

// wallClock looks whether the time can be true, and whether time zones are known.
func (x *examination) wallClock() {
	says := x.Now.Format(time.RFC3339)
	if !x.Built.IsZero() && x.Now.Before(x.Built.Add(-24*time.Hour)) {
		x.tell(PartClock, "time", Fail, says+" is before this brood was made, on "+x.Built.UTC().Format(time.DateOnly), "Set the clock: date, timedatectl. Keys, windows and the ledger's times go by it.")
	} else {
		x.tell(PartClock, "time", OK, says, "")
	}
	if _, err := time.LoadLocation("Europe/Vienna"); err != nil {
		x.tell(PartClock, "time zones", Warn, "are not known here", "Install tzdata, for --window 08:00-18:00@Europe/Vienna and send_at.")
	} else {
		x.tell(PartClock, "time zones", OK, "are known", "")
	}
}

// terminal looks what brood can draw on.
func (x *examination) terminal() {
	name, _ := x.Lookup("TERM")
	switch {
	case !term.IsTerminal(int(os.Stderr.Fd())):
		x.tell(PartTerminal, "standard error", Note, "is no terminal: no progress is shown unless --progress=always", "")
	case name == "" || name == "dumb":
		x.tell(PartTerminal, "standard error", Warn, "is a terminal that cannot move its cursor", "Set TERM to what it is, such as xterm-256color, for progress and brood top.")
	default:
		columns, rows, err := term.GetSize(int(os.Stderr.Fd()))
		if err != nil || columns < 40 || rows < 10 {
			x.tell(PartTerminal, "standard error", Warn, fmt.Sprintf("is a terminal of %d columns and %d lines", columns, rows), "brood top needs some 60 columns and 15 lines.")
		} else {
			x.tell(PartTerminal, "standard error", OK, fmt.Sprintf("is a terminal of %d columns and %d lines", columns, rows), "")
		}
	}
	locale := ""
	for _, v := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts, locale(7)
		if locale, _ = x.Lookup(v); locale != "" {
			break
		}
	}
	if l := strings.ToLower(locale); strings.Contains(l, "utf-8") || strings.Contains(l, "utf8") {
		x.tell(PartTerminal, "characters", OK, "UTF-8", "")
	} else {
		x.tell(PartTerminal, "characters", Note, "the locale does not say UTF-8, which brood writes", "")
	}
}

// mattering are variables that change what brood, or Go beneath it, does.
func mattering() []string {
	return []string{
		"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "HTTPS_PROXY", "HTTP_PROXY", "LISTEN_FDS", "MAKEFLAGS", "NOTIFY_SOCKET", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE",
		"TMPDIR", "TZ", "WATCHDOG_USEC", "XDG_STATE_HOME", "http_proxy", "https_proxy", "no_proxy",
	}
}

// environment tells which variables that matter are set, and never to what: a value may be a password.
func (x *examination) environment() {
	var set []string
	for _, name := range mattering() {
		if _, is := x.Lookup(name); is {
			set = append(set, name)
		}
	}
	for _, name := range ownVariables {
		if _, is := x.Lookup(name); is {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	says := "none that matters is set"
	if len(set) > 0 {
		says = "set: " + strings.Join(set, " ")
	}
	x.tell(PartEnvironment, "variables", Note, says, "")
	switch path, _ := x.Lookup("PATH"); path {
	case "":
		x.tell(PartEnvironment, "PATH", Warn, "is empty", "Set it: commands are looked for in it.")
	default:
		x.tell(PartEnvironment, "PATH", OK, fmt.Sprintf("%d folders", len(strings.Split(path, ":"))), "")
	}
	if home, _ := x.Lookup("HOME"); home == "" {
		x.tell(PartEnvironment, "HOME", Warn, "is not set", "Without it name the state directory with --state or BROOD_STATE.")
	}
	if pool, err := x509.SystemCertPool(); err != nil || pool.Equal(x509.NewCertPool()) {
		x.tell(PartEnvironment, "certificates", Warn, "there are none, so no server can prove who it is", "Install ca-certificates, for mail with TLS and https.")
	} else {
		x.tell(PartEnvironment, "certificates", OK, "there are some", "")
	}
}

// ownVariables are brood's own.
var ownVariables = []string{
	"BROOD_STATE", "BROOD_WORKER_GOMAXPROCS", "BROOD_QUEUE_PASSWORD", "BROOD_MAIL_PASSWORD", "BROOD_SMTP_PASSWORD", "BROOD_STRIPE_KEY",
	"BROOD_GEOCODEEARTH_KEY", "BROOD_GEOCODIO_KEY", "BROOD_GOOGLE_KEY", "BROOD_HERE_KEY", "BROOD_LOCATIONIQ_KEY", "BROOD_MAPBOX_KEY", "BROOD_OPENCAGE_KEY", "BROOD_PELIAS_KEY", "BROOD_STADIA_KEY",
}
