package ssh

import (
	"brood/runner/proc"
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain is also the agent that is started on the other machines, in place of brood.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "join" {
		os.Exit(join(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "launch" {
		launchAndWait(os.Args[2:])
	}
	if len(os.Args) > 1 && os.Args[1] == "cat" {
		_, _ = io.Copy(os.Stdout, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// launchAndWait is a process that launches an agent, and is killed then: CONFIG RUN TARGET TOKEN.
func launchAndWait(args []string) {
	f, err := proc.NewFamily()
	if err != nil {
		panic(err)
	}
	hosts, err := ParseHosts("list", "ssh -F "+args[0]+" one")
	if err != nil {
		panic(err)
	}
	if _, err := Launch(context.Background(), &hosts[0], Options{Family: f, Run: args[1], Target: args[2], Socket: true, Token: []byte(args[3]), Command: joining}); err != nil {
		panic(err)
	}
	select {}
}

func joining(addr, state string) []string { return []string{"join", addr, "/dev/stdin", state} }

// join is such an agent: ADDR FILE STATE. It reads its token, says who it is, and does what it is
// told, a word a line. When the coordinator is lost it looks for it again.
func join(args []string) int {
	token, err := os.ReadFile(args[1])
	if err != nil || len(token) == 0 {
		fmt.Fprintln(os.Stderr, "no token:", err)
		return 78
	}
	id, err := identity(args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 73
	}
	sum := sha256.Sum256(token)
	dir, _ := os.Getwd()
	fmt.Fprintln(os.Stderr, "the agent begins")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		network, address := "tcp", args[0]
		if path, is := strings.CutPrefix(address, "unix:"); is {
			network, address = "unix", path
		}
		c, err := net.Dial(network, address)
		if err != nil {
			continue
		}
		fmt.Fprintf(c, "%s %d %x %s\n", id, os.Getpid(), sum, dir)
		if status := obey(c); status >= 0 {
			return status
		}
		_ = c.Close()
	}
	return 75
}

// identity is the machine's, which stays.
func identity(state string) (string, error) {
	path := filepath.Join(state, "id")
	if b, err := os.ReadFile(path); err == nil {
		return string(b), nil
	}
	id := rand.Text()
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", err
	}
	return id, os.WriteFile(path, []byte(id), 0o600)
}

// obey does what it is told until the connection ends; -1: it has.
func obey(c net.Conn) int {
	var status int
	for s := bufio.NewScanner(c); s.Scan(); {
		word, rest, _ := strings.Cut(s.Text(), " ")
		switch word {
		case "leave":
			fmt.Fprintln(os.Stderr, "the agent leaves")
			return 0
		case "exit":
			_, _ = fmt.Sscan(rest, &status)
			return status
		case "say":
			fmt.Fprintln(os.Stderr, rest)
		case "deaf": // ignores TERM, and so does its child
			sh := exec.Command("sh", "-c", "trap '' TERM; while :; do sleep 1; done")
			_ = sh.Start()
			ignoreTerm()
			fmt.Fprintln(c, "deaf")
		}
	}
	return -1
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
