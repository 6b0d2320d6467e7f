package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// loadDatabase accepts one DATABASE_URL or the parts. Credentials never stay in the URL: generated passwords contain
// characters that net/url refuses, and such a password has kept whole deployments from starting.
func loadDatabase(r *reader) Database {
	db := Database{
		Username:  r.string("POSTGRES_USERNAME", "postgres"),
		Password:  r.secret("POSTGRES_PASSWORD", "postgres"),
		SecretARN: r.string("DATABASE_SECRET_ARN", ""),
		PoolSize:  r.number("DATABASE_POOL_SIZE", 10, 2, 1000),
	}
	host := r.string("POSTGRES_SERVICE_HOST", "localhost")
	port := r.number("POSTGRES_PORT", 5432, 1, 65535)
	name := r.string("POSTGRES_NAME", "postgres")
	mode := r.oneOf("POSTGRES_SSLMODE", "prefer", "disable", "allow", "prefer", "require", "verify-ca", "verify-full")
	whole := r.string("DATABASE_URL", "")
	if whole == "" {
		address := net.JoinHostPort(host, strconv.Itoa(port))
		db.URL = (&url.URL{Scheme: "postgres", Host: address, Path: "/" + name, RawQuery: "sslmode=" + mode}).String()
		return db
	}
	rest, username, password := cutCredentials(whole)
	if username != "" {
		db.Username, db.Password = username, Secret(password)
	}
	db.URL = rest
	r.requireURL("DATABASE_URL", rest, "postgres", "postgresql")
	return db
}

// cutCredentials cuts "user:password@" out of a URL. It decodes valid percent-encoding, and keeps raw special
// characters as they are.
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
