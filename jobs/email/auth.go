package email

import (
	"brood/jobs/email/reply"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// mechanism proves who the sender is.
type mechanism struct {
	name string
	make func(user, secret string) sasl.Client
	// open says that whoever reads along learns the secret.
	open bool
}

// mechanisms in the order in which they are tried over a connection that nobody
// can read; where somebody can, those that do not give the secret away come first.
var mechanisms = []mechanism{
	{sasl.Plain, func(u, p string) sasl.Client { return sasl.NewPlainClient("", u, p) }, true},
	{"LOGIN", func(u, p string) sasl.Client { return &login{answers: []string{u, p}} }, true},
	{"CRAM-MD5", func(u, p string) sasl.Client { return &cramMD5{u, p} }, false},
	{"XOAUTH2", func(u, p string) sasl.Client { return &xoauth2{u, p} }, true},
}

// login is AUTH LOGIN, which nobody has specified: the server asks twice, and
// how it words that differs.
type login struct{ answers []string }

func (l *login) Start() (mech string, ir []byte, err error) { return "LOGIN", nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	a := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(a), nil
}

// cramMD5 is RFC 2195.
type cramMD5 struct{ user, secret string }

func (c *cramMD5) Start() (mech string, ir []byte, err error) { return "CRAM-MD5", nil, nil }

func (c *cramMD5) Next(challenge []byte) ([]byte, error) {
	mac := hmac.New(md5.New, []byte(c.secret))
	mac.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

// xoauth2 is what Google and Microsoft use: the secret is an access token.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (mech string, ir []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers what the server says is wrong, so that it may refuse.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// choose finds a mechanism that the server offers, see mechanisms. Wanted is
// auto, or the name of one.
func (c *client) choose(wanted string) *mechanism {
	offered := strings.Fields(strings.ToUpper(c.extensions["AUTH"]))
	find := func(fits func(*mechanism) bool) *mechanism {
		for i := range mechanisms {
			m := &mechanisms[i]
			for _, name := range offered {
				if name == m.name && fits(m) {
					return m
				}
			}
		}
		return nil
	}
	if wanted != authAuto {
		return find(func(m *mechanism) bool { return strings.EqualFold(m.name, wanted) })
	}
	// A password is no token, so XOAUTH2 is only used where it is asked for.
	if !c.secure {
		if m := find(func(m *mechanism) bool { return !m.open }); m != nil {
			return m
		}
	}
	return find(func(m *mechanism) bool { return m.name != "XOAUTH2" })
}

const authAuto = "auto"

// authNames are what --auth may be.
func authNames() []string {
	out := []string{authAuto}
	for _, m := range mechanisms {
		out = append(out, strings.ToLower(m.name))
	}
	return out
}

// challenges is how often a server may ask before it says yes or no: LOGIN takes two.
const challenges = 3

// authenticate is RFC 4954.
func (c *client) authenticate(m *mechanism, user, secret string) error {
	client := m.make(user, secret)
	name, first, err := client.Start()
	if err != nil {
		return err
	}
	line := "AUTH " + name
	if first != nil {
		line += " " + encode(first)
	}
	for asked := 0; ; asked++ {
		if err := c.say(line); err != nil {
			return err
		}
		if err := c.out.Flush(); err != nil {
			return err
		}
		r, err := c.read(replyTime)
		switch {
		case err != nil:
			return err
		case r.Code == 235:
			return nil
		case r.Code >= 400:
			return r
		case r.Code != 334:
			return fmt.Errorf("%w to AUTH: %s", reply.ErrGarbled, r.Error())
		case asked == challenges:
			return fmt.Errorf("%w: challenge %d to AUTH %s", reply.ErrGarbled, asked+1, name)
		}
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Text))
		if err != nil {
			return fmt.Errorf("%w: a challenge %q", reply.ErrGarbled, r.Text)
		}
		answer, err := client.Next(challenge)
		if err != nil {
			return err
		}
		line = base64.StdEncoding.EncodeToString(answer)
	}
}

// encode writes an initial response; an empty one is a sign of its own.
func encode(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}
