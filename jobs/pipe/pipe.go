// Package pipe is the job that hands the records to a long-lived program, one
// for each slot, in any language.
//
// The program reads one JSON object a line from its standard input,
//
//	{"id":"7.1","seq":7,"attempt":1,"key":"9f…","record":{"name":"value"}}
//
// and answers each with one JSON object a line on its standard output, before
// it gets the next, or, where it has a window of several, in any order:
//
//	{"id":"7.1","status":"ok","result":{"name":"value"}}
//
// The status is one of ok, retry, failed, skipped, throttle, abort and unknown; "error"
// and "class" may say why, "retry_after" in how many seconds to try again.
// What the program writes to standard error is logged. It should end when its
// standard input does.
//
// Its environment has the version of all this as BROOD_PIPE, which is 1, the name of the run as BROOD_RUN
// and the number of its slot, from 1, as BROOD_SLOT. Within a version things are added, and a program
// written for it goes on working: requests may get further members, which it passes over; answers may
// have further members, which brood passes over; a status, the meaning of a member that there is, or that
// a line is an object, do not change. Whatever cannot be done so is another version, which a program
// gets only if whoever starts the run asks for it. A program that knows no version 1 of BROOD_PIPE says so
// on standard error and ends with status 78.
package pipe

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

type config struct {
	Command []string `json:"command"`
	Columns []string `json:"columns,omitempty"`
}

// versionVariable tells a program which version of the protocol it is spoken to in.
const versionVariable = "BROOD_PIPE"

// version is that of the protocol, see the package comment.
const version = 1

// resultColumn holds the whole result object where no columns are named.
const resultColumn = "result"

// leaveTime is how long a program may take to end after its standard input
// has ended.
const leaveTime = 5 * time.Second

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "pipe",
		Usage: "hand the records to long-lived programs as lines of JSON",
		Help: `The program stands after "--". One is started for each slot. It gets one
JSON object a line and answers each with one:
   in   {"id":"7.1","seq":7,"attempt":1,"key":"9f…","record":{"name":"value"}}
   out  {"id":"7.1","status":"ok","result":{"name":"value"}}
The status is ok, retry, failed, skipped, throttle, abort or unknown (it may
have been done, or not); "error" says why, "retry_after" in how many seconds to try again. Standard error is free for the
program's log; any other line on standard output is an error. Output must be
flushed after every line (python3 -u, stdbuf -oL).

With --effect none a quick program gets up to 64 requests ahead, so that it never
waits, and with --per-worker N always N; it answers by id, in any order.

With --group-by COLUMN a record is all rows with the same value there: it has the columns of the
first, and the list "rows" of all of them.

The environment has BROOD_PIPE=1, the version of this, BROOD_RUN and BROOD_SLOT. The loop need not
be written: testdata/workers has it for Python and JavaScript, see docs/workers.md.

Examples:
   brood run pipe testdata/cities.csv -- python3 testdata/workers/upper.py
   brood run pipe -o out.csv --columns upper,length testdata/cities.csv -- \
     node testdata/workers/upper.js`,
		Effect:       jobs.EffectOnce,
		KeyLifetime:  24 * time.Hour, // the shortest that is common
		Retries:      3,
		TakesCommand: true,
		TakesRows:    true,
		Flags: []jobs.Flag{
			{Name: "columns", Usage: "members of the result that become `COLUMNS` of the output (default: one column, result)", Default: []string(nil)},
		},
		Plan: plan,
		Open: open,
	}
}

func plan(o jobs.Options, _ *jobs.Shape) (jobs.Plan, error) {
	c := config{Command: o.Command(), Columns: jobs.SplitList(o.StringSlice("columns"))}
	if len(c.Command) == 0 {
		return jobs.Plan{}, errors.New("no program: write it after --, as in: brood run pipe list.csv -- python3 worker.py")
	}
	if _, err := osexec.LookPath(c.Command[0]); err != nil {
		return jobs.Plan{}, fmt.Errorf("program: %w", err)
	}
	p := jobs.Plan{NeedsText: true, OwnProgram: true, InHand: mostInHand, Window: ownWindow}
	for _, name := range c.Columns {
		p.Columns = append(p.Columns, jobs.Column{Name: name, JSON: true})
	}
	if len(c.Columns) == 0 {
		p.Columns = []jobs.Column{{Name: resultColumn, JSON: true}}
	}
	p.Preview = func(r *jobs.Record) string { return string(bytes.TrimSpace(appendRequest(nil, r, "KEY"))) }
	cfg, err := json.Marshal(c)
	p.Config = cfg
	return p, err
}

type runner struct {
	config
	setup jobs.Setup
	cmd   *osexec.Cmd
	in    *feeder
	pipe  *os.File // what the program prints
	out   *bufio.Reader
	line  []byte
	reply []byte
	asked int64 // bytes of all requests
	ended bool  // gone has been called, and waits for it
	// window is what it has of several records at a time; nil: it has one.
	window *window
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	r := &runner{setup: s}
	if err := json.Unmarshal(s.Config, &r.config); err != nil {
		return nil, fmt.Errorf("pipe: read configuration: %w", err)
	}
	r.cmd = osexec.Command(r.Command[0], r.Command[1:]...)
	r.cmd.Stderr = os.Stderr
	r.cmd.Env = append(os.Environ(), versionVariable+"="+strconv.Itoa(version), "BROOD_RUN="+s.Run, "BROOD_SLOT="+strconv.Itoa(s.Slot))
	if err := r.start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", r.Command[0], jobs.StartError(r.cmd.Path, err))
	}
	return r, nil
}

