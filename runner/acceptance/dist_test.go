package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What the test's release says of itself.
const (
	distVersion = "1.2.3"
	distCommit  = "0123456789abcdef0123456789abcdef01234567"
	distDate    = "2026-11-30T18:00:00Z"
)

// distTool builds what makes a release.
func distTool(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "brood-dist")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", tool, ".")
	cmd.Dir = atRoot("testdata/dist")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return tool
}

// copySources copies what git knows of, as it is now, into a folder of its own.
func copySources(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pack := exec.Command("tar", "--null", "--ignore-failed-read", "-cf", "-", "-T", "-")
	pack.Dir, pack.Stdin = root, bytes.NewReader(names)
	archive, err := pack.Output()
	if err != nil {
		t.Fatal(err)
	}
	unpack := exec.Command("tar", "-xf", "-")
	unpack.Dir, unpack.Stdin = dir, bytes.NewReader(archive)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// TestDist makes a release of a copy of the sources: what is linked into the program is listed, and the package works in a root of
// its own. That is its short form, for linux/amd64. With BROOD_CHAOS it is for all machines, and made twice, in two folders: it is the
// same, byte for byte.
func TestDist(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	needs.Programs(t, "git", "tar", "dpkg", "sha256sum")
	tool := distTool(t)
	args := []string{"-version", distVersion, "-commit", distCommit, "-date", distDate}
	machines := [][2]string{{"linux", "amd64"}}
	var sources []string // all copied now: somebody may be at work in the folder
	if os.Getenv("BROOD_CHAOS") == "" {
		args = append(args, "-only", "linux/amd64")
		sources = []string{copySources(t)}
	} else {
		machines = append(machines, [2]string{"linux", "arm64"}, [2]string{"darwin", "arm64"})
		sources = []string{copySources(t), copySources(t)}
	}
	var first, sums string
	for _, source := range sources {
		made := filepath.Join(t.TempDir(), "dist")
		if out, err := exec.Command(tool, append(args, "-source", source, "-out", made)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		now := string(readFile(t, filepath.Join(made, "SHA256SUMS")))
		if first == "" {
			first, sums = made, now
		}
		if now != sums || strings.Count(now, "\n") < 4 {
			t.Errorf("two builds:\n%s\n%s", sums, now)
		}
	}
	check := exec.Command("sha256sum", "-c", "--quiet", "SHA256SUMS")
	check.Dir = first
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	for _, m := range machines {
		checkBill(t, first, m[0], m[1])
	}
	checkFresh(t, filepath.Join(first, "brood_"+distVersion+"-1_amd64.deb"), filepath.Join(first, "brood-"+distVersion+"-1.x86_64.rpm"))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkBill compares what the list says is linked in with what the program says itself.
func checkBill(t *testing.T, made, system, arch string) {
	t.Helper()
	dir := t.TempDir()
	base := filepath.Join(made, "brood_"+distVersion+"_"+system+"_"+arch)
	if out, err := exec.Command("tar", "-xzf", base+".tar.gz", "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program := filepath.Join(dir, "brood-"+distVersion, "brood")
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		BomFormat  string
		Components []struct {
			Name, Version, PURL string
			Properties          []struct{ Name, Value string }
		}
	}
	if err := json.Unmarshal(readFile(t, base+".cdx.json"), &bill); err != nil || bill.BomFormat != "CycloneDX" {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	for _, c := range bill.Components {
		listed[c.Name] = c.Version
		if len(c.Properties) > 0 {
			listed[c.Name] += " " + c.Properties[0].Value
		}
		if !strings.HasPrefix(c.PURL, "pkg:golang/"+c.Name+"@") {
			t.Errorf("%+v", c)
		}
	}
	licenses := string(readFile(t, filepath.Join(filepath.Dir(program), "licenses.txt")))
	for _, m := range info.Deps {
		if !strings.Contains(licenses, "\n"+m.Path+"@"+m.Version+", ") {
			t.Errorf("%s: its license is not beside %s", m.Path, base)
		}
		if listed[m.Path] != m.Version+" "+m.Sum || m.Sum == "" {
			t.Errorf("%s %s %s: listed is %q", m.Path, m.Version, m.Sum, listed[m.Path])
		}
	}
	if len(listed) != len(info.Deps)+1 || len(info.Deps) < 20 {
		t.Errorf("%d are listed, %d linked", len(listed), len(info.Deps))
	}
	built := make(map[string]string)
	for _, s := range info.Settings {
		built[s.Key] = s.Value
	}
	if built["GOOS"] != system || built["GOARCH"] != arch || built["CGO_ENABLED"] != "0" {
		t.Errorf("%s: built for %s/%s, cgo %s", base, built["GOOS"], built["GOARCH"], built["CGO_ENABLED"])
	}
	if system != runtime.GOOS || arch != runtime.GOARCH {
		return
	}
	out, err := exec.Command(program, "version", "--json").Output()
	var says struct{ Version, Commit, Date string }
	if jsonErr := json.Unmarshal(out, &says); err != nil || jsonErr != nil || says.Version != distVersion || says.Commit != distCommit || says.Date != distDate {
		t.Errorf("%s: %v, %v", out, err, jsonErr)
	}
}

// checkFresh installs the packages in a root of its own, uses them there and removes them: see the script.
func checkFresh(t *testing.T, deb, rpm string) {
	t.Helper()
	needs.Programs(t, "unshare", "man", "bash", "zsh", "fish", "systemd-analyze", "runuser", "useradd", "rpm")
	needs.Root(t, "to make a root of its own")
	cmd := exec.Command("unshare", "-m", "sh", atRoot("testdata/dist/fresh.sh"), deb, rpm, "brood version "+distVersion+" (commit "+distCommit[:12]+", "+distDate[:10]+", go")
	cmd.Stdin = io.LimitReader(strings.NewReader(""), 0)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "== all\n") {
		t.Errorf("%v: %s", err, out)
	}
}
