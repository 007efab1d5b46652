package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// terms are how files are called that say under which terms something may be given on.
var terms = regexp.MustCompile(`(?i)licen[cs]e|copying|notice`)

// licensesOf is where the terms of what is in a binary are written.
func licensesOf(binary string) string { return filepath.Join(filepath.Dir(binary), "licenses.txt") }

// licenses writes what the terms of all that is linked into a binary, or embedded in it, ask for: to stand beside it. It fails for
// a module that says nothing of them.
func (r *release) licenses(binary, to string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	var texts []string
	of := make(map[string][]string) // what is under a text
	add := func(what, path string) error {
		content, err := os.ReadFile(path)
		text := strings.TrimSpace(strings.ReplaceAll(string(content), "\r\n", "\n"))
		if of[text] == nil {
			texts = append(texts, text)
		}
		of[text] = append(of[text], what)
		return err
	}
	goRoot, err := r.goRun(nil, nil, "env", "GOROOT")
	if err != nil {
		return err
	}
	if err := add("Go's standard library, "+info.GoVersion, filepath.Join(strings.TrimSpace(string(goRoot)), "LICENSE")); err != nil {
		return err
	}
	if err := r.embedded(add); err != nil {
		return err
	}
	modules := []string{"list", "-m", "-f", "{{.Path}}@{{.Version}}\t{{.Dir}}"}
	for _, m := range info.Deps {
		modules = append(modules, m.Path)
	}
	list, err := r.goRun(nil, nil, modules...)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(list)) {
		module, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if err := linked(module, dir, add); err != nil {
			return err
		}
	}
	var b strings.Builder
	b.WriteString("brood itself is under the terms of its own license, which is beside this. What is linked into it, or embedded in it, is under these.\n")
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(of[text], "\n"), text)
	}
	return os.WriteFile(to, []byte(b.String()), 0o644)
}

// linked adds the terms of a module that lies in a directory.
func linked(module, dir string, add func(what, path string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look for the license of %s: %w", module, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return !e.Type().IsRegular() || !terms.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go"
	})
	if len(entries) == 0 {
		return errors.New(module + " has no license, and so cannot be given on")
	}
	for _, e := range entries {
		if err := add(module+", "+e.Name(), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// embedded adds the terms of others' data among the sources.
func (r *release) embedded(add func(what, path string) error) error {
	jobs := filepath.Join(r.source, "jobs")
	return filepath.WalkDir(jobs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(d.Name(), "LICENSE") {
			return err
		}
		within, err := filepath.Rel(jobs, path)
		return errors.Join(err, add("data of brood's, jobs/"+filepath.ToSlash(within), path))
	})
}
