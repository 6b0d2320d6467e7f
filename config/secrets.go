package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Secret is the value of a variable that no template and no person sees: ECS reads it when a task starts, with a role that may read
// nothing else. It comes from one place: ARN, Name, Parameter or Generated. `dozen up` takes it from app/.env.NAME, or generates it.
type Secret struct {
	// ARN of a secret in Secrets Manager, complete with its six-character suffix.
	ARN string
	// Name of a secret in Secrets Manager, in the account and region of the environment. If it does not exist, tasks do not start,
	// and their error is "not authorized": AWS does not say more about what is not there.
	Name string
	// Field of the JSON in the secret of an ARN or a Name; empty: the whole secret string.
	Field string
	// Parameter is the whole name of a parameter in Parameter Store, such as /shop/prod/STRIPE_KEY, usually a SecureString.
	Parameter string
	// Generated makes AWS make up so many random letters and digits, 16 to 1024: a signing key such as SECRET_KEY_BASE (Rails: 64 or
	// more), SECRET_KEY (Django: 50 or more) or APP_KEY (Laravel: 32). The value stays the same until this number changes, and
	// outlives the environment unless that is Removable. 0: none. 0.40 dollars a month.
	Generated int
	// KeyARN of the KMS key that encrypts the secret or parameter, if it is a key of your own; empty: AWS's key for the service.
	KeyARN string
}

// where returns the fields that say where the value comes from; exactly one in a valid environment.
func (s Secret) where() (fields []string) {
	for _, source := range []struct {
		field string
		given bool
	}{{"ARN", s.ARN != ""}, {"Name", s.Name != ""}, {"Parameter", s.Parameter != ""}, {"Generated", s.Generated != 0}} {
		if source.given {
			fields = append(fields, source.field)
		}
	}
	return fields
}

var (
	secretForm     = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	secretNameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	keyForm        = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{36}$`)
	fieldForm      = regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)
	storedForm     = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+){1,15}$|^[A-Za-z0-9_.-]+$`)

	// looksComplete matches the end of a name that Secrets Manager takes for the six characters at the end of an ARN: it then finds
	// no secret by the ARN without them, which ECS uses. "Don't end your secret name with a hyphen followed by six characters",
	// CreateSecret in the API reference of Secrets Manager.
	looksComplete = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
)

// longestParameter is how many characters the name of a parameter may have; see PutParameter in the API reference of Systems Manager.
const longestParameter = 1011

func (e Environment) validateSecrets(p *problems) {
	reserved := ReservedVariables()
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		field, secret := fmt.Sprintf("Secrets[%q]", name), e.Secrets[name]
		_, twice := e.Settings[name]
		p.require(variableForm.MatchString(name), field, name, "not the name of an environment variable", variableRemedy)
		p.require(!slices.Contains(reserved, name), field, name, "Dozen sets this variable itself", "choose another name")
		p.require(!slices.Contains(platformVariables, name), field, name,
			"ECS or AWS's SDKs set or read this variable, and another value cuts the task off from AWS", "choose another name")
		p.require(!twice, field, name, "also in Settings", "remove one of the two")
		secret.validate(p, field)
	}
}

func (s Secret) validate(p *problems, field string) {
	if from := s.where(); len(from) != 1 {
		p.require(false, field, strings.Join(from, " and "), "a value comes from one place", "set one of ARN, Name, Parameter and Generated")
		return
	}
	p.require(s.ARN == "" || secretForm.MatchString(s.ARN),
		field+".ARN", s.ARN, "not the complete ARN of a secret",
		"copy it from Secrets Manager, with the six characters at its end, or set Name")
	p.require(s.Name == "" || secretNameForm.MatchString(s.Name),
		field+".Name", s.Name, "not the name of a secret", "use 1 to 512 of letters, digits and /_+=.@-")
	p.require(!looksComplete.MatchString(s.Name),
		field+".Name", s.Name, "Secrets Manager takes a hyphen and six characters at the end for a part of an ARN, and does not find the secret",
		"set ARN instead, which has six characters more")
	p.require(s.Parameter == "" || storedForm.MatchString(s.Parameter) && len(s.Parameter) <= longestParameter,
		field+".Parameter", s.Parameter, "not the name of a parameter", "write its whole name, such as /shop/prod/STRIPE_KEY")
	p.require(!reservedParameter.MatchString(s.Parameter),
		field+".Parameter", s.Parameter, "AWS keeps names that begin with aws or ssm for itself", "store the value under another name")
	p.require(s.Generated == 0 || s.Generated >= 16 && s.Generated <= 1024,
		field+".Generated", s.Generated, "allowed are 16 to 1024 letters and digits", "write 64")
	stored := s.ARN != "" || s.Name != ""
	p.require(s.Field == "" || stored, field+".Field", s.Field, "only a secret of Secrets Manager has fields", "leave it empty")
	p.require(fieldForm.MatchString(s.Field), field+".Field", s.Field, "not a field of a JSON secret", "use letters, digits, _, . and -")
	p.require(s.KeyARN == "" || s.Generated == 0,
		field+".KeyARN", s.KeyARN, "AWS's key encrypts a generated secret", "leave it empty")
	p.require(s.KeyARN == "" || keyForm.MatchString(s.KeyARN),
		field+".KeyARN", s.KeyARN, "not the ARN of a KMS key", "copy the key's ARN from KMS, not an alias, or leave it empty")
}

var reservedParameter = regexp.MustCompile(`(?i)^(aws|ssm)|^/(aws|ssm)(/|$)`)

// lastingSecrets returns how long the generated secrets are: with another length AWS makes up another value. Those from elsewhere
// are 0 long, so that a secret that was generated before is not given up unnoticed.
func (e Environment) lastingSecrets() []Lasting {
	var generated []string
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		if e.Secrets[name].Generated > 0 {
			generated = append(generated, name)
		}
	}
	fate := "leaves such a secret in the account, where no stack knows it any more,"
	if e.Removable {
		fate = "deletes such a secret"
	}
	all := []Lasting{{"Secrets that are Generated", strings.Join(generated, ","), Loses, "the deployment " + fate + withoutOption}}
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		all = append(all, Lasting{"Secrets." + name + ".Generated", strconv.Itoa(e.Secrets[name].Generated), Confirmed,
			"the variable gets another value. What was signed or encrypted with the one before is no longer valid: sessions end, and " +
				"encrypted data cannot be read"})
	}
	return all
}
