package term

import (
	"errors"
	"os"
)

func openPeer(*os.File) (*os.File, error) { return nil, errors.New("on Linux only") }
