package inbox

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// imapBox is a folder of an IMAP server: RFC 3501, RFC 9051.
type imapBox struct {
	*server
	client *imapclient.Client
	done   imap.UIDSet
	count  int
}

// imapBytes is what of a message is fetched: a report says what it has to say at its beginning.
const imapBytes = 1 << 20

func openIMAP(s *server) (Box, error) {
	conn, err := s.dial()
	if err != nil {
		return nil, err
	}
	b := &imapBox{server: s}
	if err := b.begin(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%s: %w", s.address, err)
	}
	return b, nil
}

// begin proves who we are, and opens the folder; to read only, unless something is to be done.
func (b *imapBox) begin(conn net.Conn) error {
	var err error
	if b.implicit || b.TLS == TLSNever {
		b.client = imapclient.New(conn, nil)
	} else {
		settings, e := b.settings()
		if e != nil {
			return e
		}
		if b.client, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: settings}); err != nil {
			return fmt.Errorf("STARTTLS: %w (with TLS from the first byte it is imaps://)", err)
		}
	}
	if err := b.client.WaitGreeting(); err != nil {
		return err
	}
	secret, err := b.Password()
	if err != nil {
		return err
	}
	if b.Auth == AuthToken {
		err = b.client.Authenticate(&xoauth2{b.user, secret})
	} else {
		err = b.client.Login(b.user, secret).Wait()
	}
	if err != nil {
		return fmt.Errorf("log in as %s: %w", b.user, err)
	}
	if _, err := b.client.Select(b.folder, &imap.SelectOptions{ReadOnly: !b.Delete && !b.Unseen}).Wait(); err != nil {
		return fmt.Errorf("folder %s: %w", b.folder, err)
	}
	return nil
}

// xoauth2 is a mechanism of SASL: see bearer.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte(bearer(x.user, x.token)), nil
}

// Next answers what the server says is wrong, so that it may refuse.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// Read fetches the messages, some at a time, so that the server is asked little and the memory
// holds one.
func (b *imapBox) Read(f Each) error {
	criteria := &imap.SearchCriteria{}
	if b.Unseen {
		criteria.NotFlag = []imap.Flag{imap.FlagSeen}
	}
	found, err := b.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", b.address, err)
	}
	uids := found.AllUIDs()
	const some = 100
	for len(uids) > 0 {
		n := min(len(uids), some)
		if err := b.fetch(imap.UIDSetNum(uids[:n]...), f); err != nil {
			return err
		}
		uids = uids[n:]
	}
	return nil
}

func (b *imapBox) fetch(set imap.UIDSet, f Each) (err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: imapBytes}}
	cmd := b.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	defer func() {
		if e := cmd.Close(); err == nil && e != nil {
			err = fmt.Errorf("%s: %w", b.address, e)
		}
	}()
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		var uid imap.UID
		var text []byte
		whole := false
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				if item.Literal == nil {
					continue
				}
				if text, err = io.ReadAll(io.LimitReader(item.Literal, imapBytes)); err != nil {
					return fmt.Errorf("%s: %w", b.address, err)
				}
				whole = true
			}
		}
		if uid == 0 || !whole {
			continue // it has gone since
		}
		done, err := f(fmt.Sprintf("%s/%s:%d", b.host, b.folder, uid), text)
		if err != nil {
			return err
		}
		if done || b.Unseen && !b.Delete {
			b.done.AddNum(uid)
			b.count++
		}
	}
	return nil
}

// Finish deletes what is done, or marks what was read as seen.
func (b *imapBox) Finish() (int, error) {
	if b.count == 0 || !b.Delete && !b.Unseen {
		return 0, nil
	}
	flags := []imap.Flag{imap.FlagSeen}
	if b.Delete {
		flags = append(flags, imap.FlagDeleted)
	}
	err := b.client.Store(b.done, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: flags, Silent: true}, nil).Close()
	if err == nil && b.Delete {
		if !b.client.Caps().Has(imap.CapUIDPlus) && !b.client.Caps().Has(imap.CapIMAP4rev2) {
			// To expunge would remove what others have marked, too: RFC 4315, section 1.
			return b.count, fmt.Errorf("%s cannot remove single messages: they are marked as deleted, and go when the folder is compacted", b.host)
		}
		err = b.client.UIDExpunge(b.done).Close()
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", b.address, err)
	}
	return b.count, nil
}

func (b *imapBox) Close() error {
	return errors.Join(ignoreClosed(b.client.Logout().Wait()), ignoreClosed(b.client.Close()))
}

// ignoreClosed is for the end: a server may hang up first.
func ignoreClosed(err error) error {
	var timeout net.Error
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &timeout) {
		return nil
	}
	return err
}
