package beanstalk

import (
	"brood/runner/queue"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// scripted is a server that answers each line as a function says; an empty answer is none, and it hangs up.
func scripted(t *testing.T, respond func(conn int, line string, rest io.Reader) string) queue.Spec {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					text := respond(n, strings.TrimSpace(line), in)
					if text == "" {
						return
					}
					if _, err := io.WriteString(c, text); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	u, err := queue.ParseURL("beanstalk://" + l.Addr().String() + "/default")
	if err != nil {
		t.Fatal(err)
	}
	return queue.Spec{URL: u, Doubts: true}
}

// withText is a reply with a text.
func withText(word, text string) string { return fmt.Sprintf("%s %d\r\n%s\r\n", word, len(text), text) }

// TestTooLate: a job that arrives when its wait has been given up is taken again over another connection, without doubt.
func TestTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	state, reserves := "ready", 1
	spec := scripted(t, func(conn int, line string, rest io.Reader) string {
		verb, arg, _ := strings.Cut(line, " ")
		switch {
		case verb == "reserve-with-timeout" && arg == "0":
			return "TIMED_OUT\r\n"
		case verb == "reserve-with-timeout": // it waits until the other side has closed, and gives a job
			cancel()
			if n, err := io.Copy(io.Discard, rest); n != 0 || err != nil {
				t.Errorf("while it waits: %d bytes, %v", n, err)
			}
			return "RESERVED 5 3\r\njob\r\n"
		case conn == 0:
			t.Errorf("%s over the connection that was given up", line)
		case verb == "peek":
			return "FOUND 5 3\r\njob\r\n"
		case verb == "reserve-job":
			state, reserves = "reserved", 2
			return "RESERVED 5 3\r\njob\r\n"
		case verb == "stats-job":
			return withText("OK", fmt.Sprintf("---\nid: 5\nstate: %s\npri: 3\nttr: 9\nreserves: %d\nreleases: 0\nburies: 0\n", state, reserves))
		case verb == "delete":
			return "DELETED\r\n"
		}
		return ""
	})
	c := opened(t, spec)
	jobs, err := c.Take(ctx, 4, time.Minute)
	if err != nil || len(jobs) != 1 || string(jobs[0].Body) != "job" || jobs[0].Doubt || jobs[0].Lease != 9*time.Second {
		t.Fatalf("%+v %v", jobs, err)
	}
	if err := answer(t, c, jobs[0], queue.Done, jobs[0]); err != nil {
		t.Error(err)
	}
}

// TestOldServer: before 1.12 there is no reserve-job. What is done can be deleted all the same; the rest comes again.
func TestOldServer(t *testing.T) {
	state := "ready"
	spec := scripted(t, func(_ int, line string, _ io.Reader) string {
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "peek":
			return "FOUND 5 3\r\njob\r\n"
		case "stats-job":
			return withText("OK", "---\nid: 5\nstate: "+state+"\npri: 3\n")
		case "delete":
			return "DELETED\r\n"
		}
		return "UNKNOWN_COMMAND\r\n"
	})
	c := opened(t, spec)
	job := &queue.Job{ID: "5", Body: []byte("job")}
	for verb, want := range map[queue.Verb]error{queue.Done: nil, queue.Failed: queue.ErrLost, queue.Park: queue.ErrLost, queue.Later: nil} {
		if err := answer(t, c, job, verb, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", verb, err, want)
		}
	}
	state = "buried"
	for verb, want := range map[queue.Verb]error{queue.Failed: nil, queue.Park: nil, queue.Later: queue.ErrLost} {
		if err := answer(t, c, job, verb, nil); !errors.Is(err, want) {
			t.Errorf("%s of a buried one: %v, want %v", verb, err, want)
		}
	}
}

// TestOtherServers: what is no beanstalkd is said, and is no reason to try again; one that is out of memory is.
func TestOtherServers(t *testing.T) {
	for says, want := range map[string]struct {
		down bool
		text string
	}{
		"HTTP/1.1 400 Bad Request\r\n":     {false, "none of beanstalkd's"},
		"RESERVED 1 200000000\r\n":         {false, "none of beanstalkd's"},
		"DELETED\r\n":                      {false, "DELETED to reserve"},
		"UNKNOWN_COMMAND\r\n":              {false, "does not know"},
		"OUT_OF_MEMORY\r\n":                {true, "OUT_OF_MEMORY"},
		"INTERNAL_ERROR\r\n":               {true, "INTERNAL_ERROR"},
		"RESERVED 1 5\r\nabc":              {true, "in the middle of a job"},
		"RESERVED 1 5\r\nabcdefg":          {false, "its job 1 does not end"},
		strings.Repeat("x", 1000) + "\r\n": {false, "none of beanstalkd's"},
		"RESERVED 1 1\r\na\r\nRESERVED 18446744073709551616 1\r\nb\r\n": {false, "none of beanstalkd's"},
	} {
		first := true
		spec := scripted(t, func(_ int, _ string, _ io.Reader) string {
			if !first {
				return ""
			}
			first = false
			return says
		})
		c := opened(t, spec)
		jobs, err := c.Take(context.Background(), 2, 0)
		var down *queue.DownError
		if len(jobs) != 0 || err == nil || errors.As(err, &down) != want.down || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%.40q: %d jobs, %v (down: %v)", says, len(jobs), err, errors.As(err, &down))
		}
		if len(c.conns) != 0 {
			t.Errorf("%.40q: the connection is used further", says)
		}
	}
}

// TestOpen refuses what cannot work, and says that a server is not there.
func TestOpen(t *testing.T) {
	for text, want := range map[string]string{
		"beanstalk:///t":                            "names no host",
		"beanstalk://me:secret@h/t":                 "no users",
		"beanstalk://h/t?priority=1":                "priority",
		"beanstalk://h/-t":                          "no name of a tube",
		"beanstalk://h/a%20b":                       "no name of a tube",
		"beanstalk://h/a%0D%0Adelete":               "no name of a tube",
		"beanstalk://h/a,,b":                        "no name of a tube",
		"beanstalk://h/a,b,a":                       "twice",
		"beanstalk://h/" + strings.Repeat("a", 201): "no name of a tube",
	} {
		u, err := queue.ParseURL(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), queue.Spec{URL: u}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	var down *queue.DownError
	if _, err := Open(context.Background(), queue.Spec{URL: &queue.URL{Scheme: queue.Beanstalk, Host: l.Addr().String()}}); !errors.As(err, &down) {
		t.Error("nobody listens:", err)
	}
}
