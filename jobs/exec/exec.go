// Package exec is the job that runs a command for every record. The command is
// an argument vector; no shell sees it unless one is asked for.
package exec

import (
	"brood/jobs"
	_ "brood/jobs/quoted"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type config struct {
	Command []string `json:"command"`
	Shell   bool     `json:"shell,omitempty"`
	// Dashless are the placeholders, numbered through the command, whose values must
	// not begin with a dash.
	Dashless []int `json:"dashless,omitempty"`
	// ThrottleStatus is the exit status by which a command asks all to slow down; 0:
	// there is none, as in runs that were begun before it was there.
	ThrottleStatus int `json:"throttle_status,omitempty"`
	// Tag is a template, and TagColumn a column: what every line of plain text begins
	// with. Both empty: nothing.
	Tag       string `json:"tag,omitempty"`
	TagColumn string `json:"tag_column,omitempty"`
	// Syntax is how the command is read: syntaxParallel, or nothing in a run that was begun
	// before there was that.
	Syntax string `json:"syntax,omitempty"`
	// Append says that the record is one more argument behind the command.
	Append bool `json:"append,omitempty"`
	// Stdin says that the record is the command's standard input.
	Stdin bool `json:"stdin,omitempty"`
	// Replace stands for {} in the command; empty: it is {}.
	Replace string `json:"replace,omitempty"`
	// LiteralBraces leaves alone what looks like a placeholder and is none.
	LiteralBraces bool `json:"literal_braces,omitempty"`
}

// syntaxParallel is the syntax in which {#} counts from 1 and {column.} is a placeholder, as
// in GNU parallel.
const syntaxParallel = "parallel"

// Exit statuses with a meaning of their own, after sysexits.h.
const (
	exitDataErr  = 65 // EX_DATAERR
	exitNoUser   = 67 // EX_NOUSER
	exitNoHost   = 68 // EX_NOHOST
	exitTempFail = 75 // EX_TEMPFAIL
	exitConfig   = 78 // EX_CONFIG
	// exitThrottle is the first that sysexits.h leaves free, and no shell uses. Not 69,
	// EX_UNAVAILABLE: there are programs that end so for good, and such a throttle would
	// never end.
	exitThrottle = 79
)

// stderrKept is how much of a failed command's standard error goes into the
// result: its last bytes.
const stderrKept = 8 << 10

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "exec",
		Usage: "run a command for every record",
		Help: `The command stands after "--". Placeholders in it:
   {}        the whole line, or row          {#}  the record's number from 1
   {column}  a column by its name            {%}  the slot, from 1
   {2} {-1}  the second column, the last
   {.} {/} {//} {/.} of the line, and {column.} {2/} {column//} {1/.} of a
             column: without extension, the base name, the directory, the base
             name without extension
A command without any gets the line as its last argument; --no-append leaves it
out, and --stdin gives it the record as standard input instead. What looks like a
placeholder and is none, such as {nam}, is refused before the run begins; \{ is a
plain brace, and --literal-braces leaves them all alone.

The command is not given to a shell; with --shell it is, and then every value is
quoted. A placeholder stands where its value stays data: outside of quotes, and
not within a program that is an argument (sh -c, awk, ssh HOST ...). Instead of
sh -c 'echo {}' write sh -c 'echo "$1"' _ {}. Anything else is refused before the
run begins.

It finds BROOD_RUN, BROOD_SEQ, BROOD_ATTEMPT, BROOD_KEY and BROOD_SLOT in its
environment; BROOD_SEQ counts from 0, as the column _seq. Its exit status says how
it went: 0 ok; 75 try again; 65, 67, 68 failed for good; 78 stop the run; 79 slow
down: no other record is begun for a second, and this one is tried again, which costs
no try; any other: try again up to --retries times, then failed. One that is killed
by a signal may have been in the middle of something: it is unknown, or tried again
if --effect says that it may be. The same goes for one that --timeout has stopped,
whatever it then prints and however it ends. What it prints is the result's column
"stdout", or, without -o, goes to standard output: also that of one that fails, see
--failed-output.

Examples:
   brood run exec testdata/cities.csv -- echo {name} has {population} people
   ls testdata/*.csv | brood run exec -j 2 -- wc -l
   ls testdata/*.csv | brood run exec -- echo {} is {/.} in {//}
   brood run exec testdata/cities.csv --stdin -- tr , ';'`,
		Effect:       jobs.EffectOnce,
		KeyLifetime:  24 * time.Hour, // the shortest that is common
		Retries:      0,
		TakesCommand: true,
		Prints:       true,
		Flags: []jobs.Flag{
			{Name: "shell", Usage: "give the command to sh -c, with every value quoted", Default: false},
			{Name: "no-append", Usage: "run a command that has no placeholder as it is, without the record as its last argument", Default: false},
			{Name: "stdin", Usage: "give the record to the command as its standard input, as it stands in the dataset", Default: false},
			{Name: "replace", Aliases: []string{"I"}, Usage: "`TEXT` stands for {} in the command, as in -I% -- cp % %.old", Default: ""},
			{Name: "literal-braces", Usage: "leave alone what looks like a placeholder and is none", Default: false},
			{Name: "unsafe-quotes", Usage: "allow placeholders where their values are run as code: if all values are your own", Default: false},
			{Name: "throttle-status", Usage: "the exit `STATUS` that slows everybody down, such as 69 (EX_UNAVAILABLE); 0 is none", Default: exitThrottle},
			{Name: failedFlag, Usage: "what a command printed that then fails goes `WHERE`, without -o: to stdout in its place, to stderr, or drop it", Default: string(jobs.FailedToStdout)},
			{Name: tagFlag, Usage: "without -o, begin each line with the record's line, or that `COLUMN` as in --tag=name, and a tab", Default: ""},
			{Name: tagString, Usage: "without -o, begin each line with `TEXT` and a tab; placeholders as in the command", Default: ""},
		},
		// A run goes on with the syntax it was begun with, and no flag changes that.
		Resumable: map[string]jobs.Resumable{"syntax": {}, "throttle_status": {Flag: "throttle-status"}},
		Plan:      plan,
		Command:   command,
		Open:      open,
	}
}

