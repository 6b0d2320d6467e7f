package backing_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dozen/internal/local/backing"
	"dozen/internal/local/localtest"
)

// Prevents: a login that works here and not on RDS, or the other way round, which shows only in production.
func TestDatabaseAcceptsTheClientsThatRDSDoes(t *testing.T) {
	dir := directory(t)
	ours, others := authority(t, dir), authority(t, directory(t))
	db := startDatabase(t, database(dir, ours))

	conn, err := login(t, db.Port, "app", everyCharacter, ours)
	must(t, err)
	var super, roles, databases bool
	var connections, owner string
	must(t, conn.QueryRow(t.Context(), `SELECT rolsuper, rolcreaterole, rolcreatedb, current_setting('max_connections'),
		(SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app') FROM pg_roles WHERE rolname = current_user`).
		Scan(&super, &roles, &databases, &connections, &owner))
	if super || !roles || !databases || connections != "33" || owner != "app" {
		t.Errorf("superuser %v, roles %v, databases %v, max_connections %s, owner %s", super, roles, databases, connections, owner)
	}
	if _, err := conn.Exec(t.Context(), "CREATE TABLE things (id int)"); err != nil {
		t.Error(err)
	}
	for name, refused := range map[string]struct {
		password, why string
		authority     *backing.Authority
	}{
		"wrong password":  {"guess", "28P01", ours},
		"no TLS":          {everyCharacter, "28000", nil},
		"wrong authority": {everyCharacter, "certificate", others},
	} {
		if _, err := login(t, db.Port, "app", refused.password, refused.authority); err == nil || !strings.Contains(err.Error(), refused.why) {
			t.Errorf("%s: %v; want %s", name, err, refused.why)
		}
	}
	if len(db.Notes) != 1 || !strings.Contains(db.Notes[0], "17.9") || !strings.Contains(db.Notes[0], db.Version) {
		t.Errorf("notes %q: want the two versions", db.Notes)
	}
	log, err := os.ReadFile(filepath.Join(dir, "database/postgres.log"))
	if err != nil || strings.Contains(string(log), everyCharacter) {
		t.Errorf("the password is in the log, or there is no log: %v", err)
	}
}

func TestDatabaseKeepsDataAndPortAndTakesANewPassword(t *testing.T) {
	dir := directory(t)
	settings := database(dir, authority(t, dir))
	first := startDatabase(t, settings)
	conn, err := login(t, first.Port, "app", everyCharacter, settings.Authority)
	must(t, err)
	_, err = conn.Exec(t.Context(), "CREATE TABLE things AS SELECT 42 AS id")
	must(t, err)
	if _, err := backing.StartDatabase(t.Context(), settings); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second start in the same directory: %v", err)
	}
	first.Stop()

	settings.Password = "rotated"
	second := startDatabase(t, settings)
	if second.Port != first.Port {
		t.Errorf("port %d, was %d", second.Port, first.Port)
	}
	expectThings(t, second, settings)
	if _, err := login(t, second.Port, "app", everyCharacter, settings.Authority); err == nil {
		t.Error("the old password still works")
	}
}

func expectThings(t *testing.T, db *backing.Database, s backing.DatabaseSettings) {
	t.Helper()
	conn, err := login(t, db.Port, "app", s.Password, s.Authority)
	must(t, err)
	var id int
	if err := conn.QueryRow(t.Context(), "SELECT id FROM things").Scan(&id); err != nil || id != 42 {
		t.Errorf("id %d, %v", id, err)
	}
}

// After kill -9 of `dozen up`, nobody must clean up by hand.
func TestDatabaseAndCacheStartAgainAfterTheirParentWasKilled(t *testing.T) {
	dir := directory(t)
	killedParent(t, dir)
	settings := database(dir, authority(t, dir))
	db := startDatabase(t, settings)
	_, err := login(t, db.Port, "app", everyCharacter, settings.Authority)
	must(t, err)
	c := startCache(t, cache(dir, settings.Authority))
	conn, err := dial(c.Address, "app", everyCharacter, settings.Authority)
	must(t, err)
	_ = conn.Close()
}

