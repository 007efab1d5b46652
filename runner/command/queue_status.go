package command

import (
	"brood/runner/desk"
	"brood/runner/home"
	"brood/runner/ledger"
	"context"
	"errors"
	"fmt"
)

// queueStatus is how a run stands with its queue.
type queueStatus struct {
	URL string `json:"url"`
	// Owed is how many answers the queue has not confirmed yet, Lost how many came when the job was another's already, and Gone
	// how many when the queue had it no more; of what is not forgotten.
	Owed uint64 `json:"owed"`
	Lost uint64 `json:"lost"`
	Gone uint64 `json:"gone"`
	// Forgotten is how many records were settled for longer than --forget, and left.
	Forgotten uint64 `json:"forgotten"`
	// Days are the last ones on which anything became final.
	Days []ledger.Day `json:"days"`
}

// daysShown is how many days are shown.
const daysShown = 31

// readQueueStatus reads it; nil: the run has no queue.
func readQueueStatus(ctx context.Context, state, name string) (q *queueStatus, err error) {
	r, err := ledger.OpenReader(ctx, home.LedgerPath(state, name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if has, err := r.HasDeliveries(ctx); err != nil || !has {
		return nil, err
	}
	cfg, _, err := desk.ReadConfig(ctx, r)
	if err != nil || cfg.Queue == nil {
		return nil, err
	}
	replies, err := r.Replies(ctx)
	if err != nil {
		return nil, err
	}
	gone, err := r.Bygone(ctx)
	if err != nil {
		return nil, err
	}
	q = &queueStatus{URL: cfg.Queue.URL, Owed: replies[ledger.ReplyOwed], Lost: replies[ledger.ReplyLost], Gone: replies[ledger.ReplyGone], Forgotten: uint64(gone.Records)}
	q.Days, err = r.Days(ctx, daysShown)
	return q, err
}

// rows are what brood status prints of it.
func (q *queueStatus) rows() [][2]any {
	if q == nil {
		return nil
	}
	out := [][2]any{{"queue", q.URL}}
	if q.Owed > 0 {
		out = append(out, [2]any{"owed", fmt.Sprintf("%d answers, which the queue gets when it is there", q.Owed)})
	}
	if q.Lost > 0 {
		out = append(out, [2]any{"lost", fmt.Sprintf("%d leases were over before the answer", q.Lost)})
	}
	if q.Forgotten > 0 {
		out = append(out, [2]any{"forgotten", fmt.Sprintf("%d records, settled for longer than --forget", q.Forgotten)})
	}
	for _, d := range q.Days[max(len(q.Days)-7, 0):] {
		text := fmt.Sprintf("new %d, ok %d, failed %d, skipped %d, unknown %d", d.Input, d.OK, d.Failed, d.Skipped, d.Unknown)
		if d.Released > 0 {
			text += fmt.Sprintf(", given back %d", d.Released)
		}
		if d.Again > 0 {
			text += fmt.Sprintf(", delivered again %d", d.Again)
		}
		out = append(out, [2]any{d.Day, text})
	}
	return out
}
