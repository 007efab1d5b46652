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
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// config is what the ledger keeps: the templates themselves, so that a resume
// sends what the run began with.
type config struct {
	Headers  []header `json:"headers"`
	Text     string   `json:"text,omitempty"`
	TextName string   `json:"text_name,omitempty"`
	HTML     string   `json:"html,omitempty"`
	HTMLName string   `json:"html_name,omitempty"`
	Attach   []string `json:"attach,omitempty"`  // absolute paths
	Maildir  string   `json:"maildir,omitempty"` // absolute path; empty: Server
	Server   *server  `json:"server,omitempty"`
}

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
			{Name: "transport", Usage: "deliver to `WHERE`: maildir:DIR, smtp://[user@]host[:port] or smtps://…", Default: "maildir:Maildir"},
			{Name: "tls", Usage: "with smtp://, STARTTLS is `WHAT`: required, optional or never", Default: "required"},
			{Name: "password-file", Usage: "`FILE` with the password; otherwise it is in BROOD_SMTP_PASSWORD", Default: ""},
			{Name: "max-per-connection", Usage: "after `N` messages make a new connection; 0 is never", Default: 100},
			{Name: "helo", Usage: "call this machine `NAME` towards the server", Default: ""},
			{Name: "template", Usage: "`FILE` with headers, an empty line and the text", Default: ""},
			{Name: "text", Usage: "`FILE` with the text", Default: ""},
			{Name: "html", Usage: "`FILE` with the same in HTML", Default: ""},
			{Name: "from", Usage: "the sender's `ADDRESS`, as in 'Ada <ada@example.com>'", Default: ""},
			{Name: "subject", Usage: "the `SUBJECT`, a template", Default: ""},
			{Name: "header", Usage: "one more `HEADER`, a template, as in 'List-Id: news.example.com'; more than once", Default: []string(nil)},
			{Name: "attach", Usage: "attach `FILE` to every message; more than once", Default: []string(nil)},
		},
		Plan: plan,
		Open: open,
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
	if err := checkShape(c, shape); err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{Columns: columns, NeedsText: true}
	p.Preview = func(r *jobs.Record) string {
		l, err := composer.compose(r, "preview", "preview")
		if err != nil {
			return "no message: " + err.Error()
		}
		var out bytes.Buffer
		if _, err := l.WriteTo(&out); err != nil {
			return err.Error()
		}
		return strings.ReplaceAll(out.String(), "\r\n", "\n")
	}
	p.Config, err = json.Marshal(c)
	return p, err
}

// readConfig reads the flags, and the files they name.
func readConfig(o jobs.Options) (config, error) {
	var c config
	if err := c.chooseTransport(o); err != nil {
		return c, err
	}
	if name := o.String("template"); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return c, fmt.Errorf("--template: %w", err)
		}
		if c.Headers, c.Text, err = splitTemplate(name, string(text)); err != nil {
			return c, fmt.Errorf("--template: %w", err)
		}
		c.TextName = name
	}
	for _, f := range []struct {
		flag     string
		to, name *string
	}{{"text", &c.Text, &c.TextName}, {"html", &c.HTML, &c.HTMLName}} {
		if name := o.String(f.flag); name != "" {
			b, err := os.ReadFile(name)
			if err != nil {
				return c, fmt.Errorf("--%s: %w", f.flag, err)
			}
			*f.to, *f.name = string(b), name
		}
	}
	for _, h := range [][2]string{{"From", o.String("from")}, {"Subject", o.String("subject")}} {
		if h[1] != "" {
			c.set(header{h[0], h[1]})
		}
	}
	for _, s := range o.StringSlice("header") {
		h, err := parseHeader(s)
		if err != nil {
			return c, fmt.Errorf("--header: %w", err)
		}
		c.set(h)
	}
	for _, name := range o.StringSlice("attach") {
		abs, err := filepath.Abs(name)
		if err == nil {
			_, err = os.Stat(abs)
		}
		if err != nil {
			return c, fmt.Errorf("--attach: %w", err)
		}
		c.Attach = append(c.Attach, abs)
	}
	return c, nil
}

