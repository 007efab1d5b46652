package home

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Recent is a run as its directory shows it, without a look into its ledger.
type Recent struct {
	Name    string
	Begun   time.Time // its last session; of a run that was only looked after, when that was
	Running bool      // a brood of this machine holds it
}

// ByAge lists the runs of a state directory that have begun, newest session first. It opens
// none of them: with thousands of runs it must take no time worth speaking of.
func ByAge(state string) ([]Recent, error) {
	names, err := Names(state)
	if err != nil {
		return nil, err
	}
	held := heldLocks()
	var all []Recent
	for _, name := range names {
		d := At(state, name)
		begun, err := d.Begun()
		if err == nil && !begun {
			continue
		}
		all = append(all, Recent{
			Name: name, Begun: d.sessionBegun(),
			Running: held(d.File(lockName)) || held(d.Path),
		})
	}
	slices.SortFunc(all, func(a, b Recent) int {
		return cmp.Or(b.Begun.Compare(a.Begun), strings.Compare(b.Name, a.Name))
	})
	return all, nil
}

// sessionBegun is when the last session of the run began: WaitForWorkers leaves the time at
// the lock that workers share. Where that lock is gone, the run's own tells when somebody
// last took it in hand.
func (d *Dir) sessionBegun() time.Time {
	for _, name := range []string{workersLockName, lockName, ""} {
		if st, err := os.Stat(filepath.Join(d.Path, name)); err == nil {
			return st.ModTime()
		}
	}
	return time.Time{}
}