// Where the kernel does not end servers with their parent, one is left behind and still writes to the data directory.
func TestDatabaseStopsAServerThatWasLeftBehind(t *testing.T) {
	dir := directory(t)
	settings := database(dir, authority(t, dir))
	first := startDatabase(t, settings)
	conn, err := login(t, first.Port, "app", everyCharacter, settings.Authority)
	must(t, err)
	_, err = conn.Exec(t.Context(), "CREATE TABLE things AS SELECT 42 AS id")
	must(t, err)
	program, err := os.Readlink("/proc/" + pidOf(t, settings) + "/exe")
	must(t, err)
	owner := &syscall.SysProcAttr{}
	if info, err := os.Stat(settings.Dir); err == nil && os.Getuid() == 0 {
		owner.Credential = &syscall.Credential{Uid: info.Sys().(*syscall.Stat_t).Uid, Gid: info.Sys().(*syscall.Stat_t).Gid}
	}
	first.Stop()

	leftover := exec.Command(program, "-D", filepath.Join(settings.Dir, "data"), "-p", itoa(first.Port), "-clisten_addresses=127.0.0.1", "-cunix_socket_directories=")
	leftover.SysProcAttr, leftover.Dir = owner, "/"
	out, err := leftover.StderrPipe()
	must(t, err)
	must(t, leftover.Start())
	ended := make(chan error, 1)
	t.Cleanup(func() { _ = leftover.Process.Kill() })
	buffer := make([]byte, 4096)
	for text := ""; !strings.Contains(text, "ready to accept"); {
		n, err := out.Read(buffer)
		must(t, err)
		text += string(buffer[:n])
	}
	go func() { ended <- leftover.Wait() }()
	expectThings(t, startDatabase(t, settings), settings)
	if err := localtest.Receive(t, "the server that was left behind ends", ended); err != nil {
		t.Errorf("it did not end in order: %v", err)
	}
}

func pidOf(t *testing.T, s backing.DatabaseSettings) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "data/postmaster.pid"))
	must(t, err)
	pid, _, _ := strings.Cut(string(text), "\n")
	return pid
}

// The process id in a stale pid file may belong to an unrelated process by now.
func TestDatabaseDoesNotStopAnUnrelatedProcess(t *testing.T) {
	dir := directory(t)
	settings := database(dir, authority(t, dir))
	startDatabase(t, settings).Stop()
	unrelated := exec.Command("sleep", "600")
	must(t, unrelated.Start())
	ended := make(chan error, 1)
	go func() { ended <- unrelated.Wait() }()
	defer func() { _ = unrelated.Process.Kill() }()
	stale := filepath.Join(settings.Dir, "data/postmaster.pid")
	must(t, os.WriteFile(stale, []byte(strings.Join([]string{itoa(unrelated.Process.Pid), settings.Dir, "0", "1"}, "\n")), 0o644))
	startDatabase(t, settings)
	select {
	case err := <-ended:
		t.Errorf("the unrelated process was stopped: %v", err)
	default:
	}
}

func TestTwoEnvironmentsSideBySide(t *testing.T) {
	one, two := directory(t), directory(t)
	a := authority(t, one)
	first, second := startDatabase(t, database(one, a)), startDatabase(t, database(two, a))
	if first.Port == second.Port || startCache(t, cache(one, a)).Port == startCache(t, cache(two, a)).Port {
		t.Error("two environments share a port")
	}
}

func TestDatabaseRefusesAnotherMajorVersion(t *testing.T) {
	dir := directory(t)
	settings := database(dir, authority(t, dir))
	settings.Version = "99.1"
	if _, err := backing.StartDatabase(t.Context(), settings); err == nil || !strings.Contains(err.Error(), "npm ci") || !strings.Contains(err.Error(), "99") {
		t.Errorf("binaries: %v", err)
	}
	settings.Version = "17.9"
	data := filepath.Join(settings.Dir, "data")
	must(t, os.MkdirAll(data, 0o700))
	must(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("16\n"), 0o600))
	if _, err := backing.StartDatabase(t.Context(), settings); err == nil || !strings.Contains(err.Error(), "has data of PostgreSQL 16") {
		t.Errorf("data: %v", err)
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) != 1 {
		t.Errorf("the old data was touched: %v, %v", entries, err)
	}
}

func TestDatabaseReportsWhatUserNobodyCannotReach(t *testing.T) {
	if os.Getuid() != 0 {
		return // only root runs the servers as another user
	}
	dir := directory(t)
	settings := database(dir, authority(t, dir))
	settings.Dir = filepath.Join(t.TempDir(), "database")
	if _, err := backing.StartDatabase(t.Context(), settings); err == nil || !strings.Contains(err.Error(), "/var/cache/dozen") {
		t.Errorf("%v", err)
	}
}
