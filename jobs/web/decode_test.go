package web

import (
	"brood/jobs"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// coded is a text in a coding.
func coded(t testing.TB, coding string, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	case "zlib":
		w = zlib.NewWriter(&b)
	case "deflate":
		w, _ = flate.NewWriter(&b, 5)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestDecode: every coding is taken off, more than one upon another too, and none without a body; and
// the limit is one of what comes out.
func TestDecode(t *testing.T) {
	small, large := []byte("hello, hello, hello"), make([]byte, 1<<20)
	answers := map[string]struct {
		header string
		body   []byte
	}{
		"/gzip": {"gzip", coded(t, "gzip", small)}, "/br": {"br", coded(t, "br", small)}, "/zstd": {"zstd", coded(t, "zstd", small)},
		"/zlib": {"deflate", coded(t, "zlib", small)}, "/deflate": {"Deflate", coded(t, "deflate", small)}, "/plain": {"identity", small},
		"/two": {"gzip, br", coded(t, "br", coded(t, "gzip", small))}, "/x": {"x-gzip", coded(t, "gzip", small)},
		"/bomb/gzip": {"gzip", coded(t, "gzip", large)}, "/bomb/br": {"br", coded(t, "br", large)}, "/bomb/zstd": {"zstd", coded(t, "zstd", large)}, "/bomb/two": {"gzip,gzip", coded(t, "gzip", coded(t, "gzip", large))},
		"/many": {"gzip,gzip,gzip,gzip", small},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != acceptEncoding {
			t.Errorf("it takes %s", got)
		}
		a := answers[r.URL.Path]
		w.Header().Set("Content-Encoding", a.header)
		_, _ = w.Write(a.body)
	}))
	defer server.Close()
	o := Options{AllowPrivate: true, MaxBytes: 100_000}
	for range 2 { // the second time with decoders that have been used
		for path := range answers {
			a, trouble := get(t, o, server.URL+path)
			switch {
			case strings.HasPrefix(path, "/bomb"):
				if trouble == nil || trouble.Class != jobs.ClassOutput {
					t.Errorf("%s: %+v", path, trouble)
				}
			case path == "/many":
				if trouble == nil || trouble.Class != ClassAnswer {
					t.Errorf("%s: %+v", path, trouble)
				}
			case trouble != nil || !bytes.Equal(a.Body, small):
				t.Errorf("%s: %+v %+v", path, a, trouble)
			}
			if a, trouble := send(t, o, http.MethodHead, server.URL+path, "", nil); path != "/many" && (trouble != nil || len(a.Body) != 0) {
				t.Errorf("HEAD %s: %+v %+v", path, a, trouble)
			}
		}
	}
}

// FuzzDecode: whatever comes, no more than the limit is kept, and what was coded comes out as it was.
func FuzzDecode(f *testing.F) {
	f.Add("gzip", []byte("hello"))
	f.Add("zstd, br", []byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Add("deflate", []byte("x"))
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		const limit = 4096
		resp := &http.Response{Header: http.Header{"Content-Encoding": {coding}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
		out, err := readBody(resp, limit)
		if len(out) > limit {
			t.Errorf("%d bytes, %v", len(out), err)
		}
		for _, c := range []string{"gzip", "br", "zstd", "zlib", "deflate"} {
			header := strings.Replace(c, "zlib", "deflate", 1)
			resp = &http.Response{Header: http.Header{"Content-Encoding": {header}}, Body: io.NopCloser(bytes.NewReader(coded(t, c, body))), ContentLength: -1}
			if out, err = readBody(resp, len(body)); err != nil || !bytes.Equal(out, body) {
				// Plain deflate that begins as zlib does cannot be told from it.
				if c != "deflate" {
					t.Errorf("%s: %v", c, err)
				}
			}
		}
	})
}
