package backing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// prepareLogin waits for the server, and gives the login its rights and its current password.
func (s DatabaseSettings) prepareLogin(ctx context.Context, server *process, port int) error {
	password, err := os.ReadFile(s.secretFile())
	if err != nil {
		return err
	}
	address := fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres sslmode=disable", port, superuser)
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	config.Password = string(password)
	config.TLSConfig = &tls.Config{RootCAs: s.Authority.Pool(), ServerName: "localhost"}
	ctx, done := context.WithTimeout(ctx, serverTimeout)
	defer done()
	for {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			err = s.grant(ctx, conn)
			return errors.Join(err, conn.Close(ctx))
		}
		select {
		case <-server.done:
			return fmt.Errorf("PostgreSQL ended right after its start: %s", server.logTail())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, server.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// grant makes the login and the database as they are on RDS. It may run any number of times.
func (s DatabaseSettings) grant(ctx context.Context, conn *pgx.Conn) error {
	role, database := pgx.Identifier{s.Username}.Sanitize(), pgx.Identifier{s.Name}.Sanitize()
	password := "'" + strings.ReplaceAll(s.Password, "'", "''") + "'"
	var hasRole, hasDatabase bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT FROM pg_database WHERE datname = $2)`, s.Username, s.Name).Scan(&hasRole, &hasDatabase)
	if err != nil {
		return err
	}
	// One statement has the password, and the server logs statements that fail or are slow.
	statements := []string{
		"SET log_min_error_statement = panic",
		"SET log_min_duration_statement = -1",
		"SET log_statement = 'none'",
	}
	if !hasRole {
		statements = append(statements, "CREATE ROLE "+role)
	}
	statements = append(statements, "ALTER ROLE "+role+" LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD "+password,
		"GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO "+role)
	if !hasDatabase {
		statements = append(statements, "CREATE DATABASE "+database)
	}
	statements = append(statements, "ALTER DATABASE "+database+" OWNER TO "+role)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("login %q and database %q: %w", s.Username, s.Name, err)
		}
	}
	return nil
}
