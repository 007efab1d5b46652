package command

import (
	"brood/runner/remote"
	"brood/runner/spec"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

// natsVariable is where the password, or token, for a NATS cluster may be, if it is in no file.
const natsVariable = "BROOD_NATS_PASSWORD"

const natsFileFlag = "nats-password-file"

// natsPasswordFlag says where it is.
func natsPasswordFlag(category string) cli.Flag {
	return &cli.StringFlag{Name: natsFileFlag, Usage: "the password, or token, for it is in `FILE`", DefaultText: "in " + natsVariable, Category: category}
}

// parseNATS takes who logs in out of the addresses of a cluster: a user with a password, a user alone, or a token, which stands there in its place.
func parseNATS(text string) (addresses, user, password string, err error) {
	var plain []string
	for i, one := range strings.Split(text, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" || u.Scheme == "" {
			return "", "", "", errors.New("not an address of a NATS server") // without the text, which may have a password
		}
		if u.User != nil {
			name := u.User.Username()
			word, _ := u.User.Password()
			if i > 0 && (name != user || word != password) {
				return "", "", "", errors.New("all servers of a cluster know one user: say who logs in with the first")
			}
			user, password = name, word
		}
		u.User = nil
		plain = append(plain, u.String())
	}
	return strings.Join(plain, ","), user, password, nil
}

// chooseNATS takes where a run's machines meet, and who logs in there.
func chooseNATS(c *cli.Context, m *spec.Machines) error {
	if c.IsSet("nats") {
		var err error
		if m.NATS, m.NATSUser, m.NATSPassword, err = parseNATS(c.String("nats")); err != nil {
			return usage("Such as nats://10.0.0.1:4222, or nats://USER@10.0.0.1:4222 with the password in "+natsVariable+".", "--nats: %w", err)
		}
	}
	if c.IsSet("nats-creds") {
		m.Creds = c.String("nats-creds")
	}
	if c.IsSet(natsFileFlag) {
		m.NATSPasswordFile = c.String(natsFileFlag)
	}
	if m.NATS == "" {
		if m.Creds != "" || m.NATSPasswordFile != "" {
			return usage("For example: --nats nats://10.0.0.1:4222 --nats-creds brood.creds", "--nats-creds and --%s are for --nats", natsFileFlag)
		}
		return nil
	}
	for _, path := range []*string{&m.Creds, &m.NATSPasswordFile} {
		if *path != "" {
			abs, err := filepath.Abs(*path)
			if err != nil {
				return err
			}
			*path = abs
		}
	}
	return logInToNATS(c.IsSet("nats"), m)
}

// logInToNATS finds the password. Anew says that the addresses were given now.
func logInToNATS(anew bool, m *spec.Machines) error {
	if m.NATSPassword == "" && m.NATSPasswordFile != "" {
		f, err := os.Open(m.NATSPasswordFile)
		if err == nil {
			m.NATSPassword, err = readPassword(f)
		}
		if err != nil {
			return usage("", "--%s: %w", natsFileFlag, err)
		}
	}
	if m.NATSPassword == "" {
		m.NATSPassword = os.Getenv(natsVariable)
	}
	if m.NATSPassword == "" && anew && m.NATSUser != "" {
		m.NATSPassword, m.NATSUser = m.NATSUser, "" // as clients of NATS have it: a token stands there alone
	}
	switch {
	case anew:
		m.NATSLogin = m.NATSPassword != ""
	case m.NATSLogin && m.NATSPassword == "":
		return usage("Say it by "+natsVariable+", by --"+natsFileFlag+", or with --nats once more.", "the password for the NATS cluster of this run is needed: it is kept nowhere")
	}
	if m.Creds != "" && m.NATSLogin {
		return usage("", "--nats-creds, and a password or token for --nats, are two ways to log in: choose one")
	}
	return nil
}

// hideNATSPassword takes it out of the environment, as nobody whom this process starts is to see it.
func hideNATSPassword() { _ = os.Unsetenv(natsVariable) }

// loginOf is who logs in.
func loginOf(m *spec.Machines) remote.Login {
	switch {
	case !m.NATSLogin:
		return remote.Login{}
	case m.NATSUser == "":
		return remote.Login{Token: m.NATSPassword}
	}
	return remote.Login{User: m.NATSUser, Password: m.NATSPassword}
}
