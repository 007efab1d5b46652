package beanstalk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func readerOf(text string) reader {
	return reader{r: bufio.NewReaderSize(strings.NewReader(text), 16<<10)}
}

// TestReplies reads each kind of answer that doc/protocol.txt has.
func TestReplies(t *testing.T) {
	for text, want := range map[string]reply{
		"INSERTED 17\r\n":                      {word: inserted, id: 17},
		"BURIED 17\r\n":                        {word: buried, id: 17},
		"BURIED\r\n":                           {word: buried},
		"EXPECTED_CRLF\r\n":                    {word: expectedCRLF},
		"USING a.b\r\n":                        {word: using, text: "a.b"},
		"RESERVED 1 4\r\na\r\nb\r\n":           {word: reserved, id: 1, body: []byte("a\r\nb")},
		"FOUND 18446744073709551615 0\r\n\r\n": {word: found, id: 18446744073709551615, body: []byte{}},
		"OK 1\r\n-\r\n":                        {word: okay, body: []byte("-")},
		"KICKED\r\n":                           {word: kicked},
		"KICKED 3\r\n":                         {word: kicked, id: 3},
		"WATCHING 2\r\n":                       {word: watching, id: 2},
		"DEADLINE_SOON\r\n":                    {word: deadlineSoon},
		"NOT_FOUND\r\n":                        {word: notFound},
	} {
		r, err := readerOf(text).next()
		if err != nil || r.word != want.word || r.id != want.id || r.text != want.text || !bytes.Equal(r.body, want.body) || (r.body == nil) != (want.body == nil) {
			t.Errorf("%q: %+v %v", text, r, err)
		}
	}
	for _, text := range []string{
		"\r\n", "HELLO\r\n", "reserved 1 1\r\na\r\n", "INSERTED\r\n", "INSERTED x\r\n", "INSERTED -1\r\n", "INSERTED +1\r\n", "INSERTED 01\r\n", "INSERTED 18446744073709551616\r\n",
		"RESERVED 1\r\n", "RESERVED 1 \r\n", "RESERVED 1 -1\r\n\r\n", "RESERVED 1 99999999999\r\n", "RESERVED 1 1 1\r\na\r\n", "RESERVED 1 1\r\nab\r\n", "DELETED 1\r\n", "USING\r\n",
		"DELETED\n", "OK\r\n", "OK 1 2\r\n", strings.Repeat("a", 300) + "\r\n", strings.Repeat("a", 20<<10),
	} {
		var said *saidError
		if r, err := readerOf(text).next(); !errors.As(err, &said) {
			t.Errorf("%.40q: %+v %v", text, r, err)
		}
	}
	for _, text := range []string{"", "DEL", "RESERVED 1 5\r\nab", "RESERVED 1 1000000\r\nab", "OK 2\r\nab\r"} {
		var said *saidError
		if r, err := readerOf(text).next(); err == nil || errors.As(err, &said) {
			t.Errorf("%.40q: %+v %v: it is cut off", text, r, err)
		}
	}
}

// wire is a reply as the server writes it.
func (r reply) wire() string {
	switch r.word {
	case inserted, watching:
		return fmt.Sprintf("%s %d\r\n", r.word, r.id)
	case buried, kicked:
		if r.id != 0 {
			return fmt.Sprintf("%s %d\r\n", r.word, r.id)
		}
	case using:
		return fmt.Sprintf("%s %s\r\n", r.word, r.text)
	case reserved, found:
		return fmt.Sprintf("%s %d %d\r\n%s\r\n", r.word, r.id, len(r.body), r.body)
	case okay:
		return fmt.Sprintf("%s %d\r\n%s\r\n", r.word, len(r.body), r.body)
	}
	return r.word.String() + "\r\n"
}

// TestRepliesInARow: whatever replies follow each other, each is read as it was written.
func TestRepliesInARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		replies := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) reply {
			r := reply{word: word(rapid.IntRange(int(inserted), int(paused)).Draw(t, "word"))}
			switch r.word {
			case inserted, watching, buried, kicked:
				r.id = rapid.Uint64().Draw(t, "id")
			case reserved, found:
				r.id = rapid.Uint64().Draw(t, "id")
				r.body = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
			case okay:
				r.body = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
			case using:
				r.text = rapid.StringMatching(`[a-zA-Z0-9/;.$_()][-a-zA-Z0-9+/;.$_()]{0,199}`).Draw(t, "tube")
			}
			return r
		}), 1, 8).Draw(t, "replies")
		var text strings.Builder
		for _, r := range replies {
			text.WriteString(r.wire())
		}
		in := readerOf(text.String())
		for i, want := range replies {
			r, err := in.next()
			if err != nil || r.wire() != want.wire() {
				t.Fatalf("reply %d: %+v %v, want %+v", i, r, err, want)
			}
		}
	})
}

// FuzzReplies: whatever a server says, what is read of it is what it said, and no more is taken than has come.
func FuzzReplies(f *testing.F) {
	for _, text := range []string{"INSERTED 1\r\n", "RESERVED 1 4\r\na\r\nb\r\nTIMED_OUT\r\n", "OK 3\r\n---\r\n", "FOUND 1 99999999\r\nab", "BURIED\r\nBURIED 2\r\nKICKED\r\n", "USING x\r\n", "\x00\r\n", "RESERVED 1 -1\r\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		source := bytes.NewReader(data)
		in := reader{r: bufio.NewReaderSize(source, 1<<10)}
		at := 0
		for {
			r, err := in.next()
			if err != nil {
				return
			}
			if cap(r.body) > len(data) {
				t.Fatalf("%d bytes for a body, of %d that came", cap(r.body), len(data))
			}
			text := r.wire()
			if r.word == buried || r.word == kicked { // "BURIED 0" is not told from "BURIED"
				text = string(data[at : len(data)-source.Len()-in.r.Buffered()])
			}
			if !strings.HasPrefix(string(data[at:]), text) {
				t.Fatalf("%q was read as %q", data[at:], text)
			}
			at += len(text)
			if at != len(data)-source.Len()-in.r.Buffered() {
				t.Fatalf("%d bytes were taken, %d read", len(data)-source.Len()-in.r.Buffered(), at)
			}
		}
	})
}

// FuzzFacts: whatever stands in the statistics of a job, it is read, and in bounds.
func FuzzFacts(f *testing.F) {
	f.Add([]byte("---\nid: 1\ntube: \"a\"\nstate: reserved\npri: 1\nttr: 60\nreserves: 2\nreleases: 1\nburies: 0\n"))
	f.Add([]byte("ttr: 99999999999999999999\npri: -1\nreserves: 18446744073709551615\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := factsOf(data)
		if got.ttr < 0 || got.reserves > 1<<60 || got.releases > 1<<60 || got.buries > 1<<60 || got.silent() > 1<<60 {
			t.Fatalf("%+v", got)
		}
	})
}

// TestFacts reads what beanstalkd 1.12 says of a job.
func TestFacts(t *testing.T) {
	got := factsOf([]byte("---\nid: 8\ntube: \"mails\"\nstate: reserved\npri: 4294967295\nage: 2\ndelay: 0\nttr: 60\ntime-left: 59\nfile: 0\nreserves: 3\ntimeouts: 1\nreleases: 2\nburies: 4\nkicks: 5\n"))
	if want := (facts{state: stateReserved, pri: 4294967295, ttr: 60e9, reserves: 3, releases: 2, buries: 4, kicks: 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := readerOf("").line(); errors.Is(err, io.EOF) {
		t.Error("an end is said as", err)
	}
}
