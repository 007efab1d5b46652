package beanstalk

import (
	"brood/runner/queue"
	"brood/runner/queue/queuetest"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkTake is a job taken and answered, some at a time; beside it the loop in Python that people write, on the same
// server. Look at cpu-ns/job: the processor time of this process, or of Python's.
func BenchmarkTake(b *testing.B) {
	s := queuetest.StartBeanstalkd(b, false)
	for _, doubts := range []bool{false, true} {
		for _, n := range []int{1, 4, 64, 1000} {
			b.Run(fmt.Sprintf("doubts=%v/at once=%d", doubts, n), func(b *testing.B) {
				spec := specOf(b, s)
				spec.Doubts = doubts
				c := opened(b, spec)
				fillTube(b, c, b.N)
				answers := make([]queue.Answer, 0, n)
				before := processorTime(b)
				b.ResetTimer()
				for done := 0; done < b.N; {
					jobs, err := c.Take(context.Background(), min(n, b.N-done), 10*time.Second)
					if err != nil {
						b.Fatal(err)
					}
					answers = answers[:0]
					for _, j := range jobs {
						answers = append(answers, queue.Answer{ID: j.ID, Sum: queue.Sum(j.Body), Job: j})
					}
					for _, err := range c.Answer(context.Background(), answers) {
						if err != nil {
							b.Fatal(err)
						}
					}
					done += len(jobs)
				}
				b.StopTimer()
				b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/job")
			})
		}
	}
	b.Run("python", func(b *testing.B) {
		spec := specOf(b, s)
		c := opened(b, spec)
		fillTube(b, c, b.N)
		host, port, _ := net.SplitHostPort(s.Addr)
		b.ResetTimer()
		out, err := exec.Command("python3", "../../../testdata/bench/queues/beanstalk.py", host, port, c.tubes[0], strconv.Itoa(b.N)).CombinedOutput()
		b.StopTimer()
		words := strings.Fields(string(out))
		if err != nil || len(words) != 3 {
			b.Fatalf("%v: %s", err, out)
		}
		used, err := strconv.ParseFloat(words[2], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(used*1e9/float64(b.N), "cpu-ns/job")
	})
}

func fillTube(b *testing.B, c *client, n int) {
	b.Helper()
	puts := make([]queue.Put, n)
	for i := range puts {
		puts[i].Body = fmt.Appendf(nil, `{"id":%d,"to":"somebody%d@example.com","subject":"Your order"}`, i, i)
	}
	if done, err := c.Put(context.Background(), puts); done != n || err != nil {
		b.Fatal(done, err)
	}
}

// processorTime is this process's.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
