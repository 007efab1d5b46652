package queuetest

import (
	"brood/jobs/jobtest/needs"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// Need ends a test whose programs are not installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := find(name); err == nil {
			continue
		}
		needs.Missing(t, "%s is not installed: make test-tools", name)
	}
}

// find looks for a program, also where Debian has servers, which PATH may not have.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	postgres, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.Sort(postgres)
	slices.Reverse(postgres) // the newest
	for _, p := range append(postgres, "/usr/sbin/"+name) {
		if path, err := exec.LookPath(p); err == nil {
			return path, nil
		}
	}
	return "", err
}

// give makes a directory an account's, if that is another one.
func give(dir, account string) error {
	uid, gid, err := ids(account)
	if err != nil || uid < 0 {
		return err
	}
	return os.Chown(dir, uid, gid)
}

// ids are an account's numbers; -1 if it is who runs the tests.
func ids(account string) (uid, gid int, err error) {
	if account == "" || os.Getuid() != 0 {
		return -1, -1, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		return -1, -1, fmt.Errorf("look for the account that the server runs as: %w", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return -1, -1, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}
