package web

import (
	"brood/jobs"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// acceptEncoding is what a request takes whose sender does not say otherwise.
const acceptEncoding = "gzip, br, zstd"

// zstdWindow bounds the memory that decoding may take: RFC 9659 allows servers 8 MiB.
const zstdWindow = 8 << 20

// mostEncodings is how many codings may be upon one another.
const mostEncodings = 3

var (
	gzips sync.Pool // *gzip.Reader
	zstds sync.Pool // *zstd.Decoder
	bros  sync.Pool // *brotli.Reader
)

var errTooLarge = errors.New("the body is too large")

// readBody reads a body, decoded, up to a limit.
func readBody(resp *http.Response, limit int) ([]byte, error) {
	if resp.Body == http.NoBody || resp.Request != nil && resp.Request.Method == http.MethodHead {
		return nil, nil // its length is that of what GET would bring
	}
	if resp.ContentLength > int64(limit) && resp.Header.Get("Content-Encoding") == "" {
		return nil, errTooLarge
	}
	codings, err := codingsOf(resp.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	if len(codings) == 0 {
		return readUpTo(resp.Body, resp.ContentLength, limit)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); errors.Is(err, io.EOF) {
		return nil, nil // a coding, and no body
	} else if err != nil {
		return nil, err
	}
	body := &watched{Reader: resp.Body}
	from := io.MultiReader(bytes.NewReader(first), body)
	for i := len(codings) - 1; i >= 0; i-- {
		next, done, err := decoder(codings[i], from)
		if err != nil {
			return nil, body.reason(codings[i], err)
		}
		defer done()
		from = next
	}
	out, err := readUpTo(from, -1, limit)
	if err != nil && !errors.Is(err, errTooLarge) {
		err = body.reason(codings[0], err)
	}
	return out, err
}

// watched knows what was wrong below a decoder.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// reason is the error of the connection where that is what a decoder stumbled over.
func (w *watched) reason(coding string, err error) error {
	switch {
	case w.err != nil:
		return w.err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return &codingError{fmt.Sprintf("the body is not %s, as it says", coding)}
}

// codingError is a body that cannot be decoded.
type codingError struct{ text string }

func (e *codingError) Error() string { return e.text }

func codingsOf(header []string) (out []string, err error) {
	for _, line := range header {
		for coding := range strings.SplitSeq(line, ",") {
			switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
			case "", "identity":
			case "gzip", "x-gzip", "deflate", "br", "zstd":
				out = append(out, coding)
			default:
				return nil, &codingError{fmt.Sprintf("the body is coded in %q, which was not asked for", clip(coding))}
			}
		}
	}
	if len(out) > mostEncodings {
		return nil, &codingError{fmt.Sprintf("the body is coded %d times", len(out))}
	}
	return out, nil
}

func decoder(coding string, from io.Reader) (r io.Reader, done func(), err error) {
	switch coding {
	case "br":
		b, _ := bros.Get().(*brotli.Reader)
		if b == nil {
			b = brotli.NewReader(from)
		} else if err := b.Reset(from); err != nil {
			return nil, nil, err
		}
		return b, func() { bros.Put(b) }, nil
	case "zstd":
		z, _ := zstds.Get().(*zstd.Decoder)
		if z == nil {
			z, err = zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		} else {
			err = z.Reset(from)
		}
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Reset(nil); zstds.Put(z) }, nil
	case "deflate": // zlib, and of some servers without its head
		head := make([]byte, 2)
		if _, err := io.ReadFull(from, head); err != nil {
			return nil, nil, err
		}
		from = io.MultiReader(bytes.NewReader(head), from)
		if head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 { // RFC 1950, section 2.2
			z, err := zlib.NewReader(from)
			return z, func() {}, err
		}
		return flate.NewReader(from), func() {}, nil
	}
	g, _ := gzips.Get().(*gzip.Reader)
	if g == nil {
		g, err = gzip.NewReader(from)
	} else {
		err = g.Reset(from)
	}
	if err != nil {
		return nil, nil, err
	}
	return g, func() { gzips.Put(g) }, nil
}

// readUpTo reads all, if it is no more than the limit; size is how much it should be, -1: nobody knows.
func readUpTo(from io.Reader, size int64, limit int) ([]byte, error) {
	room := int64(4096)
	if size >= 0 {
		room = min(size, 64<<10) + 1 // what is claimed is believed when it comes; one more to see its end
	}
	out := make([]byte, 0, min(room, int64(limit)+1))
	for {
		n, err := from.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return out, err
		}
		if len(out) == cap(out) {
			grown := make([]byte, len(out), min(2*cap(out), limit+1))
			copy(grown, out)
			out = grown
		}
	}
}

// bodyTrouble words what was wrong with a body.
func bodyTrouble(host string, status, limit int, err error) *Trouble {
	var coding *codingError
	switch {
	case errors.Is(err, errTooLarge):
		t := failed(jobs.ClassOutput, "the answer of %s is larger than %d bytes", host, limit)
		t.Phase, t.Status = PhaseHalf, status
		return t
	case errors.As(err, &coding):
		return &Trouble{Verdict: jobs.VerdictRetry, Class: ClassAnswer, Text: fmt.Sprintf("%s, %s: %s", host, StatusText(status), coding), Phase: PhaseHalf, Status: status}
	}
	return nil
}
