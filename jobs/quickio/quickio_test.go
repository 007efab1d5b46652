package quickio

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// pair are the two ends of a pipe.
func pair(t *testing.T) (in, out *File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if in, err = Of(r); err != nil {
		t.Fatal(err)
	}
	if out, err = Of(w); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	return in, out
}

// TestWholeWrites: more than a pipe holds is written whole, as it is read, and its end is io.EOF.
func TestWholeWrites(t *testing.T) {
	in, out := pair(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	go func() {
		_, _ = out.Write(want)
		_ = out.Close()
	}()
	got, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}

// TestErrors: what ends a pipe is told, also to who waits.
func TestErrors(t *testing.T) {
	in, out := pair(t)
	ended := make(chan error)
	go func() {
		_, err := in.Read(make([]byte, 1))
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it has not waited: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	in.Interrupt()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("nobody reads: %v", err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestPending: what nobody has read is counted.
func TestPending(t *testing.T) {
	in, out := pair(t)
	if _, err := out.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if n := Pending(int(out.File().Fd())); n != 5 {
		t.Errorf("%d bytes are left, want 5", n)
	}
	if _, err := in.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if n := Pending(int(out.File().Fd())); n != 2 {
		t.Errorf("%d bytes are left, want 2", n)
	}
}
