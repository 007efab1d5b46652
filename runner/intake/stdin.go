package intake

import (
	"brood/runner/dataset"
	"context"
	"errors"
	"os"
)

// Stdin is the producer that standard input is: its bytes as they are. What was read
// from a pipe cannot be asked for again, so it does not matter to it what is durable.
func Stdin(f *os.File) Producer { return stdin{f} }

type stdin struct{ file *os.File }

func (s stdin) Fill(ctx context.Context, spool *dataset.Spool) error {
	src, err := dataset.NewInput(s.file)
	if err != nil {
		return err
	}
	return errors.Join(spool.Copy(ctx, src), src.Release())
}

func (stdin) Durable(int64) {}
