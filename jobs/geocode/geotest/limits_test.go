package geotest_test

import (
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/geotest"
	"brood/jobs/geocode/provider"
	"brood/jobs/permits"
	"brood/jobs/web"
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary stand for other processes.
func TestMain(m *testing.M) {
	switch os.Getenv("GEOTEST_HELPER") {
	case "":
		os.Exit(m.Run())
	case "server":
		beServer()
	case "client":
		beClient()
	}
}

const perSecond = 50

// beServer serves until its standard input ends, and refuses what comes too fast.
func beServer() {
	geotest.Prefer()
	towns, err := towns()
	check(err)
	log, err := os.Create(os.Getenv("GEOTEST_LOG"))
	check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("http://%s\n", l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	check(http.Serve(l, geotest.New(geotest.Options{Finder: towns, PerSecond: perSecond, Latency: 20 * time.Millisecond, Log: log})))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// beClient asks as a worker does, with several records in hand, until it is killed or told to stop.
func beClient() {
	p, err := provider.Open("nominatim", provider.Options{BaseURL: os.Getenv("GEOTEST_URL") + "/nominatim", Own: true})
	check(err)
	gate, err := permits.Open(os.Getenv("GEOTEST_DIR"), permits.Name("test", ""), permits.Limits{PerSecond: perSecond})
	check(err)
	c, err := web.New(web.Options{Typed: []string{"127.0.0.1"}, Proxy: web.NoProxy})
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				q := &geo.Query{Address: geo.Address{Line: fmt.Sprintf("%d Main Street, Chicago", n*16+i)}}
				permit, err := gate.Take(ctx, permits.Ask{})
				if err != nil {
					return
				}
				req, err := p.Request(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: permit.Left}), q, provider.Key{})
				check(err)
				_, _ = c.Do(ctx, req)
				permit.Release(true)
			}
		})
	}
	all.Wait()
	os.Exit(0)
}

// TestNeverMore lets four processes ask through one gate, kills and replaces some of them, and reads
// in the server's log what came in each second.
func TestNeverMore(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	url, stop := other(t, "server", "GEOTEST_LOG="+log)
	url = strings.TrimSpace(url)
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "GEOTEST_HELPER=client", "GEOTEST_URL="+url, "GEOTEST_DIR="+filepath.Join(dir, "permits"))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = in.Close() })
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	var all []*exec.Cmd
	for range 4 {
		all = append(all, start())
	}
	// As soon as so many more have come one is killed, and another one takes its place.
	for kills := range 5 {
		arrivals(t, log, 40*(kills+1))
		_ = all[kills%4].Process.Kill()
		_ = all[kills%4].Wait()
		all[kills%4] = start()
	}
	got := arrivals(t, log, 300)
	for _, cmd := range all {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	stop()
	if most := geotest.Busiest(got); most > perSecond {
		t.Errorf("%d came in one second", most)
	}
	for _, a := range got {
		if a.Answer != "ok" {
			t.Errorf("number %d was answered %s", a.N, a.Answer)
		}
	}
	span := time.Duration(got[len(got)-1].At - got[0].At)
	t.Logf("%d came in %v, at most %d in a second", len(got), span.Round(time.Millisecond), geotest.Busiest(got))
}

// other starts a helper, and returns what it says first and what ends it.
func other(t *testing.T, role string, env ...string) (said string, stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "GEOTEST_HELPER="+role), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	if said, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return said, stop
}

// arrivals waits until so many are in the log.
func arrivals(t *testing.T, log string, n int) []geotest.Arrival {
	t.Helper()
	for tick := time.Tick(10 * time.Millisecond); ; <-tick {
		b, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		all, err := geotest.ReadLog(b)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) >= n {
			return all
		}
		if t.Context().Err() != nil {
			t.Fatal("the test ends")
		}
	}
}
