package email

import (
	"brood/jobs"
	"brood/jobs/email/reply"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// bouncesTool reads delivery reports.
func bouncesTool() jobs.Tool {
	return jobs.Tool{
		Name: "bounces", Usage: "read delivery reports, and tell which addresses they are about", Arguments: "MAILDIR|MBOX|FILE ...",
		Help: `Delivery reports (RFC 3464) come to the return path of a mailing. They are read from
a Maildir, a folder of messages, an mbox or single messages; others are passed over.

There is a line for each recipient, separated by tabs: the address, the class, the
status, the action and what the server said. The classes are those of brood run
email: bounce (there is no such mailbox), full, policy, content, greylisted, reply
for any other; and delayed, expanded, relayed or delivered where nothing failed.
The address is the one that was written to: the return path tells it with --verp,
else the report.

Only the class bounce says that an address is of no use, so that is what --append
appends, unless --class says otherwise. A list of brood run email --suppress may be
appended to while a run goes on.

Example:
   brood bounces testdata/mail/reports
   brood bounces --append suppress.txt testdata/mail/reports`,
		Flags: []jobs.Flag{
			{Name: "append", Usage: "append the addresses to `FILE`, each once", Default: ""},
			{Name: "class", Usage: "with --append, those of `CLASS`; more than once", Default: []string(nil)},
		},
		Run: bounces,
	}
}

// report is what a delivery report says about one recipient.
type report struct {
	address string
	class   jobs.Class
	status  string // RFC 3463
	action  string // failed, delayed, delivered, relayed or expanded
	text    string
}

func bounces(o jobs.Options, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("name a Maildir, an mbox or a message")
	}
	classes := jobs.SplitList(o.StringSlice("class"))
	if len(classes) == 0 {
		classes = []string{string(reply.ClassBounce)}
	}
	list := o.String("append")
	listed, err := openList(list)
	if err != nil {
		return fmt.Errorf("--append: %w", err)
	}
	messages, reports, appended := 0, 0, 0
	err = eachMessage(args, func(place string, m []byte) error {
		messages++
		found, err := readReport(m)
		if err != nil { // what was found before counts all the same
			if _, err := fmt.Fprintf(stderr, "%s: %s\n", place, visible(err.Error())); err != nil {
				return err
			}
		}
		if len(found) > 0 {
			reports++
		}
		for _, r := range found {
			if !oneAddress(r.address) {
				if _, err := fmt.Fprintf(stderr, "%s: a report about %q, which is no address: passed over\n", place, r.address); err != nil {
					return err
				}
				continue
			}
			if _, err := fmt.Fprintf(stdout, "%s\t%s\t%s\t%s\t%s\n", r.address, r.class, visible(r.status), visible(r.action), visible(r.text)); err != nil {
				return err
			}
			if list == "" || !slices.Contains(classes, string(r.class)) || listed.has(r.address, complain) {
				continue
			}
			if err := noteBounce(list, r.address); err != nil {
				return fmt.Errorf("--append: %w", err)
			}
			appended++
		}
		return nil
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d of %d messages are delivery reports", reports, messages)
	if list != "" {
		text += fmt.Sprintf("; %d addresses appended to %s", appended, list)
	}
	_, err = fmt.Fprintln(stderr, text)
	return err
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

// maxMessage bounds a message that is read.
const maxMessage = 64 << 20

// eachMessage calls f for all messages of files and folders.
func eachMessage(paths []string, f func(place string, m []byte) error) error {
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return err
		}
		if st.IsDir() {
			err = eachOfFolder(p, f)
		} else {
			err = eachOfFile(p, f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eachOfFolder reads a Maildir, or a folder with a file for each message.
func eachOfFolder(dir string, f func(place string, m []byte) error) error {
	folders := []string{dir}
	if st, err := os.Stat(filepath.Join(dir, "new")); err == nil && st.IsDir() {
		folders = []string{filepath.Join(dir, "cur"), filepath.Join(dir, "new")}
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				if err := eachOfFile(filepath.Join(folder, e.Name()), f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eachOfFile reads an mbox (RFC 4155, with the quoting of mboxrd), or a file with
// one message.
func eachOfFile(name string, f func(place string, m []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewReader(file)
	if first, _ := in.Peek(5); string(first) != "From " {
		m, err := io.ReadAll(io.LimitReader(in, maxMessage))
		if err != nil {
			return err
		}
		return f(name, m)
	}
	var m []byte
	begun, empty := 0, true // the line of "From ", and whether the last one was empty
	for line := 1; ; line++ {
		text, err := in.ReadBytes('\n')
		if (bytes.HasPrefix(text, []byte("From ")) && empty) || (err != nil && len(text) == 0) {
			if begun > 0 {
				if err := f(fmt.Sprintf("%s:%d", name, begun), m); err != nil {
					return err
				}
			}
			m, begun = nil, line
		} else if len(m) < maxMessage {
			if quoted := bytes.TrimLeft(text, ">"); len(quoted) < len(text) && bytes.HasPrefix(quoted, []byte("From ")) {
				text = text[1:]
			}
			m = append(m, text...)
		}
		empty = len(bytes.TrimRight(text, "\r\n")) == 0
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
}

// readReport reads a delivery report. Of a message that is none it returns
// nothing.
func readReport(m []byte) ([]report, error) {
	e, err := message.Read(bytes.NewReader(m))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, fmt.Errorf("it is no message: %w", err)
	}
	var out []report
	err = e.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
		kind, _, _ := part.Header.ContentType()
		if kind != "message/delivery-status" && kind != "message/global-delivery-status" {
			return nil
		}
		text, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		out = append(out, recipients(string(text))...)
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("the report cannot be read to its end: %w", err)
	}
	if to := verpOf(e.Header.Get("To")); to != "" && len(out) == 1 {
		out[0].address = to
	}
	return out, nil
}

// recipients reads the parts about recipients: RFC 3464, section 2.3.
func recipients(text string) []report {
	var out []report
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for group := range strings.SplitSeq(text, "\n\n") {
		fields := make(map[string]string)
		last := ""
		for line := range strings.SplitSeq(group, "\n") {
			name, value, ok := strings.Cut(line, ":")
			switch {
			case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
				fields[last] += " " + strings.TrimSpace(line)
			case ok:
				last = strings.ToLower(strings.TrimSpace(name))
				fields[last] = strings.TrimSpace(value)
			}
		}
		address := typed(fields["original-recipient"])
		if address == "" {
			address = typed(fields["final-recipient"])
		}
		if address == "" {
			continue
		}
		r := report{
			address: string(jobs.BareAddress([]byte(address))), status: firstWord(fields["status"]), action: strings.ToLower(firstWord(fields["action"])),
			text: strings.Join(strings.Fields(typed(fields["diagnostic-code"])), " "),
		}
		r.class = reply.OfReport(r.status, r.action, r.text)
		out = append(out, r)
	}
	return out
}

// typed takes the type off a value such as rfc822; ann@example.com.
func typed(s string) string {
	if _, value, ok := strings.Cut(s, ";"); ok {
		return strings.TrimSpace(value)
	}
	return strings.TrimSpace(s)
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

// verpOf is whom a message was for whose return path was made by returnPath, or
// nothing.
func verpOf(to string) string {
	local, _, _ := cutAddress(strings.Trim(strings.TrimSpace(to), "<>"))
	_, tag, ok := strings.Cut(local, "+")
	i := strings.LastIndexByte(tag, '=')
	if !ok || i <= 0 || i == len(tag)-1 || strings.ContainsAny(tag, " <>@\"") {
		return ""
	}
	return tag[:i] + "@" + tag[i+1:]
}
