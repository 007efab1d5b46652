package email

import (
	"brood/jobs"
	"brood/jobs/email/inbox"
	"brood/jobs/email/reply"
	"brood/jobs/email/report"
	"brood/jobs/email/tally"
	"brood/jobs/email/verp"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"time"
)

// BoxPasswordVariable holds the password of a mailbox, where no file is named.
const BoxPasswordVariable = "BROOD_MAIL_PASSWORD"

// bouncesTool reads what comes back.
func bouncesTool() jobs.Tool {
	return jobs.Tool{
		Name: "bounces", Usage: "read delivery reports, and tell which addresses they are about", Arguments: "MAILBOX ...",
		Help: `Reads what comes back of a mailing: delivery reports as RFC 3464 wants them and as
mail systems write them, complaints, automatic answers. MAILBOX is a Maildir, a folder of
messages, an mbox, a message, imaps://USER@HOST[/FOLDER] or pop3s://USER@HOST. Other mail
is passed over.

There is a line for each recipient, separated by tabs: the address, the class, the
status, the action and what the server said. The address is the one that was written
to: the return path tells it with --verp, else the report. Of the classes

   bounce                        say that there is no such mailbox or domain
   complaint, unsubscribe        say that somebody wants no more
   full, busy, greylisted, reply may pass: a full mailbox, a server that wants
                                 less, or to be asked again; any other reason
   policy, content, auth, sender are about the message or the sender, and not
                                 about whom it was for
   delayed, expanded, relayed,
   delivered, auto-reply         say that nothing has failed

The first three are what --append appends, unless --class says otherwise. A list of
brood run email --suppress may be appended to while a run goes on.

With --soft-limit 3 the file of --counts keeps how often in a row a message to an
address came back for what may pass (a report counts once, however often it is read; what
is delivered, an automatic answer, and 90 days end the row), and the third time the
address is appended as well.

Messages stay where and as they are. On a server --delete removes those that could be
read as one of these, and --unseen reads only what nobody has seen and marks it: both
when the list is safely written. The password is in --password-file or in
` + BoxPasswordVariable + `.

Example:
   brood bounces testdata/mail/reports
   brood bounces --append suppress.txt --soft-limit 3 testdata/mail/reports`,
		Flags: []jobs.Flag{
			{Name: "append", Usage: "append the addresses to `FILE`, each once", Default: ""},
			{Name: "class", Usage: "with --append, those of `CLASS`; more than once", Default: []string(nil)},
			{Name: "soft-limit", Usage: "with --append, also whom `N` messages in a row did not reach; 0 is never", Default: 0},
			{Name: "counts", Usage: "with --soft-limit, the counts are in `FILE` (default: that of --append, with .soft behind)", Default: ""},
			{Name: "delete", Usage: "delete from the server what could be read", Default: false},
			{Name: "unseen", Usage: "with imaps://, read only what nobody has seen, and mark it", Default: false},
			{Name: "password-file", Usage: "the password for the server is in `FILE`", Default: ""},
			{Name: "auth", Usage: "`HOW` to log in: password, or xoauth2 with a token for a password", Default: inbox.AuthPassword},
			{Name: "tls", Usage: "with imap:// and pop3://, STARTTLS is `WHAT`: required or never", Default: inbox.TLSRequired},
			{Name: "tls-ca", Usage: "trust the certificates in `FILE` (PEM) and no others", Default: ""},
		},
		Run: bounces,
	}
}

func bounces(o jobs.Options, args []string, stdout, stderr io.Writer) error {
	r, err := openReading(o, args, stdout, stderr)
	if err != nil {
		return err
	}
	boxes := make([]inbox.Box, 0, len(args))
	defer func() {
		for _, b := range boxes {
			_ = b.Close()
		}
		r.close()
	}()
	for _, name := range args {
		b, err := inbox.Open(name, r.access)
		if err != nil {
			return err
		}
		boxes = append(boxes, b)
		if err := b.Read(r.message); err != nil {
			return err
		}
	}
	if err := r.count(time.Now()); err != nil {
		return err
	}
	for _, b := range boxes {
		n, err := b.Finish()
		if err != nil {
			return err
		}
		r.finished += n
	}
	return r.sum()
}

