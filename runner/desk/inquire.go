package desk

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/home"
	"brood/runner/intake"
	"brood/runner/ledger"
	"brood/runner/reasons"
	"brood/runner/spec"
	"brood/worker/wire"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// inquiryTime is how long a program may take to say what became of a record,
// unless the run has a --timeout.
const inquiryTime = 30 * time.Second

// saidMost is how much of what a program says on its standard error is passed on.
const saidMost = 2 << 10

// Inquire asks the program of --resolve-with about every record that is unknown,
// or will be as soon as it is settled, and records what it says. The program is
// given to sh; the key is its last argument and BROOD_KEY, and a line of JSON
// with the record is its standard input. It answers with one line of JSON:
// {"status":"ok"}, or "failed", "not-done", "unknown", if it likes with a
// "reason". Logf is told what is asked, and what stays unknown.
func Inquire(ctx context.Context, dir *home.Dir, l *ledger.Ledger, cfg *spec.Config, logf Logf) error {
	if cfg.ResolveWith == "" {
		return nil
	}
	cases, err := openCases(ctx, l.Reader())
	if err != nil || len(cases) == 0 {
		return err
	}
	logf("asking %s about the unknown records: %d", cfg.ResolveWith, len(cases))
	which := make([]jobs.Seq, 0, len(cases))
	for seq := range cases {
		which = append(which, seq)
	}
	var mu sync.Mutex
	asking, askCtx := errgroup.WithContext(ctx)
	asking.SetLimit(cfg.Slots)
	readErr := visitAll(ctx, dir, l.Reader(), cfg, which, func(r *dataset.Reader, seq jobs.Seq, found *dataset.Record) error {
		if found.Err != nil {
			return nil //nolint:nilerr // there is nothing to ask about; it stays unknown
		}
		c := cases[seq]
		rec := &jobs.Record{Seq: seq, Attempt: c.attempt, Raw: found.Raw, Values: found.Values, Shape: r.Shape()}
		place := intake.Place(&cfg.Dataset, found.Pos)
		q := question{run: cfg.Name, seq: rec.Seq, attempt: rec.Attempt, key: cfg.Key.Of(rec), record: rec.AppendJSON(nil)}
		asking.Go(func() error {
			reply, err := ask(askCtx, cfg, &q)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				logf("%s stays unknown: %v", reasons.Where(q.seq, place), err)
				return ctx.Err()
			}
			if c.reply = reply; reply.Status == replyUnknown {
				logf("%s stays unknown: %s", reasons.Where(q.seq, place), reply.Reason)
			}
			return nil
		})
		return nil
	})
	if err := errors.Join(readErr, asking.Wait()); err != nil {
		return err
	}
	return recordReplies(ctx, dir, l, cfg, cases, logf)
}

// openCase is a record of which nobody knows what became of it.
type openCase struct {
	attempt int
	was     string
	final   bool // it has ended as unknown
	reply   *reply
}

func openCases(ctx context.Context, l *ledger.Reader) (map[jobs.Seq]*openCase, error) {
	unknown, err := l.Unknowns(ctx)
	if err != nil {
		return nil, err
	}
	notes, err := l.Notes(ctx)
	if err != nil {
		return nil, err
	}
	cases := make(map[jobs.Seq]*openCase)
	for _, o := range unknown {
		cases[o.Seq] = &openCase{attempt: o.Attempts, was: o.Error, final: true}
	}
	for _, n := range notes {
		c := &openCase{attempt: n.Attempt, was: string(n.Payload)}
		switch n.Kind {
		case ledger.NoteAnswer:
			continue
		case ledger.NoteLoss:
			var loss wire.Loss
			if err := json.Unmarshal(n.Payload, &loss); err != nil {
				return nil, fmt.Errorf("read the note of record %d: %w", n.Seq, err)
			}
			c.was = loss.Error
		case ledger.NoteUnknown:
		}
		cases[n.Seq] = c
	}
	return cases, nil
}

// question is what the program is asked.
type question struct {
	run     string
	seq     jobs.Seq
	attempt int
	key     string
	record  []byte // JSON
}

