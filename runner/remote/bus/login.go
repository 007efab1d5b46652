package bus

import "github.com/nats-io/nats.go"

// Login is who logs in to a cluster without a file of credentials: a user, or whoever has a token. The zero value is nobody.
type Login struct{ User, Password, Token string }

// options are those of a connection by it, or by credentials.
func (l *Login) options(creds string) []nats.Option {
	switch {
	case creds != "":
		return []nats.Option{nats.UserCredentials(creds)}
	case l.Token != "":
		return []nats.Option{nats.Token(l.Token)}
	case l.User != "":
		return []nats.Option{nats.UserInfo(l.User, l.Password)}
	}
	return nil
}