// reading is what brood bounces does.
type reading struct {
	stdout, stderr io.Writer
	access         inbox.Options
	list           string
	listed         *suppressions
	classes        []string
	limit          int
	counts         *tally.Counts
	events         []tally.Event

	kinds    map[report.Kind]int
	told     map[jobs.Class]int
	messages int
	unclear  int // reports that do not say whom they are about
	appended int
	finished int
}

// defaultClasses are those of addresses that must not be written to again.
var defaultClasses = []jobs.Class{reply.ClassBounce, report.ClassComplaint, report.ClassUnsubscribe}

func openReading(o jobs.Options, args []string, stdout, stderr io.Writer) (*reading, error) {
	if len(args) == 0 {
		return nil, errors.New("name a mailbox: " + inbox.Forms)
	}
	r := &reading{
		stdout: stdout, stderr: stderr, list: o.String("append"), classes: jobs.SplitList(o.StringSlice("class")), limit: o.Int("soft-limit"),
		kinds: make(map[report.Kind]int), told: make(map[jobs.Class]int),
	}
	if len(r.classes) == 0 {
		for _, c := range defaultClasses {
			r.classes = append(r.classes, string(c))
		}
	}
	if r.limit < 0 || r.limit > 0 && r.list == "" {
		return nil, errors.New("--soft-limit: it takes a number from 1 on, and --append for the list")
	}
	var err error
	if r.access, err = boxOptions(o); err != nil {
		return nil, err
	}
	if r.listed, err = openList(r.list); err != nil {
		return nil, fmt.Errorf("--append: %w", err)
	}
	counts := o.String("counts")
	if counts == "" {
		counts = r.list + ".soft"
	} else if r.limit == 0 {
		return nil, errors.New("--counts: how many are enough? Give --soft-limit")
	}
	if r.limit > 0 {
		if r.counts, err = tally.Open(counts); err != nil {
			return nil, fmt.Errorf("--counts: %w", err)
		}
	}
	return r, nil
}

// boxOptions are the flags about servers.
func boxOptions(o jobs.Options) (inbox.Options, error) {
	out := inbox.Options{Auth: o.String("auth"), TLS: o.String("tls"), Delete: o.Bool("delete"), Unseen: o.Bool("unseen")}
	if !slices.Contains([]string{inbox.AuthPassword, inbox.AuthToken, ""}, out.Auth) {
		return out, fmt.Errorf("--auth %q: there are %s and %s", out.Auth, inbox.AuthPassword, inbox.AuthToken)
	}
	if !slices.Contains([]string{inbox.TLSRequired, inbox.TLSNever, ""}, out.TLS) {
		return out, fmt.Errorf("--tls %q: there are %s and %s", out.TLS, inbox.TLSRequired, inbox.TLSNever)
	}
	if name := o.String("tls-ca"); name != "" {
		var err error
		if out.CA, err = os.ReadFile(name); err != nil {
			return out, fmt.Errorf("--tls-ca: %w", err)
		}
	}
	file := o.String("password-file")
	out.Password = func() (string, error) {
		secret := []byte(os.Getenv(BoxPasswordVariable))
		if file != "" {
			var err error
			if secret, err = os.ReadFile(file); err != nil {
				return "", fmt.Errorf("--password-file: %w", err)
			}
		}
		if s := strings.TrimRight(string(secret), "\r\n"); s != "" {
			return s, nil
		}
		return "", fmt.Errorf("there is no password: give --password-file, or %s in the environment", BoxPasswordVariable)
	}
	return out, nil
}

func (r *reading) close() {
	if r.counts != nil {
		_ = r.counts.Close()
	}
}

// message reads one message. It is done where it could be told what it is, and of whom.
func (r *reading) message(place string, raw []byte) (done bool, err error) {
	m := report.Read(raw, writtenTo)
	r.messages++
	r.kinds[m.Kind]++
	if m.Kind == report.Other {
		return false, nil
	}
	for _, a := range m.About {
		address, ok := reported(a.Address)
		if !ok {
			if _, err := fmt.Fprintf(r.stderr, "%s: a report about %q, which is no address: passed over\n", visible(place), a.Address); err != nil {
				return false, err
			}
			continue
		}
		done = true
		a.Address = strings.Trim(path(address), "<>")
		if err := r.tell(m, a); err != nil {
			return false, err
		}
	}
	if !done {
		r.unclear++
		if len(m.About) == 0 {
			_, err = fmt.Fprintf(r.stderr, "%s: a report that does not say whom it is about: passed over\n", visible(place))
		}
	}
	return done, err
}

