package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // a format of nfpm's
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // the other
)

// archive writes the program with its documents.
func (r *release) archive(path, binary string) (err error) {
	docs, err := r.list(binary)
	if err != nil {
		return err
	}
	type entry struct{ source, name string }
	entries := []entry{{binary, "brood"}}
	for _, d := range docs {
		if d.inArchive != "" {
			entries = append(entries, entry{d.source, d.inArchive})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	zw := gzip.NewWriter(f)
	tw := tar.NewWriter(zw)
	for _, e := range entries {
		content, err := os.ReadFile(e.source)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if e.source == binary {
			mode = 0o755
		}
		h := &tar.Header{Name: "brood-" + r.version + "/" + e.name, Mode: mode, Size: int64(len(content)), ModTime: r.made, Format: tar.FormatUSTAR}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := tw.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(tw.Close(), zw.Close())
}

// packages writes those for Debian and Fedora.
func (r *release) packages(t target, binary, bill string) error {
	for _, format := range []string{"deb", "rpm"} {
		contents, err := r.contents(format, binary, bill)
		if err != nil {
			return err
		}
		own := filepath.Join(r.source, "testdata", "dist", "files")
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "brood", Arch: t.arch, Platform: "linux", Version: r.version, Release: "1", Section: "utils", Priority: "optional", MTime: r.made, DisableGlobbing: true,
			Maintainer: r.maintainer, License: "MIT",
			Description: "run a job over every record of a dataset, in parallel\nand prove what happened to each: commands, mail, geocoding, billing,\nrequests to any API, work queues. What was interrupted goes on exactly\nwhere it was.",
			Overridables: nfpm.Overridables{
				Contents: contents, Scripts: nfpm.Scripts{PostInstall: filepath.Join(own, "postinstall.sh"), PostRemove: filepath.Join(own, "postremove.sh")},
				Recommends: []string{"ca-certificates", "tzdata"},
				RPM:        nfpm.RPM{BuildHost: "localhost", Compression: "gzip:6"},
				Deb:        nfpm.Deb{Compression: "gzip"},
			},
		})
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		packager, err := nfpm.Get(format)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := packager.Package(info, &b); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		if err := os.WriteFile(filepath.Join(r.out, packager.ConventionalFileName(info)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// contents are the files of a package.
func (r *release) contents(format, binary, bill string) (files.Contents, error) {
	all, err := r.placed(format, binary, bill)
	if err != nil {
		return nil, err
	}
	var out files.Contents
	dirs := make(map[string]bool)
	for _, d := range all {
		to := d.debian
		if format == "rpm" && d.fedora != "" {
			to = d.fedora
		}
		if to == "" {
			continue
		}
		mode := os.FileMode(0o644)
		if d.source == binary {
			mode = 0o755
		}
		info := &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: r.made}
		out = append(out, &files.Content{Source: d.source, Destination: to, Type: kindOf(format, to), FileInfo: info})
		for dir := path.Dir(to); format == "rpm" && ofBrood.MatchString(dir) && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
			info := &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: r.made}
			out = append(out, &files.Content{Destination: dir, Type: files.TypeDir, FileInfo: info})
		}
	}
	return out, nil
}

// placed are the documents of a package, of which some are in no archive.
func (r *release) placed(format, binary, bill string) ([]document, error) {
	own := filepath.Join(r.source, "testdata", "dist", "files")
	all := []document{
		{binary, "", "/usr/bin/brood", ""},
		{bill, "", "/usr/share/doc/brood/brood.cdx.json", ""},
		{filepath.Join(own, "brood@.service"), "", "/usr/lib/systemd/system/brood@.service", ""},
		{filepath.Join(own, "brood@.timer"), "", "/usr/lib/systemd/system/brood@.timer", ""},
		{filepath.Join(own, "sysusers.conf"), "", "/usr/lib/sysusers.d/brood.conf", ""},
		{filepath.Join(own, "tmpfiles.conf"), "", "/usr/lib/tmpfiles.d/brood.conf", ""},
	}
	docs, err := r.list(binary)
	if err != nil {
		return nil, err
	}
	if format == "deb" {
		all = append(all, document{filepath.Join(r.work, "changelog.Debian.gz"), "", "/usr/share/doc/brood/changelog.Debian.gz", ""},
			document{filepath.Join(r.work, "changelog.gz"), "", "/usr/share/doc/brood/changelog.gz", ""},
			document{filepath.Join(own, "lintian-overrides"), "", "/usr/share/lintian/overrides/brood", ""})
	} else {
		all = append(all, document{filepath.Join(r.source, "CHANGELOG.md"), "", "/usr/share/doc/brood/CHANGELOG.md", ""})
	}
	return append(all, docs...), nil
}

// ofBrood are directories that nobody else has files in: rpm must be told, or it leaves them.
var ofBrood = regexp.MustCompile(`^/usr/share/(doc|licenses)/brood(/|$)`)

// kindOf is what rpm is to know of a file, as it has it of those that it builds itself: --nodocs leaves some out.
func kindOf(format, to string) string {
	switch {
	case format != "rpm":
		return files.TypeFile
	case strings.HasPrefix(to, "/usr/share/licenses/"):
		return files.TypeRPMLicence
	case strings.HasPrefix(to, "/usr/share/doc/"), strings.HasPrefix(to, "/usr/share/man/"):
		return files.TypeRPMDoc
	}
	return files.TypeFile
}
