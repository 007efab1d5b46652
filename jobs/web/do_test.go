package web

import (
	"brood/jobs"
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// raw is a server that speaks for itself: each connection is given to a function.
func raw(t *testing.T, serve func(n int, c net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				serve(n, c)
			})
		}
	})
	return l.Addr().String()
}

// readRequest reads a request with its body.
func readRequest(r *bufio.Reader) error {
	req, err := http.ReadRequest(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err
}

func reset(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

// TestPhases: an error says how far the exchange came, and what that means.
func TestPhases(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	_ = free.Close()
	for name, c := range map[string]struct {
		serve   func(n int, c net.Conn)
		address string
		phase   Phase
		class   jobs.Class
		verdict jobs.Verdict
		text    string
	}{
		"nobody":                  {address: nobody, phase: PhaseNotConnected, class: jobs.ClassConnect, verdict: jobs.VerdictRetry, text: "connection refused"},
		"reset before it is read": {serve: func(_ int, c net.Conn) { _, _ = c.Read(make([]byte, 1)); reset(c) }, phase: PhaseWritten, class: ClassCut, text: "the request was sent", verdict: jobs.VerdictRetry},
		"end after it is read":    {serve: func(_ int, c net.Conn) { _ = readRequest(bufio.NewReader(c)) }, phase: PhaseWritten, class: ClassCut, verdict: jobs.VerdictRetry},
		"reset after it is read":  {serve: func(_ int, c net.Conn) { _ = readRequest(bufio.NewReader(c)); reset(c) }, phase: PhaseWritten, class: ClassCut, verdict: jobs.VerdictRetry},
		"half a head":             {serve: answering("HTTP/1.1 200 OK\r\nContent-Le"), phase: PhaseWritten, class: ClassAnswer, verdict: jobs.VerdictRetry},
		"half a body":             {serve: answering("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{\"a\""), phase: PhaseHalf, class: ClassCut, text: "after HTTP 201 Created and 4 bytes", verdict: jobs.VerdictRetry},
		"half a chunk":            {serve: answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), phase: PhaseHalf, class: ClassCut, verdict: jobs.VerdictRetry},
		"half a gzip":             {serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00"), phase: PhaseHalf, class: ClassCut, verdict: jobs.VerdictRetry},
		"no gzip":                 {serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello, hello, hello"), phase: PhaseHalf, class: ClassAnswer, text: "is not gzip", verdict: jobs.VerdictRetry},
		"unknown coding":          {serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: pack200\r\n\r\nhello"), phase: PhaseHalf, class: ClassAnswer, verdict: jobs.VerdictRetry},
		"a refusal, half of it":   {serve: answering("HTTP/1.1 422 No\r\nContent-Length: 10\r\n\r\nx"), phase: PhaseAnswered, class: "http_422", verdict: jobs.VerdictFailed},
		"no HTTP":                 {serve: answering("SSH-2.0-x\r\n\r\n"), phase: PhaseWritten, class: ClassAnswer, text: "does not answer in HTTP", verdict: jobs.VerdictRetry},
		"a large head":            {serve: answering("HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 1100) + "\r\n"), phase: PhaseWritten, class: jobs.ClassOutput, verdict: jobs.VerdictFailed},
		"a large body":            {serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), phase: PhaseHalf, class: jobs.ClassOutput, verdict: jobs.VerdictFailed},
		"a large body, chunked":   {serve: answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 70000)), phase: PhaseHalf, class: jobs.ClassOutput, verdict: jobs.VerdictFailed},
		"no TLS":                  {serve: answering("HTTP/1.1 400 Bad\r\n\r\n"), address: "https", phase: PhaseNotConnected, class: ClassTLS, verdict: jobs.VerdictFailed},
	} {
		t.Run(name, func(t *testing.T) {
			address := "http://" + c.address
			if c.serve != nil {
				address = "http" + strings.TrimPrefix(c.address, "http") + "://" + raw(t, c.serve)
			}
			a, trouble := send(t, Options{AllowPrivate: true, MaxBytes: 65536}, http.MethodPost, address+"/hidden?key=secret", "body", nil)
			if trouble == nil {
				t.Fatalf("%+v", a)
			}
			if trouble.Phase != c.phase || trouble.Class != c.class || trouble.Verdict != c.verdict || !strings.Contains(trouble.Text, c.text) {
				t.Errorf("%+v", trouble)
			}
			if strings.Contains(trouble.Text, "secret") || strings.Contains(trouble.Text, "hidden") || strings.Contains(trouble.Text, "\n") {
				t.Errorf("it says %q", trouble.Text)
			}
		})
	}
}

// answering reads a request and answers with these bytes, and ends.
func answering(text string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		r := bufio.NewReader(c)
		if readRequest(r) != nil {
			_, _ = io.WriteString(c, text)
			return
		}
		_, _ = io.WriteString(c, text)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, r) // a close with bytes that nobody has read would be a reset
	}
}

// TestSlow: what takes too long ends, wherever it is.
func TestSlow(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		phase  Phase
		class  jobs.Class
	}{
		"no answer":   {"", PhaseWritten, ClassSlow},
		"half a body": {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"", PhaseHalf, ClassSlow},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.before
			address := raw(t, func(_ int, c net.Conn) {
				_ = readRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, before)
				_, _ = io.Copy(io.Discard, c)
			})
			_, trouble := get(t, Options{AllowPrivate: true, Timeout: 50 * time.Millisecond}, "http://"+address)
			if trouble == nil || trouble.Phase != c.phase || trouble.Class != c.class || trouble.Verdict != jobs.VerdictRetry {
				t.Errorf("%+v", trouble)
			}
		})
	}
}
