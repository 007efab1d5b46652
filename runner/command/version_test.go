package command

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestBuild: what make has set comes before what the linker has noted, and a build that knows
// nothing says so.
func TestBuild(t *testing.T) {
	on := ", " + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")"
	noted := &debug.BuildInfo{Main: debug.Module{Version: "v0.9.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-30T23:30:00-02:00"}, {Key: "vcs.modified", Value: "true"},
	}}
	for _, c := range []struct {
		version, commit, date string
		info                  *debug.BuildInfo
		want                  string
	}{
		{want: "devel (" + on[2:]},
		{info: &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, want: "devel (" + on[2:]},
		{info: noted, want: "v0.9.0 (commit 0123456789ab and changes, 2026-12-01" + on},
		{version: "1.2.3", commit: "fedcba9876543210", date: "2026-11-30T18:27:16Z", info: noted, want: "1.2.3 (commit fedcba987654, 2026-11-30" + on},
		{version: "1.2.3", commit: "fed", date: "yesterday", want: "1.2.3 (commit fed" + on},
	} {
		buildVersion, buildCommit, buildDate = c.version, c.commit, c.date
		if got := buildOf(c.info).String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	buildVersion, buildCommit, buildDate = "", "", ""
}

// TestVersionJSON: for programs it is an object, and says the same.
func TestVersionJSON(t *testing.T) {
	code, out, said := call(t, "version", "--json")
	var b Build
	if err := json.Unmarshal([]byte(out), &b); err != nil || code != exitOK || said != "" || b != ReadBuild() {
		t.Errorf("%d, %q, %q: %v", code, out, said, err)
	}
	if _, line, _ := call(t, "--version"); !strings.Contains(line, b.String()) {
		t.Errorf("%q", line)
	}
	if code, _, _ := call(t, "version", "1"); code != exitUsage {
		t.Error("it takes an argument")
	}
}
