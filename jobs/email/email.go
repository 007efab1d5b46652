// Package email is the job that makes a message of every record and delivers it:
// to a Maildir, which any mail program opens, so that nothing leaves the machine
// unless that is asked for, or to a mail server.
//
// What a server says is judged by one table, see judge. If the connection is lost
// between the final dot and the reply, nobody knows whether the message was taken:
// that record is unknown, and no other.
package email

import (
	"brood/jobs"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// columns are what the job adds to the results.
var columns = []jobs.Column{
	{Name: "email_status"},
	{Name: "smtp_code"},
	{Name: "enhanced_code"},
	{Name: "smtp_reply"},
	{Name: "phase"},
	{Name: "message_id"},
	{Name: "queue_id"},
	{Name: "mx_host"},
}

// Definition describes the job.
func Definition() *jobs.Definition {
	return &jobs.Definition{
		Name:  "email",
		Usage: "make a message of every record, into a Maildir or to a mail server",
		Help: `The address stands in the column email, to or e-mail; name, or first_name and
last_name, beside it. The columns subject, cc, bcc, reply_to and attachments
(paths, with ";" between) of a record count more than what is said for all.

Messages are made from templates. --template is a file with headers, an empty
line, and the text; --text and --html are files with only that. A column is
written {{.name}}. One that is empty or missing is a failed record, and never a
hole in a mail; where that may be, say what to write instead:
   {{get . "name" "friend"}}     {{if has . "city"}} in {{.city}}{{end}}
and there are upper, lower, capital and trim, as in {{capital .name}}, besides
what Go's text/template has. In HTML, values are escaped.

Nothing leaves the machine unless a server is named: messages are put into a
Maildir (--transport maildir:DIR), and one that is there already is not put there
again. --transport smtp://user@host:587 hands them to a server, over one connection
for each worker, with STARTTLS unless --tls says otherwise; smtps:// is safe from
the first byte. The password comes from --password-file or from
BROOD_SMTP_PASSWORD in the environment. The Message-ID of a record is the same for
every try and every resume.

A record whose connection is lost between the end of the message and the server's
word ends as unknown: it may have been sent. Any other is tried again, or failed,
as the reply says: email_status is sent, deferred, bounced, invalid or unknown, and
smtp_code, enhanced_code, smtp_reply and phase say why. Bad credentials stop the run.

Examples:
   brood run email --from 'Ada <ada@example.com>' --subject 'Hello {{.name}}' --text testdata/mail/hello.txt testdata/mail/people.csv
   brood run email --dry-run --template testdata/mail/hello.eml --html testdata/mail/hello.html testdata/mail/people.csv`,
		Effect:  jobs.EffectOnce,
		Retries: 3,
		Flags: []jobs.Flag{
			{Name: "transport", Usage: "deliver to `WHERE`: maildir:DIR, smtp://[user@]host[:port], smtps://…, lmtp://…, lmtp:///SOCKET or sendmail:PATH", Default: "maildir:Maildir"},
			{Name: "tls", Usage: "with smtp:// and lmtp://, STARTTLS is `WHAT`: required, optional or never", Default: "required"},
			{Name: "tls-ca", Usage: "trust the certificates in `FILE` (PEM) and no others", Default: ""},
			{Name: "auth", Usage: "prove who you are by `MECHANISM`: plain, login, cram-md5, xoauth2 (the password is a token), or auto", Default: authAuto},
			{Name: "password-file", Usage: "`FILE` with the password, read for each connection; otherwise it is in BROOD_SMTP_PASSWORD", Default: ""},
			{Name: "max-per-connection", Usage: "after `N` messages make a new connection; 0 is never", Default: 100},
			{Name: "helo", Usage: "call this machine `NAME` towards the server", Default: ""},
			{Name: "template", Usage: "`FILE` with headers, an empty line and the text; with {lang} in its name one for each language", Default: ""},
			{Name: "text", Usage: "`FILE` with the text", Default: ""},
			{Name: "html", Usage: "`FILE` with the same in HTML", Default: ""},
			{Name: "markdown", Usage: "`FILE` with the same in Markdown: the text as it is, and HTML made of it", Default: ""},
			{Name: "default-lang", Usage: "`LANG` for records without a language of their own in the column lang", Default: ""},
			{Name: "from", Usage: "the sender's `ADDRESS`, as in 'Ada <ada@example.com>'", Default: ""},
			{Name: "subject", Usage: "the `SUBJECT`, a template", Default: ""},
			{Name: "header", Usage: "one more `HEADER`, a template, as in 'List-Id: news.example.com'; more than once", Default: []string(nil)},
			{Name: "attach", Usage: "attach `FILE` to every message; more than once", Default: []string(nil)},
			{Name: "inline", Usage: "put picture `FILE` into every message, for the HTML to show as cid:NAME; more than once", Default: []string(nil)},
			{Name: "unsubscribe", Usage: "`URL` to leave the list by, a template: https:// for one click, or mailto:", Default: ""},
			{Name: "return-path", Usage: "reports go to `ADDRESS`, not to the sender", Default: ""},
			{Name: "verp", Usage: "write the recipient into the return path, as bounces+ann=example.org@example.com", Default: false},
			{Name: "dkim-key", Usage: "sign with the private key in `FILE` (PEM)", Default: ""},
			{Name: "dkim-domain", Usage: "sign for `DOMAIN`; otherwise for that of the sender", Default: ""},
			{Name: "dkim-selector", Usage: "the public key is at `NAME`._domainkey of that domain", Default: ""},
			{Name: "suppress", Usage: "do not write to the addresses, domains and SHA-256 hashes in `FILE`, which is read again when it changes; more than once", Default: []string(nil)},
			{Name: "bounced", Usage: "append addresses that there are not to `FILE`", Default: ""},
			{Name: "check-mx", Usage: "look up whether there is a mail server for each domain", Default: false},
			{Name: "resolver", Usage: "with --check-mx, ask the name server at `HOST:PORT`", Default: ""},
			{Name: "seed", Usage: "send a copy of every so many records to `ADDRESS`, one of your own; more than once", Default: []string(nil)},
			{Name: "seed-every", Usage: "that is one of `N` records for each seed, beginning with the first", Default: 1000},
			{Name: "preview", Usage: "instead of a run write the first `N` messages to .eml files in --preview-dir, and show the first", Default: 0},
			{Name: "preview-dir", Usage: "the `DIR` for --preview", Default: "preview"},
			{Name: "send-test", Usage: "instead of a run send the first records, 5 or --limit, to `ADDRESS` and nobody else", Default: ""},
		},
		Rehearses: func(o jobs.Options) bool { return o.Int("preview") != 0 || o.String("send-test") != "" },
		Tools:     []jobs.Tool{bouncesTool()},
		Plan:      plan,
		Open:      open,
	}
}

func plan(o jobs.Options, shape *jobs.Shape) (jobs.Plan, error) {
	c, err := readConfig(o)
	if err != nil {
		return jobs.Plan{}, err
	}
	composer, err := newComposer(c, shape)
	if err != nil {
		return jobs.Plan{}, err
	}
	if err := composer.checkShape(shape); err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{Columns: columns, NeedsText: true, Defaults: presets(&c, shape), Ended: []jobs.Ended{
		{Status: "skipped", Class: "duplicate", Values: []string{statusDuplicate}},
		{Status: "failed", Class: jobs.ClassInput, Values: []string{statusInvalid}},
		{Status: "unknown", Values: []string{statusUnknown}},
	}}
	p.Rehearse = func(r *jobs.Rehearsal) error { return rehearse(composer, r, o) }
	p.Config, err = json.Marshal(c)
	return p, err
}

// The values of the column email_status.
const (
	statusSent       = "sent"
	statusDeferred   = "deferred"
	statusBounced    = "bounced"
	statusSuppressed = "suppressed"
	statusInvalid    = "invalid"
	statusDuplicate  = "duplicate"
	statusUnknown    = "unknown"
)

// presets are flags of the run where the user gives none: nobody is written to
// twice; and where messages leave the machine, no domain gets more of them at a
// time than an unknown sender may send, and a sender that is not wanted stops.
func presets(c *config, shape *jobs.Shape) map[string]string {
	columns := addressColumnsOf(shape)
	if len(columns) == 0 {
		return nil
	}
	out := map[string]string{"key": strings.Join(columns, ","), "key-normalize": string(jobs.NormEmail)}
	if c.Maildir == "" {
		out["rate-by"] = "domain(" + columns[0] + ")=" + presetRates
		out["max-per-key"] = "10"
		out["breaker"] = presetBreaker
	}
	return out
}

const (
	presetRates = "5/s,gmail.com=20/s,googlemail.com=20/s,outlook.com=20/s,hotmail.com=20/s,live.com=20/s,msn.com=20/s,yahoo.com=20/s,aol.com=20/s,icloud.com=20/s"
	// presetBreaker opens when half of the last 20 were refused for the sender's
	// sake.
	presetBreaker = "50%/20 of policy for 15m"
)

type runner struct {
	*composer
	setup      jobs.Setup
	transport  transport
	suppressed *suppressions
	exchanges  *exchanges // nil: not asked
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	var c config
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, fmt.Errorf("email: read configuration: %w", err)
	}
	composer, err := newComposer(c, s.Shape)
	if err != nil {
		return nil, err
	}
	return openRunner(composer, s)
}

