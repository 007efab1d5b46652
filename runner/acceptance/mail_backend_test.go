package acceptance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailServer does to each message what the recipient's address says:
// PHASE-CODE-ENHANCED@… is refused so, PHASE-drop@… loses the connection, and
// anything else is taken. The phases are mail, told by the return path of VERP,
// rcpt, data, dot, taken (the message has been taken, and the server has not said
// so) and after (it has).
type mailServer struct {
	mu          sync.Mutex
	taken       map[string]int // messages by recipient
	connections int
	tries       map[string][]time.Time // of RCPT, by recipient
	most        int                    // recipients of a message; 0: any number
	logins      int                    // that have failed for a time
	quota       bool                   // is used up
	password    string
}

func (s *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	return &mailSession{server: s, conn: c}, nil
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	to     []string
	last   string // recipient of the message that was taken last
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnsupported
	}
	plain := sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		switch {
		case user == "busy" && s.server.logins < 1:
			s.server.logins++
			return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "temporary authentication failure"}
		case user == "weak":
			return &smtp.SMTPError{Code: 534, EnhancedCode: smtp.EnhancedCode{5, 7, 9}, Message: "too weak"}
		case password != s.server.password:
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad credentials"}
		}
		return nil
	})
	return plain, nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.to = nil
	if _, verp, ok := strings.Cut(from, "+"); ok {
		return s.obey("mail", strings.Replace(verp, "=", "@", 1))
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	s.server.tries[to] = append(s.server.tries[to], time.Now())
	tries, most := len(s.server.tries[to]), s.server.most
	s.server.mu.Unlock()
	if most > 0 && len(s.to) >= most {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 5, 3}, Message: "too many recipients"}
	}
	if word, _, _ := strings.Cut(to, "-"); tries == 1 && (word == "later" || word == "grey") {
		message := map[string]string{"later": "come back later", "grey": "greylisted"}[word]
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: message}
	}
	s.to = append(s.to, to)
	return s.obey("rcpt", to)
}

func (s *mailSession) Data(r io.Reader) error {
	if err := s.obey("data", s.to[0]); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if err := s.obey("dot", s.to[0]); err != nil {
		return err
	}
	s.server.mu.Lock()
	quota, tries := s.server.quota, len(s.server.tries[s.to[0]])
	s.server.mu.Unlock()
	switch {
	case strings.HasPrefix(s.to[0], "quick-") && tries < 3:
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.NoEnhancedCode, Message: "Throttling failure: Maximum sending rate exceeded."}
	case quota:
		return &smtp.SMTPError{Code: 454, EnhancedCode: smtp.NoEnhancedCode, Message: "Throttling failure: Daily message quota exceeded."}
	}
	s.server.mu.Lock()
	for _, to := range s.to {
		s.server.taken[to]++
	}
	s.server.mu.Unlock()
	s.last = s.to[0]
	return s.obey("taken", s.to[0])
}

// Reset comes after the server has said that it has taken a message.
func (s *mailSession) Reset()        { _ = s.obey("after", s.last) }
func (s *mailSession) Logout() error { return nil }

// obey does what an address says about a phase.
func (s *mailSession) obey(phase, to string) error {
	local, _, _ := strings.Cut(to, "@")
	words := strings.SplitN(local, "-", 3)
	if words[0] != phase || len(words) < 2 {
		return nil
	}
	if words[1] == "drop" {
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	}
	code, _ := strconv.Atoi(words[1])
	e := &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "as you say"}
	if len(words) > 2 {
		_, _ = fmt.Sscanf(words[2], "%d.%d.%d", &e.EnhancedCode[0], &e.EnhancedCode[1], &e.EnhancedCode[2])
	}
	return e
}

func newMailServer() *mailServer {
	return &mailServer{taken: make(map[string]int), tries: make(map[string][]time.Time), password: "right"}
}

func serveMail(t *testing.T) (*mailServer, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newMailServer()
	server := smtp.NewServer(s)
	server.AllowInsecureAuth = true
	server.ErrorLog = silent{}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s, l.Addr().String()
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
