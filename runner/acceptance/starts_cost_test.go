package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// made is what the initialisation of a package has allocated.
type made struct{ bytes, allocs int }

var initLine = regexp.MustCompile(`(?m)^(brood: \[slot 1 stderr\] )?init (\S+) @.* (\d+) bytes, (\d+) allocs`)

// initialised runs brood and returns the packages that its process, and those that its first
// worker, has initialised, as the Go runtime says.
func initialised(t *testing.T, args ...string) (parent, worker map[string]made) {
	t.Helper()
	cmd := asBrood(t, args...)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", "BROOD_STATE="+t.TempDir())
	cmd.Stdin = strings.NewReader("one\n")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &said)
	}
	parent, worker = make(map[string]made), make(map[string]made)
	for _, m := range initLine.FindAllStringSubmatch(said.String(), -1) {
		in := parent
		if m[1] != "" {
			in = worker
		}
		size, _ := strconv.Atoi(m[3])
		allocs, _ := strconv.Atoi(m[4])
		in[m[2]] = made{size, allocs}
	}
	if len(parent) == 0 {
		t.Fatalf("%v: nothing is said of package initialisation:\n%s", args, &said)
	}
	return parent, worker
}

// heavy are packages that only a run, a view or mail needs. They are all initialised in a
// process that comes as far as main.
var heavy = []string{
	"modernc.org/sqlite", "net/http", "github.com/urfave/cli/v2", "github.com/yuin/goldmark/extension", "github.com/charmbracelet/ultraviolet",
	"brood/runner/ledger", "brood/runner/home", "brood/jobs/email",
}

// TestStartsEarly holds what a process pays before it does anything: what is initialised in it.
func TestStartsEarly(t *testing.T) {
	all, _ := initialised(t, "version")
	for _, name := range heavy {
		if _, ok := all[name]; !ok {
			t.Errorf("%s is not initialised by brood version: this test looks for the wrong packages", name)
		}
	}
	t.Run("what only several machines need", func(t *testing.T) {
		const server = "github.com/nats-io/nats-server/v2/server"
		_, worker := initialised(t, "run", "echo", "-j", "1", "-")
		for _, name := range []string{server, server + "/pse"} {
			if m, ok := all[name]; ok {
				t.Errorf("%s is initialised where one machine works: %d bytes in %d allocations", name, m.bytes, m.allocs)
			}
			if _, ok := worker[name]; ok {
				t.Errorf("%s is initialised in a worker", name)
			}
		}
		t.Setenv("BROOD_ELSEWHERE", "1")
		other, _ := initialised(t, "version")
		for _, name := range []string{server, server + "/pse"} {
			if other[name] == (made{}) {
				t.Errorf("%s is not initialised where it is needed: this test looks for the wrong package", name)
			}
		}
	})
	t.Run("own packages make their tables later", func(t *testing.T) {
		for name, m := range all {
			if strings.HasPrefix(name, "brood/") && (m.bytes > 6<<10 || m.allocs > 120) && !raceEnabled {
				t.Errorf("%s: %d bytes in %d allocations at each start", name, m.bytes, m.allocs)
			}
		}
	})
	t.Run("help", func(t *testing.T) {
		early, _ := initialised(t, "--help")
		for name := range early {
			// What needs nothing, and has a path before those of what package front needs.
			// Package vfork asks the kernel one thing before package syscall changes it, and package spared asks for a variable.
			if strings.HasPrefix(name, "brood/") && !slices.Contains([]string{"brood/runner/command/front", "brood/jobs/exec/vfork", "brood/runner/program/spared"}, name) {
				t.Errorf("%s is initialised for brood --help", name)
			}
		}
		if len(early) > 40 {
			t.Errorf("%d packages are initialised for brood --help", len(early))
		}
	})
	for job, args := range map[string][]string{
		"echo": {"run", "echo", "-j", "1", "-"},
		"exec": {"run", "exec", "-j", "1", "-", "--", "true"},
		"pipe": {"run", "pipe", "-j", "1", "-", "--", "sed", "-u", `s/.*"id":"\([^"]*\)".*/{"id":"\1","status":"ok"}/`},
	} {
		t.Run("worker of "+job, func(t *testing.T) {
			_, worker := initialised(t, args...)
			if _, ok := worker["brood/worker/wire"]; !ok {
				t.Fatalf("nothing is said of the worker's initialisation: %v", worker)
			}
			for _, name := range heavy {
				if _, ok := worker[name]; ok {
					t.Errorf("the worker has initialised %s", name)
				}
			}
			sum := 0
			for _, m := range worker {
				sum += m.bytes
			}
			if most := mostMade[job]; sum > most && !raceEnabled {
				t.Errorf("%d packages have made %d bytes; %d are allowed", len(worker), sum, most)
			}
		})
	}
}

// mostMade is how many bytes the packages may make that a worker initialises, a fifth more than
// when this was written. If a job begins later than before, then mostly because of a new import:
// GODEBUG=inittrace=1 brood run JOB … shows in what order they come.
var mostMade = map[string]int{"echo": 320 << 10, "exec": 480 << 10, "pipe": 480 << 10}

// TestHelpIsOneText holds that brood --help, which is answered early, and brood help are the same.
func TestHelpIsOneText(t *testing.T) {
	t.Parallel()
	late, err := asBrood(t, "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	if *updateGolden {
		if err := os.WriteFile(atRoot("runner/command/front/help.txt"), late, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, flag := range []string{"--help", "-h"} {
		if early, err := asBrood(t, flag).Output(); err != nil || !bytes.Equal(early, late) {
			t.Errorf("brood %s: %v, not what brood help says; write it anew with go test ./runner/acceptance -run TestHelpIsOneText -update", flag, err)
		}
	}
	// Whoever cannot write says so.
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		needs.Missing(t, "no device is full here: %v", err)
	}
	defer func() { _ = full.Close() }()
	cmd := asBrood(t, "--help")
	cmd.Stdout = full
	var status *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &status) || status.ExitCode() != 74 {
		t.Errorf("brood --help > /dev/full: %v, want status 74", err)
	}
}