func openRunner(c *composer, s jobs.Setup) (*runner, error) {
	r := &runner{composer: c, setup: s}
	var err error
	if r.suppressed, err = openSuppressions(c.Suppress); err != nil {
		return nil, fmt.Errorf("--suppress: %w", err)
	}
	c.allowed = func(address string) bool { return !r.suppressed.has(address, complain) }
	if c.CheckMX {
		r.exchanges = newExchanges(c.Resolver)
	}
	r.transport, err = c.openTransport()
	return r, err
}

// complain tells of what goes wrong besides a record.
func complain(err error) { fmt.Fprintln(os.Stderr, err) }

func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	if until, err := sendAt(rec); err != nil {
		r.refuse(res, classHeader, err)
		return nil
	} else if wait := until.Sub(r.now()); wait > 0 {
		res.Fail(jobs.VerdictThrottle, "early", "column %s: not before %s", sendAtColumn, until.Format(time.RFC3339))
		res.RetryAfter, res.Holds = wait, jobs.HoldsRecord
		return nil
	}
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run, "")
	var bad *badRecord
	if errors.As(err, &bad) {
		r.refuse(res, bad.class, bad.err)
		return nil
	}
	if err != nil {
		return err
	}
	if !r.checkRecipient(ctx, l, res) {
		return nil
	}
	r.seed(ctx, rec)
	r.handIn(ctx, l, rec.Attempt, res)
	return nil
}

