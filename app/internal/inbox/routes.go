package inbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dozen/app/internal/config"
	"dozen/app/internal/database"
)

// Source is a system that may post events, and how it signs them.
type Source struct {
	Name          string
	Scheme        string
	Secret        config.Secret
	RatePerMinute int // events accepted per minute; 1 to 2147483647
}

// Destination is a URL that a source's events go to.
type Destination struct {
	Name         string
	Source       string
	URL          string
	Secret       config.Secret // signs our requests to it
	AllowPrivate bool          // may be in a private network, but never a metadata address
	Concurrency  int           // simultaneous requests per worker; 1 to 1000
	MaxAttempts  int           // before a delivery is dead; 1 to 100
}

// AddSource validates and stores a source. It replaces a source of the same name.
func (in *Inbox) AddSource(ctx context.Context, s Source) error {
	if err := s.Validate(); err != nil {
		return err
	}
	_, err := in.db.Exec(ctx, `
		insert into source (name, scheme, secret, rate_per_minute) values ($1, $2, $3, $4)
		on conflict (name) do update set
			scheme = excluded.scheme, secret = excluded.secret, rate_per_minute = excluded.rate_per_minute`,
		s.Name, s.Scheme, s.Secret.Reveal(), s.RatePerMinute)
	return err
}

// AddDestination validates and stores a destination of an existing source. It replaces a destination of the same name.
// Only events that come later are delivered to it.
func (in *Inbox) AddDestination(ctx context.Context, d Destination) error {
	if err := d.Validate(); err != nil {
		return err
	}
	_, err := in.db.Exec(ctx, `
		insert into destination (name, source, url, secret, allow_private, concurrency, max_attempts)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (name) do update set source = excluded.source, url = excluded.url, secret = excluded.secret,
			allow_private = excluded.allow_private, concurrency = excluded.concurrency,
			max_attempts = excluded.max_attempts`,
		d.Name, d.Source, d.URL, d.Secret.Reveal(), d.AllowPrivate, d.Concurrency, d.MaxAttempts)
	var reason *pgconn.PgError
	if errors.As(err, &reason) && reason.Code == "23503" {
		return fmt.Errorf("source %q: %w; add it first", d.Source, ErrNotFound)
	}
	return err
}

const sourceColumns = "name, scheme, secret, rate_per_minute"

// Source returns the source with the given name, or ErrNotFound.
func (in *Inbox) Source(ctx context.Context, name string) (s Source, err error) {
	err = in.db.QueryRow(ctx, "select "+sourceColumns+" from source where name = $1", name).
		Scan(&s.Name, &s.Scheme, &s.Secret, &s.RatePerMinute)
	return s, notFound(err)
}

// Sources returns all sources, sorted by name.
func (in *Inbox) Sources(ctx context.Context) ([]Source, error) {
	return database.List[Source](ctx, in.db, "select "+sourceColumns+" from source order by name")
}

// Destinations returns all destinations, sorted by source and name.
func (in *Inbox) Destinations(ctx context.Context) ([]Destination, error) {
	return database.List[Destination](ctx, in.db, `
		select name, source, url, secret, allow_private, concurrency, max_attempts
		from destination order by source, name`)
}

func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
