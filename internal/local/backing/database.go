package backing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// superuser is the superuser that RDS keeps for itself.
const superuser = "rdsadmin"

// DatabaseSettings are the properties of an AWS::RDS::DBInstance and its parameter group. All but the last three are
// required.
type DatabaseSettings struct {
	Dir       string     // absolute; keeps the data between starts
	Version   string     // such as "17.9"; the major version must be installed, another minor version gives a note
	Name      string     // of the database
	Username  string     // the owner of the database
	Password  string     // any characters except NUL
	Authority *Authority // signs the server's certificate

	Binaries   string            // directory with initdb and postgres; searched for by default
	Checkout   string            // directory with node_modules
	Parameters map[string]string // more server settings; names that begin with rds. are AWS's own and are skipped
}

// Database is a running PostgreSQL.
type Database struct{ Server }

// StartDatabase starts PostgreSQL and returns when the login works.
func StartDatabase(ctx context.Context, s DatabaseSettings) (*Database, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	found, err := findPostgres(s.Version, s.Binaries, s.Checkout)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(s.Dir)
	if err != nil {
		return nil, err
	}
	db, err := s.run(ctx, found)
	if err != nil {
		unlock()
		return nil, fmt.Errorf("database: %w", err)
	}
	stop := db.stop
	db.stop = func() { stop(); unlock() }
	if found.version != s.Version {
		note := fmt.Sprintf("the template pins PostgreSQL %s; %s runs here", s.Version, found.version)
		db.Notes = append(db.Notes, note)
	}
	return db, nil
}

func (s DatabaseSettings) validate() error {
	given := func(field, value string) error {
		return require(value != "" && !strings.ContainsRune(value, 0),
			"database: %s is empty or has a NUL character: use the template's", field)
	}
	return errors.Join(
		given("Name", s.Name),
		given("Username", s.Username),
		given("Password", s.Password),
		given("Version", s.Version),
		require(s.Username != superuser,
			"database: Username is %q, which RDS keeps for itself: choose another", superuser),
		require(s.Authority != nil, "database: Authority is missing: make one with OpenAuthority"),
	)
}

func (s DatabaseSettings) data() string { return filepath.Join(s.Dir, "data") }

func (s DatabaseSettings) run(ctx context.Context, found postgres) (*Database, error) {
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := owner.chownReachable(s.Dir); err != nil {
		return nil, err
	}
	if found, err = found.reachableFor(owner, s.Dir); err != nil {
		return nil, err
	}
	if err := s.initialize(ctx, owner, found); err != nil {
		return nil, err
	}
	if err := stopLeftover(filepath.Join(s.data(), "postmaster.pid"), s.data(), syscall.SIGINT); err != nil {
		return nil, err
	}
	port, err := reservePort(s.Dir)
	if err != nil {
		return nil, err
	}
	args, err := s.arguments(owner, port)
	if err != nil {
		return nil, err
	}
	server, err := start(owner, filepath.Join(s.Dir, "postgres.log"), filepath.Join(found.bin, "postgres"), args...)
	if err != nil {
		return nil, err
	}
	db := &Database{Server{Address: address(port), Port: port, Version: found.version}}
	db.stop = func() { server.stop(syscall.SIGINT) } // fast shutdown: clients are cut off, no data is lost
	if err := s.prepareLogin(ctx, server, port); err != nil {
		db.Stop()
		return nil, err
	}
	return db, nil
}

// initialize makes the data directory if it does not exist. A crash leaves no half-made directory under its name.
func (s DatabaseSettings) initialize(ctx context.Context, owner account, found postgres) error {
	if text, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION")); err == nil {
		if kept := strings.TrimSpace(string(text)); major(kept) != major(found.version) {
			return fmt.Errorf("%s has data of PostgreSQL %s, but the template pins %s; the data was not changed; "+
				"move it away to start with an empty database", s.data(), kept, s.Version)
		}
		return nil
	} else if !os.IsNotExist(err) {
		return err
	}
	fresh := s.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := owner.write(s.secretFile(), []byte(rand.Text())); err != nil {
		return err
	}
	args := []string{
		"-D", fresh, "-U", superuser, "--pwfile", s.secretFile(), "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
	}
	if major(found.version) >= 17 { // lower('É') then gives the same as on RDS
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	}
	cmd := command(owner, filepath.Join(found.bin, "initdb"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", fresh, err, out)
	}
	// There is no rule for connections without TLS, so they are refused, as with rds.force_ssl.
	rules := "hostssl all all 127.0.0.1/32 scram-sha-256\n"
	if err := owner.write(filepath.Join(fresh, "pg_hba.conf"), []byte(rules)); err != nil {
		return err
	}
	return errors.Join(ctx.Err(), os.Rename(fresh, s.data()))
}

// secretFile is the file with the superuser's password.
func (s DatabaseSettings) secretFile() string { return filepath.Join(s.Dir, superuser+".password") }

// arguments returns the server's command line.
func (s DatabaseSettings) arguments(owner account, port int) ([]string, error) {
	certificate, key, err := s.Authority.install(owner, s.Dir)
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
