package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// OldSchema is the error that this version's migration has not run yet. The app keeps working as well as it can: on the
// previous version's schema it does everything that the previous version did, and on an empty database it waits.
type OldSchema struct{ Have, Want int64 } // numbers of migrations; Have is 0 in an empty database

func (e OldSchema) Error() string {
	return fmt.Sprintf("the schema is at migration %d, but this version of the app needs %d: run `dozen-app migrate`",
		e.Have, e.Want)
}

// newest is the number of the newest migration.
var newest = func() int64 {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern and the files are part of the program
	}
	number, _, _ := strings.Cut(path.Base(files[len(files)-1]), "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		panic(err)
	}
	return version
}()

// Ready returns nil if the schema is up to date or newer, an OldSchema if it is older, or the error of the query.
func (db *DB) Ready(ctx context.Context) error {
	var have int64
	const latest = "select coalesce(max(version_id), 0) from goose_db_version where is_applied"
	err := db.Pool.QueryRow(ctx, latest).Scan(&have)
	var reason *pgconn.PgError
	if errors.As(err, &reason) && reason.Code == "42P01" { // undefined_table: never migrated
		err = nil
	}
	if err == nil && have < newest {
		return OldSchema{have, newest}
	}
	return err
}
