// Package operator keeps the people who may use the operators' page.
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

// MinPassword is the fewest characters of a password.
const MinPassword = 12

// ErrRefused says that email and password do not belong together.
var ErrRefused = errors.New("email or password is wrong")

// Add stores an operator; one with the same email gets the new password.
func Add(ctx context.Context, db *database.DB, email, password string) error {
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email {
		return fmt.Errorf("email %q: write it like ada@example.com", email)
	}
	if count := len([]rune(password)); count < MinPassword {
		return fmt.Errorf("password: has %d characters, use %d or more", count, MinPassword)
	}
	_, err := db.Exec(ctx, `insert into operator (email, password) values ($1, $2)
		on conflict (email) do update set password = excluded.password`, normal(email), hash(password))
	return err
}

// Check returns nil if the password is the operator's, and else ErrRefused. It
// takes as long for an unknown email, so that nobody can find out which exist.
func Check(ctx context.Context, db *database.DB, email, password string) error {
	stored := nobody()
	err := db.QueryRow(ctx, "select password from operator where email = $1", normal(email)).Scan(&stored)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if !matches(stored, password) || err != nil {
		return ErrRefused
	}
	return nil
}

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
