package acceptance

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// siteTool builds what makes the site.
func siteTool(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "site")
	cmd := exec.Command("go", "build", "-o", tool, "./testdata/site")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return tool
}

// makeSite makes it of the source as it is now.
func makeSite(t *testing.T, tool string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "site")
	if said, err := exec.Command(tool, "-source", root, "-out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return out
}

// siteFiles are the files of a site by their name.
func siteFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = readFile(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sitePage is what a page has that others may point at, and what it points at itself.
type sitePage struct {
	anchors      map[string]bool
	links, loads []string
}

func readSitePage(t *testing.T, b []byte) sitePage {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	p := sitePage{anchors: make(map[string]bool)}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && p.anchors[a.Val]:
				t.Errorf("there are two anchors %s", a.Val)
			case a.Key == "id":
				p.anchors[a.Val] = true
			case a.Key == "href" && n.Data == "a":
				p.links = append(p.links, a.Val)
			case slices.Contains([]string{"href", "src", "srcset", "action", "data", "poster"}, a.Key):
				p.loads = append(p.loads, a.Val)
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("there is a script: %s", a.Val)
			}
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"script", "iframe", "object", "embed", "form"}, n.Data) {
			t.Errorf("there is a %s", n.Data)
		}
	}
	return p
}

// TestSite makes the site twice: it is the same, byte for byte; each link and anchor in it leads somewhere; and no page loads anything that
// is not beside it.
func TestSite(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	tool := siteTool(t)
	files := siteFiles(t, makeSite(t, tool))
	again := siteFiles(t, makeSite(t, tool))
	for name, b := range files {
		if !bytes.Equal(b, again[name]) {
			t.Errorf("%s is another the second time", name)
		}
	}
	if len(files) != len(again) || len(files) < 40 {
		t.Errorf("there are %d files, and %d", len(files), len(again))
	}
	pages := make(map[string]sitePage)
	for name, b := range files {
		if strings.HasSuffix(name, ".html") {
			pages[name] = readSitePage(t, b)
		}
	}
	inside := 0
	for name, p := range pages {
		for _, to := range p.links {
			u, err := url.Parse(to)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if u.Scheme != "" {
				continue // it is followed if somebody wants it
			}
			inside++
			other := name
			if u.Path != "" {
				other = filepath.Join(filepath.Dir(name), u.Path)
			}
			if _, there := pages[other]; !there || u.Fragment != "" && !pages[other].anchors[u.Fragment] {
				t.Errorf("%s: the link %s leads nowhere", name, to)
			}
		}
		for _, to := range p.loads {
			if to == "data:," {
				continue
			}
			if _, there := files[filepath.Join(filepath.Dir(name), to)]; !there {
				t.Errorf("%s loads %s, which is not in the site", name, to)
			}
		}
	}
	if inside < 1000 {
		t.Errorf("%d links were looked at", inside)
	}
	if css := string(files["style.css"]); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style loads something")
	}
}

// TestSiteRefuses has pages that lead nowhere: there is no site of them, and it is said why.
func TestSiteRefuses(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	tool := siteTool(t)
	for text, want := range map[string]string{
		"# A\n\n[b](b.md)\n":                   `docs/a.md: the link "b.md" leads nowhere: there is no docs/b.md`,
		"# A\n\n[b](../README.md#there)\n":     `docs/a.md: the link "../README.md#there" leads to no heading of README.md`,
		"# A\n\n[b](#c)\n":                     `the link "#c" leads to no heading`,
		"# A\n\n[b](../../secret)\n":           "leads out of the source",
		"# A\n\n![b](https://example.com/b)\n": `the picture "https://example.com/b" is none of docs/`,
		"# A\n\n[b](javascript:alert)\n":       "of an unknown kind",
		"# A\n\n<script>alert()</script>\n":    "markup as it stands is not taken",
		"no title\n":                           "there is no title",
	} {
		dir := choreDir(t, map[string]string{"README.md": "# R\n\n## Here\n\n[a](docs/a.md)\n", "docs/a.md": text})
		out := filepath.Join(dir, "site")
		said, err := exec.Command(tool, "-source", dir, "-out", out).CombinedOutput()
		if err == nil || !strings.Contains(string(said), want) {
			t.Errorf("%q: %v, %s", text, err, said)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%q: there is a site", text)
		}
	}
	dir := choreDir(t, map[string]string{"README.md": "# R\n", "out/precious.txt": "mine\n"})
	if said, err := exec.Command(tool, "-source", dir, "-out", filepath.Join(dir, "out")).CombinedOutput(); err == nil || !strings.Contains(string(said), "is no") {
		t.Errorf("a folder with other files: %v, %s", err, said)
	}
	if string(readFile(t, filepath.Join(dir, "out", "precious.txt"))) != "mine\n" {
		t.Error("somebody's file is gone")
	}
}

// TestSiteLooks opens pages in Chromium, at two widths, by day and by night: nothing stands out of a page, it asks for nothing
// but what is beside it, and complains of nothing. All pages of the documentation are opened if BROOD_CHAOS is set. With
// BROOD_SHOTS what they look like is kept in that directory.
func TestSiteLooks(t *testing.T) {
	if raceEnabled {
		return
	}
	t.Parallel()
	needs.Programs(t, "chromium")
	dir := makeSite(t, siteTool(t))
	names := []string{"index.html", "getting-started.html", "benchmarks.html", "reference.html", "source/runner/ledger/schema.sql.html"}
	if os.Getenv("BROOD_CHAOS") != "" {
		names = nil
		for name := range siteFiles(t, dir) {
			if strings.HasSuffix(name, ".html") {
				names = append(names, name)
			}
		}
		slices.Sort(names)
	}
	b := openBrowser(t)
	for _, name := range names {
		for width, scheme := range map[int64]string{1280: "light", 390: "dark"} {
			b.show(t, filepath.Join(dir, name), width, scheme)
			what := fmt.Sprintf("%s, %d", name, width)
			if over := ask[int](t, b, `document.documentElement.scrollWidth - window.innerWidth`); over > 0 {
				t.Errorf("%s: %d pixels stand out", what, over)
			}
			if ground := ask[string](t, b, `getComputedStyle(document.body).backgroundColor`); (ground == "rgb(14, 20, 27)") != (scheme == "dark") {
				t.Errorf("%s: the ground is %s", what, ground)
			}
			if n := ask[int](t, b, `[...document.images].filter((i) => !i.complete || i.naturalWidth === 0).length`); n > 0 {
				t.Errorf("%s: %d pictures are not shown", what, n)
			}
			b.shot(t, fmt.Sprintf("site-%s-%d", strings.ReplaceAll(name, "/", "-"), width))
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file://"+dir+"/") && !strings.HasPrefix(r, "data:") {
			t.Errorf("a page asks for %s", r)
		}
	}
	if len(b.said) > 0 {
		t.Errorf("a page complains: %s", strings.Join(b.said, "\n"))
	}
}