// reported is an address of a report as brood writes to it, without quotes around its local part: of those
// who have "Ann Smith"@example.com, the list has the SHA-256.
func reported(s string) (address string, ok bool) {
	if oneAddress(s) {
		return s, true
	}
	if a, err := netmail.ParseAddress(s); err == nil && strings.HasPrefix(s, `"`) && a.Name == "" {
		s = a.Address
	}
	local, domain, _ := cutAddress(s)
	if !oneAddress("a@"+domain) || local == "" || strings.ContainsFunc(s, hidden) || strings.Count(s, "@") != 1 {
		return s, false
	}
	back, err := netmail.ParseAddress(path(s)) // as of VERP, which has no quotes
	return s, err == nil && back.Address == s
}

// tell writes the line about one recipient, and appends or counts the address.
func (r *reading) tell(m report.Message, a report.Recipient) error {
	r.told[a.Class]++
	if _, err := fmt.Fprintf(r.stdout, "%s\t%s\t%s\t%s\t%s\n", a.Address, a.Class, visible(a.Status), visible(a.Action), visible(a.Text)); err != nil {
		return err
	}
	switch a.Class {
	case reply.ClassFull, reply.ClassBusy, reply.ClassGrey, reply.ClassReply:
		r.events = append(r.events, tally.Event{ID: m.ID, Address: a.Address, Time: m.Date})
	case report.ClassDelivered, report.ClassAutoReply:
		r.events = append(r.events, tally.Event{ID: m.ID, Address: a.Address, Time: m.Date, Delivered: true})
	default: // says nothing about how often it is refused for now
	}
	if !slices.Contains(r.classes, string(a.Class)) {
		return nil
	}
	return r.suppress(a.Address)
}

// suppress appends an address to the list, if it is not on it.
func (r *reading) suppress(address string) error {
	address, _ = reported(address)
	if r.list == "" || r.listed.has(address, complain) {
		return nil
	}
	if err := noteBounce(r.list, address); err != nil {
		return fmt.Errorf("--append: %w", err)
	}
	r.appended++
	return nil
}

// count takes the soft ones in, and appends who has had enough. The list is written first: who is
// counted and not on the list would never come to it.
func (r *reading) count(now time.Time) error {
	if r.counts == nil {
		return nil
	}
	for _, a := range r.counts.Count(r.events, r.limit, now) {
		if err := r.suppress(a); err != nil {
			return err
		}
	}
	if err := r.counts.Save(now); err != nil {
		return fmt.Errorf("--counts: %w", err)
	}
	return nil
}

// sum says how many of what there were.
func (r *reading) sum() error {
	text := fmt.Sprintf("%d of %d messages are delivery reports", r.kinds[report.Delivery], r.messages)
	for _, k := range []struct {
		kind report.Kind
		name string
	}{{report.Complaint, "complaints"}, {report.Unsubscribe, "requests to leave"}, {report.AutoReply, "automatic answers"}, {report.Other, "other mail"}} {
		if n := r.kinds[k.kind]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, k.name)
		}
	}
	if r.unclear > 0 {
		text += fmt.Sprintf("; %d do not say whom they are about", r.unclear)
	}
	var classes []string
	for c, n := range r.told {
		classes = append(classes, fmt.Sprintf("%s %d", c, n))
	}
	if slices.Sort(classes); len(classes) > 0 {
		text += "; " + strings.Join(classes, ", ")
	}
	if r.list != "" {
		text += fmt.Sprintf("; %d addresses appended to %s", r.appended, r.list)
	}
	if r.finished > 0 {
		what := "marked as seen"
		if r.access.Delete {
			what = "deleted"
		}
		text += fmt.Sprintf("; %d messages %s", r.finished, what)
	}
	_, err := fmt.Fprintln(r.stderr, text)
	return err
}

// writtenTo is whom a message was for whose return path was made with --verp; of a hash, that one
// of some addresses which it is of.
func writtenTo(returnPath string, named []string) string {
	if to, ok := verp.Read(returnPath); ok {
		return to
	}
	if verp.Hashed(returnPath) {
		for _, a := range named {
			if verp.Match(returnPath, a) {
				return a
			}
		}
	}
	return ""
}

// openList opens a list to be appended to; it need not be there yet.
func openList(list string) (*suppressions, error) {
	if list == "" {
		return &suppressions{}, nil
	}
	f, err := openBounced(list)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return openSuppressions([]string{list})
}
