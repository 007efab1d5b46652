package dataset

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// TestPaddedGzip: a gzip file ends as gzip -dc ends it, and never before something else.
func TestPaddedGzip(t *testing.T) {
	a, b := compress(t, ".gz", "one\n"), compress(t, ".gz", "two\n")
	for content, want := range map[string]string{
		a:                                   "one\n",
		a + b:                               "one\ntwo\n",
		a + b + strings.Repeat("\x00", 700): "one\ntwo\n",
		a + "\x00" + b:                      "there is something behind the zeros that end it",
		a + "rubbish":                       "what follows its end is not gzip",
		a + b[:5]:                           "unexpected EOF",
		a[:len(a)-3]:                        "unexpected EOF",
	} {
		in, err := newGzipReader(bufio.NewReader(strings.NewReader(content)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil {
			got = []byte(err.Error())
		}
		if !strings.Contains(string(got), want) || (err == nil && string(got) != want) {
			t.Errorf("%d bytes: %q, want %q", len(content), got, want)
		}
	}
}

// TestXZMemory: a file cannot ask for any amount of memory.
func TestXZMemory(t *testing.T) {
	small := toXZ(t, "one\n")
	if n := xzDictionary([]byte(small)); n != 8<<20 {
		t.Errorf("a dictionary of %d bytes", n)
	}
	b, err := os.ReadFile("../../testdata/datasets/people.csv.xz")
	if err != nil {
		t.Fatal(err)
	}
	if n := xzDictionary(b); n != 8<<20 {
		t.Errorf("a dictionary of %d bytes", n)
	}
	i := strings.Index(small, "\x21\x01") + 2
	huge := small[:i] + "\x28" + small[i+1:] // 4 GiB
	if _, err := newXZReader(bufio.NewReader(strings.NewReader(huge))); err == nil || !strings.Contains(err.Error(), "MiB of memory") {
		t.Errorf("4 GiB: %v", err)
	}
	for n := range len(huge) {
		_ = xzDictionary([]byte(huge[:n])) // and does not panic
	}
	if _, err := newXZReader(bufio.NewReader(strings.NewReader(small[:5]))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut off: %v", err)
	}
}

// TestCutXZ: wherever a file was cut off, it does not end as a whole one does.
func TestCutXZ(t *testing.T) {
	one := toXZ(t, strings.Repeat("hello\n", 20))
	whole := map[int]bool{len(one): true, len(one) + 4: true, 2*len(one) + 4: true}
	both := one + "\x00\x00\x00\x00" + one
	for n := range len(both) + 1 {
		in, err := newXZReader(bufio.NewReader(strings.NewReader(both[:n])))
		if err == nil {
			_, err = io.ReadAll(in)
		}
		if (err == nil) != whole[n] {
			t.Errorf("the first %d of %d bytes: %v", n, len(both), err)
		}
	}
}

// TestOddArchives are refused with what to do.
func TestOddArchives(t *testing.T) {
	whole := toZip(t, "a.csv", "x,y\n")
	patch := func(flags, method byte) string {
		b := []byte(whole)
		dir := strings.Index(whole, "PK\x01\x02")
		b[dir+8] |= flags
		b[dir+10] = method
		return string(b)
	}
	for content, want := range map[string]string{patch(1, 8): "a.csv in it is encrypted", patch(0, 14): "compressed in another way than most", toZip(t): "no file in it"} {
		spec := Spec{Paths: []string{write(t, "a.zip", content)}}
		if err := spec.Resolve(); err != nil {
			t.Fatal(err)
		}
		_, err := Open(spec, nil)
		var u *Unfit
		if !errors.As(err, &u) || !strings.Contains(u.Is, want) || u.Do == "" {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestWrongSum: what comes out of a damaged archive is not the end of it.
func TestWrongSum(t *testing.T) {
	b := []byte(toZip(t, "a.csv", "x,y\n1,2\n"))
	at := strings.Index(string(b), "PK\x01\x02") + 16
	b[at] ^= 0xff
	spec := Spec{Paths: []string{write(t, "a.zip", string(b))}}
	if err := spec.Resolve(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(spec, nil)
	if err == nil {
		defer func() { _ = r.Close() }()
		var rec Record
		for err == nil {
			err = r.Next(&rec)
		}
	}
	if errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("it ends with %v", err)
	}
}
