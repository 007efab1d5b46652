// Package quoted reads mail addresses with quotes and comments for package jobs, which does not
// import what does so itself: package net/mail needs all of the network's, and each worker would
// initialise that before its job. Whoever asks package jobs about addresses or keys imports this.
package quoted

import (
	"brood/jobs"
	"net/mail"
)

func init() { jobs.QuotedAddress = Read }

// Read is the address itself of one as RFC 5322, section 3.4, has it.
func Read(v string) (address string, ok bool) {
	a, err := mail.ParseAddress(v)
	if err != nil {
		return "", false
	}
	return a.Address, true
}
