package web

import (
	"brood/jobs"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// clientCert is a certificate with its key, in one file, and the pool that trusts it.
func clientCert(t *testing.T) (path string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(cert)
	path = filepath.Join(t.TempDir(), "client.pem")
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, pool
}

// TestClientCertificate: a server that asks for one takes nobody without, which is no reason to try
// again, and says so only after a request is written; whoever has one is let in.
func TestClientCertificate(t *testing.T) {
	path, pool := clientCert(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
		server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: version, MaxVersion: version}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		o := Options{AllowPrivate: true, CAFile: caFile(t, server)}
		_, trouble := send(t, o, http.MethodPost, server.URL, "x", nil)
		if trouble == nil || trouble.Class != ClassTLS || trouble.Verdict != jobs.VerdictFailed {
			t.Errorf("TLS %x: %+v", version, trouble)
		} else if trouble.ForOnce(); trouble.Verdict != jobs.VerdictFailed {
			t.Errorf("TLS %x: %+v", version, trouble)
		}
		o.CertFile = path
		if a, trouble := send(t, o, http.MethodPost, server.URL, "x", nil); trouble != nil || string(a.Body) != "in" {
			t.Errorf("TLS %x: %+v", version, trouble)
		}
		server.Close()
	}
	if _, err := New(Options{CertFile: path + "x"}); err == nil {
		t.Error("a certificate that is not there is taken")
	}
}

// TestProxy: encrypted requests go through a proxy by CONNECT; one that wants a password stops the run.
func TestProxy(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	defer server.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		upstream, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = upstream.Close() }()
		w.WriteHeader(http.StatusOK)
		down, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = down.Close() }()
		go func() { _, _ = io.Copy(upstream, buffered) }()
		_, _ = io.Copy(down, upstream)
	}))
	defer proxy.Close()
	o := Options{Typed: []string{"127.0.0.1"}, CAFile: caFile(t, server)}
	o.Proxy = "http://me:pw@" + proxy.Listener.Addr().String()
	if a, trouble := get(t, o, server.URL); trouble != nil || string(a.Body) != "in" {
		t.Errorf("%+v", trouble)
	}
	o.Proxy = proxy.URL
	if _, trouble := get(t, o, server.URL); trouble == nil || trouble.Verdict != jobs.VerdictAbort || trouble.Class != "http_407" {
		t.Errorf("%+v", trouble)
	}
}

// TestStopped: a request whose record is stopped ends at once, and says how far it came.
func TestStopped(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() }))
	defer server.Close()
	client, err := New(Options{AllowPrivate: true, Proxy: NoProxy})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	req, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Do(ctx, req)
	var trouble *Trouble
	if !errors.As(err, &trouble) || trouble.Phase != PhaseWritten || trouble.Class != jobs.ClassTimeout {
		t.Errorf("%v", err)
	}
}
