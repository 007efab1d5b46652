package gearman

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// response is a packet as the server sends it.
func response(k kind, args ...string) []byte {
	out := appendPacket(nil, k, args...)
	copy(out, magicResponse)
	return out
}

// FuzzPackets: whatever comes is packets, or an error, and takes no more memory than it is long; what was read, written again, is what came.
func FuzzPackets(f *testing.F) {
	f.Add(append(response(jobAssignUniq, "H:h:1", "f", "u", "a\x00b"), response(noop)...))
	f.Add(response(errorRes, "QUEUE_FULL", "no\x1b[2Jmore"))
	f.Add(response(statusResUnique, "u", "1", "0", "0", "0", "0"))
	f.Add([]byte("\x00RES\x00\x00\x00\x0a\xff\xff\xff\xff"))
	f.Add([]byte("\x00RES\x00\x00\x00\x0a\x03\xff\xff\xffx"))
	f.Add([]byte("OK 1.1.20\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, at := bufio.NewReaderSize(bytes.NewReader(in), 16), 0
		for {
			p, err := readPacket(r)
			if err != nil {
				if err == io.EOF && at != len(in) {
					t.Fatalf("%q ends in order at %d", in, at)
				}
				return
			}
			again := response(p.kind, string(p.data))
			if !bytes.HasPrefix(in[at:], again) {
				t.Fatalf("%q at %d is %q", in, at, again)
			}
			at += len(again)
			for n := 1; n < 6; n++ {
				if args, err := p.args(n); err == nil && strings.Join(args, "\x00") != string(p.data) {
					t.Fatalf("%q has the arguments %q", p.data, args)
				}
			}
			_, _ = p.known()
			if text := p.odd().Error(); strings.ContainsAny(text, "\x1b\n\x00") || len(text) > 2000 {
				t.Fatalf("%q", text)
			}
		}
	})
}

// FuzzAdmin: whatever comes is lines up to the last, or an error; numbers are counts.
func FuzzAdmin(f *testing.F) {
	f.Add([]byte("f\t3\t1\t2\nother\t0\t0\t0\n.\nmore"), "f")
	f.Add([]byte("f\t-1\t1\t2\r\n.\r\n"), "f")
	f.Add([]byte("ERR unknown_command\n"), "f")
	f.Fuzz(func(t *testing.T, in []byte, function string) {
		lines, err := adminLines(bytes.NewReader(in), func(line string) bool { return line == "." })
		if err != nil {
			return
		}
		if len(lines) == 0 || lines[len(lines)-1] != "." || len(strings.Join(lines, "\n")) > len(in) {
			t.Fatalf("%q: %q", in, lines)
		}
		if l, found, err := loadOf(lines, function); err == nil && (l.total < 0 || l.running < 0 || l.workers < 0 || !found && l != load{}) {
			t.Fatalf("%q: %+v", in, l)
		}
	})
}

// TestLong: a job longer than may be is refused before it is read, and one that is announced and does not come takes no memory.
func TestLong(t *testing.T) {
	long := append([]byte("\x00RES\x00\x00\x00\x1f"), 4, 0, 0, 1)
	if _, err := readPacket(bufio.NewReader(bytes.NewReader(long))); err == nil || !strings.Contains(err.Error(), "longest job") {
		t.Error(err)
	}
	announced := append([]byte("\x00RES\x00\x00\x00\x1f"), 4, 0, 0, 0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readPacket(bufio.NewReader(bytes.NewReader(announced))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("%d bytes for a job that does not come", after.TotalAlloc-before.TotalAlloc)
	}
	if _, err := adminLines(io.MultiReader(strings.NewReader(strings.Repeat("x\n", maxAdmin))), func(string) bool { return false }); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Error(err)
	}
}
