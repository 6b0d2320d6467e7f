package local

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"dozen/internal/assembly"
	"dozen/internal/local/backing"
)

// backingServices are the running backing services of an environment: database, cache, and the stand-in for AWS.
type backingServices struct {
	templates *templates // of the first release
	authority *backing.Authority
	secrets   map[*assembly.Resource]string // the value of each secret
	logins    []backing.Secret              // of servers that run in the place of existing ones
	aws       *backing.AWS
	database  *backing.Database // nil if the environment has none
	cache     *backing.Cache    // nil if the environment has none
	proxy     *backing.Proxy    // nil if its tasks have none

	proxyVariables map[string]string // the variables that lead to the proxy
}

// startBacking starts the backing services that the templates describe. If one of them fails, it stops those that it
// has started.
func startBacking(
	ctx context.Context, settings Settings, env *assembly.Environment, port int,
) (*backingServices, error) {
	t := &templates{
		env: env, settings: settings, addresses: addresses{loadBalancer: host + ":" + strconv.Itoa(port)}, here: map[string]string{},
	}
	b := &backingServices{templates: t, secrets: map[*assembly.Resource]string{}}
	starts := []func(context.Context) error{b.openAuthority, b.makeSecrets, b.startAWS, b.startDatabase, b.startCache, b.startProxy}
	for _, start := range starts {
		if err := start(ctx); err != nil {
			b.stop()
			return nil, err
		}
	}
	t.variables = b.variables()
	return b, nil
}

// stop stops the services in the opposite order of their start.
func (b *backingServices) stop() {
	if b.proxy != nil {
		b.proxy.Stop()
	}
	if b.cache != nil {
		b.cache.Stop()
	}
	if b.database != nil {
		b.database.Stop()
	}
	if b.aws != nil {
		b.aws.Stop()
	}
}

func (b *backingServices) directory(name string) string {
	return filepath.Join(b.templates.settings.Home.Directory, name)
}

// url is the address of the load balancer.
func (b *backingServices) url() string { return "http://" + b.templates.addresses.loadBalancer }

// notes returns the differences from the templates, for the user.
func (b *backingServices) notes() []string {
	notes := slices.Clone(b.aws.Notes)
	if b.database != nil {
		notes = append(notes, b.database.Notes...)
	}
	if b.cache != nil {
		notes = append(notes, b.cache.Notes...)
	}
	return notes
}

// variables returns the variables that every task gets in addition to those of its definition; see localVariables.
func (b *backingServices) variables() map[string]string {
	variables := b.aws.Variables()
	variables["APP_URL"] = b.url()
	variables["BIND"] = bind
	for _, name := range []string{"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"} {
		variables[name] = b.authority.Bundle
	}
	maps.Copy(variables, b.proxyVariables)
	return variables
}

func (b *backingServices) openAuthority(context.Context) (err error) {
	b.authority, err = backing.OpenAuthority(b.directory("authority"))
	return err
}

func (b *backingServices) startAWS(ctx context.Context) (err error) {
	s := backing.AWSSettings{
		Dir: b.directory("aws"), Region: region, Account: account, Secrets: b.stored(), Parameters: b.parameters(),
	}
	for _, r := range b.templates.env.Resources("AWS::S3::Bucket") {
		s.Buckets = append(s.Buckets, bucketName(r))
	}
	b.aws, err = backing.StartAWS(ctx, s)
	return err
}

func (b *backingServices) startDatabase(ctx context.Context) error {
	r := b.firstResource(databaseTypes...)
	if r == nil {
		return b.startOtherDatabase(ctx)
	}
	p := b.templates.read(r)
	name := p.At("DBName").Text()
	if r.Type == "AWS::RDS::DBCluster" {
		name = p.At("DatabaseName").Text()
	}
	login, err := b.login(r, p.At("MasterUserPassword").Text())
	if err != nil {
		return err
	}
	parameters, err := b.databaseParameters(r, p)
	settings := backing.DatabaseSettings{
		Dir:        b.directory("database"),
		Version:    p.At("EngineVersion").Text(),
		Name:       name,
		Username:   login.Username,
		Password:   login.Password,
		Authority:  b.authority,
		Binaries:   b.templates.settings.Postgres,
		Checkout:   b.templates.settings.Checkout,
		Parameters: parameters,
	}
	if err = errors.Join(err, p.Err()); err != nil {
		return err
	}
	if b.database, err = backing.StartDatabase(ctx, settings); err == nil {
		b.templates.addresses.databasePort = strconv.Itoa(b.database.Port)
	}
	return err
}

// databaseParameters returns the parameters of the database's parameter group.
func (b *backingServices) databaseParameters(r *assembly.Resource, p assembly.Properties) (map[string]string, error) {
	group, _ := b.templates.env.Follow(r, p.At("DBParameterGroupName").Raw())
	if group == nil {
		return nil, nil
	}
	all := b.templates.read(group).At("Parameters")
	parameters := map[string]string{}
	for _, name := range all.Keys() {
		parameters[name] = all.At(name).Text()
	}
	return parameters, all.Err()
}

func (b *backingServices) startCache(ctx context.Context) error {
	r := b.firstResource(cacheTypes...)
	users := b.templates.env.Resources("AWS::ElastiCache::User")
	if r == nil || len(users) == 0 {
		return b.startOtherCache(ctx)
	}
	p, user := b.templates.read(r), b.templates.read(users[0])
	version := p.At("EngineVersion").Text()
	if r.Type == "AWS::ElastiCache::ServerlessCache" {
		version = p.At("MajorEngineVersion").Text()
	}
	var login login
	for _, password := range user.At("AuthenticationMode", "Passwords").Each() {
		var err error
		if login, err = b.login(users[0], password.Text()); err != nil {
			return err
		}
	}
	settings := backing.CacheSettings{
		Dir:       b.directory("cache"),
		Engine:    p.At("Engine").Text(),
		Version:   version,
		Username:  user.At("UserName").Text(),
		Password:  login.Password,
		Access:    user.At("AccessString").Text(),
		Authority: b.authority,
	}
	err := errors.Join(p.Err(), user.Err())
	if err == nil {
		b.cache, err = backing.StartCache(ctx, settings)
	}
	if err == nil {
		b.templates.addresses.cachePort = strconv.Itoa(b.cache.Port)
	}
	return err
}

var (
	databaseTypes = []string{"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"}
	cacheTypes    = []string{"AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache"}
)

// firstResource returns the first resource of the first type that the environment has, or nil.
func (b *backingServices) firstResource(types ...string) *assembly.Resource {
	for _, resourceType := range types {
		if found := b.templates.env.Resources(resourceType); len(found) > 0 {
			return found[0]
		}
	}
	return nil
}
