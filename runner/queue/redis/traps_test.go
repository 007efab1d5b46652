package redis

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

func open(t *testing.T, spec queue.Spec) *client {
	t.Helper()
	c, err := Open(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*client)
}

// send sends a command of another program's.
func send(t *testing.T, c *client, command string, args ...any) any {
	t.Helper()
	var reply any
	if err := c.with(context.Background(), func(k *conn) (err error) {
		reply, err = k.do(command, args...)
		return err
	}); err != nil {
		t.Fatalf("%s %v: %v", command, args, err)
	}
	return reply
}

func take(t *testing.T, c *client) *queue.Job {
	t.Helper()
	jobs, err := c.Take(context.Background(), 1, 20*time.Second)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	return jobs[0]
}

// TestEntries: what others have added is a job as its fields are, and what has failed is put aside with them.
func TestEntries(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartRedis(t, "--appendfsync", "no")))
	for _, e := range []struct {
		fields []any
		body   string
	}{
		{[]any{"data", `{"to":"a@example.com"}`}, `{"to":"a@example.com"}`},
		{[]any{"payload", "plain"}, "plain"},
		{[]any{"name", "J\u00f6rg", "n", "1", "raw", "\xff\x00"}, `{"name":"Jörg","n":"1","raw":"/wA="}`},
		{[]any{"only", "x"}, `{"only":"x"}`},
		{[]any{"a", "1", "b", "2", "a", "3"}, `{"b":"2","a":"3"}`},
	} {
		send(t, c, "XADD", append([]any{c.stream, "*"}, e.fields...)...)
		job := take(t, c)
		if string(job.Body) != e.body || job.Lease != time.Second || job.Token != "brood" {
			t.Errorf("%q: %+v", e.body, job)
		}
		for i, verb := range []queue.Verb{queue.Failed, queue.Park} {
			if i > 0 {
				send(t, c, "XADD", append([]any{c.stream, "*"}, e.fields...)...)
				job = take(t, c)
			}
			if err := c.Answer(context.Background(), []queue.Answer{{ID: job.ID, Token: job.Token, Job: job, Verb: verb, Error: "why"}})[0]; err != nil {
				t.Fatal(err)
			}
			aside, err := redis.Values(send(t, c, "XREVRANGE", c.stream+[]string{":failed", ":unknown"}[i], "+", "-", "COUNT", 1), nil)
			if err != nil || len(aside) != 1 {
				t.Fatal(aside, err)
			}
			got, err := redis.Strings(aside[0].([]any)[1], nil)
			var want []string
			for _, f := range append(slices.Clone(e.fields), "brood_id", job.ID, "brood_error", "why") {
				want = append(want, f.(string))
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("put aside is %q %v, want %q", got, err, want)
			}
		}
	}
	if n, err := redis.Int(send(t, c, "XLEN", c.stream), nil); err != nil || n != 0 {
		t.Errorf("%d are left, %v", n, err)
	}
}

// TestGone: who has trimmed or deleted what is pending leaves nothing to be answered; a stream that was deleted is made anew.
func TestGone(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartRedis(t, "--appendfsync", "no")))
	send(t, c, "XADD", c.stream, "*", "body", "a")
	job := take(t, c)
	send(t, c, "XTRIM", c.stream, "MAXLEN", 0)
	if err := c.Answer(context.Background(), []queue.Answer{{ID: job.ID, Token: job.Token, Job: job, Verb: queue.Failed, Error: "why"}})[0]; err != nil {
		t.Error("it is still pending:", err)
	}
	send(t, c, "XADD", c.stream, "*", "body", "b")
	job = take(t, c)
	send(t, c, "DEL", c.stream)
	if err := c.Answer(context.Background(), []queue.Answer{{ID: job.ID, Token: job.Token, Job: job}})[0]; !errors.Is(err, queue.ErrGone) {
		t.Error(err)
	}
	if err := c.Renew(context.Background(), []*queue.Job{job})[0]; !errors.Is(err, queue.ErrGone) {
		t.Error(err)
	}
	if s, err := c.Stats(context.Background()); err != nil || s.Ready+s.InHand != 0 {
		t.Error(s, err)
	}
	send(t, c, "XADD", c.stream, "*", "body", "c")
	if job = take(t, c); string(job.Body) != "c" || job.Doubt {
		t.Errorf("%+v", job)
	}
}

