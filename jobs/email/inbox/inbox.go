// Package inbox reads the messages of mailboxes: files, folders, Maildirs, mboxes, and those of
// IMAP and POP3 servers.
//
// Messages are given one after the other. They stay as they are, unless it is asked that those
// which have been dealt with are deleted, or marked as seen; and that is done by Finish, which
// the caller calls when what they said is safe. A message that Finish has not come to is read
// again the next time.
package inbox

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// maxMessage bounds what of a message is read; the rest is passed over.
const maxMessage = 64 << 20

// Each is called for each message, with where it stands. Done says that it has been dealt with.
type Each func(place string, m []byte) (done bool, err error)

// Box is a mailbox.
type Box interface {
	Read(Each) error
	// Finish does what Options ask to the messages that are done, and says how many there were.
	Finish() (int, error)
	Close() error
}

// Options are for servers.
type Options struct {
	Password func() (string, error)
	Auth     string        // AuthPassword or AuthToken
	TLS      string        // TLSRequired or TLSNever: of imap:// and pop3://
	CA       []byte        // certificates to trust, PEM; nil: those of the system
	Delete   bool          // messages that are done
	Unseen   bool          // of IMAP, only those that nobody has seen, which are marked when they have been read
	Timeout  time.Duration // for what takes no longer unless the server hangs; 0 is a minute
}

// How somebody proves who he is, and whether the connection must be safe.
const (
	AuthPassword = "password"
	AuthToken    = "xoauth2" // the password is an access token
	TLSRequired  = "required"
	TLSNever     = "never"
)

// Forms are what a mailbox may be written as.
const Forms = "a Maildir, a folder, an mbox, a message, imaps://USER@HOST[:PORT][/FOLDER] or pop3s://USER@HOST[:PORT] (imap:// and pop3:// with STARTTLS)"

// Open opens a mailbox by its name.
func Open(name string, o Options) (Box, error) {
	scheme, _, ok := strings.Cut(name, "://")
	if !ok {
		if o.Delete || o.Unseen {
			return nil, fmt.Errorf("%s: --delete and --unseen are for imaps:// and pop3s://: files are yours to remove", name)
		}
		return paths{name}, nil
	}
	s, err := parseServer(name, o)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "imap", "imaps":
		return openIMAP(s)
	case "pop3", "pop3s":
		if o.Unseen {
			return nil, errors.New("--unseen: POP3 knows nothing of what has been seen; there is --delete")
		}
		return openPOP3(s)
	}
	return nil, fmt.Errorf("%q is no mailbox: there are %s", name, Forms)
}

// server is where a mailbox is, and how one gets there.
type server struct {
	Options
	implicit            bool // TLS from the first byte: RFC 8314
	host, address, user string
	folder              string
}

// ports are those of RFC 8314, section 3, and of RFC 3501 and 1939.
var ports = map[string]string{"imaps": "993", "imap": "143", "pop3s": "995", "pop3": "110"}

func parseServer(name string, o Options) (*server, error) {
	u, err := url.Parse(name)
	if err != nil || ports[u.Scheme] == "" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is no mailbox: there are %s", name, Forms)
	}
	if _, given := u.User.Password(); given {
		return nil, errors.New("do not write the password into the address, where others may read it: give --password-file, or the environment")
	}
	if u.User.Username() == "" {
		return nil, fmt.Errorf("%s: whose mailbox? Write %s://USER@%s (a @ within the name as %%40)", name, u.Scheme, u.Host)
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	s := &server{Options: o, implicit: strings.HasSuffix(u.Scheme, "s"), host: u.Hostname(), user: u.User.Username(), folder: strings.Trim(u.Path, "/")}
	port := u.Port()
	if port == "" {
		port = ports[u.Scheme]
	}
	s.address = net.JoinHostPort(s.host, port)
	if s.folder == "" {
		s.folder = "INBOX"
	} else if strings.HasPrefix(u.Scheme, "pop3") {
		return nil, fmt.Errorf("%s: with POP3 there are no folders", name)
	}
	return s, nil
}
