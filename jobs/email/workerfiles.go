package email

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
)

// workerFiles are the files that workers open: see jobs.Definition.Files. Templates are in the configuration itself.
func workerFiles(text json.RawMessage, _ *jobs.Shape, _ string) ([]jobs.File, error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("email: read configuration: %w", err)
	}
	var out []jobs.File
	add := func(use jobs.FileUse, paths ...string) {
		for _, p := range paths {
			if p != "" {
				out = append(out, jobs.File{Path: p, Use: use})
			}
		}
	}
	add(jobs.FileRead, c.Suppress...)
	add(jobs.FileRead, c.Attach...)
	add(jobs.FileRead, c.Inline...)
	if c.DKIM != nil {
		add(jobs.FileSecret, c.DKIM.File)
	}
	if c.Server != nil {
		add(jobs.FileRead, c.Server.CAFile)
		add(jobs.FileSecret, c.Server.PasswordFile)
	}
	add(jobs.FileThere, c.AttachDir, c.Sendmail)
	add(jobs.FileWrite, c.Maildir, c.Bounced)
	return out, nil
}
