package gate

import (
	"context"
	"errors"
	"time"
)

// ErrHandOver means that the next invocation could not be started. The handler returns it, and Lambda delivers the
// event again.
var ErrHandOver = errors.New("cannot start the next invocation of the gate's function")

// Clock is time as Drive sees it.
type Clock interface {
	Now() time.Time
	// Sleep waits until a time, or until ctx ends.
	Sleep(ctx context.Context, until time.Time)
}

// Drive works on a request until it is answered, or until the time given, when it hands over. It tries to hand over
// until ctx ends, so ctx must last somewhat longer than that time.
func Drive(ctx context.Context, s *State, until time.Time, clock Clock, do func(context.Context, Action) Result) error {
	for {
		action := s.Next(clock.Now(), until)
		switch action.Verb {
		case Finish:
			return nil
		case Wait:
			clock.Sleep(ctx, action.Until)
		default:
			result := do(ctx, action)
			s.Apply(action, result, clock.Now())
			if action.Verb == HandOver && result.Fault != nil {
				clock.Sleep(ctx, clock.Now().Add(shortPause))
			}
		}
		if ctx.Err() != nil && !s.Finished() {
			return errors.Join(ErrHandOver, ctx.Err())
		}
	}
}
