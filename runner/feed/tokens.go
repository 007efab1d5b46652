package feed

import (
	"brood/runner/jobserver"
	"context"
	"time"
)

// tokens is what a slot needs where make's jobserver gives out how much may be
// done at a time. A nil server gives everything.
type tokens struct {
	server *jobserver.Client
	has    bool
	token  jobserver.Token
	since  time.Time
}

// tokenTime is how long a token is kept while there is work: others may wait for
// it.
const tokenTime = 100 * time.Millisecond

// take waits for a token, if there is none yet. It returns false if ctx has
// ended. If the jobserver breaks down the run goes on without.
func (k *tokens) take(ctx context.Context) bool {
	if k.server == nil || k.has {
		return true
	}
	t, err := k.server.Take(ctx)
	if ctx.Err() != nil {
		if err == nil {
			k.server.Put(t)
		}
		return false
	}
	if err != nil {
		k.server = nil
		return true
	}
	k.token, k.has, k.since = t, true, time.Now()
	return true
}

// put gives the token back.
func (k *tokens) put() {
	if k.has {
		k.server.Put(k.token)
		k.has = false
	}
}

// old reports whether it is time to let others have it.
func (k *tokens) old() bool { return k.has && time.Since(k.since) > tokenTime }
