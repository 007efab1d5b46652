// Command brood-dist makes what is given to others of brood's sources: static binaries for Linux on amd64 and arm64 and for
// macOS on arm64, an archive of each with its documentation, packages for Debian and Fedora, a list of what is linked into
// each binary (CycloneDX), and SHA256SUMS over all of it.
//
// The same sources, version, commit, date and Go give the same bytes, in whatever folder and at whatever time: times of files are the
// date of the commit, owners are root, names are sorted, and nothing of the machine is in it.
//
// It is a module of its own, so that brood's go.mod does not have what it needs.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// release is what is made, and of what.
type release struct {
	source, out, work     string
	version, commit, date string
	maintainer            string
	made                  time.Time
	only                  []string // targets such as linux/amd64
	built                 map[target]string
}

// target is a machine that brood is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}}

func main() {
	r := &release{built: make(map[target]string)}
	only := ""
	flag.StringVar(&r.source, "source", ".", "brood's sources are in `DIR`")
	flag.StringVar(&r.out, "out", "dist", "what is made goes to `DIR`, which is emptied before")
	flag.StringVar(&r.version, "version", "", "the `VERSION`; by git without it")
	flag.StringVar(&r.commit, "commit", "", "the `COMMIT`; by git without it")
	flag.StringVar(&r.date, "date", "", "when the commit was made, RFC 3339; $SOURCE_DATE_EPOCH or by git without it")
	flag.StringVar(&r.maintainer, "maintainer", "the people who work on brood <brood@localhost>", "whom packages name: `NAME <ADDRESS>`")
	flag.StringVar(&only, "only", "", "only for these `TARGETS`, such as linux/amd64, with commas between")
	flag.Parse()
	if only != "" {
		r.only = strings.Split(only, ",")
	}
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "brood-dist:", err)
		os.Exit(1)
	}
}

func (r *release) make() (err error) {
	if err := r.stamp(); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "brood-dist-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	if r.out, err = filepath.Abs(r.out); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	if err := r.documents(); err != nil {
		return err
	}
	n := 0
	for _, t := range targets {
		if len(r.only) > 0 && !slices.Contains(r.only, t.String()) {
			continue
		}
		n++
		if err := r.target(t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	if n == 0 {
		return fmt.Errorf("there is no target %s; they are %v", strings.Join(r.only, ","), targets)
	}
	return r.sums()
}

// target makes all for one machine.
func (r *release) target(t target) error {
	binary, err := r.build(t)
	if err != nil {
		return err
	}
	base := filepath.Join(r.out, "brood_"+r.version+"_"+t.os+"_"+t.arch)
	if err := r.licenses(binary, licensesOf(binary)); err != nil {
		return err
	}
	bill, err := r.bill(t, binary)
	if err != nil {
		return err
	}
	if err := os.WriteFile(base+".cdx.json", bill, 0o644); err != nil {
		return err
	}
	if err := r.archive(base+".tar.gz", binary); err != nil {
		return err
	}
	if t.os != "linux" {
		return nil
	}
	return r.packages(t, binary, base+".cdx.json")
}

// stamp finds out which sources they are.
func (r *release) stamp() error {
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", r.source}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	var err error
	if r.commit == "" {
		if r.commit, err = git("rev-parse", "HEAD"); err != nil {
			return fmt.Errorf("ask git for the commit: %w; say it with -commit", err)
		}
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); r.date == "" && epoch != "" {
		n, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
		}
		r.date = time.Unix(n, 0).UTC().Format(time.RFC3339)
	}
	if r.date == "" {
		if r.date, err = git("log", "-1", "--format=%cI"); err != nil {
			return fmt.Errorf("ask git for the date: %w; say it with -date", err)
		}
	}
	if r.made, err = time.Parse(time.RFC3339, r.date); err != nil {
		return fmt.Errorf("the date of the commit: %w", err)
	}
	r.made = r.made.UTC()
	r.date = r.made.Format(time.RFC3339)
	if r.version == "" {
		if tag, err := git("describe", "--tags", "--exact-match", "--match", "v[0-9]*"); err == nil {
			r.version = strings.TrimPrefix(tag, "v")
		} else { // as Go calls a version that nobody has tagged
			r.version = "0.0.0-" + r.made.Format("20060102150405") + "-" + r.commit[:min(12, len(r.commit))]
		}
	}
	return nil
}

// debianVersion is the version as Debian sorts it: what comes before a release is less than it.
func (r *release) debianVersion() string { return strings.Replace(r.version, "-", "~", 1) }

// goRun runs go in the sources.
func (r *release) goRun(stdin io.Reader, env []string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = r.source, stdin, os.Stderr
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath -tags=urfave_cli_no_docs", "GOWORK=off"), env...)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}

// build makes a binary, once.
func (r *release) build(t target) (string, error) {
	if path, done := r.built[t]; done {
		return path, nil
	}
	path := filepath.Join(r.work, t.os+"-"+t.arch, "brood")
	in := "brood/runner/command."
	flags := fmt.Sprintf("-s -w -buildid= -X %sbuildVersion=%s -X %sbuildCommit=%s -X %sbuildDate=%s", in, r.version, in, r.commit, in, r.date)
	_, err := r.goRun(nil, []string{"GOOS=" + t.os, "GOARCH=" + t.arch}, "build", "-buildvcs=false", "-ldflags", flags, "-o", path, ".")
	if err == nil {
		r.built[t] = path
	}
	return path, err
}

// sums writes SHA256SUMS, as sha256sum -c reads it.
func (r *release) sums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, e := range entries { // by name
		f, err := os.Open(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), e.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(b.String()), 0o644)
}
