package command

import (
	"brood/jobs"
	"brood/runner/remote"
	"brood/runner/spec"
	"os"
	"path/filepath"
	"strings"
)

// provide says what workers of other machines need of this one: the files that they open, and what the job reads of the environment.
func (m *machines) provide(cfg *spec.Config, d *remote.Describe) error {
	def, err := m.e.registry.Lookup(cfg.Job)
	if err != nil {
		return err
	}
	for _, name := range def.Secrets {
		if v, is := os.LookupEnv(name); is {
			if d.Welcome.Secrets == nil {
				d.Welcome.Secrets = make(map[string]string)
			}
			d.Welcome.Secrets[name] = v
		}
	}
	var list []jobs.File
	if def.Files != nil {
		if list, err = def.Files(cfg.Plan.Config, &d.Welcome.Shape, m.state); err != nil {
			return usage("Leave out --listen and --nats.", "%s on several machines: %w", cfg.Job, err)
		}
	}
	secret := len(d.Welcome.Secrets) > 0
	for i := range list {
		f := &list[i]
		if f.At == "" {
			f.At = f.Path
		}
		if !filepath.IsAbs(f.At) { // as for workers
			f.At = filepath.Join(cfg.WorkDir, f.At)
		}
		secret = secret || f.Use == jobs.FileSecret
		if f.Use == jobs.FileWrite {
			d.Logf("what workers of other machines write to %s stays there", f.Path)
		}
	}
	if secret && isClear(cfg.Machines.NATS) {
		return usage("Say tls:// in place of nats://, or have machines join this one with --listen.",
			"--nats %s: machines are to be told secrets, and others may read along", cfg.Machines.NATS)
	}
	if len(list) == 0 {
		return nil
	}
	d.Shelf, err = remote.OpenShelf(list)
	return err
}

// isClear reports whether others may read what goes over a NATS cluster: whether it can be reached without TLS.
func isClear(urls string) bool {
	for _, u := range strings.Split(urls, ",") {
		if u = strings.TrimSpace(u); u != "" && !strings.HasPrefix(u, "tls://") && !strings.HasPrefix(u, "wss://") {
			return true
		}
	}
	return false
}
