package stripe

import (
	"brood/jobs/billing/charge"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkCharge is a hundred charges in flight against a server with a latency of 20 ms, a process of its own: the ideal is 5,000 a
// second. It tells what of that is reached, and the processor time of a charge on this side, which counts on a busy machine.
func BenchmarkCharge(b *testing.B) {
	const atOnce, latency = 100, 20 * time.Millisecond
	program := filepath.Join(b.TempDir(), "payments")
	if out, err := exec.Command("go", "build", "-o", program, "brood/testdata/payments").CombinedOutput(); err != nil {
		b.Fatalf("%s", out)
	}
	cmd := exec.Command(program, "-latency", latency.String(), "-until-eof")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		b.ReportMetric(float64((cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Microseconds())/float64(b.N+atOnce), "server-µs/op")
	}()
	var at string
	if _, err := fmt.Fscanln(out, &at); err != nil {
		b.Fatal(err)
	}
	client, err := New(Config{BaseURL: at, Key: testKey, Plan: "p", PerSecond: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	var n atomic.Int64
	one := func() {
		id := fmt.Sprintf("R-%d", n.Add(1))
		if o := client.Charge(b.Context(), try(bill(id, "pm_"+id))); o.Status != charge.Succeeded {
			b.Errorf("%+v %+v", o, o.Trouble)
		}
	}
	var warm sync.WaitGroup
	for range atOnce {
		warm.Go(one)
	}
	warm.Wait()
	before, begun := spent(b), time.Now()
	var all sync.WaitGroup
	left := atomic.Int64{}
	left.Store(int64(b.N))
	b.ResetTimer()
	for range atOnce {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				one()
			}
		})
	}
	all.Wait()
	b.StopTimer()
	ideal := time.Duration((b.N+atOnce-1)/atOnce) * latency
	b.ReportMetric(100*ideal.Seconds()/time.Since(begun).Seconds(), "%ideal")
	b.ReportMetric(float64((spent(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// spent is the processor time of this process.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
