package cache

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// helper says in the environment that a process is none of the tests: it puts answers into
// the cache of this path, until it is killed or has put as many as the second word says.
const helper = "BROOD_TEST_CACHE"

func TestMain(m *testing.M) {
	if path := os.Getenv(helper); path != "" {
		n, _ := strconv.Atoi(os.Args[2])
		if err := putMany(path, os.Args[1], n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// rawOf is the answer to a question that can be told from every other, and from a part of it.
func rawOf(query string) []byte {
	return []byte(strings.Repeat(query+";", 1+len(query)*7919%97) + "end")
}

// putMany puts answers of its own and such as the others put too, and says of each when it is
// kept.
func putMany(path, name string, n int) error {
	c, err := Open(path)
	if err != nil {
		return err
	}
	c.Warn = func(s string) { fmt.Fprintln(os.Stderr, s) }
	ctx := context.Background()
	for i := range n {
		query := fmt.Sprintf("%s-%d", name, i)
		if i%4 == 0 {
			query = fmt.Sprintf("shared-%d", i)
		}
		k := Key{Provider: "nominatim", Query: query}
		if err := c.Put(ctx, k, &Answer{Outcome: Found, Raw: rawOf(query), At: noon}); err != nil {
			return err
		}
		fmt.Println(query)
		if a, ok, err := c.Get(ctx, k, noon); err != nil || !ok || string(a.Raw) != string(rawOf(query)) {
			return fmt.Errorf("%s: %v %v", query, ok, err)
		}
	}
	return c.Close()
}

// putter is a process that puts answers.
type putter struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs strings.Builder
	kept []string // as far as it has said so
}

func startPutter(t *testing.T, path, name string, n int) *putter {
	t.Helper()
	p := &putter{cmd: exec.Command(os.Args[0], name, strconv.Itoa(n))}
	p.cmd.Env = append(os.Environ(), helper+"="+path)
	p.cmd.Stderr = &p.errs
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	return p
}

// read reads what it has kept, as far as to a number, or to its end.
func (p *putter) read(most int) {
	for len(p.kept) < most {
		line, err := p.out.ReadString('\n')
		if err != nil {
			return // half a line was not said
		}
		p.kept = append(p.kept, strings.TrimSuffix(line, "\n"))
	}
}

// end reads what is left and waits for it.
func (p *putter) end() error {
	p.read(1 << 30)
	_, _ = io.Copy(io.Discard, p.out)
	return p.cmd.Wait()
}

// TestProcesses has several processes put answers at the same time, some of which are killed
// at once: what was said to be kept is there, whole, and nobody has heard of a lock.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	const puts = 400
	var all []*putter
	for i := range 8 {
		all = append(all, startPutter(t, path, fmt.Sprintf("p%d", i), puts))
	}
	for round := range 3 {
		for i := range 3 {
			p := startPutter(t, path, fmt.Sprintf("killed%d-%d", round, i), 1<<30)
			all = append(all, p)
			p.read(20 + 50*i) // so it is in the middle of it
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := make(map[string]bool)
	for i, p := range all {
		if err := p.end(); (err == nil) != (i < 8) || p.errs.Len() > 0 {
			t.Errorf("%v: %v: %s", p.cmd.Args[1:], err, p.errs.String())
		}
		for _, q := range p.kept {
			kept[q] = true
		}
	}
	c, said := open(t, path)
	n := 0
	if err := c.List(context.Background(), noon, "", nil, func(e *Entry) error {
		if n++; string(e.Answer.Raw) != string(rawOf(e.Query)) {
			t.Errorf("the answer to %s is %q", e.Query, e.Answer.Raw)
		}
		delete(kept, e.Query)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for q := range kept {
		t.Errorf("%s was kept and is not there", q)
	}
	if n < 8*puts*3/4 || len(*said) > 0 {
		t.Error(n, *said)
	}
}

// BenchmarkPut tells what a record waits for a Put, beside other processes that do the same.
func BenchmarkPut(b *testing.B) {
	for _, others := range []int{0, 1, 8, 32} {
		b.Run(strconv.Itoa(others), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), FileName)
			c, _ := open(b, path)
			for i := range others {
				cmd := exec.Command(os.Args[0], fmt.Sprint("p", i), strconv.Itoa(1<<30))
				cmd.Env = append(os.Environ(), helper+"="+path)
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				defer func() {
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				}()
			}
			raw := rawOf("some address")
			var longest time.Duration
			i := 0
			for b.Loop() {
				i++
				begun := time.Now()
				put(b, c, Key{Query: strconv.Itoa(i)}, &Answer{Outcome: Found, Raw: raw, At: noon})
				longest = max(longest, time.Since(begun))
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
		})
	}
}

func BenchmarkGet(b *testing.B) {
	c, _ := open(b, filepath.Join(b.TempDir(), FileName))
	for i := range 2000 {
		put(b, c, Key{Query: strconv.Itoa(i)}, &Answer{Outcome: Found, Raw: rawOf(strconv.Itoa(i)), At: noon})
	}
	i := 0
	for b.Loop() {
		i++
		if get(b, c, Key{Query: strconv.Itoa(i % 2000)}, noon) == nil {
			b.Fatal(i)
		}
	}
}
