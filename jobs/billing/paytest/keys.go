package paytest

import (
	"crypto/sha256"
	"net/http"
	"time"
)

// kept is what is known of a key.
type kept struct {
	print  [sha256.Size]byte // of what was asked for
	at     time.Time
	busy   bool
	answer *answer
	first  string // the id of the first request
}

// do executes a request, or gives the answer that is kept.
func (s *Server) do(c *call) *answer {
	switch c.fault {
	case FaultLimit:
		s.wait(s.o.Latency)
		return failure(http.StatusTooManyRequests, "invalid_request_error", "rate_limit", "Too many requests hit the API too quickly.")
	case FaultLock:
		s.wait(s.o.Latency)
		return failure(http.StatusTooManyRequests, "invalid_request_error", "lock_timeout", "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.")
	case FaultBusy:
		s.wait(s.o.Latency)
		return failure(http.StatusServiceUnavailable, "api_error", "", "The service is not available.")
	default:
	}
	if c.r.Method == http.MethodGet || c.key == "" {
		a := s.execute(c)
		s.pause(c)
		return a
	}
	k, a := s.begin(c)
	if a != nil {
		s.wait(s.o.Latency)
		return a
	}
	if c.fault == FaultVanish {
		s.wait(s.o.Late)
	}
	a = s.faulty(c)
	s.pause(c)
	s.end(c, k, a)
	return a
}

// faulty executes, as the fault has it.
func (s *Server) faulty(c *call) *answer {
	broken := func() *answer {
		return failure(http.StatusInternalServerError, "api_error", "", "An unknown error occurred")
	}
	switch c.fault {
	case FaultErrorUndone:
		return broken()
	case FaultErrorDone, FaultErrorBegun:
		s.execute(c)
		return broken()
	default:
		return s.execute(c)
	}
}

// pause is how long an answer takes.
func (s *Server) pause(c *call) {
	if c.fault == FaultLate {
		s.wait(s.o.Late)
		return
	}
	s.wait(s.o.Latency)
}

func (s *Server) wait(d time.Duration) {
	if d > 0 {
		time.Sleep(d)
	}
}

// begin takes a key, or says what is to be answered in place of doing it.
func (s *Server) begin(c *call) (*kept, *answer) {
	print := sha256.Sum256([]byte(c.r.Method + " " + c.r.URL.Path + "\n" + c.form.Encode()))
	name := c.within(c.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	k := s.keys[name]
	switch {
	case len(c.key) > 255:
		return nil, failure(http.StatusBadRequest, "invalid_request_error", "", "The idempotency key is longer than 255 characters.")
	case k == nil, !k.busy && now.Sub(k.at) >= s.o.KeyLife:
		k = &kept{print: print, at: now, busy: true, first: c.id}
		s.keys[name] = k
		return k, nil
	case k.print != print:
		return nil, failure(http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with.")
	case k.busy:
		return nil, failure(http.StatusConflict, "idempotency_error", "idempotency_key_in_use", "There is currently another in-progress request using this Idempotent Key.")
	}
	again := *k.answer
	again.header = map[string]string{"Idempotent-Replayed": "true", "Original-Request": k.first}
	return nil, &again
}

// end keeps the answer. What was refused before it was begun is not kept.
func (s *Server) end(c *call, k *kept, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.busy, k.answer = false, a
	if a.header["unkept"] != "" {
		delete(a.header, "unkept")
		delete(s.keys, c.within(c.key))
	}
}

// Forget forgets all keys whose requests have ended, as if their life were over.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, k := range s.keys {
		if !k.busy {
			delete(s.keys, name)
		}
	}
}
