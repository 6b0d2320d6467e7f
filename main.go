// Dozen puts a twelve-factor application on AWS: `make synth` writes its CloudFormation, `npx cdk deploy 'dev/*'` deploys it.
package main

import (
	"fmt"
	"os"

	"dozen/config"
	"dozen/internal/templatecheck"
	"dozen/stacks"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	if err := run(os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads the environments and the app, synthesizes a stage for each environment, and checks the templates. It reports all
// problems with the settings before it synthesizes anything.
func run(environ []string) error {
	environments, app, err := config.Load(os.DirFS("app"), "app", ".build/gate", environ)
	if err != nil {
		return err
	}
	defer jsii.Close()
	cdk := awscdk.NewApp(stacks.AppProps())
	for _, environment := range environments {
		nag.AddChecks(stacks.NewStage(cdk, environment, app).Stage)
	}
	assembly := *cdk.Synth(nil).Directory()
	return templatecheck.Check(os.DirFS(assembly))
}
