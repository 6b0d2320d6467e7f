package local

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"

	"dozen/internal/assembly"
	"dozen/internal/local/backing"
)

// attached is what the environment's processes are attached to: their database, cache, buckets and secrets.
type attached struct {
	settings  Settings
	env       *assembly.Environment
	address   string // of the load balancer, host:port
	authority *backing.Authority
	secrets   map[*assembly.Resource]string // what each secret holds
	aws       *backing.AWS
	database  *backing.Database // nil for an environment without one
	cache     *backing.Cache    // nil for an environment without one
}

// attach starts everything that the templates describe. What it has started is stopped again when something fails.
func attach(ctx context.Context, settings Settings, env *assembly.Environment, port int) (*attached, error) {
	a := &attached{settings: settings, env: env, address: host + ":" + strconv.Itoa(port), secrets: map[*assembly.Resource]string{}}
	for _, start := range []func(context.Context) error{a.openAuthority, a.makeSecrets, a.startAWS, a.startDatabase, a.startCache} {
		if err := start(ctx); err != nil {
			a.stop()
			return nil, err
		}
	}
	return a, nil
}

// stop ends everything that was started, in the opposite order.
func (a *attached) stop() {
	if a.cache != nil {
		a.cache.Stop()
	}
	if a.database != nil {
		a.database.Stop()
	}
	if a.aws != nil {
		a.aws.Stop()
	}
}

func (a *attached) directory(name string) string {
	return filepath.Join(a.settings.State.Directory, name)
}

func (a *attached) url() string { return "http://" + a.address }

func (a *attached) databasePort() string { return strconv.Itoa(a.database.Port) }

func (a *attached) cachePort() string { return strconv.Itoa(a.cache.Port) }

// notes are what differs from the templates, for the person at the terminal.
func (a *attached) notes() []string {
	notes := slices.Clone(a.aws.Notes)
	if a.database != nil {
		notes = append(notes, a.database.Notes...)
	}
	if a.cache != nil {
		notes = append(notes, a.cache.Notes...)
	}
	return notes
}

// variables are what every task gets beside its definition's; see own.
func (a *attached) variables() map[string]string {
	variables := a.aws.Environment()
	variables["APP_URL"] = a.url()
	variables["SSL_CERT_FILE"] = a.authority.Bundle
	return variables
}

func (a *attached) openAuthority(context.Context) (err error) {
	a.authority, err = backing.OpenAuthority(a.directory("authority"))
	return err
}

func (a *attached) startAWS(ctx context.Context) (err error) {
	s := backing.AWSSettings{Dir: a.directory("aws"), Region: region, Account: account, Parameters: a.parameters()}
	for r, value := range a.secrets {
		s.Secrets = append(s.Secrets, backing.Secret{ARN: secretARN(r), Name: r.ID, Stages: map[string]string{"AWSCURRENT": value}})
	}
	for _, r := range a.env.Resources("AWS::S3::Bucket") {
		s.Buckets = append(s.Buckets, bucketName(r))
	}
	a.aws, err = backing.StartAWS(ctx, s)
	return err
}

func (a *attached) startDatabase(ctx context.Context) error {
	r := a.only("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
	if r == nil {
		return nil
	}
	p := a.env.Read(r, a.answers)
	name := p.At("DBName").Text()
	if r.Type == "AWS::RDS::DBCluster" {
		name = p.At("DatabaseName").Text()
	}
	login, err := a.login(r, p.At("MasterUserPassword").Text())
	if err != nil {
		return err
	}
	settings := backing.DatabaseSettings{Dir: a.directory("database"), Version: p.At("EngineVersion").Text(), Name: name,
		Username: login.Username, Password: login.Password, Authority: a.authority,
		Binaries: a.settings.Postgres, Checkout: a.settings.Checkout, Parameters: map[string]string{}}
	if group, _ := a.env.Follow(r, p.At("DBParameterGroupName").Raw()); group != nil {
		parameters := a.env.Read(group, a.answers).At("Parameters")
		for _, parameter := range parameters.Keys() {
			settings.Parameters[parameter] = parameters.At(parameter).Text()
		}
		err = parameters.Err()
	}
	if err = errors.Join(err, p.Err()); err != nil {
		return err
	}
	a.database, err = backing.StartDatabase(ctx, settings)
	return err
}

func (a *attached) startCache(ctx context.Context) error {
	r := a.only("AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache")
	users := a.env.Resources("AWS::ElastiCache::User")
	if r == nil || len(users) == 0 {
		return nil
	}
	p, user := a.env.Read(r, a.answers), a.env.Read(users[0], a.answers)
	version := p.At("EngineVersion").Text()
	if r.Type == "AWS::ElastiCache::ServerlessCache" {
		version = p.At("MajorEngineVersion").Text()
	}
	var login login
	for _, password := range user.At("AuthenticationMode", "Passwords").Each() {
		var err error
		if login, err = a.login(users[0], password.Text()); err != nil {
			return err
		}
	}
	settings := backing.CacheSettings{Dir: a.directory("cache"), Engine: p.At("Engine").Text(), Version: version, Username: user.At("UserName").Text(),
		Password: login.Password, Access: user.At("AccessString").Text(), Authority: a.authority}
	err := errors.Join(p.Err(), user.Err())
	if err == nil {
		a.cache, err = backing.StartCache(ctx, settings)
	}
	return err
}

// only is the first resource of the first type that there is.
func (a *attached) only(types ...string) *assembly.Resource {
	for _, resourceType := range types {
		if found := a.env.Resources(resourceType); len(found) > 0 {
			return found[0]
		}
	}
	return nil
}
