package feed

import (
	"context"
	"testing"
)

// A slot that waits gives back the token of make's jobserver; TestTokens of package
// jobserver looks at the other side.
func TestSeatWithoutJobserver(t *testing.T) {
	x := newFixture(t, Config{})
	if !x.seat.tokens.take(context.Background()) || x.seat.tokens.has || x.seat.tokens.old() {
		t.Error("where there is no jobserver no token is needed")
	}
	x.seat.rest(nil)
	x.feed.Leave(x.seat)
}
