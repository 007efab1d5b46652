package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

var choreBlock = regexp.MustCompile("(?ms)^```sh ([a-z]+)\n(.*?)^```$")

// choreSection is a section of docs/chores.md: its scripts by who does it.
type choreSection struct {
	title   string
	scripts map[string]string
	// table is what the page says of it: calls and characters with brood, and otherwise.
	table [4]int
}

// readChores reads the page.
func readChores(t *testing.T) map[string]*choreSection {
	t.Helper()
	page, err := os.ReadFile(atRoot("docs/chores.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]*choreSection)
	row := regexp.MustCompile(`(?m)^\| \[[^]]+\]\(#([^)]+)\) \| (\d+), (\d+) \| (?:(\d+), (\d+))? ?\|`)
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		c := &choreSection{scripts: make(map[string]string)}
		for i, n := range m[2:] {
			c.table[i], _ = strconv.Atoi(n)
		}
		out[m[1]] = c
	}
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		anchor := strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9 -]`).ReplaceAllString(title, "")), " ", "-")
		c := out[anchor]
		if c == nil {
			t.Fatalf("the table has no row for %q, #%s", title, anchor)
		}
		c.title = title
		for _, m := range choreBlock.FindAllStringSubmatch(body, -1) {
			c.scripts[m[1]] = m[2]
		}
	}
	return out
}

// effort counts the programs that a script calls, and its characters without the line ends.
func effort(t *testing.T, script string) (calls, characters int) {
	t.Helper()
	f, err := syntax.NewParser().Parse(strings.NewReader(script), "")
	if err != nil {
		t.Fatal(err)
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			calls++
		}
		return true
	})
	return calls, len(script) - strings.Count(script, "\n")
}

// TestChoreEffort: the page says how much there is to be typed.
func TestChoreEffort(t *testing.T) {
	for anchor, c := range readChores(t) {
		for who, script := range c.scripts {
			calls, characters := effort(t, script)
			at := 0
			if who != "brood" {
				at = 2
			}
			if c.table[at] != calls || c.table[at+1] != characters {
				t.Errorf("#%s, %s: %d calls, %d characters; the table says %d, %d", anchor, who, calls, characters, c.table[at], c.table[at+1])
			}
		}
	}
}

// choreSize is how many of n things there are to do: all for make chaos, a fifth by default.
// choreDoers are fewer where the race detector looks on, which is about brood.
func choreSize(n int) int {
	if os.Getenv("BROOD_CHAOS") == "" || raceEnabled {
		return n / 5
	}
	return n
}

func choreDoers(other string) []string {
	if raceEnabled {
		return []string{"brood"}
	}
	return []string{"brood", other}
}

// choreDir is a directory with files, in which brood is a program.
func choreDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil { //nolint:gosec // some are programs
			t.Fatal(err)
		}
	}
	return dir
}

// playChore runs a script as cron would: without a terminal, without input, and with hardly
// an environment. It returns what is printed, and the exit status.
func playChore(t *testing.T, dir, script string) (string, int) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(asBrood(t).Path, filepath.Join(bin, "brood")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + dir, "SHELL=/bin/sh"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// script is how somebody does a chore.
func (c *choreSection) script(t *testing.T, who string) string {
	t.Helper()
	if c == nil || c.scripts[who] == "" {
		t.Fatalf("the page does not say how %s does it", who)
	}
	return c.scripts[who]
}

func TestChoreCompress(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "gzip", "xargs", "find")
	c := readChores(t)["2000-files-to-compress"]
	for _, who := range choreDoers("xargs") {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			files := make(map[string]string)
			for i := range choreSize(2000) {
				files[fmt.Sprintf("files/%d/a file %d.txt", i%20, i)] = fmt.Sprintln("text", i)
			}
			dir := choreDir(t, files)
			if said, code := playChore(t, dir, c.script(t, who)); code != 0 {
				t.Fatalf("exit status %d\n%s", code, said)
			}
			for name, text := range files {
				f, err := os.Open(filepath.Join(dir, name+".gz"))
				if err != nil {
					t.Fatal(err)
				}
				z, err := gzip.NewReader(f)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(z); string(got) != text || err != nil {
					t.Fatalf("%s: %q, %v", name, got, err)
				}
				_ = f.Close()
			}
		})
	}
}

// shaky is a server some of whose pages do not exist, and some of whose only at the third
// time.
func shaky() *httptest.Server {
	var mu sync.Mutex
	asked := make(map[string]int)
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		n := asked[r.URL.Path]
		mu.Unlock()
		i, _ := strconv.Atoi(filepath.Base(r.URL.Path))
		switch {
		case i%100 == 7:
			http.NotFound(w, r)
		case i%50 == 3 && n < 3:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		default:
			_, _ = fmt.Fprintln(w, "page", i)
		}
	}))
}

func TestChoreFetch(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "curl", "parallel", "awk")
	c := readChores(t)["500-addresses-to-fetch-some-of-which-fail"]
	for _, who := range choreDoers("parallel") {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			server := shaky()
			t.Cleanup(server.Close)
			var urls, again []string
			for i := range choreSize(500) {
				url := fmt.Sprintf("%s/pages/%d", server.URL, i)
				if urls = append(urls, url); i%100 == 7 {
					again = append(again, url)
				}
			}
			dir := choreDir(t, map[string]string{"urls.txt": strings.Join(urls, "\n") + "\n", "out/.keep": ""})
			said, code := playChore(t, dir, c.script(t, who))
			pages, err := filepath.Glob(filepath.Join(dir, "out", "[0-9]*"))
			if err != nil || len(pages) != len(urls)-len(again) {
				t.Errorf("%d pages: %v\nexit status %d\n%s", len(pages), err, code, said)
			}
			got, err := os.ReadFile(filepath.Join(dir, "again.txt"))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Fields(string(got))
			slices.Sort(again)
			if slices.Sort(lines); !slices.Equal(lines, again) {
				t.Errorf("to be tried again: %q, want %q", lines, again)
			}
			if who == "brood" {
				if said, _ := playChore(t, dir, "brood failures"); !strings.Contains(said, "The requested URL returned error: 404") {
					t.Error(said)
				}
			}
		})
	}
}

const billProgram = `#!/bin/sh
case $2 in
*@*) echo "billed $1" ;;
*) echo "no address: $2" >&2; exit 65 ;;
esac
`

func TestChoreMend(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "parallel", "awk", "sed")
	c := readChores(t)["a-list-with-bad-rows"]
	bad := "id,mail,name\n1,ann@example.com,Ann\n2,bob at example.com,Bob\n3,cy@example.com,Cy\n4,dot@example.com,Dot, Inc.\n5,eve@example.com,Eve\n"
	good := "id,mail,name\n1,ann@example.com,Ann\n2,bob@example.com,Bob\n3,cy@example.com,Cy\n4,dot@example.com,\"Dot, Inc.\"\n5,eve@example.com,Eve\n"
	t.Run("brood", func(t *testing.T) {
		t.Parallel()
		dir := choreDir(t, map[string]string{"people.csv": bad, "clean.csv": good, "bill": billProgram})
		said, code := playChore(t, dir, c.script(t, "brood"))
		if code != 0 {
			t.Fatalf("exit status %d\n%s", code, said)
		}
		if said, code := playChore(t, dir, "brood run exec --run clean -o clean.out.csv clean.csv -- ./bill {id} {mail}"); code != 0 {
			t.Fatalf("exit status %d\n%s", code, said)
		}
		got, want := firstColumns(t, filepath.Join(dir, "bills.csv"), 8), firstColumns(t, filepath.Join(dir, "clean.out.csv"), 8)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q\nand of a list that was right from the beginning\n%q", got, want)
		}
	})
	t.Run("parallel", func(t *testing.T) {
		t.Parallel()
		dir := choreDir(t, map[string]string{"people.csv": bad, "bill": billProgram})
		said, _ := playChore(t, dir, c.script(t, "parallel"))
		got, err := os.ReadFile(filepath.Join(dir, "bills.txt"))
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		lines := strings.Split(strings.TrimSpace(string(got)), "\n")
		if slices.Sort(lines); strings.Join(lines, ",") != "billed 1,billed 2,billed 3,billed 4,billed 5" {
			t.Errorf("%q\n%s", lines, said)
		}
	})
}

// firstColumns are the first columns of a table, without the tries and the time, which differ.
func firstColumns(t *testing.T, path string, n int) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		out = append(out, row[:min(n, len(row))])
	}
	return out
}

// TestChoreNights: three nights of a file that grows, by one line of a crontab. Cron mails
// what is printed, and nothing is unless a night has gone wrong.
func TestChoreNights(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "flock", "xargs")
	c := readChores(t)["a-file-that-grows-every-night"]
	nights := []struct {
		rows string
		mail bool
	}{
		{"1,a\n2,b\n3,c\n", false}, {"4,d\n5,e\n", false}, {"", false}, {"6,bad\n7,g\n", true}, {"8,h\n", false},
	}
	for _, who := range choreDoers("flock") {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			dir := choreDir(t, map[string]string{
				"orders.csv": "id,what\n",
				"send":       "#!/bin/sh\n[ $1 != 6 ] || { echo refused >&2; exit 65; }\necho $1 >> sent.log\n",
			})
			for i, night := range nights {
				f, err := os.OpenFile(filepath.Join(dir, "orders.csv"), os.O_APPEND|os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteString(night.rows); err != nil || f.Close() != nil {
					t.Fatal(err)
				}
				mail, code := playChore(t, dir, c.script(t, who))
				if who != "brood" {
					continue
				}
				if (mail != "") != night.mail || (code != 0) != night.mail {
					t.Errorf("night %d: exit status %d, mail %q", i+1, code, mail)
				}
				if night.mail && (!strings.Contains(mail, "refused") || !strings.Contains(mail, "orders.csv:7")) {
					t.Errorf("night %d: the mail does not say what has failed, and where: %q", i+1, mail)
				}
			}
			sent, err := os.ReadFile(filepath.Join(dir, "sent.log"))
			if err != nil {
				t.Fatal(err)
			}
			ids := strings.Fields(string(sent))
			slices.Sort(ids)
			// With the other, an order of a night that has failed in part is sent again.
			if who != "brood" {
				ids = slices.Compact(ids)
			}
			if strings.Join(ids, "") != "1234578" {
				t.Errorf("sent: %q", ids)
			}
		})
	}
}
