package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"encoding/json"
	"slices"
	"time"
)

// resultColumns are what the job adds to the results.
var resultColumns = []jobs.Column{
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
		Secrets: []string{PasswordVariable, BoxPasswordVariable},
		Name:    "email",
		Usage:   "make a message of every record, into a Maildir or to a mail server",
		Help: `The address stands in the column email, to or e-mail, or where --address says; name,
or first_name and last_name, beside it. Capitals and spaces do not matter: First Name
is first_name, also in a template; lang is its language. Other columns act only if the
command line names them: --use-columns subject,cc,bcc,reply_to,unsubscribe_url,send_at
lets what a record says there count more than what is said for all (send_at is the time
before which it is not sent), and --attach-dir DIR lets attachments and inline (files
beneath DIR, with ";" between) come on top. The column attributes, a JSON object, is read
as columns for templates. Exports of listmonk, Mailchimp, Brevo, HubSpot, Thunderbird
and others are known by their columns: they do as they are, and who is unsubscribed,
blocklisted or given up there is left out; --where 'plan=gold' chooses among the rest.

Messages are made from templates. --template is a file with headers, an empty line
and the text, or a message that a mail program has saved; --text, --html and --markdown
are files with only that. Of HTML alone a text is made that goes beside it. A header
ATTACHMENT of mailmerge's attaches. With {lang} in the name of a file there is one for each
language. A column is written {{.name}}. One that is empty or missing is a failed record,
and never a hole in a mail; where that may be, say what to write instead:
   {{.name | default "friend"}}     {{if has . "city"}} in {{.city}}{{end}}
There are upper, lower, title, capital, trim, word, replace, join and contains for texts,
number, money, round, add, sub, mul, div, sum and plural for numbers, now, date and
plusdays for dates, besides what Go's text/template has, such as {{urlquery .email}}:
   {{.amount | money "EUR"}}  {{.due | date "2 Jan 2006"}}  {{if gt .age 16}}
With --unsubscribe, {{.unsubscribe_url}} is where one leaves. In HTML values are escaped. A
line break in a header is a failed record, and in one with addresses a value is a name,
or where it stands alone, one address. What was written for another program, as {name} or
*|FNAME|*, is refused; \{name} is for those who mean it. brood template convert writes
the templates of other mailers as brood's.

With --group-by COLUMN all rows with the same value there are one message, invoices of one
customer, say: {{range .rows}}{{.invoice}} {{.amount}}{{end}}, {{len .rows}},
{{.rows | sum "amount" | number 2}}; other columns are those of the first row.

Nothing leaves the machine unless a server is named: messages are put into a Maildir
(--transport maildir:DIR), and one that is there already is not put there again.
--transport smtp://user@host:587 hands them to a server, over one connection for each
worker, with STARTTLS unless --tls says otherwise; smtps:// is safe from the first
byte; lmtp:// and sendmail:PATH are there for a mail system of one's own. The password
comes from --password-file or from BROOD_SMTP_PASSWORD in the environment.

Try it first: --preview 3, --send-test ADDRESS, --dry-run.

Where there is no --key, the address is the key: the same one is written to once. With
--once-per it is once for all runs of a campaign. --suppress FILE, more than once, says
who is not written to, and is read again while it grows; --bounced FILE gets the
addresses that there are not, as does brood bounces from the reports that come later.

With a server there are limits, each replaced by its flag, and taken away by 0:
   --rate-by 'domain(email)=5/s', but 20/s for gmail.com, outlook.com,
   yahoo.com and other large ones; --max-per-key 10;
   --breaker '50%/20 of policy for 15m'

A record whose connection is lost between the end of the message and the server's word
ends as unknown: it may have been sent. Any other is tried again, or failed, as the
reply says: email_status is sent, deferred, bounced, suppressed, invalid, duplicate or
unknown, and smtp_code, enhanced_code, smtp_reply and phase say why. Greylisting makes
a record wait, or a domain, 421 all; where the server has too many connections fewer work
from then on. Bad credentials, a used up quota and a refusal of the sender stop the
run; an address bounces only if the server says that there is none. The Message-ID of
a record is the same for every try and every resume.

All of it, step by step, with SPF, DKIM and DMARC: docs/email.md.

Examples:
   brood run email --from 'Ada <ada@example.com>' --subject 'Hello {{.name}}' \
     --text testdata/mail/hello.txt testdata/mail/people.csv
   brood run email --preview 3 --template testdata/mail/hello.eml \
     --html testdata/mail/hello.html testdata/mail/people.csv
   brood run email --group-by email --preview 2 \
     --template testdata/mail/invoices.eml testdata/mail/orders.csv
   brood run email --dry-run --template testdata/mail/hello.eml \
     --transport smtp://localhost testdata/mail/people.csv`,
		Effect:    jobs.EffectOnce,
		Retries:   3,
		TakesRows: true,
		Flags: []jobs.Flag{
			{Name: "transport", Usage: "deliver to `WHERE`: maildir:DIR, smtp://[user@]host[:port], smtps://…, lmtp://…, lmtp:///SOCKET or sendmail:PATH", Default: "maildir:Maildir"},
			{Name: "tls", Usage: "with smtp:// and lmtp://, STARTTLS is `WHAT`: required, optional or never", Default: "required"},
			{Name: "tls-ca", Usage: "trust the certificates in `FILE` (PEM) and no others", Default: ""},
			{Name: "auth", Usage: "prove who you are by `MECHANISM`: plain, login, cram-md5, xoauth2 (the password is a token), or auto", Default: authAuto},
			{Name: "password-file", Usage: "`FILE` with the password, read for each connection; otherwise it is in BROOD_SMTP_PASSWORD", Default: ""},
			{Name: "max-per-connection", Usage: "after `N` messages make a new connection; 0 is never", Default: 100},
			{Name: "idle", Usage: "close a connection that has nothing to do for `TIME`, before the server does; 0 is never", Default: 8 * time.Second},
			{Name: "greylist-wait", Usage: "a record that is greylisted waits for `TIME`, unless the server says how long; then twice as long", Default: reply.GreyTime},
			{Name: "ehlo-name", Aliases: []string{"helo"}, Usage: "call this machine `NAME` towards the server; otherwise its host name, or [ADDRESS] if that has no dot", Default: ""},
			{Name: "template", Usage: "`FILE` with headers, an empty line and the text; with {lang} in its name one for each language", Default: ""},
			{Name: "text", Usage: "`FILE` with the text", Default: ""},
			{Name: "html", Usage: "`FILE` with the same in HTML", Default: ""},
			{Name: "markdown", Usage: "`FILE` with the same in Markdown: the text as it is, and HTML made of it", Default: ""},
			{Name: "calendar", Usage: "`FILE` with an invitation (.ics) beside text and HTML; what a column brings into it is escaped", Default: ""},
			{Name: "no-text", Usage: "with HTML alone send no text beside it, which is made of the HTML otherwise", Default: false},
			{Name: "literal", Aliases: []string{"literal-braces"}, Usage: "send placeholders of other programs, such as {name} or [[name]], as they stand", Default: false},
			{Name: "default-lang", Usage: "`LANG` for records without a language of their own in the column lang", Default: ""},
			{Name: "from", Usage: "the sender's `ADDRESS`, as in 'Ada <ada@example.com>'", Default: ""},
			{Name: "subject", Usage: "the `SUBJECT`, a template", Default: ""},
			{Name: "header", Usage: "one more `HEADER`, a template, as in 'List-Id: news.example.com'; more than once", Default: []string(nil)},
			{Name: "address", Usage: "the address stands in `COLUMN`; otherwise in email, to or e-mail, in capitals or not", Default: ""},
			{Name: "use-columns", Usage: "let these `COLUMNS` of a record count, of subject, cc, bcc, reply_to, unsubscribe_url and send_at; with commas between", Default: ""},
			{Name: "attach-dir", Usage: "attach what the columns attachments and inline name: files beneath `DIR`", Default: ""},
			{Name: "attach", Usage: "attach `FILE` to every message; more than once", Default: []string(nil)},
			{Name: "inline", Usage: "put picture `FILE` into every message, for the HTML to show as cid:NAME; more than once", Default: []string(nil)},
			{Name: "unsubscribe", Usage: "`URL` to leave the list by, a template: https:// for one click, or mailto:", Default: ""},
			{Name: "return-path", Usage: "reports go to `ADDRESS`, not to the sender", Default: ""},
			{Name: "verp", Usage: "write the recipient into the return path, as bounces+ann=example.org@example.com", Default: false},
			{Name: "dkim-key", Usage: "sign with the private key in `FILE` (PEM)", Default: ""},
			{Name: "dkim-domain", Usage: "sign for `DOMAIN`; otherwise for that of the sender", Default: ""},
			{Name: "dkim-selector", Usage: "the public key is at `NAME`._domainkey of that domain", Default: ""},
			{Name: "suppress", Usage: "do not write to the addresses, domains and SHA-256 hashes in `FILE`, which is read again when it changes; more than once", Default: []string(nil)},
			{Name: "include-unsubscribed", Usage: "write also to those who are unsubscribed, blocklisted or given up, as the list itself says", Default: false},
			{Name: "bounced", Usage: "append addresses that there are not to `FILE`", Default: ""},
			{Name: "check-mx", Usage: "look up whether there is a mail server for each domain", Default: false},
			{Name: "resolver", Usage: "with --check-mx, ask the name server at `HOST:PORT`", Default: ""},
			{Name: "seed", Usage: "send a copy of every so many records to `ADDRESS`, one of your own; more than once", Default: []string(nil)},
			{Name: "seed-every", Usage: "that is one of `N` records for each seed, beginning with the first", Default: 1000},
			{Name: "preview", Usage: "instead of a run write the first `N` messages to .eml files in --preview-dir, and show the first", Default: 0},
			{Name: "preview-dir", Usage: "the `DIR` for --preview", Default: "preview"},
			{Name: "send-test", Usage: "instead of a run send the first records, 5 or --limit, to `ADDRESS` and nobody else", Default: ""},
		},
		Rehearses: func(o jobs.Options) bool { return o.IsSet("preview") || o.String("send-test") != "" },
		Tools:     []jobs.Tool{bouncesTool(), templateTool()},
		Resumable: map[string]jobs.Resumable{
			// From one kind of place to another is another run: its pace was chosen for it.
			"server":        {Flag: "transport", Stays: true},
			"list":          {Flag: "include-unsubscribed"},
			"suppress":      {Flag: "suppress"},
			"bounced":       {Flag: "bounced"},
			"check_mx":      {Flag: "check-mx"},
			"greylist_wait": {Flag: "greylist-wait"},
			"resolver":      {Flag: "resolver"},
			"seeds":         {Flag: "seed"},
			"seed_every":    {Flag: "seed-every"},
		},
		Plan:   plan,
		Report: tell,
		Forget: forgetting(),
		Files:  workerFiles,
		Open:   open,
	}
}

