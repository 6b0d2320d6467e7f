package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dozen/app/internal/config"
	"dozen/app/internal/database"
)

// Schemes are the ways to sign a request; see package signature.
var Schemes = []string{"hmac", "github", "stripe"}

// Source says who may post events, and how they sign them.
type Source struct {
	Name          string
	Scheme        string
	Secret        config.Secret
	RatePerMinute int // events that are accepted in a minute; 1 or more
}

// Destination says where a source's events go.
type Destination struct {
	Name         string
	Source       string
	URL          string
	Secret       config.Secret // signs our requests to it
	AllowPrivate bool          // may lie in a private network; metadata never may
	Concurrency  int           // requests of one worker at once; 1 or more
	MaxAttempts  int           // 1 to 100, then the delivery is dead
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate returns every mistake at once.
func (s Source) Validate() error {
	return errors.Join(
		when(!nameForm.MatchString(s.Name), "source name %q: use 1 to 63 of a-z, 0-9 and -, not beginning with -", s.Name),
		when(!slices.Contains(Schemes, s.Scheme), "scheme %q: write one of %v", s.Scheme, Schemes),
		when(len(s.Secret) < 16, "secret: has %d characters, use 16 or more", len(s.Secret)),
		when(s.RatePerMinute < 1, "rate %d: write 1 or more events a minute", s.RatePerMinute),
	)
}

// Validate returns every mistake at once.
func (d Destination) Validate() error {
	u, err := url.Parse(d.URL)
	wrong := err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil
	return errors.Join(
		when(!nameForm.MatchString(d.Name), "destination name %q: use 1 to 63 of a-z, 0-9 and -, not beginning with -", d.Name),
		when(wrong, "url %q: write http:// or https:// with a host, and without user and password", d.URL),
		when(len(d.Secret) < 16, "secret: has %d characters, use 16 or more", len(d.Secret)),
		when(d.Concurrency < 1, "concurrency %d: write 1 or more", d.Concurrency),
		when(d.MaxAttempts < 1 || d.MaxAttempts > 100, "attempts %d: write 1 to 100", d.MaxAttempts),
	)
}

func when(wrong bool, format string, args ...any) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// AddSource stores a valid source; one of the same name is replaced.
func (in *Inbox) AddSource(ctx context.Context, s Source) error {
	if err := s.Validate(); err != nil {
		return err
	}
	_, err := in.db.Exec(ctx, `
		insert into source (name, scheme, secret, rate_per_minute) values ($1, $2, $3, $4)
		on conflict (name) do update set scheme = excluded.scheme, secret = excluded.secret, rate_per_minute = excluded.rate_per_minute`,
		s.Name, s.Scheme, s.Secret.Reveal(), s.RatePerMinute)
	return err
}

// AddDestination stores a valid destination of an existing source; one of the
// same name is replaced. Only events that come later go there.
func (in *Inbox) AddDestination(ctx context.Context, d Destination) error {
	if err := d.Validate(); err != nil {
		return err
	}
	_, err := in.db.Exec(ctx, `
		insert into destination (name, source, url, secret, allow_private, concurrency, max_attempts) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (name) do update set source = excluded.source, url = excluded.url, secret = excluded.secret,
			allow_private = excluded.allow_private, concurrency = excluded.concurrency, max_attempts = excluded.max_attempts`,
		d.Name, d.Source, d.URL, d.Secret.Reveal(), d.AllowPrivate, d.Concurrency, d.MaxAttempts)
	var reason *pgconn.PgError
	if errors.As(err, &reason) && reason.Code == "23503" {
		return fmt.Errorf("source %q: %w; add it first", d.Source, ErrNotFound)
	}
	return err
}

const sourceColumns = "name, scheme, secret, rate_per_minute"

// Source finds one source, or ErrNotFound.
func (in *Inbox) Source(ctx context.Context, name string) (s Source, err error) {
	err = in.db.QueryRow(ctx, "select "+sourceColumns+" from source where name = $1", name).
		Scan(&s.Name, &s.Scheme, &s.Secret, &s.RatePerMinute)
	return s, notFound(err)
}

// Sources lists all sources by name.
func (in *Inbox) Sources(ctx context.Context) ([]Source, error) {
	return database.List[Source](ctx, in.db, "select "+sourceColumns+" from source order by name")
}

// Destinations lists all destinations by source and name.
func (in *Inbox) Destinations(ctx context.Context) ([]Destination, error) {
	return database.List[Destination](ctx, in.db, `
		select name, source, url, secret, allow_private, concurrency, max_attempts from destination order by source, name`)
}

func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
