package local

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5/pgconn"

	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
)

// Prevents: `dozen up` that leads a developer's app to the database and the cache of production, because the templates attach them.
// Others run here in their place, with the name of the database and a login of this machine, also for an app that connects itself.
func TestOthersRunInThePlaceOfExistingServers(t *testing.T) {
	stack, err := assembly.ParseTemplate([]byte(`{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
		"ContainerDefinitions": [
			{"Name": "app", "Image": "x:app", "DependsOn": [{"ContainerName": "proxy", "Condition": "START"}], "Environment": [
				{"Name": "DATABASE_URL", "Value": "postgres://app@127.0.0.1:5432/shop"}]},
			{"Name": "proxy", "Image": "x:proxy", "Environment": [
				{"Name": "DATABASE_LISTEN", "Value": "127.0.0.1:5432"}, {"Name": "POSTGRES_SERVICE_HOST", "Value": "db.example.com"},
				{"Name": "POSTGRES_PORT", "Value": "5433"}, {"Name": "POSTGRES_NAME", "Value": "shop"},
				{"Name": "DATABASE_SECRET_ARN", "Value": "arn:database"}, {"Name": "CACHE_LISTEN", "Value": "127.0.0.1:6379"},
				{"Name": "CACHE_URL", "Value": "rediss://cache.example.com:6380"}, {"Name": "CACHE_SECRET_ARN", "Value": "arn:cache"}
			]}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	env := &assembly.Environment{
		Name: "dev", Stacks: []*assembly.Stack{stack}, Images: []assembly.Image{{Hash: "app"}, {Hash: "proxy"}},
	}
	directory, err := os.MkdirTemp(scratch, "e")
	if err == nil {
		err = os.Chmod(directory, 0o755) // the user that runs root's PostgreSQL enters it
	}
	if err != nil {
		t.Fatal(err)
	}
	settings := Settings{Home: Home{filepath.Join(directory, "dev")}, Checkout: checkout}
	if err := os.Mkdir(settings.Home.Directory, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx := localtest.Bounded(t)
	b, err := startBacking(ctx, settings, env, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	conn, err := pgconn.Connect(ctx, "postgres://anybody@"+b.proxy.Database+"/shop?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	answer := conn.ExecParams(ctx, "select current_database() || ' of ' || current_user", nil, nil, nil, nil).Read()
	if answer.Err != nil || string(answer.Rows[0][0]) != "shop of app" {
		t.Errorf("the database is %q, %v", answer.Rows, answer.Err)
	}
	client, err := redis.Dial("tcp", b.proxy.Cache)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if pong, err := redis.String(client.Do("PING")); err != nil || pong != "PONG" {
		t.Errorf("the cache answers %q, %v", pong, err)
	}
	definitions, err := env.TaskDefinitions(b.templates.answer)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range b.templates.variablesOf(definitions[0].Containers[1]) {
		if strings.Contains(value, "example.com") {
			t.Errorf("%s is still %s", name, value)
		}
	}
	for _, address := range []string{"db.example.com", "rediss://cache.example.com:6380"} {
		if note := "the template attaches " + address + "; another server runs here in its place"; !slices.Contains(b.notes(), note) {
			t.Errorf("no note %q in %q", note, b.notes())
		}
	}
}
