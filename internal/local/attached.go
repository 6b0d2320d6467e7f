package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/backing"
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

// makeSecrets generates what the templates have generated; it is kept, as Secrets Manager keeps it.
func (a *attached) makeSecrets(context.Context) error {
	for _, r := range a.env.Resources("AWS::SecretsManager::Secret") {
		p := a.env.Read(r, a.answers)
		generate := p.At("GenerateSecretString")
		g := backing.Generator{
			SecretStringTemplate: generate.At("SecretStringTemplate").Text(), GenerateStringKey: generate.At("GenerateStringKey").Text(),
			PasswordLength: generate.At("PasswordLength").Number(32), ExcludeCharacters: generate.At("ExcludeCharacters").Text(),
			ExcludeLowercase: generate.At("ExcludeLowercase").Bool(false), ExcludeUppercase: generate.At("ExcludeUppercase").Bool(false),
			ExcludeNumbers: generate.At("ExcludeNumbers").Bool(false), ExcludePunctuation: generate.At("ExcludePunctuation").Bool(false),
			IncludeSpace: generate.At("IncludeSpace").Bool(false),
		}
		if generate.At("RequireEachIncludedType").Raw() != nil {
			each := generate.At("RequireEachIncludedType").Bool(true)
			g.RequireEachIncludedType = &each
		}
		value, err := backing.KeptSecret(a.directory("secrets"), r.ID, g)
		if err = errors.Join(err, p.Err()); err != nil {
			return err
		}
		a.secrets[r] = value
	}
	return nil
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

// parameters are the person's values, under every path that a process may read.
func (a *attached) parameters() []backing.Parameter {
	var parameters []backing.Parameter
	for _, path := range a.parameterPaths() {
		for _, name := range slices.Sorted(maps.Keys(a.settings.Values)) {
			parameters = append(parameters, backing.Parameter{Name: path + name, Value: a.settings.Values[name], Type: "SecureString"})
		}
	}
	return parameters
}

func (a *attached) parameterPaths() []string {
	paths := map[string]bool{}
	for _, r := range a.env.Resources("AWS::ECS::TaskDefinition") {
		for _, container := range a.env.Read(r, assembly.Symbolic).At("ContainerDefinitions").Each() {
			for _, variable := range container.At("Environment").Each() {
				if variable.At("Name").Text() == "PARAMETERS_PATH" {
					paths[strings.TrimSuffix(variable.At("Value").Text(), "/")+"/"] = true
				}
			}
		}
	}
	return sorted(paths)
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

// login is what a generated secret holds.
type login struct{ Username, Password string }

// login finds the secret that a resource's password is taken from, in the form {{resolve:secretsmanager:ARN:...}}.
func (a *attached) login(r *assembly.Resource, password string) (login, error) {
	for secret, value := range a.secrets {
		if !strings.Contains(password, secretARN(secret)) {
			continue
		}
		var l login
		if err := json.Unmarshal([]byte(value), &l); err != nil || l.Password == "" {
			return login{}, fmt.Errorf("%s: the secret %s is not a JSON object with username and password", r, secret.ID)
		}
		return l, nil
	}
	return login{}, fmt.Errorf("%s: its password does not come from a secret that the templates generate; only such a login can be made here", r)
}