func plan(o jobs.Options, shape *jobs.Shape) (jobs.Plan, error) {
	c, err := readConfig(o)
	if err != nil {
		return jobs.Plan{}, err
	}
	c.List = recognize(shape, o)
	if known := columnsIn(shape, c.Address, &c.List).known.Columns; o.Bool("literal") {
		c.literally(known)
	} else if err := c.noForeign(known); err != nil {
		return jobs.Plan{}, err
	}
	composer, err := newComposer(c, shape)
	if err != nil {
		return jobs.Plan{}, err
	}
	if err := composer.checkShape(shape); err != nil {
		return jobs.Plan{}, err
	}
	p := jobs.Plan{Columns: resultColumns, NeedsText: true, InHand: mostInHand, Defaults: presets(composer), Ended: []jobs.Ended{
		{Status: "skipped", Class: "duplicate", Values: []string{statusDuplicate}},
		{Status: "failed", Class: jobs.ClassInput, Values: []string{statusInvalid}},
		{Status: "unknown", Values: []string{statusUnknown}},
	}}
	for _, name := range []string{"template", "html", "markdown", "text"} {
		if p.Task == "" {
			p.Task = o.String(name)
		}
	}
	p.Suspect = suspect(composer)
	p.Warnings = slices.Concat(c.List.Says(), c.notes, composer.idle(shape))
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
func presets(c *composer) map[string]string {
	key := c.key()
	if key == "" {
		return nil
	}
	out := map[string]string{"key": key, "key-normalize": string(jobs.NormEmail)}
	if c.Maildir == "" {
		out["rate-by"] = "domain(" + key + ")=" + presetRates
		out["max-per-key"] = "10"
		out["breaker"] = presetBreaker
	}
	return out
}

// suspect says which refusals, of the first recipients of different domains, are thought to be
// for the sender's sake.
func suspect(c *composer) *jobs.Suspect {
	key := c.key()
	if key == "" || c.Maildir != "" {
		return nil
	}
	return &jobs.Suspect{Classes: []jobs.Class{reply.ClassPolicy, reply.ClassReply, reply.ClassContent, reply.ClassSender, classCopy}, Column: key, Domain: true}
}

const (
	presetRates = "5/s,gmail.com=20/s,googlemail.com=20/s,outlook.com=20/s,hotmail.com=20/s,live.com=20/s,msn.com=20/s,yahoo.com=20/s,aol.com=20/s,icloud.com=20/s"
	// presetBreaker opens when half of the last 20 were refused for the sender's
	// sake.
	presetBreaker = "50%/20 of policy for 15m"
)