// refuse ends a record of which no message can be made.
func (r *runner) refuse(res *jobs.Result, class jobs.Class, err error) {
	res.Fail(jobs.VerdictFailed, class, "%v", err)
	r.fill(res, outcome{status: statusInvalid}, "", "")
}

// checkRecipient reports whether a message is to be sent to its recipient at all.
func (r *runner) checkRecipient(ctx context.Context, l *letter, res *jobs.Result) bool {
	to := l.recipients[0]
	if !r.allowed(to) {
		res.Fail(jobs.VerdictSkipped, "suppressed", "%s is on a list of --suppress", to)
		r.fill(res, outcome{status: statusSuppressed}, "", "")
		return false
	}
	if r.exchanges == nil {
		return true
	}
	_, domain, _ := cutAddress(to)
	err := r.exchanges.check(ctx, domain)
	var no *noMail
	switch {
	case errors.As(err, &no):
		r.refuse(res, classAddress, err)
	case err != nil:
		res.Fail(jobs.VerdictRetry, "dns", "look up the mail server of %s: %v", domain, err)
		r.fill(res, outcome{status: statusDeferred}, l.id, "")
	}
	return err == nil
}

// seed sends a copy of every so many records to an address of the sender's own.
// It is no record: what comes of it is only told.
func (r *runner) seed(ctx context.Context, rec *jobs.Record) {
	at := int(uint64(rec.Seq) % uint64(r.SeedEvery))
	if at >= len(r.Seeds) || rec.Attempt > 1 {
		return
	}
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run, r.Seeds[at])
	if err == nil {
		_, _, err = r.transport.send(ctx, l)
	}
	if err != nil {
		complain(fmt.Errorf("--seed %s: %w", r.Seeds[at], err))
	}
}

