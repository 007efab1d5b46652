package queuetest

import (
	"net"
	"os"
	"testing"
	"time"
)

// TestServers: each is started, answers, is killed and answers again at the same address; stopped, it does not answer.
func TestServers(t *testing.T) {
	for name, begin := range map[string]func(testing.TB) *Server{
		"beanstalkd": func(t testing.TB) *Server { return StartBeanstalkd(t, true) },
		"gearmand":   func(t testing.TB) *Server { return StartGearmand(t, true) },
		"redis":      func(t testing.TB) *Server { return StartRedis(t) },
		"mariadb":    func(t testing.TB) *Server { return StartMariaDB(t) },
		"postgres":   func(t testing.TB) *Server { return StartPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			addr, pid := s.Addr, s.Pid()
			s.Kill9()
			if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
				_ = c.Close()
				t.Error("killed, somebody listens at", addr)
			}
			s.Restart()
			if s.Addr != addr || s.Pid() == pid {
				t.Errorf("%s (%d), restarted: %s (%d)", addr, pid, s.Addr, s.Pid())
			}
			s.Stop()
			if c, err := net.DialTimeout("tcp", s.Addr, time.Second); err == nil { // the kernel's doing
				_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond))
				if err := s.kind.ready(c); !os.IsTimeout(err) {
					t.Error("stopped, it answers:", err)
				}
				_ = c.Close()
			}
			s.Cont()
			if err := s.ask(); err != nil {
				t.Error("it does not go on:", err)
			}
		})
	}
}
