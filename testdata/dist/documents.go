package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// document is a file beside the program, and where it goes: in an archive, and on a Linux machine. Without a place of its own on Fedora it is
// where Debian has it.
type document struct{ source, inArchive, debian, fedora string }

// documents makes the manual pages and what shells need, of the program itself, as it runs here.
func (r *release) documents() error {
	host, err := r.build(target{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return err
	}
	reference, err := exec.Command(host, "reference").Output()
	if err != nil {
		return fmt.Errorf("brood reference: %w", err)
	}
	if _, err := r.goRun(bytes.NewReader(reference), nil, "run", "./runner/command/manual/internal/write", "-man", filepath.Join(r.work, "man")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.work, "completion"), 0o755); err != nil {
		return err
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		text, err := exec.Command(host, "completion", shell).Output()
		if err != nil {
			return fmt.Errorf("brood completion %s: %w", shell, err)
		}
		if err := os.WriteFile(filepath.Join(r.work, "completion", shell), text, 0o644); err != nil {
			return err
		}
	}
	return r.debianChanges()
}

// debianChanges writes what Debian wants to know of a package's versions, and what is new in brood, as it wants it.
func (r *release) debianChanges() error {
	content, err := os.ReadFile(filepath.Join(r.source, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.work, "changelog"), content, 0o644); err != nil {
		return err
	}
	if _, err := r.pack(filepath.Join(r.work, "changelog")); err != nil {
		return err
	}
	path := filepath.Join(r.work, "changelog.Debian")
	text := fmt.Sprintf("brood (%s-1) unstable; urgency=medium\n\n  * Commit %s.\n    What is new in it: see changelog.gz.\n\n -- %s  %s\n",
		r.debianVersion(), r.commit, r.maintainer, r.made.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	_, err = r.pack(path)
	return err
}

// list are the documents that go with a binary.
func (r *release) list(binary string) ([]document, error) {
	completion := filepath.Join(r.work, "completion")
	out := []document{
		{filepath.Join(completion, "bash"), "completion/brood.bash", "/usr/share/bash-completion/completions/brood", ""},
		{filepath.Join(completion, "zsh"), "completion/_brood", "/usr/share/zsh/vendor-completions/_brood", "/usr/share/zsh/site-functions/_brood"},
		{filepath.Join(completion, "fish"), "completion/brood.fish", "/usr/share/fish/vendor_completions.d/brood.fish", ""},
		{filepath.Join(r.source, "LICENSE"), "LICENSE", "/usr/share/doc/brood/copyright", "/usr/share/licenses/brood/LICENSE"},
		{licensesOf(binary), "licenses.txt", "/usr/share/doc/brood/licenses.txt", "/usr/share/licenses/brood/licenses.txt"},
		{filepath.Join(r.source, "README.md"), "README.md", "/usr/share/doc/brood/README.md", ""},
		{filepath.Join(r.source, "CHANGELOG.md"), "CHANGELOG.md", "", ""},
	}
	pages, err := filepath.Glob(filepath.Join(r.work, "man", "*.1"))
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		packed, err := r.pack(p)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(p)
		out = append(out, document{p, "man/man1/" + name, "", ""}, document{packed, "", "/usr/share/man/man1/" + name + ".gz", ""})
	}
	docs := filepath.Join(r.source, "docs")
	err = filepath.WalkDir(docs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains([]string{".md", ".svg"}, filepath.Ext(path)) {
			return err
		}
		within := filepath.ToSlash(strings.TrimPrefix(path, docs))
		out = append(out, document{path, "docs" + within, "/usr/share/doc/brood/docs" + within, ""})
		return nil
	})
	return out, err
}

// pack compresses a manual page, as Debian wants it: without a name or a time in the header. A page that only names
// another one names it packed.
func (r *release) pack(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	zw, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := zw.Write(text); err != nil {
		return "", err
	}
	if err := zw.Close(); err != nil {
		return "", err
	}
	return path + ".gz", os.WriteFile(path+".gz", b.Bytes(), 0o644)
}
