package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// loadDatabase accepts one DATABASE_URL or the parts. Credentials never stay
// in the URL: passwords made by machines hold characters that net/url refuses,
// and such a password has kept whole deploys from starting.
func loadDatabase(r *reader) Database {
	db := Database{
		Username:  r.text("POSTGRES_USERNAME", "postgres"),
		Password:  r.secret("POSTGRES_PASSWORD", "postgres"),
		SecretARN: r.text("DATABASE_SECRET_ARN", ""),
		PoolSize:  r.number("DATABASE_POOL_SIZE", 10, 2, 1000),
	}
	host := r.text("POSTGRES_SERVICE_HOST", "localhost")
	port := r.number("POSTGRES_PORT", 5432, 1, 65535)
	name := r.text("POSTGRES_NAME", "postgres")
	mode := r.oneOf("POSTGRES_SSLMODE", "prefer", "disable", "allow", "prefer", "require", "verify-ca", "verify-full")
	whole := r.text("DATABASE_URL", "")
	if whole == "" {
		u := url.URL{Scheme: "postgres", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: "/" + name, RawQuery: "sslmode=" + mode}
		db.URL = u.String()
		return db
	}
	rest, username, password := cutCredentials(whole)
	if username != "" {
		db.Username, db.Password = username, Secret(password)
	}
	db.URL = rest
	checkURL(r, "DATABASE_URL", rest, "postgres", "postgresql")
	return db
}

// cutCredentials takes "user:password@" out of a URL. Percent-encoding is
// undone where it is valid; a raw special character is taken as it stands.
func cutCredentials(whole string) (rest, username, password string) {
	scheme, after, found := strings.Cut(whole, "://")
	at := strings.LastIndex(after, "@")
	if !found || at < 0 {
		return whole, "", ""
	}
	username, password, _ = strings.Cut(after[:at], ":")
	return scheme + "://" + after[at+1:], decode(username), decode(password)
}

func decode(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}
