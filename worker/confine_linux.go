package worker

import (
	"brood/worker/wire"
	"errors"
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

func rlimit(n uint64) *unix.Rlimit { return &unix.Rlimit{Cur: n, Max: n} }

// distrust gives up the right to become another user by executing a program, for all
// threads and all that they start: prctl(2), PR_SET_NO_NEW_PRIVS. And it keeps processes of
// the same user, such as those that other workers have started, from tracing this one or
// taking its descriptors: PR_SET_DUMPABLE, which ptrace(2) asks. What is started is
// dumpable again, and has none of the descriptors. For root, whom that does not stop, what
// is started has no CAP_SYS_PTRACE either: capabilities(7).
func distrust() error {
	if err := llsys.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	if err := dropTracing(); err != nil {
		return fmt.Errorf("give up CAP_SYS_PTRACE: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide from other processes: %w", err)
	}
	return nil
}

// dropTracing takes CAP_SYS_PTRACE from what any thread will execute. Landlock does not
// do it: each thread has a domain of its own, and what a thread starts may trace that thread.
func dropTracing() error {
	if err := llsys.AllThreadsPrctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_LOWER, unix.CAP_SYS_PTRACE, 0, 0); err != nil {
		return err
	}
	if has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, unix.CAP_SYS_PTRACE, 0, 0, 0); err != nil || has == 0 {
		return err
	}
	err := llsys.AllThreadsPrctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_PTRACE, 0, 0, 0)
	if errors.Is(err, unix.EPERM) && unix.Geteuid() != 0 {
		return nil // the bounding set only counts for root: others gain nothing by executing
	}
	return err
}

// devices may be written to in every sandbox.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}

// sandbox gives up the right to write files, and to connect to ports, apart from
// those that are allowed, for all threads and all that they start: landlock(7).
// Descriptors that are open stay as they are.
func sandbox(c *wire.Confine) error {
	if len(c.Connect) > 0 {
		var rules []landlock.Rule
		for _, port := range c.Connect {
			rules = append(rules, landlock.ConnectTCP(port))
		}
		net, err := landlock.NewConfig(landlock.AccessNetSet(llsys.AccessNetConnectTCP))
		if err != nil {
			return err
		}
		if err := net.RestrictNet(rules...); err != nil {
			return err
		}
	}
	if !c.Sandbox {
		return nil
	}
	rules := []landlock.Rule{landlock.RODirs("/"), landlock.RWFiles(devices...).IgnoreIfMissing()}
	for _, path := range c.Write {
		st, err := os.Stat(path)
		if err != nil {
			return err
		}
		if st.IsDir() {
			// Files may be moved from one of them to another.
			rules = append(rules, landlock.RWDirs(path).WithRefer())
		} else {
			rules = append(rules, landlock.RWFiles(path))
		}
	}
	// The first version that can forbid to truncate a file. The parent has seen
	// that this kernel has it.
	return landlock.V3.RestrictPaths(rules...)
}
