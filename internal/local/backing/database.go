package backing

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the one that RDS keeps for itself.
const superuser = "rdsadmin"

// DatabaseSettings are what AWS::RDS::DBInstance and its parameter group say. All are required but the last three.
type DatabaseSettings struct {
	Dir       string     // absolute; the data lives here between starts
	Version   string     // "17.9": the major version must be here, another minor one is a note
	Name      string     // the database
	Username  string     // its owner
	Password  string     // any characters but NUL
	Authority *Authority // signs the server's certificate

	Binaries   string            // directory of initdb and postgres; searched for by default
	Checkout   string            // where node_modules is
	Parameters map[string]string // further server settings; names that begin with rds. are AWS's own and left out
}

// Database is a running PostgreSQL.
type Database struct{ Server }

// StartDatabase starts PostgreSQL and returns when the login can be used.
func StartDatabase(ctx context.Context, s DatabaseSettings) (*Database, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	found, err := findPostgres(s.Version, s.Binaries, s.Checkout)
	if err != nil {
		return nil, err
	}
	release, err := claim(s.Dir)
	if err != nil {
		return nil, err
	}
	db, err := s.run(ctx, found)
	if err != nil {
		release()
		return nil, fmt.Errorf("database: %w", err)
	}
	stop := db.stop
	db.stop = func() { stop(); release() }
	if found.version != s.Version {
		db.Notes = append(db.Notes, fmt.Sprintf("the template pins PostgreSQL %s, this is %s", s.Version, found.version))
	}
	return db, nil
}

func (s DatabaseSettings) check() error {
	var errs []error
	for name, value := range map[string]string{"Name": s.Name, "Username": s.Username, "Password": s.Password, "Version": s.Version} {
		if value == "" || strings.ContainsRune(value, 0) {
			errs = append(errs, fmt.Errorf("database: %s is empty or has a NUL character: take it from the template", name))
		}
	}
	if s.Username == superuser {
		errs = append(errs, fmt.Errorf("database: Username %q is RDS's own: choose another", superuser))
	}
	if s.Authority == nil {
		errs = append(errs, errors.New("database: Authority is missing: see OpenAuthority"))
	}
	return errors.Join(errs...)
}

func (s DatabaseSettings) data() string { return filepath.Join(s.Dir, "data") }

func (s DatabaseSettings) run(ctx context.Context, found postgres) (*Database, error) {
	who, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := who.settle(s.Dir); err != nil {
		return nil, err
	}
	if found, err = found.reachableFor(who, s.Dir); err != nil {
		return nil, err
	}
	if err := s.initialize(ctx, who, found); err != nil {
		return nil, err
	}
	if err := stopLeftover(filepath.Join(s.data(), "postmaster.pid"), s.data(), syscall.SIGINT); err != nil {
		return nil, err
	}
	port, err := freePort(s.Dir)
	if err != nil {
		return nil, err
	}
	args, err := s.arguments(who, port)
	if err != nil {
		return nil, err
	}
	server, err := start(who, filepath.Join(s.Dir, "postgres.log"), filepath.Join(found.bin, "postgres"), args...)
	if err != nil {
		return nil, err
	}
	db := &Database{Server{Address: address(port), Port: port, Version: found.version}}
	db.stop = func() { server.stop(syscall.SIGINT) } // a fast shutdown: clients are cut off, nothing is lost
	if err := s.admit(ctx, server, port); err != nil {
		db.Stop()
		return nil, err
	}
	return db, nil
}

// initialize makes the data directory, unless it is there. A crash half way leaves nothing that looks whole.
func (s DatabaseSettings) initialize(ctx context.Context, who account, found postgres) error {
	if text, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		if kept := strings.TrimSpace(string(text)); major(kept) != major(found.version) {
			return fmt.Errorf("%s holds data of PostgreSQL %s, and the template pins %s; it is left as it is: move it away to begin anew", s.data(), kept, s.Version)
		}
		return nil
	} else if !os.IsNotExist(err) {
		return err
	}
	fresh := s.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := who.write(s.secretFile(), []byte(rand.Text())); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", superuser, "--pwfile", s.secretFile(), "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"}
	if major(found.version) >= 17 { // so that lower('É') is what it is on RDS
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	}
	cmd := command(who, filepath.Join(found.bin, "initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", fresh, err, out)
	}
	// No line for connections without TLS: they are refused, as rds.force_ssl does.
	rules := "hostssl all all 127.0.0.1/32 scram-sha-256\n"
	if err := who.write(filepath.Join(fresh, "pg_hba.conf"), []byte(rules)); err != nil {
		return err
	}
	return errors.Join(ctx.Err(), os.Rename(fresh, s.data()))
}

func (s DatabaseSettings) secretFile() string { return filepath.Join(s.Dir, superuser+".password") }

func (s DatabaseSettings) arguments(who account, port int) ([]string, error) {
	certificate, key, err := s.Authority.install(who, s.Dir)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "timezone": "UTC", "log_timezone": "UTC",
		"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key,
	}
	for name, value := range s.Parameters {
		if !strings.HasPrefix(name, "rds.") {
			settings[name] = value
		}
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(port)}
	for name, value := range settings {
		args = append(args, "-c"+name+"="+value)
	}
	slices.Sort(args[4:])
	return args, nil
}

// admit waits for the server, and gives the login its rights and its password of today.
func (s DatabaseSettings) admit(ctx context.Context, server *process, port int) error {
	password, err := os.ReadFile(s.secretFile())
	if err != nil {
		return err
	}
	config, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres sslmode=disable", port, superuser))
	if err != nil {
		return err
	}
	config.Password, config.TLSConfig = string(password), &tls.Config{RootCAs: s.Authority.Pool(), ServerName: "localhost"}
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	for {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			err = s.grant(ctx, conn)
			return errors.Join(err, conn.Close(ctx))
		}
		select {
		case <-server.done:
			return fmt.Errorf("PostgreSQL ended at its start: %s", server.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, server.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// grant makes login and database what they are on RDS. It may run any number of times.
func (s DatabaseSettings) grant(ctx context.Context, conn *pgx.Conn) error {
	role, database := pgx.Identifier{s.Username}.Sanitize(), pgx.Identifier{s.Name}.Sanitize()
	word := "'" + strings.ReplaceAll(s.Password, "'", "''") + "'"
	var hasRole, hasDatabase bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1), EXISTS (SELECT FROM pg_database WHERE datname = $2)",
		s.Username, s.Name).Scan(&hasRole, &hasDatabase)
	if err != nil {
		return err
	}
	// The password is part of a statement, and statements are logged when they fail or are slow.
	statements := []string{"SET log_min_error_statement = panic", "SET log_min_duration_statement = -1", "SET log_statement = 'none'"}
	if !hasRole {
		statements = append(statements, "CREATE ROLE "+role)
	}
	statements = append(statements, "ALTER ROLE "+role+" LOGIN CREATEDB CREATEROLE NOSUPERUSER PASSWORD "+word,
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
