package acceptance

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// natsNode is one of three servers of a cluster.
type natsNode struct {
	args []string
	cmd  *exec.Cmd
}

func (n *natsNode) start(t *testing.T) {
	t.Helper()
	n.cmd = exec.Command(n.args[0], n.args[1:]...)
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (n *natsNode) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}

// cluster starts three servers, and returns them with their addresses.
func cluster(t *testing.T) (nodes []*natsNode, url string) {
	t.Helper()
	server := filepath.Join(t.TempDir(), "nats-server")
	build := exec.Command("go", "build", "-o", server, "github.com/nats-io/nats-server/v2")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	var routes, urls, ports []string
	for range 3 {
		ports = append(ports, freePort(t))
		route := freePort(t)
		routes = append(routes, "nats://"+route)
	}
	for i, at := range ports {
		host, port, err := net.SplitHostPort(at)
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, "nats://"+at)
		n := &natsNode{args: []string{
			server, "-a", host, "-p", port, "-js", "-sd", t.TempDir(), "-n", fmt.Sprintf("n%d", i), "--cluster_name", "c", "--cluster", routes[i], "--routes", strings.Join(routes, ","),
		}}
		n.start(t)
		nodes = append(nodes, n)
	}
	t.Cleanup(func() {
		for _, n := range nodes {
			n.kill()
		}
	})
	return nodes, strings.Join(urls, ",")
}

// TestMachinesCluster runs over a NATS cluster of three whose nodes are killed one at a time: the run goes on, and does nothing twice.
func TestMachinesCluster(t *testing.T) {
	if os.Getenv("BROOD_CHAOS") == "" {
		return // the guide to several machines has a run over one server, and package bus the cluster
	}
	nodes, url := cluster(t)
	dir := t.TempDir()
	effects := filepath.Join(dir, "effects")
	const n = 600
	var list strings.Builder
	for i := range n {
		fmt.Fprintln(&list, i)
	}
	time.Sleep(4 * time.Second) // they find each other
	run := asBrood(t, "run", "exec", "--run", "fleet", "--effect", "once", "--nats", url, "-j", "0", "-o", "out.csv", "-", "--", "sh", "-c", "echo $1 >> "+effects+"; sleep 0.05", "_", "{}")
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = said.Close() }()
	run.Dir, run.Env, run.Stdin, run.Stdout, run.Stderr = dir, append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state")), strings.NewReader(list.String()), said, said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"m1", "m2"} {
		join := asBrood(t, "join", "--nats", url, "--run", "fleet", "--machine", name, "-j", "2")
		join.Env, join.Stderr = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, name)), said
		if err := join.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = join.Process.Kill(); _ = join.Wait() })
	}
	limit := time.AfterFunc(3*time.Minute, func() { _ = run.Process.Kill() })
	defer limit.Stop()
	done := func() int {
		b, _ := os.ReadFile(effects)
		return strings.Count(string(b), "\n")
	}
	for i, node := range nodes {
		for begun := time.Now(); done() < (i+1)*n/5 && time.Since(begun) < time.Minute; {
			time.Sleep(20 * time.Millisecond)
		}
		node.kill()
		time.Sleep(2 * time.Second)
		node.start(t)
		time.Sleep(2 * time.Second) // one at a time
	}
	err = run.Wait()
	b, readErr := os.ReadFile(said.Name())
	text, effectErr := os.ReadFile(effects)
	if err != nil || readErr != nil || effectErr != nil {
		t.Fatalf("%v, %v, %v\n%s", err, readErr, effectErr, b)
	}
	seen := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		seen[line]++
	}
	for line, times := range seen {
		if times > 1 {
			t.Errorf("record %s was done %d times", strings.TrimSpace(line), times)
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d were done\n%s", len(seen), n, b)
	}
}
