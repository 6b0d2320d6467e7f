// Package operator stores the people who may use the operators' page.
package operator

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

// MinPassword is the minimum length of a password in characters.
const MinPassword = 12

// ErrRefused means that the email or the password is wrong.
var ErrRefused = errors.New("email or password is wrong")

// Add stores an operator. If the email is known, its operator gets the new password.
func Add(ctx context.Context, db *database.DB, email, password string) error {
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email {
		return fmt.Errorf("email %q: write it like ada@example.com", email)
	}
	if count := len([]rune(password)); count < MinPassword {
		return fmt.Errorf("password: has %d characters, use at least %d", count, MinPassword)
	}
	_, err := db.Exec(ctx, `insert into operator (email, password) values ($1, $2)
		on conflict (email) do update set password = excluded.password`, normalize(email), hashPassword(password))
	return err
}

// Check returns nil if the password is the operator's, and ErrRefused if not. It takes as long for an unknown email,
// so that nobody can find out which emails are known.
func Check(ctx context.Context, db *database.DB, email, password string) error {
	stored := unmatchable()
	err := db.QueryRow(ctx, "select password from operator where email = $1", normalize(email)).Scan(&stored)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if !matches(stored, password) || err != nil {
		return ErrRefused
	}
	return nil
}

func normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
