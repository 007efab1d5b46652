package jobs

import (
	"strings"
	"time"
)

// Flag describes one option of a job. The kind follows from Default: string,
// bool, int, float64, time.Duration or []string.
type Flag struct {
	Name    string
	Aliases []string
	Usage   string
	Default any
}

// Options are the values of a job's flags, as the user gave them.
type Options interface {
	String(name string) string
	Bool(name string) bool
	Int(name string) int
	Float64(name string) float64
	Duration(name string) time.Duration
	StringSlice(name string) []string
	IsSet(name string) bool
	Command() []string // the words after "--"
	Text() bool        // the run's output is plain text
	// StateDir is the state directory, see Setup.State. It need not exist. Empty: nobody can
	// tell where it is, as there is no home directory; a run is then refused, a dry run is not.
	StateDir() string
}

// SplitList makes one list of a flag that was given several times, or with
// commas.
func SplitList(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Split(v, ",")...)
	}
	return out
}

// FilesOf are the files of the dataset, where the options are those of a run: absolute paths, or - for standard input.
func FilesOf(o Options) []string {
	if run, ok := o.(interface{ Files() []string }); ok {
		return run.Files()
	}
	return nil
}
