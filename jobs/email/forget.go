package email

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
	"slices"
)

// forgetting is what mail knows of recipients who are forgotten: how a message has ended stays, and what the server said, which
// often says to whom, goes with all else.
func forgetting() *jobs.Forgetting {
	return &jobs.Forgetting{
		Keep: func(column string) bool {
			return slices.Contains([]string{"email_status", "smtp_code", "enhanced_code", "phase", "mx_host"}, column)
		},
		Look: lookForgotten,
	}
}

// lookForgotten names what stays: above all the lists of those who do not want mail, as whoever is not on them any more is written to
// again.
func lookForgotten(f *jobs.Finished, _ []jobs.Seq, _ bool) (stays []string, err error) {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	for _, path := range c.Suppress {
		stays = append(stays, path+": who does not want mail; whoever is not in it any more is written to again. It may have hashes instead of addresses")
	}
	if c.Bounced != "" {
		stays = append(stays, c.Bounced+": addresses that do not exist, which are not to be written to")
	}
	if c.Maildir != "" {
		stays = append(stays, c.Maildir+": the messages themselves")
	}
	return append(stays, "what was sent, and what mail servers have logged of it"), nil
}
