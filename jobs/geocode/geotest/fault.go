package geotest

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds. A number is that status.
const (
	KindStatus   Kind = "status"
	KindHalf     Kind = "half"     // half of the JSON, as if it were all
	KindCut      Kind = "cut"      // half of the body, then the connection ends
	KindReset    Kind = "reset"    // the connection ends without an answer
	KindSlow     Kind = "slow"     // the body comes byte by byte, over Argument
	KindHTML     Kind = "html"     // a page, with 200
	KindNothing  Kind = "nothing"  // that nothing was found
	KindWord     Kind = "word"     // Google's status of this word, with 200
	KindShort    Kind = "short"    // of a batch the last answer is missing
	KindDouble   Kind = "double"   // of a batch the first answer is there twice
	KindStranger Kind = "stranger" // of a batch an answer has an id that nobody sent
)

// Fault says what goes wrong, and when.
type Fault struct {
	Kind   Kind
	Status int
	// RetryAfter is sent with a status: seconds, or with Date the time that is so many seconds from now.
	RetryAfter int
	Date       bool
	Word       string
	Over       time.Duration
	// From and To are the arrivals that it hits, from 1; Every hits each so many; About hits those
	// whose question holds that text. Of several all must fit; none hits all. Times bounds how often
	// it is, 0 is no bound.
	From, To, Every int
	About           string
	Times           int
	text            string
}

func (f *Fault) String() string { return f.text }

// hits reports whether an arrival is hit.
func (f *Fault) hits(a *Arrival, used int) bool {
	return (f.From == 0 || a.N >= f.From && a.N <= f.To) &&
		(f.Every == 0 || a.N%f.Every == 0) &&
		(f.About == "" || strings.Contains(strings.ToLower(a.Question), strings.ToLower(f.About))) &&
		(f.Times == 0 || used < f.Times)
}

// ParseFault reads one as it is written on a command line:
//
//	WHAT[@WHEN]...
//	WHAT: 429  429:5 (Retry-After: 5)  503:date5 (as a date)  403  half  cut  reset  slow:2s
//	      html  nothing  word:OVER_QUERY_LIMIT  short  double  stranger
//	WHEN: 7  7-9 (by number)  every:10  about:TEXT  times:3
func ParseFault(s string) (Fault, error) {
	parts := strings.Split(s, "@")
	f := Fault{text: s}
	what, argument, _ := strings.Cut(parts[0], ":")
	if err := f.parseWhat(what, argument); err != nil {
		return f, fmt.Errorf("fault %q: %w", s, err)
	}
	for _, when := range parts[1:] {
		if err := f.parseWhen(when); err != nil {
			return f, fmt.Errorf("fault %q: %w", s, err)
		}
	}
	return f, nil
}

func (f *Fault) parseWhat(what, argument string) (err error) {
	if f.Status, err = strconv.Atoi(what); err == nil {
		f.Kind = KindStatus
		if f.Status < 200 || f.Status > 599 {
			return fmt.Errorf("there is no status %d", f.Status)
		}
		if argument == "" {
			f.RetryAfter = -1
			return nil
		}
		argument, f.Date = strings.CutPrefix(argument, "date")
		f.RetryAfter, err = strconv.Atoi(argument)
		return err
	}
	switch f.Kind = Kind(what); f.Kind {
	case KindSlow:
		f.Over, err = time.ParseDuration(argument)
		return err
	case KindWord:
		f.Word = argument
		return nil
	case KindHalf, KindCut, KindReset, KindHTML, KindNothing, KindShort, KindDouble, KindStranger:
		return nil
	case KindStatus:
	}
	return fmt.Errorf("there is nothing called %q that could go wrong", what)
}

func (f *Fault) parseWhen(when string) (err error) {
	name, value, named := strings.Cut(when, ":")
	switch {
	case named && name == "every":
		f.Every, err = positive(value)
	case named && name == "about":
		f.About = value
	case named && name == "times":
		f.Times, err = positive(value)
	case !named:
		from, to, several := strings.Cut(when, "-")
		if f.From, err = positive(from); err != nil {
			return err
		}
		if f.To = f.From; several {
			f.To, err = positive(to)
		}
	default:
		return fmt.Errorf("there is no %q", name)
	}
	return err
}

func positive(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err == nil && n < 1 {
		err = fmt.Errorf("%d is not 1 or more", n)
	}
	return n, err
}

// before does what does not need an answer, and reports whether that was it.
func (f *Fault) before(c *call) bool {
	switch f.Kind {
	case KindStatus:
		switch {
		case f.Date:
			c.w.Header().Set("Retry-After", time.Now().Add(time.Duration(f.RetryAfter)*time.Second).UTC().Format(http.TimeFormat))
		case f.RetryAfter >= 0:
			c.w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		c.service.refuse(c, f.Status, http.StatusText(f.Status))
	case KindReset:
		hangUp(c.w, nil, true)
	case KindHTML:
		c.w.Header().Set("Content-Type", "text/html")
		_, _ = c.w.Write([]byte("<html><head><title>Sign in to the network</title></head><body></body></html>"))
	case KindWord:
		c.w.Header().Set("Content-Type", "application/json")
		_, _ = c.w.Write(mustJSON(map[string]any{"results": []any{}, "status": f.Word, "error_message": "so says the test"}))
	default:
		return false
	}
	return true
}

// within does what needs the body of an answer, and reports whether that was it.
func (f *Fault) within(c *call, body []byte) bool {
	switch f.Kind {
	case KindHalf:
		_, _ = c.w.Write(body[:len(body)/2])
	case KindCut:
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
		hangUp(c.w, append([]byte(head), body[:len(body)/2]...), false)
	case KindSlow:
		flush := http.NewResponseController(c.w)
		const steps = 10
		for i := range steps {
			if _, err := c.w.Write(body[len(body)*i/steps : len(body)*(i+1)/steps]); err != nil {
				return true
			}
			_ = flush.Flush()
			select {
			case <-time.After(f.Over / steps):
			case <-c.r.Context().Done():
				return true
			}
		}
	default:
		return false
	}
	return true
}

// hangUp writes what there is and ends the connection, with a reset if asked to.
func hangUp(w http.ResponseWriter, what []byte, reset bool) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the stream is reset
	}
	_, _ = buf.Write(what)
	_ = buf.Flush()
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
