package paytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// MoveKind is in which way money moves.
type MoveKind string

// The kinds. Processing money is on its way, and counts as charged.
const (
	MoveCharge  MoveKind = "charge"
	MoveRefund  MoveKind = "refund"
	MoveDispute MoveKind = "dispute"
)

// Move is one movement of money: a line of the journal.
type Move struct {
	N        int       `json:"n"` // from 1
	At       time.Time `json:"at"`
	Kind     MoveKind  `json:"kind"`
	ID       string    `json:"id"`               // of the charge or refund
	Of       string    `json:"of,omitempty"`     // the payment intent or invoice that it belongs to
	Charge   string    `json:"charge,omitempty"` // of a refund or dispute
	Key      string    `json:"key,omitempty"`    // Idempotency-Key
	Invoice  string    `json:"invoice,omitempty"`
	Plan     string    `json:"plan,omitempty"`
	Customer string    `json:"customer,omitempty"`
	Amount   int64     `json:"amount"` // in Stripe's smallest unit
	Currency string    `json:"currency"`
	Live     bool      `json:"live,omitempty"`
}

// move writes a line. The server's lock is held.
func (s *Server) move(m Move) {
	m.N, m.At = len(s.moves)+1, s.now().UTC()
	s.moves = append(s.moves, m)
	if s.o.Journal == nil {
		return
	}
	line, err := json.Marshal(m)
	if err == nil {
		_, err = s.o.Journal.Write(append(line, '\n'))
	}
	if err != nil {
		panic("paytest: the journal cannot be written: " + err.Error()) // a test that goes on would prove nothing
	}
}

// Moves are all movements of money so far, in their order.
func (s *Server) Moves() []Move {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.moves)
}

// ReadJournal reads what Options.Journal was given. A line that is cut off at its end is left out.
func ReadJournal(journal []byte) ([]Move, error) {
	var all []Move
	for line := range bytes.Lines(journal) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var m Move
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("line %d of the payment server's journal: %w", len(all)+1, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// Paid is what one invoice came to.
type Paid struct {
	Charges, Refunds int
	Charged, Back    int64 // in the currency's smallest unit
	Currency         string
}

// ByInvoice sums the moves by metadata[invoice_id].
func ByInvoice(all []Move) map[string]Paid {
	out := make(map[string]Paid)
	for _, m := range all {
		p := out[m.Invoice]
		p.Currency = m.Currency
		switch m.Kind {
		case MoveCharge:
			p.Charges++
			p.Charged += m.Amount
		case MoveRefund:
			p.Refunds++
			p.Back += m.Amount
		case MoveDispute:
		}
		out[m.Invoice] = p
	}
	return out
}
