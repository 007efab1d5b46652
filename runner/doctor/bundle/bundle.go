// Package bundle makes of a run what may be shown to a stranger: an archive for an issue report, which says how the run
// was asked for and how it went, and holds nothing of what it was about.
//
// What is in it is named here, one by one; what is not named is not in it. There are numbers, times, words of closed sets
// (states, classes, verdicts, formats), the names of flags, and of each path a hash and, if it is a common one, the extension. There are
// no values of flags, no names of runs, columns, hosts, users or files, no keys, no error texts, no log, no records and no results. A hash
// is keyed with random bytes that are kept nowhere: the same path has the same one within a bundle, and that is
// all that can be found out about it.
//
// The archive is a .tar.gz of README.txt and JSON files. It leaves to others to say how the machine is, see package doctor.
package bundle

import (
	"archive/tar"
	"brood/runner/doctor"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Request is what a bundle is made of.
type Request struct {
	State, Name string // the run
	Build       any    // of this brood, as JSON
	Machine     []doctor.Finding
	Now         time.Time
	// KnownFlags returns, of the arguments of a run, the names of the flags that are given. It is told the job and the arguments.
	KnownFlags func(job string, args []string) []string
	// OwnClasses reports whether the classes of a job are words of its own, and not of whoever wrote its program.
	OwnClasses func(job string) bool
}

const readme = `This is what brood doctor NAME --bundle has written of a run, for an issue report.

It has numbers, times, and words of brood's own: look at the files, they are text. It has no
names of runs, columns, hosts, users or files, no values of flags, no keys, no texts of errors, no
log, no records and no results. "path:9f3c….csv" stands for a path: the same within this archive for
the same path.

brood.json    which brood, and which machine
run.json      how the run was asked for, and how it stands
counts.json   what became of records and tries, by class; workers that died; rows of the ledger's tables
course.json   what happened when, and how long it took
files.json    the files of the run's directory, and their sizes
`

// Write writes the bundle of a run.
func Write(ctx context.Context, w io.Writer, r *Request) error {
	h, err := newHasher()
	if err != nil {
		return err
	}
	files := []struct {
		name string
		make func() (any, error)
	}{
		{"brood.json", func() (any, error) { return ofMachine(r), nil }},
		{"files.json", func() (any, error) { return listFiles(r.State, r.Name) }},
	}
	ledger, err := open(ctx, r, h)
	if err != nil {
		return err
	}
	defer ledger.close()
	files = append(files, []struct {
		name string
		make func() (any, error)
	}{
		{"run.json", func() (any, error) { return ledger.run(ctx) }},
		{"counts.json", func() (any, error) { return ledger.counts(ctx) }},
		{"course.json", func() (any, error) { return ledger.course(ctx) }},
	}...)
	zw := gzip.NewWriter(w)
	tw := tar.NewWriter(zw)
	if err := put(tw, "README.txt", []byte(readme), r.Now); err != nil {
		return err
	}
	for _, f := range files {
		v, err := f.make()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := put(tw, f.name, b.Bytes(), r.Now); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return err
	}
	return zw.Close()
}

func put(tw *tar.Writer, name string, content []byte, at time.Time) error {
	err := tw.WriteHeader(&tar.Header{Name: "brood-bundle/" + name, Mode: 0o644, Size: int64(len(content)), ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatPAX})
	if err == nil {
		_, err = tw.Write(content)
	}
	return err
}

// ofMachine is what is told of the machine: of findings what may hold a path, the name of a variable or a text of the system
// is left out, and what is not well has one.
func ofMachine(r *Request) any {
	type finding struct {
		Part  doctor.Part  `json:"part"`
		Check string       `json:"check"`
		Level doctor.Level `json:"level"`
		Says  string       `json:"says,omitempty"`
	}
	var all []finding
	for _, f := range r.Machine {
		of := finding{f.Part, f.Check, f.Level, f.Says}
		if f.Level != doctor.OK || f.Part == doctor.PartEnvironment || f.Part == doctor.PartState && f.Check == "directory" {
			of.Says = ""
		}
		all = append(all, of)
	}
	return struct {
		Format  int       `json:"bundle_format"` // of this archive; another one when a member means something else
		Made    time.Time `json:"made"`
		Build   any       `json:"brood"`
		Machine []finding `json:"machine"`
	}{1, r.Now.UTC().Truncate(time.Second), r.Build, all}
}
