package local

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"dozen/config"
	"dozen/internal/local/backing"
)

// existing is a server that the templates attach and do not make. Another one runs here in its place: what it has in AWS is in no
// template, and is none of this machine's business. Tasks learn of a server by these variables, if the resources do not exist.
type existing struct {
	address, secret string
	resources       []string
}

var (
	existingDatabase = existing{"POSTGRES_SERVICE_HOST", "DATABASE_SECRET_ARN", databaseTypes}
	existingCache    = existing{"CACHE_URL", "CACHE_SECRET_ARN", cacheTypes}
)

// existingUser logs in at the servers that run in the place of others.
const existingUser = "app"

// attached returns the variables of a container that names an existing server; nil if there is no such server.
func (b *backingServices) attached(server existing) (map[string]string, error) {
	if b.firstResource(server.resources...) != nil {
		return nil, nil
	}
	definitions, err := b.templates.env.TaskDefinitions(b.templates.answer)
	for _, d := range definitions {
		for _, c := range d.Containers {
			if found := variables(c); found[server.address] != "" {
				return found, nil
			}
		}
	}
	return nil, err
}

// loginOf makes the login of a server that runs in the place of an existing one, and stores it under the name that tasks know.
func (b *backingServices) loginOf(server existing, attached map[string]string) (login, error) {
	value, err := backing.KeptSecret(b.templates.settings.Home.secrets(), server.secret, backing.Generator{
		SecretStringTemplate: `{"username":"` + existingUser + `"}`, GenerateStringKey: "password", ExcludePunctuation: true,
	})
	var l login
	if err == nil {
		err = json.Unmarshal([]byte(value), &l)
	}
	b.aws.Store(backing.Secret{ARN: attached[server.secret], Name: server.secret, Value: value})
	b.logins = append(b.logins, backing.Secret{ARN: attached[server.secret], Name: server.secret, Value: value})
	return l, err
}

// startOtherDatabase starts a database in the place of an existing one, if there is one.
func (b *backingServices) startOtherDatabase(ctx context.Context) error {
	attached, err := b.attached(existingDatabase)
	if attached == nil || err != nil {
		return err
	}
	login, err := b.loginOf(existingDatabase, attached)
	if err != nil {
		return err
	}
	b.database, err = backing.StartDatabase(ctx, backing.DatabaseSettings{
		Dir: b.directory("database"), Version: config.PostgresVersion, Name: attached["POSTGRES_NAME"],
		Username: login.Username, Password: login.Password, Authority: b.authority,
		Binaries: b.templates.settings.Postgres, Checkout: b.templates.settings.Checkout,
	})
	if err == nil {
		b.templates.here["POSTGRES_SERVICE_HOST"] = host
		b.templates.here["POSTGRES_PORT"] = strconv.Itoa(b.database.Port)
		b.database.Notes = append(b.database.Notes, elsewhere(attached[existingDatabase.address]))
	}
	return err
}

// startOtherCache starts a cache in the place of an existing one, if there is one.
func (b *backingServices) startOtherCache(ctx context.Context) error {
	attached, err := b.attached(existingCache)
	if attached == nil || err != nil {
		return err
	}
	login, err := b.loginOf(existingCache, attached)
	if err != nil {
		return err
	}
	b.cache, err = backing.StartCache(ctx, backing.CacheSettings{
		Dir: b.directory("cache"), Engine: "valkey", Version: config.ValkeyVersion,
		Username: login.Username, Password: login.Password, Access: "on ~* &* +@all", Authority: b.authority,
	})
	if err == nil {
		b.templates.here["CACHE_URL"] = fmt.Sprintf("rediss://%s:%d", host, b.cache.Port)
		b.cache.Notes = append(b.cache.Notes, elsewhere(attached[existingCache.address]))
	}
	return err
}

func elsewhere(address string) string {
	return fmt.Sprintf("the template attaches %s; another server runs here in its place", address)
}