func (q *question) line() []byte {
	b := fmt.Appendf(nil, `{"run":%q,"seq":%d,"attempt":%d,"key":%q,"record":`, q.run, q.seq, q.attempt, q.key)
	return append(append(b, q.record...), '}', '\n')
}

// replyStatus is what a program says became of a record.
type replyStatus string

// What it may say.
const (
	replyOK      replyStatus = "ok"
	replyFailed  replyStatus = "failed"
	replyNotDone replyStatus = "not-done" // it can be tried again
	replyUnknown replyStatus = "unknown"  // it does not know either
)

// decisions are what is made of a reply; of one that does not know, nothing.
var decisions = map[replyStatus]ledger.Decision{
	replyOK: ledger.DecideOK, replyFailed: ledger.DecideFailed, replyNotDone: ledger.DecideRetry, replyUnknown: "",
}

// reply is what it answers.
type reply struct {
	Status replyStatus `json:"status"`
	Reason string      `json:"reason"`
}

// ask runs the program for one record.
func ask(ctx context.Context, cfg *spec.Config, q *question) (*reply, error) {
	limit := inquiryTime
	if cfg.Timeout > 0 {
		limit = cfg.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", cfg.ResolveWith+` "$@"`, "sh", q.key)
	cmd.Dir = cfg.WorkDir
	cmd.Env = append(os.Environ(), "BROOD_RUN="+q.run, "BROOD_SEQ="+strconv.FormatUint(uint64(q.seq), 10),
		"BROOD_ATTEMPT="+strconv.Itoa(q.attempt), "BROOD_KEY="+q.key)
	cmd.Stdin = bytes.NewReader(q.line())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil && err != nil {
		return nil, fmt.Errorf("--resolve-with: no answer within %s", limit)
	}
	if err != nil {
		said := strings.TrimSpace(errs.String())
		if len(said) > saidMost {
			said = said[len(said)-saidMost:]
		}
		if said != "" {
			said = ": " + said
		}
		return nil, fmt.Errorf("--resolve-with: %w%s", err, said)
	}
	return parseReply(out)
}

func parseReply(out []byte) (*reply, error) {
	out = bytes.TrimSpace(out)
	var r reply
	// The status alone will do.
	err := json.Unmarshal(out, &r.Status)
	if err != nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		return nil, fmt.Errorf(`--resolve-with: the answer %q is not a line of JSON such as {"status":"ok"}`, out[:min(len(out), 200)])
	}
	if _, known := decisions[r.Status]; !known {
		return nil, fmt.Errorf("--resolve-with: the status %q is none of ok, failed, not-done, unknown", r.Status)
	}
	if r.Reason == "" {
		r.Reason = "answered " + string(r.Status)
	}
	return &r, nil
}

// recordReplies makes decisions of what was answered.
func recordReplies(ctx context.Context, dir *home.Dir, l *ledger.Ledger, cfg *spec.Config, cases map[jobs.Seq]*openCase, logf Logf) error {
	var final, noted []ledger.Resolution
	var answers [][]byte
	for seq, c := range cases {
		if c.reply == nil || decisions[c.reply.Status] == "" {
			continue
		}
		d := ledger.Resolution{
			Seq: seq, At: time.Now(), By: "--resolve-with " + cfg.ResolveWith,
			Decision: decisions[c.reply.Status], Reason: c.reply.Reason, Was: c.was,
		}
		if c.final {
			final = append(final, d)
			continue
		}
		noted = append(noted, d)
		res := jobs.Result{Class: jobs.ClassResolved, Error: c.reply.Reason}
		if d.Decision == ledger.DecideFailed {
			res.Verdict = jobs.VerdictFailed
		}
		answers = append(answers, wire.AppendAnswer(nil, &res))
	}
	if len(noted) > 0 {
		if err := l.DecideNotes(ctx, noted, answers); err != nil {
			return &spec.WriteError{Err: err}
		}
	}
	if len(final) == 0 {
		return nil
	}
	return Resolve(ctx, dir, l, cfg, final, logf)
}
