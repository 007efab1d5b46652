package runner

import "context"

// beginEarly starts the first worker of a slot while the intent of its record is still being
// made durable: that takes about as long. There is no worker for a slot of which there is no
// record: then it returns when all is over, and says so. Where something else decides what may
// begin, the worker is started when there is something for it to do.
func (s *slot) beginEarly(ctx context.Context) (k *talk, over bool, err error) {
	f := s.r.feed
	if !f.NeedsIntents() {
		return nil, false, nil
	}
	if !f.Came(ctx, s.number) {
		select {
		case <-ctx.Done():
		case <-f.Over():
		}
		return nil, true, nil
	}
	if !f.Free(s.number) {
		return nil, false, nil
	}
	if k, err = s.start(ctx); k == nil {
		err = s.bear(ctx, err)
	}
	return k, err != nil || ctx.Err() != nil && k == nil, err
}
