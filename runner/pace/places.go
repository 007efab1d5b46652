package pace

import "time"

// Places finds out how many the far side lets in at a time, where it turns others away: a
// mail server that takes so many connections and no more, say. All may try at first; each
// who is turned away leaves so many fewer, down to those who were let in. One more is let
// try from time to time, less often each time that it is turned away: so a far side which
// is full is seldom asked for more, and one that has had a bad minute is used again.
//
// It is not safe for concurrent use. Times are given to it, so that it can be tested
// without waiting.
type Places struct {
	limit    int           // 0: nobody was turned away
	patience time.Duration // until one more may try
	probe    time.Time     // when that is
	probing  bool          // one more is trying
	full     time.Time     // when somebody was turned away last
}

const (
	placesPatience     = 2 * time.Second
	placesPatienceMost = 5 * time.Minute
)

// Limited reports whether anybody was turned away.
func (p *Places) Limited() bool { return p.limit > 0 }

// Limit is how many there may be at a time; 0: as many as like.
func (p *Places) Limit() int { return p.limit }

// Since is when somebody was turned away last.
func (p *Places) Since() time.Time { return p.full }

// TurnedAway notes that somebody was, while so many others, at least one, had a place or
// were still asking for it. Those whose asking had begun together each count once, as each
// has one fewer beside it.
func (p *Places) TurnedAway(now time.Time, others int) {
	switch {
	case p.limit == 0:
		p.limit, p.patience = others, placesPatience
	case p.probing:
		p.patience = min(2*p.patience, placesPatienceMost)
	}
	p.limit = max(1, min(p.limit, others))
	p.full, p.probing, p.probe = now, false, now.Add(p.patience)
}

// Try reports whether another may ask for a place now, and whether that is one more than
// there were: then it is the one of whom LetIn, NotTried or TurnedAway tells. Held are how
// many have a place or are asking for it, and used how many of them work: what is not used
// is no reason to ask for more.
func (p *Places) Try(now time.Time, held, used int) (may, more bool) {
	if p.limit == 0 || held < p.limit {
		return true, false
	}
	if p.probing || used < p.limit || now.Before(p.probe) {
		return false, false
	}
	p.limit, p.probing = held+1, true
	return true, true
}

// Next is when to ask again whether one more may try, if nobody leaves before.
func (p *Places) Next(now time.Time) time.Duration {
	if d := p.probe.Sub(now); d > 0 {
		return d
	}
	return placesPatience // those who have a place do not need all of them
}

// LetIn notes that the one more who tried has a place: the far side may have others, so the
// next may try at once. All is the number of those who could have one.
func (p *Places) LetIn(now time.Time, all int) {
	if !p.probing {
		return
	}
	p.probing, p.patience, p.probe = false, placesPatience, now
	if p.limit >= all {
		p.limit = 0
	}
}

// NotTried notes that there was nothing to do for the one more who was to try.
func (p *Places) NotTried(now time.Time) {
	if !p.probing {
		return
	}
	p.limit, p.probing, p.probe = max(1, p.limit-1), false, now.Add(placesPatience)
}