// chooseTransport reads where messages go.
func (c *config) chooseTransport(o jobs.Options) error {
	transport := o.String("transport")
	if dir, ok := strings.CutPrefix(transport, "maildir:"); ok && dir != "" {
		var err error
		c.Maildir, err = filepath.Abs(dir)
		return err
	}
	if !strings.HasPrefix(transport, "smtp://") && !strings.HasPrefix(transport, "smtps://") {
		return fmt.Errorf("--transport %q: there are maildir:DIR, smtp://[user@]host[:port] and smtps://", transport)
	}
	var err error
	if c.Server, err = parseServer(transport); err != nil {
		return fmt.Errorf("--transport: %w", err)
	}
	c.Server.TLS, c.Server.MaxPerConnection, c.Server.Hello = o.String("tls"), o.Int("max-per-connection"), o.String("helo")
	if c.Server.Hello == "" {
		if c.Server.Hello, err = os.Hostname(); err != nil || c.Server.Hello == "" {
			c.Server.Hello = "localhost"
		}
	}
	switch c.Server.TLS {
	case "required", "optional", "never":
	default:
		return fmt.Errorf("--tls %q: there are required, optional and never", c.Server.TLS)
	}
	if name := o.String("password-file"); name != "" {
		if c.Server.PasswordFile, err = filepath.Abs(name); err != nil {
			return err
		}
	}
	_, err = newSender(c.Server) // what it lacks is said before anything is begun
	return err
}

// set sets a header, in place of one of that name.
func (c *config) set(h header) {
	for i := range c.Headers {
		if c.Headers[i].Name == h.Name {
			c.Headers[i] = h
			return
		}
	}
	c.Headers = append(c.Headers, h)
}

// checkShape refuses what could not become a message for any record.
func checkShape(c config, shape *jobs.Shape) error {
	if c.Text == "" && c.HTML == "" {
		return errors.New("there is nothing to say: give --template, --text or --html")
	}
	has := func(name string) bool {
		for i := range c.Headers {
			if c.Headers[i].Name == name {
				return true
			}
		}
		return false
	}
	if !has("From") {
		return errors.New("there is no sender: give --from, or a header From in the template")
	}
	if shape.Kind == jobs.Objects {
		return nil
	}
	if !has("Subject") && shape.Index("subject") < 0 {
		return errors.New("there is no subject: give --subject, a header Subject in the template, or a column subject")
	}
	for _, name := range addressColumns {
		if shape.Index(name) >= 0 {
			return nil
		}
	}
	return fmt.Errorf("the dataset has no column %s; it has %s", strings.Join(addressColumns, ", or "), strings.Join(shape.Columns, ", "))
}

type runner struct {
	*composer
	setup  jobs.Setup
	box    maildir
	sender *sender // nil: messages go to the box
}

func open(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
	var c config
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, fmt.Errorf("email: read configuration: %w", err)
	}
	r := &runner{setup: s}
	var err error
	if r.composer, err = newComposer(c, s.Shape); err != nil {
		return nil, err
	}
	if c.Server != nil {
		r.sender, err = newSender(c.Server)
	} else {
		r.box, err = openMaildir(c.Maildir)
	}
	return r, err
}

func (r *runner) Do(ctx context.Context, rec *jobs.Record, res *jobs.Result) error {
	l, err := r.compose(rec, r.setup.Key.Of(rec), r.setup.Run)
	var bad *badRecord
	if errors.As(err, &bad) {
		res.Fail(jobs.VerdictFailed, bad.class, "%v", bad.err)
		r.fill(res, outcome{status: "invalid"}, "", "")
		return nil
	}
	if err != nil {
		return err
	}
	if r.sender != nil {
		r.handIn(ctx, l, res)
		return nil
	}
	if err := r.box.deliver(l); err != nil {
		// Nothing is there under its name, or all of it.
		res.Fail(jobs.VerdictRetry, "maildir", "%v", err)
		r.fill(res, outcome{status: "deferred"}, l.id, "")
		return nil
	}
	r.fill(res, outcome{status: "sent"}, l.id, "")
	return nil
}

// handIn sends a message to the server.
func (r *runner) handIn(ctx context.Context, l *letter, res *jobs.Result) {
	taken, at, err := r.sender.send(ctx, l)
	if err == nil {
		r.fill(res, outcome{status: "sent", code: 250, text: taken.text, phase: phaseDot}, l.id, queueID(taken.text))
		return
	}
	o := judge(at, err)
	res.RetryAfter = o.after
	res.Verdict, res.Class = o.verdict, o.class
	res.Error = fmt.Sprintf("%s: %s", o.phase, err)
	r.fill(res, o, l.id, "")
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
	if r.Server != nil && o.status != "invalid" {
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
func (r *runner) Close() error {
	if r.sender != nil {
		r.sender.close()
	}
	return nil
}
