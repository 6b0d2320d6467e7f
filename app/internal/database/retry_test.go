package database

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// A statement that was interrupted may have been executed: to repeat it would store an event twice, or charge a customer
// twice. BEGIN is harmless, and nothing that somebody has cancelled is repeated.
func TestOnlyHarmlessOperationsAreRepeated(t *testing.T) {
	db := &DB{}
	for _, c := range []struct {
		err               error
		repeated, ifBegin bool
	}{
		{&pgconn.PgError{Code: "57P01"}, false, true},  // the server is shutting down
		{&pgconn.PgError{Code: "57014"}, false, false}, // somebody has cancelled it
		{&pgconn.PgError{Code: "23505"}, false, false}, // the statement is wrong
		{errors.New("unexpected EOF"), false, true},
		{context.Canceled, false, false},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), false, false},
	} {
		if is := db.retryable(c.err, false); is != c.repeated {
			t.Errorf("%v: repeated: %t", c.err, is)
		}
		if is := db.retryable(c.err, true); is != c.ifBegin {
			t.Errorf("BEGIN after %v: repeated: %t", c.err, is)
		}
	}
}

// These are answered with a 4xx: the sender's value is at fault, and the database works.
func TestRefusedValues(t *testing.T) {
	for code, want := range map[string]bool{"22021": true, "22P05": true, "54000": true, "53300": false, "42P01": false, "57P01": false} {
		if is := IsRefusedValue(&pgconn.PgError{Code: code}); is != want {
			t.Errorf("%s is a refused value: %t", code, is)
		}
	}
	if IsRefusedValue(errors.New("x")) {
		t.Error("any error is a refused value")
	}
}
