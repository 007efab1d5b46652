package jobtest

import (
	"brood/jobs"
	"brood/jobs/elsewhere"
	"errors"
	"os"
	"path/filepath"
	"strconv"
)

// away moves the files that workers open, and says where they are.
func away(d *jobs.Definition, s *jobs.Setup, dir string) error {
	if d.Files == nil {
		return errors.New("the job has no Definition.Files, and its files were to be away")
	}
	list, err := d.Files(s.Config, s.Shape, s.State)
	if err != nil {
		return err
	}
	e := &elsewhere.Files{Local: make(map[string]string), Held: make(map[string][]byte)}
	for i, f := range list {
		if f.At == "" {
			f.At = f.Path
		}
		switch f.Use {
		case jobs.FileRead:
			e.Local[f.Path] = filepath.Join(dir, strconv.Itoa(i))
			err = os.Rename(f.At, e.Local[f.Path])
		case jobs.FileSecret:
			if e.Held[f.Path], err = os.ReadFile(f.At); err == nil {
				err = os.Remove(f.At)
			}
		case jobs.FileThere, jobs.FileWrite:
		}
		if err != nil {
			return err
		}
	}
	elsewhere.Set(e)
	return nil
}
