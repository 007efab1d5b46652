package bus

import (
	"brood/runner/remote/token"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// played is what a process needs to know that plays a machine.
type played struct {
	Addr, Token, URL, Run, Machine string
	Epoch                          int64
}

// beMachine answers each piece of work with a letter of the same bytes, until its stdin ends.
func beMachine(stdin io.Reader) error {
	in := bufio.NewReader(stdin)
	text, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	var w played
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	o := PortOptions{Addr: w.Addr, URL: w.URL, Run: w.Run, Machine: w.Machine}
	if w.Token != "" {
		if o.Token, err = token.Parse(w.Token); err != nil {
			return err
		}
	}
	ready := make(chan *Port, 1)
	var p *Port
	o.Work = func(_ uint64, body []byte) {
		if p == nil {
			p = <-ready
		}
		if err := p.Say(body); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	joined, err := Join(context.Background(), o)
	if err != nil {
		return err
	}
	ready <- joined
	if err := joined.Enter(context.Background(), w.Epoch); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, in)
	return joined.Close()
}

// play starts a process that plays a machine; it ends with the test. It returns what tells its processor time.
func play(t testing.TB, w played) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=machine")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	text, err := json.Marshal(w)
	must(t, err)
	_, err = in.Write(append(text, '\n'))
	must(t, err)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

// cpu is the processor time of this process: the coordinator's side, with its server.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTransport sends records of 120 bytes to two machines, which are processes of their own and answer with as much,
// and says what that costs the coordinator, with the server in it: publish, hear, acknowledge. An operation is a record.
func BenchmarkTransport(b *testing.B) {
	const size, slots = 120, 32
	for _, block := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("block=%d", block), func(b *testing.B) {
			w := newWorld(b, func(o *HubOptions) { o.Logf = nil })
			for _, m := range []string{"a", "b"} {
				play(b, played{Addr: w.hub.Addr(), Token: w.issue(m).Text(), Run: w.id.Run(), Machine: m, Epoch: epoch})
			}
			w.hub.SetRoom(2 * 2 * slots)
			blocks := max(4*slots, (b.N+block-1)/block)
			w.transport(4*slots, 1<<40, make([]byte, size*block), block == 1) // both are awake
			before := cpu(b)
			b.ResetTimer()
			w.transport(blocks, 0, make([]byte, size*block), block == 1)
			b.StopTimer()
			used, records := cpu(b)-before, float64(blocks*block)
			b.ReportMetric(records/used.Seconds(), "records/coordinator-cpu-s")
			b.ReportMetric(float64(used.Microseconds())/records, "coordinator-cpu-µs/record")
			b.ReportMetric(records/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// transport has two machines do so many blocks, as many at a time as there is room for.
func (w *world) transport(blocks int, first uint64, body []byte, once bool) {
	w.t.Helper()
	given := map[string][]uint64{}
	give := func(n int) {
		machine := []string{"a", "b"}[n%2]
		must(w.t, w.hub.Work(w.t.Context(), machine, first+uint64(n), once, body))
		given[machine] = append(given[machine], first+uint64(n))
	}
	next := 0
	for ; next < min(blocks, w.hub.room); next++ {
		give(next)
	}
	for range blocks {
		l := <-w.letters // a machine answers in the order in which it was given work
		w.hub.Done(l.Machine, given[l.Machine][0])
		given[l.Machine] = given[l.Machine][1:]
		if next < blocks {
			give(next)
			next++
		}
	}
}
