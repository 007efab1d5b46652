package bus

import (
	"brood/runner/remote/token"
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// Check is called by the server for each connection that says who it is. It asks the identity's files of this moment.
func (d *door) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.Kind() != server.CLIENT || o.Nkey == "" {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(o.Sig)
	if err != nil || !token.Verify(o.Nkey, c.GetNonce(), sig) {
		return false
	}
	if o.Nkey == d.own {
		return c.GetTLSConnectionState() == nil // from within this process alone
	}
	// Who revokes changes the files and then turns out: neither misses the other, as this is done under the same lock.
	d.mu.Lock()
	name, ok, err := d.identity.Known(o.Nkey)
	var before []uint64
	if ok {
		before = d.enter(conn{id: c.GetID(), machine: name, key: o.Nkey, from: fmt.Sprint(c.RemoteAddress())})
	}
	d.mu.Unlock()
	if err != nil {
		d.logf("a machine is not let in: %v", err)
	}
	// What a machine is given goes to each of its links. The last one counts: the one before is mostly dead, and if it is
	// another machine with the same token, no work may be done by both.
	for _, id := range before {
		if d.srv.DisconnectClientByID(id) == nil {
			d.logf("machine %s has a new link, from %v, and the one before is cut; is its token used by two?", name, c.RemoteAddress())
		}
	}
	if ok {
		c.RegisterUser(&server.User{Username: name, Permissions: d.names.permissions(name)})
	}
	return ok
}

// enter puts down a connection, and takes out those that its machine had. The lock is held.
func (d *door) enter(c conn) (before []uint64) {
	for id, other := range d.conns {
		if other.machine == c.machine {
			before = append(before, id)
			delete(d.conns, id)
		}
	}
	d.conns[c.id] = c
	return before
}

// permissions are a machine's: what it may say and hear is its own. It is so of any epoch, as with a cluster: the library subscribes to those of the
// last one as soon as there is a link again, before the machine can know that the coordinator has begun another, and what is said in an earlier one
// nobody hears.
func (n *names) permissions(machine string) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{n.ofAny.letter + machine, n.ask + machine}},
		Subscribe: &server.SubjectPermission{Allow: []string{n.ofAny.told + machine, n.ofAny.given + machine, n.inbox + machine + ".>"}},
	}
}

// turnOut cuts the connections of machines that are not known any more, and forgets those that have ended.
func (d *door) turnOut() {
	for _, c := range d.unknown() {
		if err := d.srv.DisconnectClientByID(c.id); err == nil {
			d.logf("machine %s: its token was revoked, its link is cut", c.machine)
		}
	}
}

// unknown takes out the connections of machines that are not known any more, and those that have ended; it returns the first.
func (d *door) unknown() (out []conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	good, err := d.identity.Good()
	if err != nil {
		return nil // nobody new is let in meanwhile
	}
	for id, c := range d.conns {
		_, ok := good[c.key]
		if !ok {
			out = append(out, c)
		}
		if !ok || d.srv.GetClient(id) == nil {
			delete(d.conns, id)
		}
	}
	return out
}

// Link is a machine's link to an embedded server.
type Link struct{ Machine, From string }

// Links are those that there are, by machine; with a cluster only that knows them.
func (h *Hub) Links() []Link {
	if h.inner == nil {
		return nil
	}
	d := h.inner.door
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []Link
	for id, c := range d.conns {
		if d.srv.GetClient(id) != nil {
			out = append(out, Link{c.machine, c.from})
		}
	}
	slices.SortFunc(out, func(a, b Link) int { return cmp.Compare(a.Machine, b.Machine) })
	return out
}
