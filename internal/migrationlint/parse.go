package migrationlint

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wasilibs/go-pgquery/parser"
)

// parserFailed is set when the parser has run out of its stack, which it reports as a panic: its WebAssembly instance
// is kept for the next call, but its memory can no longer be trusted.
var parserFailed atomic.Bool

// patience is how long the parser may take for a file. It takes 0.1 ms for a statement, and two seconds to start, or ten
// on a busy machine.
var patience = 30 * time.Second

// parseToJSON returns PostgreSQL's parse tree. It ends with an error for SQL that is too deep for the parser.
func parseToJSON(sql string) (string, error) {
	if parserFailed.Load() {
		return "", errors.New("not read, because the parser has failed at an earlier file: correct that one first")
	}
	type result struct {
		tree string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				parserFailed.Store(true)
				done <- result{err: fmt.Errorf("too deep for the parser, split the statement (%v)", cause)}
			}
		}()
		tree, err := parser.ParseToJSON(sql)
		done <- result{tree, err}
	}()
	select {
	case r := <-done:
		return r.tree, r.err
	case <-time.After(patience):
		parserFailed.Store(true)
		return "", fmt.Errorf("the parser has not ended after %v: split the statement", patience)
	}
}
