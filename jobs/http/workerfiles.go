package http

import (
	"brood/jobs"
	"encoding/json"
	"fmt"
)

// workerFiles are the files that workers open: see jobs.Definition.Files. Bodies that --data and the like read are in the configuration.
func workerFiles(text json.RawMessage, s *jobs.Shape, _ string) ([]jobs.File, error) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("http: read configuration: %w", err)
	}
	x, err := c.compile(s)
	if err != nil {
		return nil, err
	}
	var out []jobs.File
	add := func(use jobs.FileUse, path string) {
		if path != "" {
			out = append(out, jobs.File{Path: path, Use: use})
		}
	}
	for i := range x.parts {
		add(jobs.FileRead, x.parts[i].typed)
	}
	add(jobs.FileRead, c.CACert)
	add(jobs.FileSecret, c.Cert) // its key may be in it
	add(jobs.FileSecret, c.CertKey)
	add(jobs.FileThere, c.FilesFrom)
	add(jobs.FileWrite, c.Save)
	return out, nil
}
