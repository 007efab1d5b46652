// The geocoder for tests as a program; see package geotest. It prints its address, and serves until its
// standard input ends, or it is told to stop.
package main

import (
	"brood/jobs/geocode/geotest"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "geocoder:", err)
		os.Exit(1)
	}
}

func run() error {
	geotest.Prefer()
	var o geotest.Options
	flags := flag.NewFlagSet("geocoder", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	cities := flags.String("cities", "testdata/cities.csv", "table of towns")
	log := flags.String("log", "", "file of arrivals, added to")
	stdin := flags.Bool("until-eof", false, "end when standard input does")
	flags.DurationVar(&o.Latency, "latency", 0, "how long an answer takes")
	flags.IntVar(&o.PerSecond, "rate", 0, "requests of a key that are answered in any second")
	flags.IntVar(&o.AtOnce, "at-once", 0, "requests of a key that may be under way")
	flags.Func("key", "a key that is known (again for more)", func(s string) error { o.Keys = append(o.Keys, s); return nil })
	flags.Func("fault", "what goes wrong, and when (again for more): "+
		"429 429:5 503:date5 403 half cut reset slow:2s html nothing word:OVER_QUERY_LIMIT short double stranger, "+
		"then @7 @7-9 @every:10 @about:TEXT @times:3", func(s string) error {
		f, err := geotest.ParseFault(s)
		o.Faults = append(o.Faults, f)
		return err
	})
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	table, err := os.Open(*cities)
	if err != nil {
		return err
	}
	o.Finder, err = geotest.ReadCities(table)
	if err := errors.Join(err, table.Close()); err != nil {
		return err
	}
	if *log != "" {
		f, err := os.OpenFile(*log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // each line is written when it is made
		o.Log = f
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
	server := &http.Server{Handler: geotest.New(o), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
