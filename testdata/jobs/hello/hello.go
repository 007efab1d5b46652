// Package main is brood with one more job, hello: an example of how a job is written in Go, see
// docs/jobs-in-go.md. It is a module of its own, as yours is.
package main

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// What this job was written for: another version of package jobs does not compile here.
var _ = [1]struct{}{}[jobs.APIVersion-1]

// The classes of what may go wrong: short words, for programs.
const (
	className jobs.Class = "name"
	classBusy jobs.Class = "busy"
)

// config is what the parent has found out, and each worker is given.
type config struct {
	Greeting string `json:"greeting"`
	Book     string `json:"book"`
	Name     int    `json:"name"` // the column
}

// Definition is what brood knows about the job before anything is started.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "hello",
		Usage: "greet the people of a list, in a guest book",
		Help: `Each record is greeted by its column "name", with a line in the guest book.

Example:
   brood run hello --book guests.txt people.csv`,
		Effect:  jobs.EffectOnce, // a line more in the book is there to stay
		Retries: 2,
		Flags: []jobs.Flag{
			{Name: "greeting", Usage: "greet by `TEXT`, in which {name} is the name", Default: "Hello {name}!"},
			{Name: "book", Usage: "write into `FILE`", Default: "guests.txt"},
		},
		Secrets: []string{"HELLO_PEN"},
		Plan:    plan,
		Open:    open,
	}
}

// plan checks the flags. It runs once, in the parent; its errors are bad usage (exit status 2).
func plan(o jobs.Options, s *jobs.Shape) (jobs.Plan, error) {
	c := config{Greeting: o.String("greeting"), Book: o.String("book"), Name: s.Index("name")}
	if !strings.Contains(c.Greeting, "{name}") {
		return jobs.Plan{}, errors.New("--greeting has no {name} in it: nobody would be greeted")
	}
	if c.Name < 0 {
		return jobs.Plan{}, fmt.Errorf("there is no column \"name\", only %s", strings.Join(s.Columns, ", "))
	}
	b, err := json.Marshal(c)
	return jobs.Plan{
		Config:    b,
		Columns:   []jobs.Column{{Name: "greeting"}, {Name: "letters"}},
		NeedsText: true,
		Preview:   func(r *jobs.Record) string { return c.greet(r) },
	}, err
}

func (c *config) greet(r *jobs.Record) string {
	return strings.ReplaceAll(c.Greeting, "{name}", string(bytes.TrimSpace(r.Value(c.Name))))
}

// greeter is the job in a worker.
type greeter struct {
	config
	text bool
	book *os.File
	busy int
}

// open makes a worker ready. Files and connections are opened here, and nowhere before.
func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	g := &greeter{text: s.Text}
	if err := json.Unmarshal(s.Config, &g.config); err != nil {
		return nil, fmt.Errorf("hello: read configuration: %w", err)
	}
	if os.Getenv("HELLO_PEN") == "dry" {
		return nil, errors.New("the pen is dry") // the run ends, and nothing was begun
	}
	var err error
	g.book, err = os.OpenFile(g.Book, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	return g, err
}

// Do greets one. What becomes of the record is a verdict; an error would say that the job is broken.
func (g *greeter) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	name := string(bytes.TrimSpace(rec.Value(g.Name)))
	switch name {
	case "":
		res.Fail(jobs.VerdictFailed, className, "who is to be greeted has no name")
		return nil
	case "nobody":
		res.Verdict = jobs.VerdictSkipped
		return nil
	case "later":
		if rec.Attempt < 3 {
			res.Fail(jobs.VerdictRetry, classBusy, "not now (try %d)", rec.Attempt)
			res.RetryAfter = 10 * time.Millisecond
			return nil
		}
	case "slowly":
		if g.busy++; g.busy == 1 {
			res.Fail(jobs.VerdictThrottle, classBusy, "one after the other")
			res.RetryAfter = 10 * time.Millisecond
			return nil
		}
	case "stop":
		res.Fail(jobs.VerdictAbort, "closed", "the guest book is closed")
		return nil
	case "killer":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // for the tests: what a crash costs
		select {}
	}
	line := g.greet(rec)
	if _, err := g.book.WriteString(line + "\n"); err != nil {
		res.Fail(jobs.VerdictUnknown, "", "write into the book: %v", err) // some of it may stand there
		return nil
	}
	if g.text {
		res.Text = append(append(res.Text, line...), '\n')
		return nil
	}
	res.Values = append(res.Values, []byte(line), strconv.AppendInt(nil, int64(utf8.RuneCountInString(name)), 10))
	return nil
}

// Close is called when there is nothing left to do.
func (g *greeter) Close() error { return g.book.Close() }
