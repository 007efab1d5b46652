// The payment server for tests as a program; see package paytest. It prints its address, and serves until its
// standard input ends, or it is told to stop.
package main

import (
	"brood/jobs/billing/paytest"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// It shares the processors with what is tried on it: so it uses one at a time, and collects garbage seldom. The hand-overs
// between two, and the collector's work on what is kept of every payment, were a fifth of its time.
func main() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(gcPercent)
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "payments:", err)
		os.Exit(1)
	}
}

const gcPercent = 400

func run() error {
	var o paytest.Options
	flags := flag.NewFlagSet("payments", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	journal := flags.String("journal", "", "file of the movements of money, added to")
	stdin := flags.Bool("until-eof", false, "end when standard input does")
	flags.DurationVar(&o.Latency, "latency", 0, "how long an answer takes")
	flags.DurationVar(&o.Late, "late", time.Second, "how long an answer takes that is late")
	flags.DurationVar(&o.KeyLife, "key-life", 24*time.Hour, "for how long an answer is kept by its key")
	flags.DurationVar(&o.SearchLag, "search-lag", time.Hour, "how old something must be to be found by search")
	flags.DurationVar(&o.DisputeAfter, "dispute-after", 0, "how long after a charge it is disputed, where its method says so")
	flags.DurationVar(&o.ProcessFor, "process-for", 0, "how long a bank debit is under way; 0 is for ever")
	flags.IntVar(&o.PerSecond, "rate", 0, "requests to an endpoint that are answered in any second")
	flags.IntVar(&o.AtOnce, "at-once", 0, "requests to an endpoint that may be under way")
	flags.Uint64Var(&o.Seed, "seed", 1, "what happens by chance follows from it")
	flags.Func("key", "a secret key that is known (again for more)", func(s string) error { o.Keys = append(o.Keys, s); return nil })
	flags.Func("faults", "what goes wrong, and how often: drop=0.02,errordone=0.01", func(s string) (err error) {
		o.Faults, err = paytest.ParseFaults(s)
		return err
	})
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	if *journal != "" {
		f, err := os.OpenFile(*journal, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // each line is written when it is made
		o.Journal = f
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *stdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	s := paytest.New(o)
	defer s.Close()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
