package command

import (
	"os"
	"os/user"
)

// whoami names the person who gives an order, for the ledger.
func whoami() string {
	name := os.Getenv("USER")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if sudo := os.Getenv("SUDO_USER"); sudo != "" && sudo != name {
		name = sudo + " as " + name
	}
	host, _ := os.Hostname() // for people; empty will do
	return name + "@" + host
}
