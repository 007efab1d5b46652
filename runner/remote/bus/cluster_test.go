package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// node is a server of a cluster, as its process is told.
type node struct {
	Name, Store   string
	Port, Cluster int
	Routes        []string
}

// beServer is a server of a cluster until its stdin ends.
func beServer(stdin io.Reader) error {
	var n node
	if err := json.NewDecoder(stdin).Decode(&n); err != nil {
		return err
	}
	o := &server.Options{ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, JetStream: true, StoreDir: n.Store, NoSigs: true, NoLog: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 64 << 20}
	o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.Cluster}
	for _, r := range n.Routes {
		u, err := url.Parse(r)
		if err != nil {
			return err
		}
		o.Routes = append(o.Routes, u)
	}
	o.Users = users()
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	_, _ = io.Copy(io.Discard, stdin)
	return nil
}

// users are those of the cluster, with the rights that the package comment lists for the coordinator and for machine a.
func users() []*server.User {
	allow := func(subjects ...string) *server.SubjectPermission { return &server.SubjectPermission{Allow: subjects} }
	all := allow("brood.mail=2026.>", "_INBOX.>", "$JS.API.>", "$JS.ACK.>")
	return []*server.User{
		{Username: "operator", Password: "o"},
		{Username: "coordinator", Password: "c", Permissions: &server.Permissions{Publish: all, Subscribe: all}},
		{Username: "a", Password: "a", Permissions: &server.Permissions{
			Publish:   allow("brood.mail=2026.r.*.a", "brood.mail=2026.ask.a"),
			Subscribe: allow("brood.mail=2026.t.*.a", "brood.mail=2026.d.*.a", "_INBOX.mail=2026.a.>"),
		}},
	}
}

// cluster is three servers, each a process.
type cluster struct {
	t     *testing.T
	nodes [3]node
	cmds  [3]*exec.Cmd
	ends  [3]io.Closer
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var ports []int
	var held []net.Listener
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		held = append(held, l)
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	for _, l := range held {
		must(t, l.Close())
	}
	var routes []string
	for i := range c.nodes {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[3+i]))
	}
	for i := range c.nodes {
		c.nodes[i] = node{Name: fmt.Sprint("n", i), Store: t.TempDir(), Port: ports[i], Cluster: ports[3+i], Routes: routes}
		c.start(i)
	}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.kill(i)
		}
	})
	return c
}

func (c *cluster) start(i int) {
	c.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=server")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(c.t, err)
	must(c.t, cmd.Start())
	must(c.t, json.NewEncoder(in).Encode(c.nodes[i]))
	c.cmds[i], c.ends[i] = cmd, in
}

// kill ends a server by SIGKILL.
func (c *cluster) kill(i int) {
	if c.cmds[i] == nil {
		return
	}
	_ = c.cmds[i].Process.Kill()
	_ = c.cmds[i].Wait()
	_ = c.ends[i].Close()
	c.cmds[i] = nil
}

// url is where a user finds the cluster.
func (c *cluster) url(user string) string {
	var list []string
	for _, n := range c.nodes {
		list = append(list, fmt.Sprintf("nats://%s:%s@127.0.0.1:%d", user, user[:1], n.Port))
	}
	return strings.Join(list, ",")
}

// eventually tries until it goes well.
func eventually(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	for {
		one, stop := context.WithTimeout(ctx, 2*time.Second)
		err := try(one)
		if err == nil {
			stop()
			return
		}
		if ctx.Err() != nil {
			stop()
			t.Fatalf("%s: %v", what, err)
		}
		if one.Err() == nil { // it was refused at once: it tries again when the next moment has come
			timer := time.NewTimer(50 * time.Millisecond)
			<-timer.C
		}
		stop()
	}
}

// whole waits until all three servers have all of the stream, and returns which leads it.
func (c *cluster) whole(js jetstream.JetStream, stream string) int {
	leader := -1
	eventually(c.t, "the cluster is whole", func(ctx context.Context) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		at := s.CachedInfo().Cluster
		if at == nil || at.Leader == "" || len(at.Replicas) != 2 {
			return errors.New("it has no leader and two others")
		}
		for _, r := range at.Replicas {
			if !r.Current || r.Offline {
				return fmt.Errorf("%s is behind", r.Name)
			}
		}
		leader = int(at.Leader[1] - '0')
		return nil
	})
	return leader
}

