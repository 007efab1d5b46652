// Command pipes is the limit of what brood could be: a Go parent with children that are fed
// over pipes, and nothing else. No records are parsed, no outcome is decided, nothing is kept.
//
//	pipes sleep CHILDREN RECORDS TIME   each record is a byte to a child and a byte back
//	pipes lines CHILDREN IN OUT         blocks of 64 KiB go round, and are written in order
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const block = 64 << 10

func main() {
	switch os.Args[1] {
	case "child":
		child(os.Args[2])
	case "sleep":
		sleep(number(os.Args[2]), int64(number(os.Args[3])), os.Args[4])
	case "lines":
		lines(number(os.Args[2]), os.Args[3], os.Args[4])
	}
}

// child reads, sleeps and writes, with system calls that block.
func child(took string) {
	d, err := time.ParseDuration(took)
	check(err)
	buf := make([]byte, block)
	for {
		n, err := syscall.Read(0, buf)
		if err == syscall.EINTR {
			continue
		}
		check(err)
		if n == 0 {
			return
		}
		if d > 0 {
			ts := syscall.NsecToTimespec(int64(d))
			for syscall.Nanosleep(&ts, &ts) == syscall.EINTR {
			}
		}
		for done := 0; done < n; {
			m, err := syscall.Write(1, buf[done:n])
			check(err)
			done += m
		}
	}
}

// worker is a child and its pipes.
type worker struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func start(took string) worker {
	cmd := exec.Command("/proc/self/exe", "child", took)
	in, err := cmd.StdinPipe()
	check(err)
	out, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	return worker{cmd, in, out}
}

func (w worker) stop() {
	check(w.in.Close())
	check(w.cmd.Wait())
}

func sleep(children int, records int64, took string) {
	var given atomic.Int64
	var all sync.WaitGroup
	for range children {
		all.Go(func() {
			w := start(took)
			one := []byte{0}
			for given.Add(1) <= records {
				_, err := w.in.Write(one)
				check(err)
				_, err = io.ReadFull(w.out, one)
				check(err)
			}
			w.stop()
		})
	}
	all.Wait()
}

// lines gives each child a block in turn, two to each, and takes them back in the same order.
func lines(children int, in, out string) {
	src, err := os.Open(in)
	check(err)
	dst, err := os.Create(out)
	check(err)
	workers := make([]worker, children)
	for i := range workers {
		workers[i] = start("0")
	}
	sent := make(chan int, 2*children) // the lengths of blocks that are under way
	go func() {
		buf := make([]byte, block)
		for i := 0; ; i++ {
			n, err := src.Read(buf)
			if err == io.EOF {
				close(sent)
				return
			}
			check(err)
			sent <- n
			_, err = workers[i%children].in.Write(buf[:n])
			check(err)
		}
	}()
	buf := make([]byte, block)
	i := 0
	for n := range sent {
		_, err := io.ReadFull(workers[i%children].out, buf[:n])
		check(err)
		_, err = dst.Write(buf[:n])
		check(err)
		i++
	}
	for _, w := range workers {
		w.stop()
	}
	check(dst.Close())
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	check(err)
	return n
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
