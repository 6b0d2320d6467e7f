// Package operator stores the people who may use the operators' page.
package operator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

const (
	// MinPassword is the minimum length of a password in characters.
	MinPassword = 12
	// maxEmail is the maximum length of an email in bytes, by RFC 5321.
	maxEmail = 254
)

var (
	// ErrRefused means that the email or the password is wrong.
	ErrRefused = errors.New("email or password is wrong")
	// ErrBusy means that too many passwords are being checked.
	ErrBusy = errors.New("too many passwords are being checked")
)

// Identity is an operator with one password. The generation changes with the password, and reveals nothing about it.
type Identity struct{ Email, Generation string }

// Add stores an operator. If the email is known, its operator gets the new password.
func Add(ctx context.Context, db *database.DB, email, password string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > maxEmail {
		return fmt.Errorf("email %q: write it like ada@example.com, with at most %d characters", email, maxEmail)
	}
	if count := len([]rune(password)); count < MinPassword {
		return fmt.Errorf("password: has %d characters, use at least %d", count, MinPassword)
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `insert into operator (email, password) values ($1, $2)
		on conflict (email) do update set password = excluded.password`, Normalize(email), hash)
	return err
}

// Check returns the operator if the password is right, ErrRefused if it is not, and ErrBusy if ctx ends before the
// password could be checked. It takes as long for an unknown email, so that nobody can find out which emails are known.
func Check(ctx context.Context, db *database.DB, email, password string) (Identity, error) {
	if len(email) > maxEmail {
		return Identity{}, ErrRefused
	}
	email = Normalize(email)
	stored, err := load(ctx, db, email)
	if err != nil {
		return Identity{}, err
	}
	known := stored != ""
	if !known {
		stored = unmatchable
	}
	switch right, err := matches(ctx, stored, password); {
	case err != nil:
		return Identity{}, err
	case !right || !known:
		return Identity{}, ErrRefused
	}
	return Identity{email, generation(stored)}, nil
}

// IsCurrent reports whether the operator still exists and has the same password.
func (i Identity) IsCurrent(ctx context.Context, db *database.DB) (bool, error) {
	stored, err := load(ctx, db, i.Email)
	return stored != "" && generation(stored) == i.Generation, err
}

// load returns the hash of an operator's password, or "" if there is no such operator.
func load(ctx context.Context, db *database.DB, email string) (stored string, err error) {
	err = db.QueryRow(ctx, "select password from operator where email = $1", email).Scan(&stored)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return stored, err
}

func generation(stored string) string {
	sum := sha256.Sum256([]byte(stored))
	return hex.EncodeToString(sum[:16])
}

// Normalize returns the form of an email that identifies an operator.
func Normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