// answers are those of a machine: it says each again until the coordinator has said that it has it, as an exchange does.
type answers struct {
	mu   sync.Mutex
	owed map[string]bool
}

func (a *answers) owe(s string) { a.mu.Lock(); a.owed[s] = true; a.mu.Unlock() }
func (a *answers) paid(s string) {
	a.mu.Lock()
	delete(a.owed, s)
	a.mu.Unlock()
}

func (a *answers) list() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s := range a.owed {
		out = append(out, s)
	}
	return out
}

// A cluster of three whose servers are killed one at a time carries a run's work to its end.
func TestCluster(t *testing.T) {
	c := newCluster(t)
	kills, pieces := 1, 400
	if os.Getenv("BROOD_CHAOS") != "" {
		kills, pieces = 9, 4000
	}
	w := &world{t: t, letters: make(chan Letter, 1<<16), lost: make(chan error, 1)}
	eventually(t, "open the hub", func(ctx context.Context) (err error) {
		w.hub, err = Open(ctx, HubOptions{
			Run: "mail.2026", Epoch: epoch, URL: c.url("coordinator"), Lease: 2 * time.Second, Logf: logger(t),
			Letter: func(l Letter) { w.letters <- l }, Lost: func(err error) { w.lost <- err },
			Ask: func(_ string, b []byte) []byte { return b },
		})
		return err
	})
	t.Cleanup(func() { must(t, w.hub.Close()) })
	nc, err := nats.Connect(c.url("operator"), nats.MaxReconnects(-1))
	must(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(t, err)
	m := newMember(t)
	m.open(PortOptions{URL: c.url("a"), Run: "mail.2026", Machine: "a"})
	m.enter()
	if b, err := m.Ask(t.Context(), []byte("who")); err != nil || string(b) != "who" {
		t.Errorf("%q, %v", b, err)
	}
	if strings.Contains(w.hub.Addr(), "coordinator:c") {
		t.Errorf("%s tells the password", w.hub.Addr())
	}
	owed := &answers{owed: map[string]bool{}}
	stop := make(chan struct{})
	var member sync.WaitGroup
	member.Go(func() { m.answer(owed, stop) })
	done := map[string]bool{}
	w.hub.SetRoom(16)
	begin := time.Now()
	for n, killed := 0, 0; len(done) < pieces; {
		if killed < kills && len(done) >= (killed+1)*pieces/(kills+1) {
			leader := c.whole(js, w.hub.n.stream)
			c.kill(leader)
			c.start(leader)
			killed++
		}
		for n < pieces {
			err := w.hub.Work(t.Context(), "a", uint64(n), false, fmt.Append(nil, n))
			if errors.Is(err, ErrFull) {
				break
			}
			must(t, err)
			n++
		}
		select {
		case l := <-w.letters:
			if !done[string(l.Body)] {
				done[string(l.Body)] = true
				var number uint64
				_, err := fmt.Sscan(string(l.Body), &number)
				must(t, err)
				w.hub.Done("a", number)
			}
			_ = w.hub.Tell("a", l.Body) // if it is lost, the answer comes again
		case err := <-w.lost:
			t.Fatal(err)
		case <-time.After(3 * patience):
			t.Fatalf("%d of %d are done, %d letters", len(done), pieces, len(w.letters))
		}
	}
	close(stop)
	member.Wait()
	t.Logf("%d pieces in %v", len(done), time.Since(begin))
}

// answer takes work and answers it, and says again each half second what is owed.
func (m *member) answer(owed *answers, stop chan struct{}) {
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case g := <-m.work:
			owed.owe(g.body)
			_ = m.Say([]byte(g.body)) // again, if it does not arrive
		case s := <-m.told:
			owed.paid(s)
		case <-again.C:
			for _, s := range owed.list() {
				_ = m.Say([]byte(s))
			}
		case <-stop:
			return
		}
	}
}