// handIn sends a message.
func (r *runner) handIn(ctx context.Context, l *letter, attempt int, res *jobs.Result) {
	text, at, err := r.transport.send(ctx, l)
	var box *maildirError
	switch {
	case err == nil:
		o := outcome{status: statusSent, text: text, phase: at}
		if r.Server != nil {
			o.code = 250
		}
		r.fill(res, o, l.id, queueID(text))
		return
	case errors.As(err, &box):
		res.Fail(jobs.VerdictRetry, "maildir", "%v", err)
		r.fill(res, outcome{status: statusDeferred}, l.id, "")
		return
	}
	o := judge(at, err, attempt)
	if o.class == classBounce && r.Bounced != "" {
		if err := noteBounce(r.Bounced, l.recipients[0]); err != nil {
			// The address stays to be tried, and the list to be mended.
			o = outcome{verdict: jobs.VerdictAbort, status: statusDeferred, class: "bounced-file", phase: at}
			res.Fail(o.verdict, o.class, "--bounced: %v", err)
			r.fill(res, o, l.id, "")
			return
		}
	}
	res.Fail(o.verdict, o.class, "%s: %s", o.phase, err)
	res.RetryAfter, res.Holds = o.after, o.holds
	r.fill(res, o, l.id, "")
}

// sendAtColumn says when a message may be sent.
const sendAtColumn = "send_at"

// sendAt is when a record may be sent at the earliest.
func sendAt(rec *jobs.Record) (time.Time, error) {
	v, _ := rec.Lookup(sendAtColumn)
	s := strings.TrimSpace(string(v))
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("column %s: %q is not a time such as 2026-12-24T18:00:00+01:00 or 2026-12-24 18:00", sendAtColumn, s)
}

var queued = regexp.MustCompile(`(?i)queued as ([^\s,;)]+)`)

// queueID is what a server calls a message, if it says so.
func queueID(text string) string {
	if m := queued.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// fill puts the columns into the result.
func (r *runner) fill(res *jobs.Result, o outcome, id, queue string) {
	code, host := "", ""
	if o.code > 0 {
		code = strconv.Itoa(o.code)
	}
	if r.Server != nil && o.phase != "" {
		host = r.Server.Host
	}
	values := []string{o.status, code, o.enhanced, o.text, string(o.phase), id, queue, host}
	if !r.setup.Text {
		for _, v := range values {
			res.Values = append(res.Values, []byte(v))
		}
		return
	}
	for i, v := range values {
		res.Text = append(res.Text, "{,"[min(i, 1)])
		res.Text = jobs.AppendJSONString(res.Text, []byte(columns[i].Name))
		res.Text = append(res.Text, ':')
		res.Text = jobs.AppendJSONString(res.Text, []byte(v))
	}
	res.Text = append(res.Text, '}', '\n')
}

// Close ends the connection.
func (r *runner) Close() error { return r.transport.close() }
