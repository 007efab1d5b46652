package acceptance

import (
	"archive/tar"
	"brood/jobs/jobtest/needs"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctor: it looks, and says how it found things, whatever they are; for programs an object a line.
func TestDoctor(t *testing.T) {
	t.Parallel()
	cmd := asBrood(t, "doctor", "--json", "--state", filepath.Join(t.TempDir(), "state"))
	cmd.Env = append(os.Environ(), "BROOD_SMTP_PASSWORD=hunter2")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	parts := make(map[string]int)
	for line := range strings.Lines(string(out)) {
		var f struct{ Part, Check, Level, Says, Do string }
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Says == "" {
			t.Fatalf("%q: %v", line, err)
		}
		parts[f.Part]++
	}
	for _, p := range []string{"brood", "kernel", "limits", "state", "clock", "terminal", "environment"} {
		if parts[p] == 0 {
			t.Errorf("nothing about %s", p)
		}
	}
	if strings.Contains(string(out), "hunter2") || !strings.Contains(string(out), "BROOD_SMTP_PASSWORD") {
		t.Errorf("%s", out)
	}
	bad := asBrood(t, "doctor", "--state", "/dev/null")
	text, err := bad.Output()
	if err != nil || !strings.Contains(string(text), "fail  directory") || !strings.Contains(string(text), "→ Name another") {
		t.Errorf("%v: %s", err, text)
	}
}

// mark stands for what is the user's: no part of it may be in a bundle, in whatever case or code.
const mark = "zyxmarkqq"

// TestBundleTellsNothing: a run whose columns, keys, files, errors, notes, classes, command, environment and name are marked, of which
// records have failed, are unknown, were decided about and forgotten, leaves no mark in its bundle; and what the
// bundle is for is in it.
func TestBundleTellsNothing(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "python3")
	dir := filepath.Join(t.TempDir(), "home-"+mark)
	state := filepath.Join(dir, "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	rows := "id,name_" + mark + "\n"
	for i := range 30 {
		rows += string(rune('a'+i%26)) + mark + string(rune('0'+i/26)) + ",anna " + mark + "\n"
	}
	worker := `import sys, json, os
for line in sys.stdin:
    r = json.loads(line)
    f = json.dumps(r)
    print("` + mark + ` said", file=sys.stderr)
    if "c` + mark + `" in f: os._exit(3)
    if "a` + mark + `" in f: print(json.dumps({"id": r.get("id"), "status": "failed", "error": "no such ` + mark + `", "class": "` + mark + `"}), flush=True)
    else: print(json.dumps({"id": r.get("id"), "status": "ok", "result": {"x": "` + mark + `"}}), flush=True)
`
	data, script := filepath.Join(dir, "data-"+mark+".csv"), filepath.Join(dir, mark+".py")
	if err := errors.Join(os.WriteFile(data, []byte(rows), 0o600), os.WriteFile(script, []byte(worker), 0o600)); err != nil {
		t.Fatal(err)
	}
	run := func(want int, args ...string) string {
		t.Helper()
		cmd := asBrood(t, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "BROOD_STATE="+state, "TOKEN_"+strings.ToUpper(mark)+"="+mark)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != want {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
		return string(out)
	}
	lastBundle := ""
	for job, command := range map[string][]string{"pipe": {"--", "python3", script}, "exec": {"--", "sh", "-c", `echo ` + mark + ` >&2; case $1 in c*) kill -9 $$;; a*) exit 3;; esac`, "_", "{id}"}} {
		name := job + "." + mark
		args := []string{
			"run", job, "--run", name, "--effect", "once", "--key", "id", "--where", "name_" + mark + " != 'x'", "--retries", "0", "--once-per", "scope-" + mark, "--secret", "TOKEN_" + strings.ToUpper(mark), "--env", "X=" + mark,
			"--rate-by", "name_" + mark + "=1000/s", "--joblog", filepath.Join(dir, mark+".log"), "--no-guard", "-o", filepath.Join(dir, job+mark+".csv"), data,
		}
		run(3, append(args, command...)...)
		run(0, "resolve", name, "--as", "failed", "--all-unknown", "--reason", "it is "+mark)
		bundle := filepath.Join(dir, job+".tar.gz")
		run(0, "doctor", name, "--bundle", bundle)
		archive, err := os.ReadFile(bundle)
		if err != nil {
			t.Fatal(err)
		}
		text := contents(t, archive)
		lastBundle = text
		for _, m := range []string{mark, base64.StdEncoding.EncodeToString([]byte(mark)), hex.EncodeToString([]byte(mark)), "anna"} {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(m)); i >= 0 {
				t.Errorf("%s: %q stands in it: …%s…", job, m, text[max(0, i-200):min(len(text), i+100)])
			}
		}
		for _, want := range []string{`"job": "` + job + `"`, `"Input": 30`, `"--once-per"`, `"--where"`, `"state": "done"`, `"rows_of_tables"`, `"what": "failed"`, `"key_columns": 1`, `"path:`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in %s", job, want, text)
			}
		}
		if said := run(2, "doctor", name, "--bundle", "-"); !strings.Contains(said, "needs the name of a file") {
			t.Error(said)
		}
		if said := run(2, "doctor", name, "--bundle", bundle); !strings.Contains(said, "is there already") {
			t.Error(said)
		}
	}
	if host, err := os.Hostname(); err == nil && len(host) > 3 && strings.Contains(lastBundle, host) {
		t.Error("the host's name stands in it")
	}
}

// contents are the names and files of an archive, and its headers.
func contents(t *testing.T, archive []byte) string {
	t.Helper()
	zr, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	tr := tar.NewReader(bytes.NewReader(raw))
	n := 0
	for {
		if _, err := tr.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 6 {
		t.Errorf("%d files", n)
	}
	return string(raw)
}
