package files

import (
	"brood/jobs/elsewhere"
	"os"
	"path/filepath"
)

// Where is the path on this machine of a file that a configuration names.
func Where(path string) string {
	if e := elsewhere.Now(); e != nil {
		if local, is := e.Local[path]; is {
			return local
		}
	}
	return path
}

// Read reads a file that a configuration names. One that is secret can be had only by this where the run's machine is another.
func Read(path string) ([]byte, error) {
	if e := elsewhere.Now(); e != nil {
		if b, is := e.Held[path]; is {
			return append([]byte(nil), b...), nil // whoever asked may wipe it
		}
	}
	return os.ReadFile(Where(path))
}

// stateMark stands for the state directory in what a run's machine calls a file.
const stateMark = "state:"

// OfState is what a file of the state directory is called for workers of other machines, which have another one.
func OfState(name string) string { return stateMark + name }

// InState is the path on this machine of a file of the state directory, which the run's machine may have sent.
func InState(state, name string) string {
	if local := Where(OfState(name)); local != OfState(name) {
		return local
	}
	return filepath.Join(state, name)
}