// TestCheck says what a server keeps, and who else reads.
func TestCheck(t *testing.T) {
	c := open(t, specOf(t, queuetest.StartRedis(t)))
	says := func(want string, level queue.Level) {
		t.Helper()
		findings, err := c.Check(context.Background())
		if err != nil || !slices.ContainsFunc(findings, func(f queue.Finding) bool { return strings.Contains(f.Text, want) && f.Level == level }) {
			t.Errorf("no word of %q: %v %v", want, findings, err)
		}
	}
	says("there is no stream", queue.Note)
	if n, err := redis.Int(send(t, c, "EXISTS", c.stream), nil); err != nil || n != 0 {
		t.Error("it was made by a check")
	}
	says("appendfsync always", queue.Fine)
	if _, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a")}}); err != nil {
		t.Fatal(err)
	}
	says("no group brood yet", queue.Note)
	take(t, c)
	says("0 entries wait, 1 are pending, 1 consumers", queue.Fine)
	send(t, c, "XGROUP", "CREATE", c.stream, "others", "0")
	says("other groups", queue.Note)
	send(t, c, "CONFIG", "SET", "appendfsync", "everysec", "maxmemory", "100mb", "maxmemory-policy", "allkeys-lru")
	says("appendfsync is everysec", queue.Note)
	says("maxmemory-policy is allkeys-lru", queue.Note)
	send(t, c, "CONFIG", "SET", "appendonly", "no")
	says("appendonly is no", queue.Note)
}

// TestLogin: with a password over TLS, and without either; no password is shown.
func TestLogin(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	port := freePort(t)
	s := queuetest.StartRedis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no", "--appendfsync", "no")
	plain := open(t, specOf(t, s))
	send(t, plain, "ACL", "SETUSER", "worker", "on", ">secret", "~*", "+@all", "-client|id", "-client|unblock", "-config")
	at := "127.0.0.1:" + port
	good := "rediss://worker:secret@" + at + "/1?stream=s&tls-ca=" + cert
	for text, want := range map[string]string{
		good: "", strings.Replace(good, "secret", "wrongsecret", 1): "WRONGPASS", "rediss://" + at + "/?stream=s": "certificate", "redis://" + at + "/?stream=s": "127.0.0.1",
		"rediss://" + at + "/?stream=s&tls=skip-verify": "", "redis://" + at + "/x?stream=s": "no number", "redis://" + at: "no stream", "redis://" + at + "/?list=l&group=g": "means nothing", "redis://" + at + "/?list=l&pop=up": "not known", "redis:///?stream=s": "no host",
		"redis://" + at + "/?stream=s&strem=x": "means nothing", "redis://" + at + "/?stream=s&tls=yes": "not known", "redis://" + at + "/?stream=s&tls-ca=x": "tls=true", "redis://127.0.0.1:1/?stream=s": "refused",
	} {
		u, err := queue.ParseURL(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(context.Background(), queue.Spec{URL: u})
		if (want == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", u, err)
		}
		var down *queue.DownError
		if want == "WRONGPASS" && errors.As(err, &down) {
			t.Error("a wrong password is worth no other try")
		}
		if err == nil {
			_ = c.Close()
		}
	}
	// Who may not ask for the connection's name waits, too.
	u, err := queue.ParseURL(good)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, queue.Spec{URL: u})
	got := make(chan *queue.Job, 1)
	go func() {
		jobs, err := c.Take(context.Background(), 1, 20*time.Second)
		if err != nil || len(jobs) != 1 {
			t.Error(jobs, err)
			jobs = append(jobs, &queue.Job{})
		}
		got <- jobs[0]
	}()
	if _, err := c.Put(context.Background(), []queue.Put{{Body: []byte("a")}}); err != nil {
		t.Error(err)
	}
	if job := <-got; string(job.Body) != "a" {
		t.Errorf("%+v", job)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// certificate makes one of 127.0.0.1, signed by itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, of, of, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// FuzzBody: whatever is added as fields is a body, as it is or as an object with each name once.
func FuzzBody(f *testing.F) {
	f.Add("body", "x", "", "")
	f.Add("a", "\xff", "a", "\n\"")
	f.Fuzz(func(t *testing.T, name, value, other, last string) {
		if got := bodyOf([][]byte{[]byte(name), []byte(value)}); slices.Contains([]string{"body", "data", "payload"}, name) && string(got) != value {
			t.Fatalf("%q: %q", value, got)
		}
		got := bodyOf([][]byte{[]byte(name), []byte(value), []byte(other), []byte(last)})
		var fields map[string]string
		if err := json.Unmarshal(got, &fields); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if strings.Count(string(got), "\n") > 0 {
			t.Fatalf("%q", got)
		}
	})
}