func plan(o jobs.Options, shape *jobs.Shape) (jobs.Plan, error) {
	c := config{
		Command: o.Command(), Shell: o.Bool("shell"), Syntax: syntaxParallel,
		Stdin: o.Bool("stdin"), LiteralBraces: o.Bool("literal-braces"), Replace: o.String("replace"), ThrottleStatus: o.Int("throttle-status"),
	}
	if err := checkThrottle(c.ThrottleStatus); err != nil {
		return jobs.Plan{}, err
	}
	args, err := c.planCommand(o, shape)
	if err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{Columns: []jobs.Column{{Name: "stdout"}}, NeedsRaw: c.Stdin, Warnings: absent(args, shape)}
	if p.FailedOutput, err = planFailed(o); err != nil {
		return jobs.Plan{}, err
	}
	if err := c.planTag(o, shape); err != nil {
		return jobs.Plan{}, err
	}
	tag, err := c.tag(shape)
	if err != nil {
		return jobs.Plan{}, err
	}
	for _, t := range slices.Concat(args, []template{tag}) {
		p.NeedsRaw = p.NeedsRaw || t.usesRaw()
	}
	p.Fit = c.fit(args, shape)
	p.Preview = func(r *jobs.Record) string { return c.preview(args, r, 1) + c.fed(r) }
	p.Config, err = json.Marshal(c)
	return p, err
}

// checkThrottle refuses an exit status that no command has, or that says something else.
func checkThrottle(status int) error {
	switch {
	case status < 0 || status > 255:
		return fmt.Errorf("--throttle-status %d: an exit status is from 1 to 255, and 0 is none", status)
	case slices.Contains([]int{exitDataErr, exitNoUser, exitNoHost, exitTempFail, exitConfig}, status):
		return fmt.Errorf("--throttle-status %d has a meaning already", status)
	}
	return nil
}

type runner struct {
	args      []template
	shell     bool
	throttle  int      // an exit status, or 0
	tag       template // of every line; nil: none
	stdin     bool
	path      string // argv[0] looked up, if it is the same for all records
	setup     jobs.Setup
	env       []string // what is the same for all records
	own       vector   // what is the record's own of it
	line      []byte
	input     []byte
	argv      vector
	out, errs []byte
	allErrs   []byte // not only the last of it, where what is printed is wanted
	system    system // what starting commands takes here
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	c, err := decode(s.Config)
	if err != nil {
		return nil, err
	}
	args, err := c.parse(s.Shape)
	if err != nil {
		return nil, err
	}
	tag, err := c.tag(s.Shape)
	if err != nil {
		return nil, err
	}
	r := &runner{args: args, shell: c.Shell, stdin: c.Stdin, throttle: c.ThrottleStatus, tag: tag, setup: s}
	switch {
	case c.Shell:
		r.path = "/bin/sh"
	case args[0].literal():
		if r.path, err = osexec.LookPath(c.Command[0]); err != nil {
			return nil, fmt.Errorf("command: %w", err)
		}
	}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "BROOD_") {
			r.env = append(r.env, e)
		}
	}
	r.env = append(r.env, "BROOD_RUN="+s.Run, "BROOD_SLOT="+strconv.Itoa(s.Slot))
	r.prepare()
	return r, nil
}

