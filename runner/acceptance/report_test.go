package acceptance

import (
	"brood/jobs/jobtest/needs"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestReportPages opens the reports of a mail, a geocoding, a billing, an http and an exec run in Chromium, at two widths, by day
// and by night: they ask for nothing, complain of nothing, and nothing stands out of the page. With BROOD_SHOTS what
// they look like is kept in that directory.
func TestReportPages(t *testing.T) {
	t.Parallel()
	needs.Programs(t, "chromium")
	dir := t.TempDir()
	pages := reportedPages(t, dir)
	b := openBrowser(t)
	for _, name := range []string{"mail", "places", "money", "web", "command"} {
		path := pages[name]
		for _, width := range []int64{1280, 390} {
			for _, scheme := range []string{"light", "dark"} {
				b.show(t, path, width, scheme)
				what := fmt.Sprintf("%s, %d, %s", name, width, scheme)
				if over := ask[int](t, b, `document.documentElement.scrollWidth - window.innerWidth`); over > 0 {
					t.Errorf("%s: %d pixels stand out", what, over)
				}
				if ask[bool](t, b, `document.querySelectorAll("script, img, iframe, object, link:not([rel=icon])").length > 0 || document.styleSheets.length !== 1 || document.title === "hostile"`) {
					t.Errorf("%s: a text has become markup", what)
				}
				dark := ask[bool](t, b, `getComputedStyle(document.body).backgroundColor === "rgb(14, 20, 27)"`)
				if dark != (scheme == "dark") {
					t.Errorf("%s: it is dark: %v", what, dark)
				}
				if n := ask[int](t, b, `[...document.querySelectorAll("svg path")].filter((p) => p.getBBox().width > 0).length`); n < 3 {
					t.Errorf("%s: %d shapes are drawn", what, n)
				}
				b.shot(t, fmt.Sprintf("report-%s-%d-%s", name, width, scheme))
			}
		}
	}
	text := ask[string](t, b, `document.body.textContent`)
	if !strings.Contains(text, `<script>document.title = "hostile"</script>`) {
		t.Errorf("what a record says is not shown: %s", text)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file://"+dir) && !strings.HasPrefix(r, "data:") {
			t.Errorf("a page asks for %s", r)
		}
	}
	if len(b.said) > 0 {
		t.Errorf("a page complains: %s", strings.Join(b.said, "\n"))
	}
}

// reportedPages makes runs and their reports.
func reportedPages(t *testing.T, dir string) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case strings.HasSuffix(q.URL.Path, "3"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(q.URL.Path, "7"):
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	var names, people strings.Builder
	names.WriteString("name\n")
	people.WriteString("email,name\n")
	for i := range 300 {
		fmt.Fprintf(&names, "n%d\n", i)
		fmt.Fprintf(&people, "p%d@%s,Person %d\n", i, []string{"gmail.com", "example.org", "not an address"}[i%3], i)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list, mails := write("names.csv", names.String()), write("people.csv", people.String())
	plan := filepath.Join(dir, "money.plan")
	if said, err := inState(t, dir, "plan", "billing", "--settings", atRoot("testdata/billing/seller.toml"), "--scope", "2026-11", "-o", plan, atRoot("testdata/billing/charges.csv")); err != nil {
		t.Fatal(err, said)
	}
	letter := write("letter.txt", "Subject: Hello\nFrom: shop@example.org\n\nDear {{.name}}\n")
	out := make(map[string]string)
	for name, args := range map[string][]string{
		"mail":    {"run", "email", "--template", letter, "--transport", "maildir:" + filepath.Join(dir, "Maildir"), "--no-guard", mails},
		"places":  {"run", "geocode", filepath.Join(atRoot("testdata"), "geocode", "customers.csv")},
		"money":   {"run", "billing", "--plan", plan, "--expect-count", "5", "--expect-sum", "EUR=188.49,JPY=11000,KWD=12.345"},
		"web":     {"run", "http", "--url", server.URL + "/{name}", "--allow-private", "--retries", "1", "--backoff", "10ms", "--no-guard", list},
		"command": {"run", "exec", "-j", "4", "--retries", "0", "--no-guard", list, "--", "sh", "-c", `case $1 in *9) echo '<script>document.title = "hostile"</script> '"$1" >&2; exit 65;; *5) kill -9 $$;; esac`, "_", "{name}"},
	} {
		args = append([]string{args[0], args[1], "-q", "--run", name, "-o", filepath.Join(dir, name+".csv")}, args[2:]...)
		said, err := inState(t, dir, args...)
		if code := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &code) || code.ExitCode() > 3) {
			t.Fatalf("%s: %v: %s", name, err, said)
		}
		out[name] = filepath.Join(dir, name+".html")
		if said, err := inState(t, dir, "report", name, "-o", out[name]); err != nil {
			t.Fatalf("%s: %v: %s", name, err, said)
		}
		if st, err := os.Stat(out[name]); err != nil || st.Size() > 1<<20 {
			t.Errorf("the page of %s: %v, %v", name, st, err)
		}
	}
	return out
}

// inState is what brood says with a state directory of the test's own.
func inState(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := asBrood(t, args...)
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// browser is a page in Chromium, what it has asked for, and what it complains of.
type browser struct {
	ctx context.Context //nolint:containedctx // the browser's

	mu             sync.Mutex
	requests, said []string
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	// What asks for anything gets no further than a port where nobody listens.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.ProxyServer("127.0.0.1:9"), chromedp.WSURLReadTimeout(time.Minute), chromedp.Flag("hide-scrollbars", true))
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	b := &browser{}
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b.do(t)
	err = chromedp.Listen(b.ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.URL)
		case *log.EventEntryAdded:
			b.said = append(b.said, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	return b
}

func (b *browser) show(t *testing.T, path string, width int64, scheme string) {
	t.Helper()
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	b.do(t, chromedp.EmulateViewport(width, 2400), chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("footer")))
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// ask is the value of an expression in the page.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *browser) shot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("BROOD_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
