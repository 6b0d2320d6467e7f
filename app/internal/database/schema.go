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

// OldSchema says that the release's migration has not run yet. The code goes
// on as well as it can: with the schema of the release before it does all that
// this one did, and with none at all it waits.
type OldSchema struct{ Have, Want int64 } // versions; Have 0 is an empty database

func (e OldSchema) Error() string {
	return fmt.Sprintf("the schema has version %d and this release wants %d: run `dozen-app migrate`", e.Have, e.Want)
}

// newest is the version of this release's schema.
var newest = func() int64 {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is part of the program, as the files are
	}
	number, _, _ := strings.Cut(path.Base(files[len(files)-1]), "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		panic(err)
	}
	return version
}()

// Ready returns nil if the database answers and its schema is this release's
// or a newer one, OldSchema if it is older, and else why there is no answer.
func (db *DB) Ready(ctx context.Context) error {
	var have int64
	err := db.Pool.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version where is_applied").Scan(&have)
	var reason *pgconn.PgError
	if errors.As(err, &reason) && reason.Code == "42P01" { // undefined_table: never migrated
		err = nil
	}
	if err == nil && have < newest {
		return OldSchema{have, newest}
	}
	return err
}
