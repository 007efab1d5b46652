package bus

import (
	"brood/runner/remote/token"
	"encoding/base64"

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
	if ok {
		id := c.GetID()
		d.conns[id] = conn{id: id, machine: name, key: o.Nkey}
	}
	d.mu.Unlock()
	if err != nil {
		d.logf("a machine is not let in: %v", err)
	}
	if ok {
		c.RegisterUser(&server.User{Username: name, Permissions: d.names.permissions(name)})
	}
	return ok
}

// permissions are a machine's: what it may say and hear is its own.
func (n *names) permissions(machine string) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{n.letter + machine, n.ask + machine}},
		Subscribe: &server.SubjectPermission{Allow: []string{n.told + machine, n.given + machine, n.inbox + machine + ".>"}},
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
	for id, c := range d.conns {
		if d.srv.GetClient(id) == nil {
			delete(d.conns, id)
		} else if _, ok, err := d.identity.Known(c.key); err == nil && !ok {
			delete(d.conns, id)
			out = append(out, conn{id: id, machine: c.machine})
		}
	}
	return out
}
