// Package control is what a running run can be asked and told: the types, the socket
// in the run directory, and the client. What a run does about it is its own affair,
// see Target.
package control

import (
	"brood/runner/pace"
	"brood/runner/remote"
	"brood/runner/spec"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// SocketName is the socket in the run directory by which a run is asked and told. It
// speaks HTTP: POST to an order, GET of a question for JSON.
//
//	GET  /status    Live
//	GET  /workers   a list of WorkerState
//	POST /pause     nothing more is begun
//	POST /continue  it is again
//	POST /drain     finish what is in hand, then end: as SIGTERM
//	POST /stop      end at once: as a second SIGTERM
//	POST /scale     ?jobs=N
//	POST /rate      ?rate=N/s, or 0 for none
//	POST /reload    read the configuration anew; with flags of brood reload, by name
//
// Only the user who runs it, and root, may connect. An order is obeyed only while whoever
// has sent it waits for the answer.
const SocketName = "control.sock"

// Order is what a run can be told.
type Order string

// The orders.
const (
	OrderPause    Order = "pause"
	OrderContinue Order = "continue"
	OrderDrain    Order = "drain"
	OrderStop     Order = "stop"
	OrderScale    Order = "scale"  // with jobs=N
	OrderRate     Order = "rate"   // with rate=N/s
	OrderReload   Order = "reload" // with Flags
)

// Flags are those of brood reload that are given, by name.
type Flags map[string]string

// Question is what a run can be asked.
type Question string

// The questions.
const (
	AskStatus  Question = "status"  // answered with Live
	AskWorkers Question = "workers" // answered with a list of WorkerState
)

// Live is the state of a run as it knows it itself.
type Live struct {
	Job     string  `json:"job"`
	Elapsed float64 `json:"elapsed_s"` // of this session
	// Progress is how much of the dataset is done, 0 to 1; -1 if nobody can tell.
	Progress float64 `json:"progress"`
	Draining bool    `json:"draining"` // nothing new is begun, the run is ending
	Input    uint64  `json:"input"`
	OK       uint64  `json:"ok"`
	Failed   uint64  `json:"failed"`
	Skipped  uint64  `json:"skipped"`
	Unknown  uint64  `json:"unknown"`
	Rate     float64 `json:"rate"` // records a second, of this session
	Jobs     int     `json:"jobs"` // slots
	// Adaptive is how many of the slots may work at the moment; null unless that
	// is adaptive, or the far side lets in fewer: then Fewer is what it said.
	Adaptive *int   `json:"adaptive"`
	Fewer    string `json:"fewer,omitempty"`
	Workers  int    `json:"workers"`
	Recycled uint64 `json:"recycled"` // workers replaced before they leak
	Paused   bool   `json:"paused"`
	// Waits says why nothing is begun at the moment, if that is so: a limit.
	Waits     string `json:"waits,omitempty"`
	RateLimit string `json:"rate_limit,omitempty"`
	// LimitsKeptBy says who keeps the limits of memory and processes: the kernel, or
	// brood, which watches.
	LimitsKeptBy string `json:"limited_by,omitempty"`
	// Machines are the others that have joined in this session.
	Machines []remote.View `json:"machines,omitempty"`
}

// WorkerState is what is known of a worker.
type WorkerState struct {
	Slot int `json:"slot"`
	PID  int `json:"pid"`
	// Records is how many records are in hand, and Seq that which has been longest, or null.
	Records int     `json:"records"`
	Seq     *uint64 `json:"seq"`
	Place   string  `json:"place,omitempty"` // where that stands, as file:line
	InHand  float64 `json:"in_hand_s,omitempty"`
	Done    uint64  `json:"done"`  // records
	RSS     int64   `json:"rss"`   // bytes; 0 if the system does not tell
	CPU     float64 `json:"cpu_s"` // seconds
}

// InHandText is the record that has been in hand longest, in words, and how many there are beside it.
func (w *WorkerState) InHandText() string {
	if w.Seq == nil {
		return "-"
	}
	if w.Records > 1 {
		return fmt.Sprintf("%d +%d", *w.Seq, w.Records-1)
	}
	return strconv.FormatUint(*w.Seq, 10)
}

// Target is a run that is going on. Its methods may be called at any time, from any
// goroutine.
type Target interface {
	Live() *Live
	Workers() []WorkerState
	// Pause begins nothing more, or lets it go on.
	Pause(yes bool)
	// End finishes what is in hand and ends the run, or ends it now.
	End(now bool)
	// Scale brings the run to n slots.
	Scale(n int) error
	// SetRate changes the rate over all records; nil takes it away.
	SetRate(rate *pace.Rate)
	// DrainMachine has another machine finish what it has in hand, and leave.
	DrainMachine(name string) error
	// Reload plans the run anew, with what the flags that it was begun with name now, and with some that
	// are given now. What is in hand ends as it was begun; what begins when it has returned, begins with
	// the new. An error leaves all as it was.
	Reload(flags Flags) error
}

// Handler answers questions to a run, and passes orders on.
func Handler(t Target) http.Handler {
	mux := http.NewServeMux()
	get := func(q Question, f func() any) {
		mux.HandleFunc("GET /"+string(q), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(f()) // if the asker has gone, so be it
		})
	}
	post := func(o Order, f func(url.Values) error) {
		mux.HandleFunc("POST /"+string(o), func(w http.ResponseWriter, q *http.Request) {
			if !waits(q) {
				return
			}
			if err := f(q.URL.Query()); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
	}
	get(AskStatus, func() any { return t.Live() })
	get(AskWorkers, func() any { return t.Workers() })
	post(OrderPause, func(url.Values) error { t.Pause(true); return nil })
	post(OrderContinue, func(url.Values) error { t.Pause(false); return nil })
	post(OrderDrain, func(v url.Values) error {
		if machine := v.Get("machine"); machine != "" {
			return t.DrainMachine(machine)
		}
		t.End(false)
		return nil
	})
	post(OrderStop, func(url.Values) error { t.End(true); return nil })
	post(OrderScale, func(q url.Values) error {
		n, err := strconv.Atoi(q.Get("jobs"))
		if err != nil || n < 1 || n > spec.MaxSlots {
			return fmt.Errorf("%q is not a number of workers", q.Get("jobs"))
		}
		return t.Scale(n)
	})
	post(OrderReload, func(q url.Values) error {
		flags := make(Flags)
		for name, values := range q {
			flags[name] = values[0]
		}
		return t.Reload(flags)
	})
	post(OrderRate, func(q url.Values) error {
		if q.Get("rate") == "0" {
			t.SetRate(nil)
			return nil
		}
		rate, err := pace.ParseRate(q.Get("rate"))
		if err != nil {
			return err
		}
		t.SetRate(&rate)
		return nil
	})
	return mux
}