// start starts the program between two pipes.
func (r *runner) start() error {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err == nil {
		r.cmd.Stdin, r.cmd.Stdout = theirIn, theirOut
		if err = r.cmd.Start(); err != nil {
			_ = out.Close()
		}
		_ = theirOut.Close()
	}
	_ = theirIn.Close()
	if err != nil {
		_ = in.Close()
		return err
	}
	r.pipe, r.out = out, bufio.NewReaderSize(out, 64<<10)
	r.in, err = newFeeder(in, func() { _ = out.SetReadDeadline(time.Now().Add(lastWords)) })
	return err
}

// Do asks the program. Whatever breaks the protocol is an error: the program
// cannot be trusted with another record, and what it did with this one is not
// known, unless it has ended without having read any of it.
func (r *runner) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	r.line = appendRequest(r.line[:0], rec, r.setup.Key.Of(rec))
	from := r.asked
	r.asked += int64(len(r.line))
	kept, err := r.in.write(r.line)
	if err != nil {
		return r.gone(from, fmt.Errorf("write to it: %w", err))
	}
	if kept {
		r.line = nil
	}
	line, err := r.readLine()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("write to it: %w", r.in.failed())
	}
	if err != nil {
		return r.gone(from, err)
	}
	return r.understand(line, rec, res)
}

// understand reads the answer to a record. What is none is an error.
func (r *runner) understand(line []byte, rec *jobs.Record, res *jobs.Result) error {
	a, line, err := r.parse(line)
	if err != nil {
		return err
	}
	if want := string(requestID(nil, rec)); a.ID != want {
		return fmt.Errorf("the program broke the protocol: an answer with id %q, expected %q: %s", a.ID, want, quoteLine(line))
	}
	return r.answered(&a, line, res)
}

// answered takes over what an answer says.
func (r *runner) answered(a *answer, line []byte, res *jobs.Result) (err error) {
	if res.Verdict, err = jobs.ParseVerdict(a.Status); err != nil {
		return fmt.Errorf("the program broke the protocol: %w: %s", err, quoteLine(line))
	}
	res.Class, res.Error = jobs.Class(a.Class), a.Error
	res.RetryAfter = a.RetryAfter.after()
	if res.Verdict != jobs.VerdictOK && res.Verdict != jobs.VerdictSkipped && res.Class == "" {
		res.Class = jobs.Class(a.Status)
	}
	r.fill(res, a.Result)
	return nil
}

// fill puts the result object where the output wants it.
func (r *runner) fill(res *jobs.Result, obj json.RawMessage) {
	if string(obj) == "null" {
		obj = nil
	}
	if r.setup.Text {
		if len(obj) == 0 {
			obj = json.RawMessage("{}")
		}
		res.Text = append(jobs.AppendOneLine(res.Text, obj), '\n')
		return
	}
	if len(r.Columns) == 0 {
		res.Values = append(res.Values, obj)
		return
	}
	for range r.Columns {
		res.Values = append(res.Values, nil)
	}
	all := gjson.ParseBytes(obj)
	if !all.IsObject() {
		return // a list, say, whose entries have no names
	}
	all.ForEach(func(k, v gjson.Result) bool {
		for i, c := range r.Columns {
			if c == k.Str {
				res.Values[i] = []byte(v.Raw)
			}
		}
		return true
	})
}

const (
	// lastWords is how long is waited for an answer of a program that takes no more
	// input.
	lastWords = 100 * time.Millisecond
	// endTime is how long is waited for the end of a program that is about to: what it has
	// closed may be the first that is seen of it.
	endTime = 2 * time.Second
)

// gone says how the program ended, if it has, and whether it had begun with the request
// that begins at an offset of its input.
func (r *runner) gone(from int64, err error) error {
	r.ended = true
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.cmd.Wait() // what it returns is in ProcessState
	}()
	select {
	case <-done:
		if r.in.untouched(from) {
			return fmt.Errorf("program %s: %w (%s); %w", r.Command[0], err, r.cmd.ProcessState, jobs.ErrNotBegun)
		}
		return fmt.Errorf("program %s: %w (%s)", r.Command[0], err, r.cmd.ProcessState)
	case <-time.After(endTime):
		return fmt.Errorf("program %s: %w", r.Command[0], err)
	}
}

// Close lets the program leave.
func (r *runner) Close() error {
	if r.window != nil {
		r.window.close()
	}
	_ = r.in.close()
	defer func() { _ = r.pipe.Close() }()
	if r.ended {
		_ = r.cmd.Process.Kill()
		return nil
	}
	// What it prints at its end is nobody's, and must not hold it up.
	if r.window == nil {
		_ = r.pipe.SetReadDeadline(time.Time{})
		go func() { _, _ = io.Copy(io.Discard, r.pipe) }()
	}
	stop := time.AfterFunc(leaveTime, func() { _ = r.cmd.Process.Kill() })
	defer stop.Stop()
	if err := r.cmd.Wait(); err != nil {
		return fmt.Errorf("program %s: %w", r.Command[0], err)
	}
	return nil
}