func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	path, err := r.build(rec)
	if err != nil {
		res.Fail(jobs.VerdictFailed, jobs.ClassInput, "%v", err)
		return nil
	}
	r.own.reset()
	r.own.add("BROOD_SEQ=", strconv.FormatUint(uint64(rec.Seq), 10))
	r.own.add("BROOD_ATTEMPT=", strconv.Itoa(rec.Attempt))
	r.own.add("BROOD_KEY=", r.setup.Key.Of(rec))
	var in []byte // nil: none
	if r.stdin {
		in = append(append(r.input[:0], input(rec)...), r.setup.Shape.End...)
		r.input = shrink(in)
	}
	status, full, err := r.run(path, in)
	if err != nil {
		return r.notStarted(jobs.StartError(path, err), res)
	}
	if full {
		res.Fail(jobs.VerdictFailed, jobs.ClassOutput, "the command printed more than %d bytes and was killed; raise --max-record", r.setup.MaxOutput)
		return nil
	}
	r.judge(status, res)
	if ctx.Err() != nil {
		// It was sent TERM, and may have been in the middle of anything: even
		// one that then ended well.
		how := res.Error
		if res.Verdict == jobs.VerdictOK {
			how = "exit status 0"
		}
		res.Fail(jobs.VerdictUnknown, jobs.ClassTimeout, "it was asked to stop: %s", how)
		if r.setup.Text { // it is no value
			r.print(rec, res)
		}
	} else {
		r.print(rec, res)
	}
	if r.setup.Printed {
		res.AddPrinted(1, r.out, r.allErrs)
	}
	return nil
}

// print puts what the command printed into the result.
func (r *runner) print(rec *jobs.Record, res *jobs.Result) {
	if !r.setup.Text {
		res.Values = append(res.Values, bytes.TrimSuffix(r.out, []byte{'\n'}))
		return
	}
	var err error
	if res.Text, err = r.appendTagged(res.Text, r.out, rec); err == nil && len(res.Text) > r.setup.MaxOutput {
		err = fmt.Errorf("with its tags, what the command printed is more than %d bytes; raise --max-record", r.setup.MaxOutput)
	}
	if err != nil {
		res.Text = res.Text[:0]
		res.Fail(jobs.VerdictFailed, jobs.ClassOutput, "%v", err)
	}
}

// build fills r.argv for a record and returns the program's path.
func (r *runner) build(rec *jobs.Record) (string, error) {
	r.argv.reset()
	if r.shell {
		r.argv.add("sh")
		r.argv.add("-c")
	}
	for _, t := range r.args {
		if err := t.words(&r.line, rec, r.setup.Slot, r.shell, r.argv.addBytes); err != nil {
			return "", err
		}
	}
	if r.argv.len() == 0 {
		return "", errors.New("nothing is left of the command, as the group has no such line")
	}
	if r.path != "" {
		return r.path, nil
	}
	return osexec.LookPath(r.argv.word(0))
}

// notStarted judges why a command could not be started.
func (r *runner) notStarted(err error, res *jobs.Result) error {
	verdict := jobs.VerdictFailed
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		verdict = jobs.VerdictThrottle // the machine is full, the record is not to blame
	}
	res.Fail(verdict, jobs.ClassStart, "start %s: %v", r.argv.word(0), err)
	return nil
}

// judge turns the exit status into a verdict.
func (r *runner) judge(ws syscall.WaitStatus, res *jobs.Result) {
	var said string
	if tail := bytes.TrimSpace(r.errs); len(tail) > 0 {
		said = ": " + string(tail)
	}
	if ws.Signaled() {
		name := strings.TrimPrefix(unix.SignalName(ws.Signal()), "SIG")
		// It may have been in the middle of anything.
		res.Fail(jobs.VerdictUnknown, jobs.Class("signal:"+name), "killed by signal %s%s", name, said)
		return
	}
	code := ws.ExitStatus()
	verdict := jobs.VerdictRetry
	switch code {
	case 0:
		if len(r.errs) > 0 {
			_, _ = os.Stderr.Write(r.errs) // a warning: not lost, but no reason to fail
		}
		return
	case r.throttle:
		verdict = jobs.VerdictThrottle
	case exitDataErr, exitNoUser, exitNoHost:
		verdict = jobs.VerdictFailed
	case exitConfig:
		verdict = jobs.VerdictAbort
	case exitTempFail:
	}
	res.Fail(verdict, jobs.Class("exit:"+strconv.Itoa(code)), "exit status %d%s", code, said)
}

func (r *runner) Close() error { return r.system.close() }

// heard takes in what a command says on standard error. Of what is wanted of it there is no
// more than a record may have.
func (r *runner) heard(b []byte) {
	r.errs = keepTail(r.errs, b)
	if r.setup.Printed {
		r.allErrs = append(r.allErrs, b[:min(len(b), max(r.setup.MaxOutput-len(r.allErrs), 0))]...)
	}
}

// keepTail appends b to the end of a tail and drops what is too old, by whole
// lines if they are not too long: half a secret would not be known as one.
func keepTail(tail, b []byte) []byte {
	tail = append(tail, b...)
	if len(tail) > 2*stderrKept {
		kept := tail[len(tail)-stderrKept:]
		if i := bytes.IndexByte(kept, '\n'); i >= 0 && i < len(kept)-1 {
			kept = kept[i+1:]
		}
		tail = append(tail[:0], kept...)
	}
	return tail
}

// shrink empties a buffer, and gives a huge one back.
func shrink(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b[:0]
}
