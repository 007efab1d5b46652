package bus

import (
	"fmt"
	"os"
	"testing"
)

// What the test's own executable is when this variable says so: a machine that answers, or a server of a cluster.
const roleVariable = "BROOD_BUS_TEST"

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "machine":
		err = beMachine(os.Stdin)
	case "server":
		err = beServer(os.Stdin)
	default:
		err = fmt.Errorf("there is no role %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
