package acceptance

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestJobsInGoGuide does what docs/jobs-in-go.md says, from top to bottom: a module of its own that is brood with
// one more job. Then a run of that job is killed, all of it but its workers, and continued.
func TestJobsInGoGuide(t *testing.T) {
	if raceEnabled {
		return // it would be compiled once more
	}
	t.Parallel()
	page, err := os.ReadFile(atRoot("docs/jobs-in-go.md"))
	if err != nil {
		t.Fatal(err)
	}
	g := newGuide(t)
	const ours = "make build\nBROOD=$PWD\n"
	script := g.script(string(page))
	if !strings.HasPrefix(script, ours) {
		t.Fatal("the page does not begin as this test thinks")
	}
	out := g.run("BROOD=" + root + "\n" + strings.TrimPrefix(script, ours))
	for _, want := range []string{
		"  hello    greet the people of a list, in a guest book\n", "  --greeting TEXT", "Hello Ann!\n", "Ann,Welcome Ann!,3,0,ok,", "Welcome Bob!\n",
		"--greeting has no {name} in it: nobody would be greeted", `there is no column "name", only mail`, "the pen is dry",
		"1,Ann,Hello Ann!,3,0,ok,,\n", "2,,,,1,failed,name,who is to be greeted has no name\n", "3,nobody,,,2,skipped,,\n", "4,later,Hello later!,5,3,ok,,\n", "5,slowly,Hello slowly!,6,4,ok,,\n",
		"crash: input 3, ok 2, failed 0, skipped 0, unknown 1", "name\nkiller\n", "Hello A!\nHello B!\nHello C!\nHello D!\nHello E!\nHello F!\n", "ok  \texample.com/hello",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	killOwnJob(t, filepath.Join(g.dir, "hello"))
}

// killOwnJob kills the parent of a run of hello when the first were greeted. The workers end what they have in hand: everybody
// is greeted once in the end, and nobody is unknown.
func killOwnJob(t *testing.T, dir string) {
	t.Helper()
	const people = 40
	list := "name\n"
	var want []string
	for i := range people {
		list += fmt.Sprintf("P%02d\n", i)
		want = append(want, fmt.Sprintf("Hello P%02d!", i))
	}
	book := filepath.Join(dir, "book")
	if err := os.WriteFile(filepath.Join(dir, "many.csv"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	brood := func(args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(dir, "brood"), args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
		return cmd
	}
	run := brood("run", "hello", "many.csv", "--run", "killed", "--book", book, "-j", "2", "--rate", "40/s", "--burst", "1", "-o", "many-out.csv", "-q")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); len(linesIn(book)) < 3; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("nobody is greeted")
		}
	}
	_ = run.Process.Kill()
	if err := run.Wait(); err == nil {
		t.Fatal("it was too quick to be killed")
	}
	if out, err := brood("resume", "killed", "--rate", "1000/s").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := linesIn(book)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("greeted: %q", got)
	}
	if rows := linesIn(filepath.Join(dir, "many-out.csv")); len(rows) != people+1 || !strings.HasPrefix(rows[people], "P39,Hello P39!,3,39,ok,") {
		t.Errorf("%q", rows)
	}
}

// linesIn are the lines of a file; none, if it is not there.
func linesIn(path string) (lines []string) {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}
