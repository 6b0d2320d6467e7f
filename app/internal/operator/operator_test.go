package operator

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

// What is stored is the key of the limit on guesses and of every session, so it has one form.
func TestAddRefuses(t *testing.T) {
	db := testsuite.Database(t)
	long := strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 93) + "example"
	for _, bad := range []string{"", "ada", "Ada <ada@example.com>", "ada@example.com, eve@example.com", " ada@example.com", long + "x"} {
		if err := Add(t.Context(), db, bad, password); err == nil {
			t.Errorf("%q is an operator", bad)
		}
	}
	for _, good := range []string{email, long} {
		if err := Add(t.Context(), db, good, password); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	short := strings.Repeat("é", MinPassword-1)
	if err := Add(t.Context(), db, email, short); err == nil {
		t.Errorf("a password of %d characters is enough", MinPassword-1)
	}
	if MinPassword != 12 || Add(t.Context(), db, email, short+"é") != nil {
		t.Errorf("a password of %d characters is not enough", MinPassword)
	}
}

func TestCheck(t *testing.T) {
	db := testsuite.Database(t)
	if err := Add(t.Context(), db, "Ada@Example.com", password); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		email, password string
		want            error
	}{
		{email, password, nil},
		{" ADA@example.com ", password, nil},
		{email, "correct horse batterz", ErrRefused},
		{email, "", ErrRefused},
		{"eve@example.com", password, ErrRefused},
		{"", password, ErrRefused},
		{strings.Repeat("x", 300), password, ErrRefused},
	} {
		who, err := Check(t.Context(), db, c.email, c.password)
		if !errors.Is(err, c.want) || err == nil && who.Email != email {
			t.Errorf("%q with %q: %+v, %v; want %v", c.email, c.password, who, err, c.want)
		}
	}
	if err := Add(t.Context(), db, "ADA@example.com", "another long password"); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), db, email, password); !errors.Is(err, ErrRefused) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := Check(t.Context(), db, email, "another long password"); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// A quick answer would say which emails are operators'. Both take a hash, which needs a turn: without one, both are busy.
func TestUnknownEmailTakesAsLong(t *testing.T) {
	db := testsuite.Database(t)
	if err := Add(t.Context(), db, email, password); err != nil {
		t.Fatal(err)
	}
	for range cap(hashing) {
		hashing <- struct{}{}
		defer func() { <-hashing }()
	}
	for _, who := range []string{email, "eve@example.com"} {
		soon, done := context.WithTimeout(t.Context(), time.Second)
		if _, err := Check(soon, db, who, password); !errors.Is(err, ErrBusy) {
			t.Errorf("%s without a turn: %v", who, err)
		}
		done()
	}
}

// A session ends with the password that it began with, and with its operator.
func TestSessionIsCurrent(t *testing.T) {
	db := testsuite.Database(t)
	if err := Add(t.Context(), db, email, password); err != nil {
		t.Fatal(err)
	}
	who, err := Check(t.Context(), db, email, password)
	if err != nil {
		t.Fatal(err)
	}
	is := func(want bool, when string) {
		t.Helper()
		if current, err := who.IsCurrent(t.Context(), db); err != nil || current != want {
			t.Errorf("%s the session is current: %t, %v", when, current, err)
		}
	}
	is(true, "at first")
	if err := Add(t.Context(), db, email, password); err != nil { // the same, but it was set again
		t.Fatal(err)
	}
	is(false, "after a new password")
	if who, err = Check(t.Context(), db, email, password); err != nil {
		t.Fatal(err)
	}
	is(true, "after a new login")
	if _, err := db.Exec(t.Context(), "delete from operator"); err != nil {
		t.Fatal(err)
	}
	is(false, "without its operator")
	who = Identity{}
	is(false, "of nobody")
}

// What is in the database is worth as little as OWASP's costs can make it, and other forms are nobody's password.
func TestHashes(t *testing.T) {
	one, err := hashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := hashPassword(t.Context(), password)
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$`).MatchString(one) {
		t.Errorf("hash %s", one)
	}
	if one == two {
		t.Error("two hashes have the same salt")
	}
	parts := strings.Split(one, "$")
	for _, bad := range []string{"", password, "$2a$" + one, strings.Replace(one, "argon2id", "argon2i", 1), strings.Join(parts[:5], "$"),
		strings.Replace(one, "t=2", "t=0", 1), strings.Replace(one, "p=1", "p=0", 1), strings.Replace(one, "m=19456", "m=x", 1),
		strings.Replace(one, parts[4], "!", 1), strings.Replace(one, parts[5], "!", 1), strings.Replace(one, parts[5], "", 1),
		strings.Replace(one, parts[4], "AAAA", 1)} {
		if right, err := matches(t.Context(), bad, password); right || err != nil {
			t.Errorf("%q is the hash of %q: %t, %v", bad, password, right, err)
		}
	}
	for hash, want := range map[string]bool{one: true, two: true, unmatchable: false} {
		if right, err := matches(t.Context(), hash, password); right != want || err != nil {
			t.Errorf("%q: %t, %v", hash, right, err)
		}
	}
}

// Each hash takes 19 MiB: many logins at once must not use up the memory that events need.
func TestFewHashesAtOnce(t *testing.T) {
	if cap(hashing) != 2 {
		t.Errorf("%d hashes at once", cap(hashing))
	}
	for range 2 * cap(hashing) { // each gives its turn back
		soon, done := context.WithTimeout(t.Context(), 10*time.Second)
		if _, err := hashPassword(soon, password); err != nil {
			t.Fatal(err)
		}
		done()
	}
	for range cap(hashing) {
		hashing <- struct{}{}
		defer func() { <-hashing }()
	}
	waited := make(chan error, 1)
	soon, done := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer done()
	go func() { _, err := hashPassword(soon, password); waited <- err }()
	select {
	case err := <-waited:
		if !errors.Is(err, ErrBusy) {
			t.Errorf("a hash without a turn: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a hash waits for its turn, though its time is over")
	}
}
