package chart

import (
	"brood/jobs/jobtest/needs"
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/png"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a page in Chromium, and what it has asked for and complained of.
type browser struct {
	ctx context.Context

	mu       sync.Mutex
	requests []string
	said     []string
}

// open shows a page with these rows.
func open(t *testing.T, rows iter.Seq2[Row, error], o Options, width, height int64, scheme string) *browser {
	t.Helper()
	needs.Programs(t, "chromium")
	path := filepath.Join(t.TempDir(), "map.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f, rows, o); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// What asks for anything gets no further than a port where nobody listens.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox,
		chromedp.ProxyServer("127.0.0.1:9"), chromedp.WSURLReadTimeout(time.Minute), chromedp.Flag("hide-scrollbars", true))
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	b := &browser{}
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b.do(t)
	if err := chromedp.Listen(b.ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(t, b, network.Enable, network.EnableParams{})
	call(t, b, log.Enable, cdp.Empty{})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.do(t, chromedp.EmulateViewport(width, height), chromedp.Navigate("file://"+path),
		chromedp.WaitReady(chromedp.CSS(`html[data-ready="yes"]`)))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, r := range b.requests {
			if r != "file://"+path && !strings.HasPrefix(r, "data:") {
				t.Errorf("the page asks for %s", r)
			}
		}
		if len(b.said) > 0 {
			t.Errorf("the page complains: %s", strings.Join(b.said, "\n"))
		}
	})
	return b
}

// hear notes what a page asks for, and what it complains of.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	case *log.EventEntryAdded:
		b.said = append(b.said, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		b.said = append(b.said, d.Text)
		if d.Exception != nil {
			b.said = append(b.said, d.Exception.Description)
		}
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			b.said = append(b.said, fmt.Sprintf("%s: %s %s", e.Type, a.Value, a.Description))
		}
	}
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.fail(t, err)
	}
}

func (b *browser) fail(t *testing.T, err error) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Fatalf("%v; the page says: %s", err, strings.Join(b.said, "\n"))
}

func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.fail(t, err)
	}
}

// ask is the value of an expression in the page, or of what it promises.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fail(t, err)
	}
	return v
}

// shot is what the page looks like when it has drawn what it was asked to. With BROOD_SHOTS it
// is kept in that directory.
func (b *browser) shot(t *testing.T, name string) image.Image {
	t.Helper()
	ask[chromedp.Void](t, b, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))`)
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.fail(t, err)
	}
	if dir := os.Getenv("BROOD_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	img, _, err := image.Decode(bytes.NewReader(png))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// near counts the pixels of a picture that have nearly a colour.
func near(img image.Image, colour [3]int) (n int) {
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			if abs(int(cr>>8)-colour[0])+abs(int(cg>>8)-colour[1])+abs(int(cb>>8)-colour[2]) <= 6 {
				n++
			}
		}
	}
	return n
}

func abs(n int) int { return max(n, -n) }
